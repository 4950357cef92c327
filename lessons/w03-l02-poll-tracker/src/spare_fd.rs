//! A spare descriptor, for the case that no other descriptor is free.
//!
//! A server whose descriptors are all in use cannot accept. The client stays in the backlog, so a
//! level-triggered `poll` reports the listener again at once, and the server's loop never sleeps.
//! The spare descriptor ends this: the server closes it, accepts the client under the free number,
//! and closes the client.

use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::resource::{Resource, getrlimit};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, FromRawFd, OwnedFd, RawFd};

/// The spare descriptor, or `None` while none could be opened. It does not help when the whole
/// system has no free open files (ENFILE).
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

/// Opens a second descriptor of standard input. Its number is the highest one below 1024 that
/// RLIMIT_NOFILE allows, so that the clients' descriptors follow directly after the listener's.
fn open_spare() -> Option<OwnedFd> {
    let (limit, _) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    let highest = limit.min(1024).saturating_sub(1) as RawFd;
    let descriptor = fcntl(io::stdin(), FcntlArg::F_DUPFD_CLOEXEC(highest)).ok()?;
    // SAFETY: fcntl has just created this descriptor, and nothing else owns it.
    Some(unsafe { OwnedFd::from_raw_fd(descriptor) })
}
