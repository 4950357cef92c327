//! Reads what a process does with a signal, and how a process has ended.

use super::owner::as_owner;
use super::{Process, unless_gone};
use crate::unobservable::Unobservable;

/// What a process does with a signal (proc_pid_status(5), SigBlk, SigIgn and SigCgt). If none of
/// these is true, the signal has its default action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignalDisposition {
    /// The process's first thread has blocked the signal: it stays pending.
    pub blocked: bool,
    /// The process ignores the signal (SIG_IGN).
    pub ignored: bool,
    /// The process has a handler for the signal.
    pub caught: bool,
}

impl Process {
    /// What the process does with the signal of this number; `None` if the process no longer exists.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides this information from this user.
    pub fn disposition_of(self, signal: i32) -> Result<Option<SignalDisposition>, Unobservable> {
        let status = unless_gone(self.open().and_then(|process| process.status()))?;
        let is_set = |mask: u64| mask & 1 << (signal - 1) != 0;
        Ok(status.map(|status| SignalDisposition {
            blocked: is_set(status.sigblk),
            ignored: is_set(status.sigign),
            caught: is_set(status.sigcgt),
        }))
    }

    /// The number that waitpid(2) will store for a process that has ended and has not been reaped
    /// (proc_pid_stat(5), exit_code); `None` if the process still runs, or no longer exists.
    ///
    /// The kernel shows 0 to a user who may not trace the process: see
    /// [`shows_wait_status`](Self::shows_wait_status).
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides the process from this user.
    pub fn wait_status(self) -> Result<Option<i32>, Unobservable> {
        let read = || self.open().and_then(|process| process.stat());
        let stat = unless_gone(as_owner(self.pid, read))?;
        Ok(stat.filter(|stat| stat.state == 'Z').and_then(|stat| stat.exit_code))
    }

    /// Whether this user may read the status of the process when the process has ended. The process
    /// must still run. The kernel shows 0 or 1 in place of a hidden address (proc_pid_stat(5),
    /// startcode), and hides the status from the same users.
    pub fn shows_wait_status(self) -> bool {
        let stat = as_owner(self.pid, || self.open().and_then(|process| process.stat()));
        stat.is_ok_and(|stat| stat.startcode > 1)
    }

    /// Whether a descriptor with this number is a signalfd that reads the signal (proc_pid_fdinfo(5),
    /// sigmask). False if the descriptor is no longer open.
    pub fn reads_signal(self, descriptor: i32, signal: i32) -> bool {
        let path = format!("/proc/{}/fdinfo/{descriptor}", self.pid);
        let text = as_owner(self.pid, || std::fs::read_to_string(path)).unwrap_or_default();
        let mask = text.lines().find_map(|line| line.strip_prefix("sigmask:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| mask & 1 << (signal - 1) != 0)
    }
}
