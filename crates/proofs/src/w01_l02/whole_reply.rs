//! The criterion `whole-reply`: an answer that comes in pieces.

use super::client_run::{ClientRun, Setup, start};
use super::interruption::has_failed;
use super::words::{bytes, random_text};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use witness::{Client, Exit, WaitError};

/// How an answer comes.
struct Answer {
    bytes: Vec<u8>,
    /// The number of bytes that the server sends at once.
    piece: usize,
}

/// The client receives its whole answer: a short one that comes a byte at a time, a long one in three
/// pieces, and one that has NUL bytes. The server sends each piece when the client has taken the one
/// before, and sleeps. Afterwards the client ends by itself.
pub(super) fn whole_reply(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut random = context.random("whole-reply");
    // A block of 16 n + 8 bytes, from malloc(3) of glibc, ends where the size of the next block is
    // stored. If a client writes a byte behind such a block of 1032 bytes to 128 KiB, free(3) notices
    // this and ends the client. The line with its newline has this length in the last exchange.
    let (long, middle) = (16 * random.usize(3_200..5_600) + 8, 16 * random.usize(70..250) + 7);
    for (length, pieces, has_nul) in [(5, 5, false), (long, 3, false), (middle, 2, true)] {
        let text = random_text(&mut random, length);
        let mut client = start(context, &Setup::default())?;
        client.give_line(&text);
        client.run.server.end_input();
        let connection = client.wait_connected()?;
        let other = if length == pieces { "exchange" } else { "all-sent" };
        client.expect_text(&connection, &text).map_err(|error| error.depends_on(other))?;
        // The answer has other letters than the line: a client could print its own line.
        let mut bytes = in_other_case(&text).into_bytes();
        let piece = length.div_ceil(pieces);
        if has_nul {
            for at in [piece / 2, piece, length - 1] {
                bytes[at] = 0;
            }
        }
        client.answer_in_pieces(&connection, &Answer { bytes, piece })?;
        client.expect_ends_by_itself()?;
    }
    Ok(())
}

/// The text as the server of w02-l01 answers it: its letters in the other case.
fn in_other_case(text: &str) -> String {
    let other = |letter: char| match letter.is_ascii_lowercase() {
        true => letter.to_ascii_uppercase(),
        false => letter.to_ascii_lowercase(),
    };
    text.chars().map(other).collect()
}

impl Answer {
    fn has_nul(&self) -> bool {
        self.bytes.contains(&0)
    }

    /// The bytes before the first NUL.
    fn before_nul(&self) -> &[u8] {
        self.bytes.split(|byte| *byte == 0).next().unwrap_or_default()
    }

    /// Whether a client has logged this answer. The lesson does not ask how a client logs a NUL, and
    /// what comes after it.
    fn is_logged_as(&self, logged: &str) -> bool {
        match self.has_nul() {
            true => logged.as_bytes().starts_with(self.before_nul()),
            false => logged.as_bytes() == self.bytes,
        }
    }
}

impl ClientRun {
    fn answer_in_pieces(&mut self, connection: &Client, answer: &Answer) -> Result<(), CheckError> {
        let step = self.run.step_count();
        let mut sent = 0;
        for piece in answer.bytes.chunks(answer.piece) {
            self.answer(connection, piece);
            sent += piece.len();
            if sent < answer.bytes.len() && self.wait_for_rest(connection).is_err() {
                break;
            }
        }
        let with_nul = if answer.has_nul() { ", NUL bytes among them" } else { "" };
        self.run.merge_steps(
            step,
            format!(
                "the server answered {}{with_nul}, {} bytes at a time",
                bytes(&answer.bytes[..sent]),
                answer.piece
            ),
        );
        match self.wait_answer_line(connection, |logged| answer.is_logged_as(logged)) {
            Ok(()) => Ok(()),
            Err(wait_error) => Err(self.part_received(answer, wait_error)),
        }
    }

    /// The failure of a client that has not logged the whole answer.
    fn part_received(&mut self, answer: &Answer, wait_error: WaitError) -> CheckError {
        let logged = self.logged_answer();
        let part = logged.as_deref().filter(|it| answer.bytes.starts_with(it.as_bytes()));
        let failed = has_failed(Some(&wait_error));
        let mistake = match part {
            Some(_) if answer.has_nul() => None,
            Some(_) if answer.piece == 1 => Some("one-recv"),
            Some(_) => Some("reply-cut"),
            None if self.has_written_out_of_bounds() => Some("terminator"),
            // The client has received the answers without a NUL.
            None if answer.has_nul() && logged.is_none() && !failed => Some("nul-ends-answer"),
            None => None,
        };
        let summary = match part {
            Some(part) => format!(
                "The client logs only {} of the answer's {} bytes.",
                part.len(),
                answer.bytes.len()
            ),
            None if logged.as_ref().is_some_and(|it| it.as_bytes().starts_with(&answer.bytes)) => {
                "The client logs the answer, and then bytes that have not come.".to_owned()
            }
            None if failed => "The client ended before it had logged the whole answer.".to_owned(),
            None if answer.has_nul() => {
                "The answer has NUL bytes, and the client does not log it.".to_owned()
            }
            None => "The client does not log the whole answer.".to_owned(),
        };
        let failure = Failure {
            id: "part-received",
            mistake,
            summary,
            expected: format!("[client] received {}", bytes(&answer.bytes)),
            observed: self.logged_answer_text(),
        };
        self.fail(wait_error, failure)
    }

    /// Checks that no signal ends the client when it has logged its answer. A shell that has started
    /// the client shows the signal as a status (bash(1), "Exit status").
    fn expect_ends_by_itself(&mut self) -> Result<(), CheckError> {
        let crashes = [libc::SIGABRT, libc::SIGSEGV, libc::SIGBUS];
        let exit = match self.wait_ended() {
            Ok(exit @ Exit::Signal(_)) => exit,
            Ok(exit) if crashes.iter().any(|it| exit == Exit::Status(128 + it)) => exit,
            _ => return Ok(()),
        };
        let failure = Failure {
            id: "killed",
            mistake: self.has_written_out_of_bounds().then_some("terminator"),
            summary: "The client has logged its answer, and does not end by itself.".to_owned(),
            expected: "the client ends with status 0".to_owned(),
            ..Failure::default()
        };
        Err(self.fail(WaitError::Ended(exit), failure))
    }

    /// Whether the client has ended because of a write beyond its buffer, and says so: Rust, Go, a
    /// sanitizer, the stack protector of the C library, or its allocator (malloc/malloc.c of glibc).
    fn has_written_out_of_bounds(&self) -> bool {
        let stderr = self.run.server.stderr();
        let words = [
            "out of bounds",
            "out of range",
            "buffer-overflow",
            "stack smashing",
            "double free or corruption (!prev)",
            "corrupted size vs. prev_size",
            "corrupted top size",
            "invalid next size",
        ];
        words.iter().any(|word| stderr.contains(word))
    }

    /// Waits until the client sleeps, with a part of the answer. A client that has ended, or has
    /// logged an answer, will not take the rest.
    fn wait_for_rest(&mut self, connection: &Client) -> Result<(), WaitError> {
        let logged = self.run.server.wait_for(|now| {
            let has_taken = now.connection(connection)?.is_none_or(|socket| socket.unread == 0);
            Ok(has_taken.then_some(()))
        });
        logged.and_then(|()| self.run.server.wait_idle().map(drop))
    }
}
