//! A descriptor kept for the moment when there is no other.
//!
//! With all its descriptors in use a server cannot accept, the client stays in the backlog, and a
//! level-triggered `poll` reports the listener again at once, without end. The spare one breaks
//! that loop: in its place the client can be accepted, and closed.

use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::resource::{Resource, getrlimit};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, FromRawFd, OwnedFd, RawFd};

/// The descriptor kept. It cannot help when the whole system is out of open files (ENFILE).
pub struct SpareFd(Option<OwnedFd>);

impl SpareFd {
    /// Takes a descriptor to keep.
    pub fn new() -> SpareFd {
        SpareFd(reserve())
    }

    /// Accepts in the spare one's place. The client is kept only where another spare one can be
    /// had, that is, where the shortage is over; else it is closed and there is `None`.
    ///
    /// # Errors
    /// Those of [`sockhelpers::accept`].
    pub fn accept(&mut self, listener: impl AsFd) -> io::Result<Option<(OwnedFd, SocketAddr)>> {
        self.0 = None;
        let client = sockhelpers::accept(listener);
        self.0 = reserve();
        if self.0.is_some() {
            return client.map(Some);
        }
        drop(client);
        self.0 = reserve();
        Ok(None)
    }
}

impl Default for SpareFd {
    fn default() -> Self {
        SpareFd::new()
    }
}

/// Standard input under a second number: the highest below 1024 that the limit allows, so that
/// the clients' numbers follow on the listener's.
fn reserve() -> Option<OwnedFd> {
    let (limit, _) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    let highest = limit.min(1024).saturating_sub(1) as RawFd;
    let descriptor = fcntl(io::stdin(), FcntlArg::F_DUPFD_CLOEXEC(highest)).ok()?;
    // SAFETY: fcntl has just made this descriptor, and nobody else knows of it.
    Some(unsafe { OwnedFd::from_raw_fd(descriptor) })
}
