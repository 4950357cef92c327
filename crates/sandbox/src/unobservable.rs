//! What the kernel does not let this process observe.

use std::io;

/// Something that the kernel does not let this process observe.
#[derive(Debug, thiserror::Error)]
#[error("{what} cannot be observed here: {error}")]
#[non_exhaustive]
pub struct Unobservable {
    /// The file or facility.
    pub what: String,
    /// What the kernel said.
    pub error: io::Error,
}

impl Unobservable {
    /// `what` cannot be observed because of `error`.
    pub fn new(what: String, error: io::Error) -> Self {
        Self { what, error }
    }
}
