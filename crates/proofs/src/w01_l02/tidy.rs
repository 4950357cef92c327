//! The criterion `tidy`: how a conversation ends, and what an interruption changes: nothing.

use super::client_run::{ClientRun, END_TIME, Setup, start};
use super::interruption::Interrupted;
use super::words::random_text;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use witness::{Client, Exit, ServerClose, WaitError};

/// A conversation ends with a FIN and status 0, also when the client was stopped and resumed while it
/// waited for its line and for the answer.
pub(super) fn tidy(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut random = context.random("tidy");
    for interrupts in [false, true] {
        let mut client = start(context, &Setup::default())?;
        if interrupts {
            client.interrupt_if_idle(Interrupted::BeforeTheLine)?;
        }
        let text = random_text(&mut random, 20);
        client.give_line(&text);
        client.run.server.end_input();
        let connection = client.wait_connected()?;
        client.expect_text(&connection, &text).map_err(|error| error.depends_on("exchange"))?;
        if interrupts {
            client.interrupt_if_idle(Interrupted::BeforeTheAnswer)?;
        }
        client.answer(&connection, text.as_bytes());
        client.expect_tidy_end(&connection, &text, interrupts)?;
    }
    Ok(())
}

impl ClientRun {
    /// Stops and resumes the client when it is idle. A client that has ended is judged afterwards.
    fn interrupt_if_idle(&mut self, when: Interrupted) -> Result<(), CheckError> {
        match self.run.server.wait_idle() {
            Ok(_) => self.interrupt(when),
            Err(_) => Ok(()),
        }
    }

    fn expect_tidy_end(
        &mut self,
        connection: &Client,
        text: &str,
        interrupts: bool,
    ) -> Result<(), CheckError> {
        let logged = self.wait_logged_answer(connection, text);
        // The client is about to end. The server closes when the client has shut down its side.
        let ended = match &logged {
            Ok(()) => self.wait_ended(),
            Err(WaitError::Ended(exit)) => Ok(exit.clone()),
            Err(_) => self.wait_ended(),
        };
        let close = connection.wait_ended(if ended.is_ok() { END_TIME } else { END_TIME / 100 });
        let is_logged = logged.is_ok();
        let has_error = matches!(&ended, Ok(exit) if *exit != Exit::Status(0));
        let (id, mistake, summary) = match (&ended, close) {
            _ if has_error && !is_logged && interrupts => (
                "interrupted",
                self.says_interrupted().then_some("eintr-ends-client"),
                "The client ended without the answer, after it was stopped and continued.",
            ),
            _ if has_error && !is_logged => {
                ("no-answer", None, "The client ended without the answer.")
            }
            (_, Some(ServerClose::Reset)) => (
                "reset",
                Some("linger-reset"),
                "The client ends the connection with a RST, and not with a FIN.",
            ),
            (Ok(Exit::Status(0)), Some(ServerClose::Closed)) | (Ok(Exit::Status(0)), None)
                if is_logged =>
            {
                return Ok(());
            }
            (Ok(Exit::Status(0)), _) => ("no-answer", None, "The client ends without the answer."),
            (Ok(_), _) if interrupts => (
                "interrupted",
                self.says_interrupted().then_some("eintr-ends-client"),
                "The client ended with the answer, after it was stopped and continued.",
            ),
            (Ok(_), _) => (
                "status",
                Some("success-status"),
                "Everything went well, and the client's exit status says that it did not.",
            ),
            (Err(_), _) => {
                ("runs-on", None, "The conversation is over, and the client does not end.")
            }
        };
        let failure = Failure {
            id,
            mistake,
            summary: summary.to_owned(),
            expected: "the answer in the log, a FIN for the server, and status 0".to_owned(),
            observed: self.logged_answer_text(),
        };
        let wait_error = ended.map(WaitError::Ended).unwrap_or_else(|wait_error| wait_error);
        let error = self.fail(wait_error, failure);
        Err(if id == "no-answer" && !interrupts { error.depends_on("exchange") } else { error })
    }
}
