//! How a check ends when it does not hold.

use crate::Fault;
use course::report::Cause;
use witness::{LaunchError, Unseen};

/// Why a check did not come to its end.
#[derive(Debug)]
pub(crate) enum Fall {
    /// The server does not do what the criterion says.
    Failed(Box<Cause>),
    /// The server does not do what another criterion says, and this one stands on it.
    Blocked { on: &'static str, cause: Box<Cause> },
    /// The machine hid or refused what the check needs.
    Unseen(String),
    /// Nothing can be said of the server.
    Fault(Fault),
}

impl Fall {
    /// The same, explained by a Common Mistakes row where nothing has explained it yet.
    pub(crate) fn row(mut self, row: &str) -> Self {
        if let Fall::Failed(cause) = &mut self {
            cause.mistake.get_or_insert(row.to_owned());
        }
        self
    }

    /// The same, as a failure of the criterion itself, which stands on no other here.
    pub(crate) fn alone(self) -> Self {
        match self {
            Fall::Blocked { cause, .. } => Fall::Failed(cause),
            other => other,
        }
    }

    /// The same, for a check that needs what criterion `on` asks.
    pub(crate) fn blocks(self, on: &'static str) -> Self {
        match self {
            Fall::Failed(cause) => Fall::Blocked { on, cause },
            other => other,
        }
    }
}

impl From<Unseen> for Fall {
    fn from(unseen: Unseen) -> Self {
        Fall::Unseen(unseen.to_string())
    }
}

impl From<Fault> for Fall {
    fn from(fault: Fault) -> Self {
        Fall::Fault(fault)
    }
}

impl From<LaunchError> for Fall {
    fn from(error: LaunchError) -> Self {
        match error {
            LaunchError::NoGate(_) => Fall::Unseen(error.to_string()),
            other => Fall::Fault(Fault(other.to_string())),
        }
    }
}
