//! Why a fact will not come true.

use crate::process::{Process, Thread};
use crate::sandbox::confine::{Limit, Limits};
use crate::strobe::Strobe;
use crate::syscalls::Call;
use std::fmt;
use std::io;
use std::time::Duration;

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

/// Why a fact will not come true.
#[derive(Debug, thiserror::Error)]
pub enum Stuck {
    /// Every thread is asleep until an event, and no event is left on its way.
    #[error("the server is asleep in {}, and nothing is left for it to do", names(.calls))]
    Quiet {
        /// The call that each thread sleeps in.
        calls: Vec<Call>,
    },
    /// It goes round and round, and nothing comes of it.
    #[error("the server never sleeps: {0}, over and over")]
    Spinning(Strobe),
    /// It has ended.
    #[error("the server {0}")]
    Ended(Exit),
    /// It was still busy, or still about to go on by itself, when the time was up.
    #[error("after {} s the server was still {doing}", .after.as_secs_f64())]
    TimedOut {
        /// How long it was given.
        after: Duration,
        /// What it was doing instead.
        doing: String,
    },
    /// The machine hides what would have to be seen.
    #[error(transparent)]
    Unseen(#[from] Unseen),
}

/// Something that the kernel keeps from this observer.
#[derive(Debug, thiserror::Error)]
#[error("{what} cannot be seen here: {error}")]
pub struct Unseen {
    /// The file or facility.
    pub what: String,
    /// What the kernel said.
    pub error: io::Error,
}

impl Unseen {
    pub(crate) fn new(what: String, error: io::Error) -> Self {
        Self { what, error }
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

/// What a server does that has not come to rest.
pub(crate) fn doing(threads: &[(Process, Thread)]) -> String {
    let running = threads.iter().any(|(_, thread)| thread.is_running());
    let calls: Vec<_> = threads.iter().filter_map(|(_, thread)| thread.call).collect();
    if running { "running".to_owned() } else { format!("going in and out of {}", names(&calls)) }
}

fn names(calls: &[Call]) -> String {
    let mut names: Vec<_> = calls.iter().map(Call::name).collect();
    names.dedup();
    names.join(", ")
}
