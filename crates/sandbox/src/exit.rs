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
    /// The program ended with an exit status.
    Status(i32),
    /// A signal killed the program.
    Signal(SignalNumber),
    /// The program was not executed, because execve(2) refused the program.
    NotExecuted(Errno),
    /// The program exceeded one of its limits and was therefore ended.
    LimitExceeded(LimitKind, Limits),
}

/// The number of a signal, which may be a real-time signal (signal(7)). It is printed as a name,
/// e.g. `SIGSEGV`, or as `signal 34` if the signal has no name.
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
    /// The exit of a program that was running when its sandbox ended: SIGKILL kills every process
    /// of a sandbox that ends.
    pub(crate) fn killed() -> Self {
        Exit::Signal(SignalNumber(libc::SIGKILL))
    }

    /// Converts a wait status (wait(2)).
    pub(crate) fn of(status: i32) -> Self {
        if libc::WIFEXITED(status) {
            return Exit::Status(libc::WEXITSTATUS(status));
        }
        Exit::Signal(SignalNumber(libc::WTERMSIG(status)))
    }
}
