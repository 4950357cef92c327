//! How a program ended.

use crate::policy::{LimitKind, Limits};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use std::fmt;
use std::io;

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit {
    /// With an exit status.
    Status(i32),
    /// By a signal.
    Signal(SignalNumber),
    /// Before it began, because execve(2) refused it.
    NotExecuted(Errno),
    /// By the sandbox, because the program exceeded one of its limits.
    LimitExceeded(LimitKind, Limits),
}

/// A signal by its number, real-time signals included (signal(7)); printed as `SIGSEGV`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignalNumber(pub i32);

impl fmt::Display for SignalNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Signal::try_from(self.0) {
            Ok(signal) => f.write_str(signal.as_str()),
            Err(_) => write!(f, "signal {}", self.0),
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Status(status) => write!(f, "ended with exit status {status}"),
            Exit::Signal(signal) => write!(f, "was killed by {signal}"),
            Exit::NotExecuted(errno) => {
                write!(f, "could not be executed: {}", io::Error::from(*errno))
            }
            Exit::LimitExceeded(limit, limits) => limit.describe(limits, f),
        }
    }
}

impl Exit {
    /// Killed by SIGKILL, as every process of a sandbox is when the sandbox ends.
    pub(crate) fn killed() -> Self {
        Exit::Signal(SignalNumber(libc::SIGKILL))
    }

    /// Reads a wait status (wait(2)).
    pub(crate) fn of(status: i32) -> Self {
        if libc::WIFEXITED(status) {
            return Exit::Status(libc::WEXITSTATUS(status));
        }
        Exit::Signal(SignalNumber(libc::WTERMSIG(status)))
    }
}
