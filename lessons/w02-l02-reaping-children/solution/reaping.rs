//! Reaping: what the parent does when the kernel tells it, with SIGCHLD, that children have ended.

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
    // <task 2: call on_sigchld for SIGCHLD, and let interrupted calls go on>
    let flags = SaFlags::SA_RESTART | SaFlags::SA_NOCLDSTOP;
    let action = SigAction::new(SigHandler::Handler(on_sigchld), flags, SigSet::empty());
    // SAFETY: the handler takes no lock and no memory, and calls only functions that a handler may
    // call (signal-safety(7)).
    unsafe { sigaction(Signal::SIGCHLD, &action) }?;
    Ok(())
    // </task>
}

/// The handler of SIGCHLD: reaps and logs every child that has ended. Several children may have
/// ended since the last call.
extern "C" fn on_sigchld(_signal: c_int) {
    // <task 3: reap and log every child that has ended, and leave errno as it was>
    // The handler may run between a call that has failed and the look at its errno.
    let errno = Errno::last_raw();
    while let Some(child) = reap_next() {
        reap_line::write(child);
    }
    Errno::set_raw(errno);
    // </task>
}

/// Reaps one child that has ended. `None` if every child that is left still runs, and if no child
/// is left.
fn reap_next() -> Option<EndedChild> {
    // <task 3: ask for any child that has ended, without waiting for one>
    let mut status = 0;
    // SAFETY: `status` is a local variable, which waitpid may write.
    match unsafe { waitpid(-1, &mut status, WNOHANG) } {
        pid @ 1.. => Some(EndedChild { pid, end: decode(status) }),
        _ => None,
    }
    // </task>
}

/// How a child has ended, from the number that waitpid has stored.
fn decode(status: c_int) -> End {
    // <task 3: tell an exit status from a signal>
    if WIFEXITED(status) { End::Exited(WEXITSTATUS(status)) } else { End::Killed(WTERMSIG(status)) }
    // </task>
}
