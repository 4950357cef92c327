//! The failure of a client that has sent only the first bytes of its line.

use super::client_run::ClientRun;
use super::interruption::has_failed;
use super::words::bytes;
use crate::check_error::{CheckError, Failure};
use crate::log_event::ClientEvent;
use witness::{Client, WaitError};

/// The smallest size that counts as the size of a buffer, in bytes.
const MIN_BUFFER: usize = 64;
/// The largest such size, in bytes.
const MAX_BUFFER: usize = 64 << 10;

impl ClientRun {
    /// The failure of a client that has sent `part`, and not the rest of `text`. `wait_error` is the
    /// end of the wait for the rest. The server answers the part, which shows what the client was
    /// waiting for.
    pub(super) fn part_sent(
        &mut self,
        connection: &Client,
        (text, part): (&str, &[u8]),
        wait_error: Option<WaitError>,
    ) -> CheckError {
        let is_waiting = matches!(wait_error, Some(WaitError::Idle { .. }));
        let now = if is_waiting { self.answer_part(connection, part) } else { wait_error };
        let sends_on = connection.received().len() > part.len();
        let what_then = match (&now, is_waiting) {
            _ if sends_on => ", and sends on when the server has answered these",
            _ if self.logs_part(part) => ", and takes the answer to these for the whole answer",
            (Some(WaitError::Ended(_)), true) => ", and ends when the server has answered these",
            (_, true) => ", and waits",
            _ => "",
        };
        let failure = Failure {
            id: "part-sent",
            mistake: match sends_on {
                true => Some("waits-for-each-piece"),
                false => is_size_of_buffer(part.len()).then_some("line-cut"),
            },
            summary: match has_failed(now.as_ref()) && !is_waiting {
                true => format!(
                    "The client ended when it had sent {} of the {} bytes of its line.",
                    part.len(),
                    text.len()
                ),
                false => format!(
                    "The client sends {} of the {} bytes of its line{what_then}.",
                    part.len(),
                    text.len()
                ),
            },
            expected: format!("the server receives {} bytes", text.len()),
            observed: format!("the server received {} bytes", part.len()),
        };
        self.run.fail_after(now, failure)
    }

    /// Answers `part`, and waits until the client sends on, or until it will not. Returns why it will
    /// not.
    fn answer_part(&mut self, connection: &Client, part: &[u8]) -> Option<WaitError> {
        self.run.step(format!("the server answered {}", bytes(part)));
        let _ = connection.send(part);
        let more = self.run.server.wait_for(|_| {
            let has_more = connection.received().len() > part.len();
            Ok(has_more.then_some(()))
        });
        more.err()
    }

    /// Whether the client has logged `part` as the answer.
    fn logs_part(&self, part: &[u8]) -> bool {
        self.has_logged(|event| match event {
            ClientEvent::Received(text) => text.as_bytes() == part,
            _ => false,
        })
    }
}

/// Whether `length` is the size of a buffer that a client may have.
fn is_size_of_buffer(length: usize) -> bool {
    (MIN_BUFFER - 1..=MAX_BUFFER).contains(&length) && fills_buffer(length)
}

/// Whether so many bytes fill a buffer whose size is a power of two. A byte of the buffer may be left
/// for a NUL.
pub(super) fn fills_buffer(length: usize) -> bool {
    length.is_power_of_two() || (length + 1).is_power_of_two()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_size_of_a_buffer_shows_that_the_line_was_cut() {
        for length in [63, 64, 1023, 4095, 4096, 65_535, 65_536] {
            assert!(is_size_of_buffer(length), "{length}");
        }
        for length in [0, 1, 3, 7, 8, 4000, 4097, 131_071, 131_072] {
            assert!(!is_size_of_buffer(length), "{length}");
        }
    }
}
