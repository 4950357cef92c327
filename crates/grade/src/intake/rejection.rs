//! Why a submission cannot be graded.

use super::name::shown;

/// Why a submission cannot be graded.
#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    /// The submission is invalid. Its author must change it.
    #[error("{0}")]
    Refused(String),
    /// The submission could not be read on this machine. A second attempt may succeed.
    #[error("{0}")]
    Unreadable(String),
    /// The student has handed in nothing.
    #[error("nothing was handed in")]
    NotHandedIn,
}

impl Rejection {
    /// The same reason, with the archive or file in front that it is about.
    pub(crate) fn inside(self, place: &str) -> Self {
        match self {
            Rejection::Refused(reason) => Rejection::Refused(format!("{place}: {reason}")),
            Rejection::Unreadable(reason) => Rejection::Unreadable(format!("{place}: {reason}")),
            Rejection::NotHandedIn => Rejection::NotHandedIn,
        }
    }
}

/// A [`Rejection::Refused`].
pub(crate) fn refused(reason: impl Into<String>) -> Rejection {
    Rejection::Refused(reason.into())
}

/// The rejection of an entry that is neither a file nor a folder; `kind` says what it is.
pub(crate) fn not_a_file(path: &[u8], kind: &str) -> Rejection {
    refused(format!("{} is {kind}; hand in the file itself", shown(path)))
}
