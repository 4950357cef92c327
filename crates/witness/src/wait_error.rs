//! Why a wait for a fact ended without it.

use crate::syscall_sample::SyscallSample;
use sandbox::{Call, Exit, Process, Thread, Unobservable};
use std::time::Duration;

/// Why a wait for a fact ended without it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The server is idle: every thread sleeps until an event, and no event is on its way.
    #[error("the server is asleep in {}, and nothing is left for it to do", names(.calls))]
    Idle {
        /// The call that each thread sleeps in.
        calls: Vec<Call>,
    },
    /// The server repeats the same calls without any result.
    #[error("the server never sleeps: {0}, over and over")]
    Spinning(SyscallSample),
    /// The server has ended.
    #[error("the server {0}")]
    Ended(Exit),
    /// At the deadline the server was still busy, or a timer was about to wake it.
    #[error("after {} s the server was still {doing}", .after.as_secs_f64())]
    TimedOut {
        /// The time that the server had.
        after: Duration,
        /// What the server was doing at the deadline.
        doing: String,
    },
    /// The kernel does not let this process observe what it would have to observe.
    #[error(transparent)]
    Unobservable(#[from] Unobservable),
}

/// What a server that is not idle is doing.
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
