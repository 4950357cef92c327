//! Children that do not outlive their parent.

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getppid};
use std::io;

/// In a child: asks the kernel for a SIGTERM when `parent` ends (prctl(2), PR_SET_PDEATHSIG).
///
/// # Errors
/// The parent has ended already, or those of prctl(2).
pub fn end_with(parent: Pid) -> io::Result<()> {
    set_pdeathsig(Signal::SIGTERM)?;
    // An end between the fork and the line above sends no signal.
    if getppid() == parent { Ok(()) } else { Err(io::Error::other("the server has ended")) }
}
