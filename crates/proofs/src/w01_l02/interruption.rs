//! A stop and fg (SIGSTOP, SIGCONT), which change nothing for a client; and the end of a client that
//! has ended with an error.

use super::client_run::ClientRun;
use crate::check_error::{CheckError, Failure};
use witness::{Exit, WaitError};

const MISTAKE: &str = "eintr-ends-client";

/// What a client does when it is interrupted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Interrupted {
    /// It waits for its line.
    BeforeTheLine,
    /// It waits for the server to read. A signal may also make a `send` shorter (send(2)).
    WhileSending,
    /// It waits for the answer.
    BeforeTheAnswer,
}

impl Interrupted {
    fn text(self) -> &'static str {
        match self {
            Interrupted::BeforeTheLine => "while it waits for its line",
            Interrupted::WhileSending => "while it cannot send on",
            Interrupted::BeforeTheAnswer => "while it waits for the answer",
        }
    }
}

impl ClientRun {
    /// Stops and resumes the client, which is asleep, and checks that it does not end by this.
    /// Nothing else happens meanwhile.
    pub(super) fn interrupt(&mut self, when: Interrupted) -> Result<(), CheckError> {
        self.run.step(format!(
            "the client is stopped (SIGSTOP) {}, and goes on (SIGCONT)",
            when.text()
        ));
        let _ = self.run.server.interrupt();
        match self.run.server.wait_idle() {
            Err(WaitError::Ended(exit)) => Err(self.ended_by_interruption(when, exit)),
            // What it does now is judged afterwards.
            _ => Ok(()),
        }
    }

    fn ended_by_interruption(&mut self, when: Interrupted, exit: Exit) -> CheckError {
        let is_eintr = match exit {
            Exit::Status(_) => when != Interrupted::WhileSending || self.says_interrupted(),
            _ => false,
        };
        let failure = Failure {
            id: "interrupted",
            mistake: is_eintr.then_some(MISTAKE),
            summary: "The client ended after it was stopped and continued.".to_owned(),
            expected: "the client goes on as before".to_owned(),
            observed: String::new(),
        };
        self.fail(WaitError::Ended(exit), failure)
    }

    /// The end of the client as the error of a wait; `None` if the client has not ended.
    pub(super) fn ended_now(&mut self) -> Option<WaitError> {
        let ended = self.run.server.wait_idle().err();
        ended.filter(|error| matches!(error, WaitError::Ended(_)))
    }

    /// Whether the client says on standard error that a call was interrupted (EINTR).
    pub(super) fn says_interrupted(&self) -> bool {
        let stderr = self.run.server.stderr();
        stderr.contains("EINTR") || stderr.to_lowercase().contains("interrupted")
    }
}

/// Whether a wait has ended because the client has ended, and not with success.
pub(super) fn has_failed(wait_error: Option<&WaitError>) -> bool {
    matches!(wait_error, Some(WaitError::Ended(exit)) if *exit != Exit::Status(0))
}
