//! The error of a function that cannot observe the program.

use std::io;

/// The observer could not read something about the program, for example because the kernel or a
/// container hides it.
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
