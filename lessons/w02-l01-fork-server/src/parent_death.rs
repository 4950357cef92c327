//! Ending a child process when its parent ends.

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getppid};
use std::io;

/// Called in a child: asks the kernel to send this process a SIGTERM when `parent` ends (prctl(2),
/// PR_SET_PDEATHSIG).
///
/// # Errors
/// `parent` has ended already; or the errors of prctl(2).
pub fn end_with_parent(parent: Pid) -> io::Result<()> {
    set_pdeathsig(Signal::SIGTERM)?;
    // A parent that ended between fork and the call above sends no signal.
    if getppid() == parent { Ok(()) } else { Err(io::Error::other("the server has ended")) }
}
