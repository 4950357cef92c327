//! The criterion `whole-reply`: an answer that comes in pieces.

use super::client_run::{ClientRun, Setup, start};
use super::words::{bytes, random_text};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use witness::{Client, WaitError};

/// The client receives its whole answer: a short one that comes a byte at a time, and a long one in
/// three pieces. The server sends each piece when the client has taken the one before, and sleeps.
pub(super) fn whole_reply(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut random = context.random("whole-reply");
    for (length, pieces) in [(5, 5), (random.usize(50_000..90_000), 3)] {
        let text = random_text(&mut random, length);
        let mut client = start(context, &Setup::default())?;
        client.give_line(&text);
        client.run.server.end_input();
        let connection = client.wait_connected()?;
        let other = if length == pieces { "exchange" } else { "all-sent" };
        client.expect_text(&connection, &text).map_err(|error| error.depends_on(other))?;
        // The answer has other letters than the line: a client could print its own line.
        let answer = in_other_case(&text);
        client.answer_in_pieces(&connection, &answer, length.div_ceil(pieces))?;
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

impl ClientRun {
    fn answer_in_pieces(
        &mut self,
        connection: &Client,
        text: &str,
        size: usize,
    ) -> Result<(), CheckError> {
        let step = self.run.step_count();
        let mut sent = 0;
        for piece in text.as_bytes().chunks(size) {
            self.answer(connection, piece);
            sent += piece.len();
            if sent < text.len() && self.wait_for_rest(connection).is_err() {
                break;
            }
        }
        self.run.merge_steps(
            step,
            format!(
                "the server answered {}, {size} bytes at a time",
                bytes(&text.as_bytes()[..sent])
            ),
        );
        let Err(wait_error) = self.wait_logged_answer(connection, text) else { return Ok(()) };
        let logged = self.logged_answer();
        let is_cut = logged.as_ref().is_some_and(|it| text.starts_with(it.as_str()));
        let failure = Failure {
            id: "part-received",
            mistake: match is_cut {
                true => Some(if size == 1 { "one-recv" } else { "reply-cut" }),
                false => self.has_written_out_of_bounds().then_some("terminator"),
            },
            summary: match (&logged, is_cut) {
                (Some(part), true) => format!(
                    "The client has taken {} of the answer's {} bytes for the whole answer.",
                    part.len(),
                    text.len()
                ),
                _ => "The client does not log the whole answer.".to_owned(),
            },
            expected: format!("[client] received {}", bytes(text.as_bytes())),
            observed: self.logged_answer_text(),
        };
        Err(self.fail(wait_error, failure))
    }

    /// Whether the client has ended because of a write beyond its buffer, and says so: Rust, Go, a
    /// sanitizer, or the stack protector of the C library.
    fn has_written_out_of_bounds(&self) -> bool {
        let stderr = self.run.server.stderr();
        let words = ["out of bounds", "out of range", "buffer-overflow", "stack smashing"];
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
