//! Reaping: what the parent does when the kernel tells it, with SIGCHLD, that children have ended.
#![allow(unused, reason = "tasks are still to do")]

use crate::ended_child::{End, EndedChild};
use crate::reap_line;
use libc::{WEXITSTATUS, WIFEXITED, WNOHANG, WTERMSIG, c_int, waitpid};
use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use std::io;

/// Makes the kernel call [`on_sigchld`] when children have ended.
///
/// # Errors
/// The errors of sigaction(2).
pub fn catch_sigchld() -> io::Result<()> {
    todo!("Task 2: call on_sigchld for SIGCHLD, and let interrupted calls go on")
}

/// The handler of SIGCHLD: reaps and logs every child that has ended. Several children may have
/// ended since the last call.
extern "C" fn on_sigchld(_signal: c_int) {
    todo!("Task 3: reap and log every child that has ended, and leave errno as it was")
}

/// Reaps one child that has ended. `None` if every child that is left still runs, and if no child
/// is left.
fn reap_next() -> Option<EndedChild> {
    todo!("Task 3: ask for any child that has ended, without waiting for one")
}

/// How a child has ended, from the number that waitpid has stored.
fn decode(status: c_int) -> End {
    todo!("Task 3: tell an exit status from a signal")
}
