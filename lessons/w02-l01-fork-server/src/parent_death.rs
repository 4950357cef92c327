//! Ending a child process when its parent ends.

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getppid};
use std::io;

/// Asks the kernel to send SIGTERM to the calling process when `parent` ends (prctl(2),
/// PR_SET_PDEATHSIG). The calling process must be a child of `parent`.
///
/// # Errors
/// An error if `parent` has already ended; otherwise the errors of prctl(2).
pub fn end_with_parent(parent: Pid) -> io::Result<()> {
    set_pdeathsig(Signal::SIGTERM)?;
    // If the parent ended between fork and prctl, the kernel sends no signal. In this case, getppid
    // returns another process.
    if getppid() == parent { Ok(()) } else { Err(io::Error::other("the server has ended")) }
}
