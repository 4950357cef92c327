//! The criterion `nothing-to-say`: an empty line, no line, and a line without newline.

use super::client_run::{ClientRun, Setup, start};
use super::words::{bytes, random_text};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use witness::{Exit, ServerClose, WaitError};

/// With an empty line, or without any, the client sends nothing and ends with status 0. It need not
/// connect. A line without newline at end of file is a line, also if it has one byte only.
pub(super) fn nothing_to_say(context: &CheckContext<'_>) -> Result<(), CheckError> {
    for (input, what) in [("\n", "an empty line"), ("", "no line")] {
        let mut client = start(context, &Setup::default())?;
        client.run.step(format!("there is {what} on standard input"));
        client.run.server.write_input(input.as_bytes());
        client.run.server.end_input();
        client.expect_nothing_sent(what)?;
    }
    let mut random = context.random("nothing-to-say");
    // A digit 0 is a line like any other; the criterion `exchange` has it.
    for text in [random_text(&mut random, 15), random.lowercase().to_string()] {
        let mut client = start(context, &Setup::default())?;
        let shown = bytes(text.as_bytes());
        client.run.step(format!("{shown} is on standard input, without a newline"));
        client.run.server.write_input(text.as_bytes());
        client.run.server.end_input();
        client.expect_line_without_newline(&text)?;
    }
    Ok(())
}

impl ClientRun {
    fn expect_nothing_sent(&mut self, what: &str) -> Result<(), CheckError> {
        // Close the connection when the client has shut down its side.
        let done = self.run.server.wait_for(|now| {
            for connection in now.accepted() {
                if connection.ended() == Some(ServerClose::Closed) {
                    connection.close();
                }
            }
            Ok(None::<()>)
        });
        let ended = match done {
            Err(WaitError::Ended(_)) | Ok(()) => self.wait_ended(),
            Err(other) => Err(other),
        };
        let connections = self.run.server.accepted().to_vec();
        let sent: usize = connections.iter().map(|it| it.received().len()).sum();
        let (id, mistake, summary) = match &ended {
            _ if sent > 0 => (
                "sent",
                Some("empty-sent"),
                format!("There is {what} on standard input, and the client sends {sent} bytes."),
            ),
            Ok(Exit::Status(0)) => return Ok(()),
            Ok(_) => (
                "not-status-0",
                Some("empty-fails"),
                format!("There is {what} on standard input: that is no error of anybody."),
            ),
            Err(_) => (
                "waits",
                Some("empty-waits"),
                format!("There is {what} on standard input, and the client does not end."),
            ),
        };
        let failure = Failure {
            id,
            mistake,
            summary,
            expected: "no byte for the server, and status 0".to_owned(),
            observed: format!("{sent} bytes for the server"),
        };
        let wait_error = ended.map(WaitError::Ended).unwrap_or_else(|wait_error| wait_error);
        Err(self.fail(wait_error, failure))
    }

    fn expect_line_without_newline(&mut self, text: &str) -> Result<(), CheckError> {
        let connection = self.wait_connected()?;
        let arrived = self.wait_arrived(&connection, text.len());
        let received = connection.received();
        if arrived.is_err() || received != text.as_bytes() {
            let is_cut = !received.is_empty() && text.as_bytes()[..text.len() - 1] == received[..];
            let failure = Failure {
                id: "last-line",
                mistake: is_cut.then_some("last-byte-cut"),
                summary: match is_cut {
                    true => "The line has no newline, and the client cuts its last byte.",
                    false => "The line has no newline, and the client does not send it.",
                }
                .to_owned(),
                expected: format!("the server receives {}", bytes(text.as_bytes())),
                observed: format!("the server received {}", bytes(&received)),
            };
            return Err(self.run.fail_after(arrived.err(), failure));
        }
        self.answer(&connection, text.as_bytes());
        let Err(wait_error) = self.wait_logged_answer(&connection, text) else { return Ok(()) };
        let failure = Failure {
            id: "last-line",
            summary: "The line has no newline, and the client does not log its answer.".to_owned(),
            expected: format!("[client] received '{text}'"),
            observed: self.logged_answer_text(),
            ..Failure::default()
        };
        Err(self.fail(wait_error, failure).depends_on("exchange"))
    }
}
