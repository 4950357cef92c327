//! The error about information that this process cannot observe.

use std::io;

/// The error about information that this process cannot observe.
#[derive(Debug, thiserror::Error)]
#[error("{what} cannot be observed here: {error}")]
#[non_exhaustive]
pub struct Unobservable {
    /// The file or other information that cannot be observed.
    pub what: String,
    /// The reason.
    pub error: io::Error,
}

impl Unobservable {
    /// `what` cannot be observed because of `error`.
    pub fn new(what: String, error: io::Error) -> Self {
        Self { what, error }
    }
}
