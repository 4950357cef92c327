//! Finds commands in what a client has sent: an array of strings, or a line.
#![allow(unused, reason = "tasks are still to do")]

use crate::args::{Args, Span};
use crate::error::Protocol;
use crate::{inline, number, store};

/// The longest line, its end not counted: a command on a line, a count, a length.
const LINE: usize = 64 << 10;

/// The largest command, all in all.
const COMMAND: usize = 1 << 30;

/// How much a command may hold.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    count: i64,
    length: i64,
}

impl Limits {
    /// For clients that may do anything.
    pub const MEMBER: Limits = Limits { count: 1 << 20, length: store::LONGEST as i64 };
    /// For clients that have not said the password yet: enough to say it.
    pub const GUEST: Limits = Limits { count: 10, length: 16 << 10 };
}

/// What is known of a command of which a part has arrived. Nothing is ever parsed twice, however
/// small the parts, and nothing is set aside for what a client merely announces.
#[derive(Debug, Default)]
pub struct Parser {
    /// The words that are complete.
    spans: Vec<Span>,
    /// The words that are still to come.
    missing: usize,
    /// How far the input has been read.
    at: usize,
    /// The words of a line, unquoted.
    text: Vec<u8>,
}

impl Parser {
    /// The command at the start of `input`, or `None` until all of it is there: then ask again with
    /// the same bytes and those that have come since. After a command, [`Parser::finish`] it first.
    ///
    /// # Errors
    /// What is wrong with the input. There is no way to tell where the next command begins.
    pub fn next<'a>(
        &'a mut self,
        input: &'a [u8],
        limits: Limits,
    ) -> Result<Option<Args<'a>>, Protocol> {
        match input.first() {
            None => Ok(None),
            Some(b'*') => {
                let complete = self.array(input, limits)?;
                Ok(complete.then(|| Args::new(input, &self.spans)))
            }
            Some(_) => {
                let complete = self.line(input)?;
                Ok(complete.then(|| Args::new(&self.text, &self.spans)))
            }
        }
    }

    /// Forgets the command that was found. Answers how long it was.
    pub fn finish(&mut self) -> usize {
        let length = self.at;
        self.spans.clear();
        self.spans.shrink_to(1024);
        self.text.clear();
        self.missing = 0;
        self.at = 0;
        length
    }

    /// `*2`, then so many strings. Answers whether all are there.
    fn array(&mut self, input: &[u8], limits: Limits) -> Result<bool, Protocol> {
        todo!("Task 1: read the count, then the strings that have arrived")
    }

    /// Words up to the end of the line. Answers whether that is there.
    fn line(&mut self, input: &[u8]) -> Result<bool, Protocol> {
        let Some(end) = input[self.at..].iter().position(|byte| *byte == b'\n') else {
            self.at = input.len();
            return if input.len() > LINE { Err(Protocol::InlineTooLong) } else { Ok(false) };
        };
        let end = self.at + end;
        self.at = end + 1;
        inline::split(&input[..end], &mut self.text, &mut self.spans)?;
        Ok(true)
    }
}

/// The string that begins at `from`, as `$5`, a line break, five bytes and a line break.
fn string(input: &[u8], from: usize, limits: Limits) -> Result<Option<Span>, Protocol> {
    todo!("Task 1: read the length, and see whether so many bytes have arrived")
}

/// The number on the line that begins at `from`, after its first byte, and where the next line
/// begins; `None` inside where it is no number, outside while the line has no end.
fn number_line(
    input: &[u8],
    from: usize,
    endless: Protocol,
) -> Result<Option<(Option<i64>, usize)>, Protocol> {
    let line = &input[from + 1..];
    match line.iter().position(|byte| *byte == b'\r') {
        Some(end) if end + 1 < line.len() => {
            Ok(Some((number::parse(&line[..end]), from + end + 3)))
        }
        None if line.len() > LINE => Err(endless),
        _ => Ok(None),
    }
}

fn too_large(input: &[u8]) -> Result<Option<Span>, Protocol> {
    if input.len() > COMMAND { Err(Protocol::CommandTooLong) } else { Ok(None) }
}
