//! Why a wait ended before its condition was true.

use crate::syscall_sample::SyscallSample;
use sandbox::{Call, Exit, Process, Thread, Unobservable};
use std::time::Duration;

/// Why a wait ended before its condition was true.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The server is idle: every thread sleeps until an event, and everything that was sent has
    /// arrived.
    #[error("the server is asleep in {}, and will do nothing more by itself", names(.calls))]
    Idle {
        /// The system calls that the threads sleep in.
        calls: Vec<Call>,
    },
    /// The server is in a busy loop: it repeats the same system calls and makes no progress, or it
    /// computes without any system call. In the second case the sample has no calls.
    #[error("the server is in a busy loop: it {}", .0.activity())]
    Spinning(SyscallSample),
    /// The server has ended.
    #[error("the server {0}")]
    Ended(Exit),
    /// The deadline expired while the server was still busy, or while a timer was about to wake the
    /// server.
    #[error("after {} s the server was still {doing}", .after.as_secs_f64())]
    TimedOut {
        /// The time-out.
        after: Duration,
        /// What the server was doing at the deadline.
        doing: String,
    },
    /// This process cannot observe the server, so it is unknown whether the condition is true.
    #[error(transparent)]
    Unobservable(#[from] Unobservable),
}

/// Describes what a server that is not idle is doing.
pub(crate) fn doing(threads: &[(Process, Thread)]) -> String {
    let running = threads.iter().any(|(_, thread)| thread.is_running());
    let calls: Vec<_> = threads.iter().filter_map(|(_, thread)| thread.call).collect();
    if running { "running".to_owned() } else { format!("repeating {}", names(&calls)) }
}

/// Describes what a server that should have ended is doing.
pub(crate) fn doing_at_end(threads: &[(Process, Thread)]) -> String {
    let running = threads.iter().any(|(_, thread)| thread.is_running());
    let calls: Vec<_> = threads.iter().filter_map(|(_, thread)| thread.call).collect();
    if running { "running".to_owned() } else { format!("asleep in {}", names(&calls)) }
}

fn names(calls: &[Call]) -> String {
    let mut names: Vec<_> = calls.iter().map(Call::name).collect();
    names.dedup();
    names.join(", ")
}
