//! How a program ended.

use crate::sandbox::confine::{Limit, Limits};
use std::fmt;
use std::io;

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// With an exit status.
    Status(i32),
    /// By a signal, named like `SIGSEGV`.
    Signal(String),
    /// Before it began: execve(2) refused it.
    NotExecuted(i32),
    /// It went over one of its limits, and was ended.
    Over(Limit, Limits),
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Status(status) => write!(f, "ended with exit status {status}"),
            Exit::Signal(name) => write!(f, "was killed by {name}"),
            Exit::NotExecuted(errno) => {
                write!(f, "could not be executed: {}", io::Error::from_raw_os_error(*errno))
            }
            Exit::Over(limit, limits) => limit.tell(limits, f),
        }
    }
}

impl Exit {
    /// Reads a wait status (wait(2)).
    pub(crate) fn of(status: i32) -> Self {
        if libc::WIFEXITED(status) {
            return Exit::Status(libc::WEXITSTATUS(status));
        }
        let number = libc::WTERMSIG(status);
        let name = nix::sys::signal::Signal::try_from(number);
        Exit::Signal(name.map_or_else(|_| format!("signal {number}"), |signal| signal.to_string()))
    }
}
