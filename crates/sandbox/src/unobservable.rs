//! What the kernel does not let this process see.

use std::io;

/// Something that the kernel does not let this process see.
#[derive(Debug, thiserror::Error)]
#[error("{what} cannot be seen here: {error}")]
pub struct Unobservable {
    /// The file or facility.
    pub what: String,
    /// What the kernel said.
    pub error: io::Error,
}

impl Unobservable {
    /// `what` cannot be seen because of `error`.
    pub fn new(what: String, error: io::Error) -> Self {
        Self { what, error }
    }
}
