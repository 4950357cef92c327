//! Finds the commands in a client's input. A command is an array of bulk strings, or an inline
//! command, which is a line of words.
#![allow(unused, reason = "tasks are still to do")]

use crate::args::{Args, Span};
use crate::error::ProtocolError;
use crate::{inline, number, store};

/// The maximum length of a line in bytes, without the line break. A line is an inline command, a
/// count, or a length.
const MAX_LINE: usize = 64 << 10;

/// The maximum length of a command in bytes, with all its strings. The commands that wait for EXEC
/// have the same limit together.
pub const MAX_COMMAND: usize = 1 << 30;

/// The limits on a command: the number of its strings, and the length of each string in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    count: i64,
    length: i64,
}

impl Limits {
    /// The limits after AUTH, or if the server has no password.
    pub const AUTHENTICATED: Limits = Limits { count: 1 << 20, length: store::MAX_STRING as i64 };
    /// The limits before AUTH. The command AUTH itself is within these limits.
    pub const UNAUTHENTICATED: Limits = Limits { count: 10, length: 16 << 10 };
}

/// The state of a parser in the middle of a command. No byte is parsed twice, even if the input
/// arrives in small pieces. No memory is allocated for a string until its bytes have arrived.
#[derive(Debug, Default)]
pub struct Parser {
    /// The ranges of the strings that are complete.
    spans: Vec<Span>,
    /// The number of strings that are not complete yet.
    missing: usize,
    /// The number of input bytes that were parsed.
    at: usize,
    /// The words of an inline command, without their quotation marks.
    text: Vec<u8>,
}

impl Parser {
    /// Parses the command at the start of `input`. Returns `None` if the end of the command has not
    /// arrived: then call this function again with the same bytes and the bytes that have arrived
    /// since. If the function has returned a command, call [`Parser::finish`] before the next call.
    ///
    /// # Errors
    /// An error if the input is not a command. Then the start of the next command cannot be found.
    pub fn next<'a>(
        &'a mut self,
        input: &'a [u8],
        limits: Limits,
    ) -> Result<Option<Args<'a>>, ProtocolError> {
        // An array begins with `*`. Any other first byte begins an inline command.
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

    /// Prepares the parser for the next command. Returns the length of the last command in bytes.
    pub fn finish(&mut self) -> usize {
        let length = self.at;
        self.spans.clear();
        self.spans.shrink_to(1024);
        self.text.clear();
        self.missing = 0;
        self.at = 0;
        length
    }

    /// Parses an array: `*2`, a line break, and two strings. Returns whether all strings have
    /// arrived.
    fn array(&mut self, input: &[u8], limits: Limits) -> Result<bool, ProtocolError> {
        todo!("Task 3: read the count, then the strings that have arrived")
    }

    /// Parses an inline command. Returns whether the line break has arrived.
    fn line(&mut self, input: &[u8]) -> Result<bool, ProtocolError> {
        let Some(end) = input[self.at..].iter().position(|byte| *byte == b'\n') else {
            // The next call searches for the line break only in the new bytes.
            self.at = input.len();
            return if input.len() > MAX_LINE {
                Err(ProtocolError::InlineTooLong)
            } else {
                Ok(false)
            };
        };
        let end = self.at + end;
        self.at = end + 1;
        inline::split(&input[..end], &mut self.text, &mut self.spans)?;
        Ok(true)
    }
}

/// Parses the string that begins at `from`: `$5`, a line break, five bytes and a line break.
/// Returns `None` if the end of the string has not arrived.
fn string(input: &[u8], from: usize, limits: Limits) -> Result<Option<Span>, ProtocolError> {
    todo!("Task 3: read the length, and find out whether that many bytes have arrived")
}

/// Parses a line that begins at `from`: a type byte and a number. Returns the number and the start
/// of the next line. The number is `None` if the text is not a number. Returns `None` for both if
/// the line break has not arrived, and the error `endless` if the line is too long.
fn number_line(
    input: &[u8],
    from: usize,
    endless: ProtocolError,
) -> Result<Option<(Option<i64>, usize)>, ProtocolError> {
    let line = &input[from + 1..];
    match line.iter().position(|byte| *byte == b'\r') {
        Some(end) if end + 1 < line.len() => {
            Ok(Some((number::parse(&line[..end]), from + end + 3)))
        }
        None if line.len() > MAX_LINE => Err(endless),
        _ => Ok(None),
    }
}

/// Returns an error if an incomplete command is longer than the maximum length of a command.
fn check_size(input: &[u8]) -> Result<Option<Span>, ProtocolError> {
    if input.len() > MAX_COMMAND { Err(ProtocolError::CommandTooLong) } else { Ok(None) }
}
