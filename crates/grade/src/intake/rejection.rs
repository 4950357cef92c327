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
}

/// A [`Rejection::Refused`].
pub(crate) fn refused(reason: impl Into<String>) -> Rejection {
    Rejection::Refused(reason.into())
}

/// The rejection of an entry that is neither a file nor a folder; `kind` says what it is.
pub(crate) fn not_a_file(path: &[u8], kind: &str) -> Rejection {
    refused(format!("{} is {kind}; hand in the file itself", shown(path)))
}
