//! A spare descriptor, for the case that no other descriptor is free.
//!
//! A server whose descriptors are all in use cannot accept. The client stays in the backlog, so a
//! level-triggered `poll` reports the listener again immediately, and the server is in a busy loop.
//! A spare descriptor prevents this busy loop: the server closes the spare descriptor, accepts the
//! client with the descriptor that is free now, and closes the client.

use nix::fcntl::{FcntlArg, fcntl};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};

/// The spare descriptor, or `None` if no spare descriptor could be opened. A spare descriptor does
/// not help if the system-wide limit on open files is reached (ENFILE).
pub struct SpareFd(Option<OwnedFd>);

impl SpareFd {
    /// Opens the spare descriptor.
    pub fn new() -> SpareFd {
        SpareFd(open_spare())
    }

    /// Closes the spare descriptor, accepts a client, and opens the spare descriptor again.
    ///
    /// If the spare descriptor can be opened while the client is open, the shortage is over, and
    /// the client is returned. If not, the client is closed, and the result is `None`.
    ///
    /// # Errors
    /// The errors of [`sockhelpers::accept`].
    pub fn accept(&mut self, listener: impl AsFd) -> io::Result<Option<(OwnedFd, SocketAddr)>> {
        self.0 = None;
        let client = sockhelpers::accept(listener);
        self.0 = open_spare();
        if self.0.is_some() {
            return client.map(Some);
        }
        drop(client);
        self.0 = open_spare();
        Ok(None)
    }
}

impl Default for SpareFd {
    fn default() -> Self {
        SpareFd::new()
    }
}

/// Opens a second descriptor of standard input. It gets the lowest free number. With a high number,
/// the spare descriptor would be of no use after the limit on descriptors has been lowered
/// (prlimit(2)): a new descriptor needs a number below the limit.
fn open_spare() -> Option<OwnedFd> {
    let descriptor = fcntl(io::stdin(), FcntlArg::F_DUPFD_CLOEXEC(0)).ok()?;
    // SAFETY: fcntl has just created this descriptor, and nothing else owns it.
    Some(unsafe { OwnedFd::from_raw_fd(descriptor) })
}
