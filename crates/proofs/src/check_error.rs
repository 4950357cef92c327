//! Why a check ends without success, and what a failing check says about the server.

use crate::end_rows::may_explain_end;
use course::report::Cause;
use witness::{LaunchError, Unobservable};

/// An error of the machine or of the command line. The error says nothing about the server.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct HarnessError(pub String);

/// Why a check ends without success.
#[derive(Debug)]
pub(crate) enum CheckError {
    /// The server does not do what the criterion asks.
    Failed(Box<Cause>),
    /// The server does not do what another criterion asks, and this check depends on the other
    /// criterion.
    Blocked { depends_on: &'static str, cause: Box<Cause> },
    /// The machine does not show, or does not permit, what the check needs.
    Inconclusive(String),
    /// The check took more than its time, and nothing was wrong until then. The server, or the
    /// machine, is slow.
    OutOfTime(String),
    /// The time for the whole proof was used up before this check.
    NotReached,
    /// Nothing can be said about the server.
    Harness(HarnessError),
}

/// What a check says about a server that fails. The test run adds the steps and the kernel's
/// tables.
#[derive(Default)]
pub(crate) struct Failure {
    /// A short name that does not change between versions.
    pub(crate) id: &'static str,
    /// The id of the lesson's Common Mistakes row.
    pub(crate) mistake: Option<&'static str>,
    pub(crate) summary: String,
    pub(crate) expected: String,
    pub(crate) observed: String,
}

impl CheckError {
    /// Adds the Common Mistakes row that explains a failure, if no row explains the failure yet. A
    /// row about a server that runs is not added to the failure of a server that has ended.
    pub(crate) fn with_mistake(mut self, mistake: &str) -> Self {
        if let CheckError::Failed(cause) = &mut self
            && (cause.exit.is_none() || may_explain_end(mistake))
        {
            cause.mistake.get_or_insert(mistake.to_owned());
        }
        self
    }

    /// Explains a failure of a server that runs: by this row, in the place of any other, and by this
    /// summary. The check has seen the evidence for both. The failure of a server that has ended
    /// stays as it is.
    pub(crate) fn with_row(mut self, mistake: &str, summary: String) -> Self {
        if let CheckError::Failed(cause) = &mut self
            && cause.exit.is_none()
        {
            cause.mistake = Some(mistake.to_owned());
            cause.summary = summary;
        }
        self
    }

    /// Removes the Common Mistakes row of a failure, because other mistakes have the same effect.
    pub(crate) fn without_row(mut self) -> Self {
        if let CheckError::Failed(cause) = &mut self {
            cause.mistake = None;
        }
        self
    }

    /// Turns a blocked check into a failure of the check's own criterion.
    pub(crate) fn independent(self) -> Self {
        match self {
            CheckError::Blocked { cause, .. } => CheckError::Failed(cause),
            other => other,
        }
    }

    /// Turns a failure into a blocked check, because the server does not do what criterion `id`
    /// asks.
    pub(crate) fn depends_on(self, id: &'static str) -> Self {
        match self {
            CheckError::Failed(cause) => CheckError::Blocked { depends_on: id, cause },
            other => other,
        }
    }
}

impl From<Unobservable> for CheckError {
    fn from(error: Unobservable) -> Self {
        CheckError::Inconclusive(error.to_string())
    }
}

impl From<HarnessError> for CheckError {
    fn from(error: HarnessError) -> Self {
        CheckError::Harness(error)
    }
}

impl From<LaunchError> for CheckError {
    fn from(error: LaunchError) -> Self {
        match error {
            LaunchError::NoFaultInjection(_) | LaunchError::NoOwnFile { .. } => {
                CheckError::Inconclusive(error.to_string())
            }
            other => CheckError::Harness(HarnessError(other.to_string())),
        }
    }
}
