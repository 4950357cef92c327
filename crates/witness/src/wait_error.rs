//! Why a fact will not come true.

use crate::syscall_sample::SyscallSample;
use sandbox::{Call, Exit, Process, Thread, Unobservable};
use std::time::Duration;

/// Why a fact will not come true.
#[derive(Debug, thiserror::Error)]
pub enum WaitError {
    /// Every thread is asleep until an event, and no event is left on its way.
    #[error("the server is asleep in {}, and nothing is left for it to do", names(.calls))]
    Idle {
        /// The call that each thread sleeps in.
        calls: Vec<Call>,
    },
    /// It goes round and round, and nothing comes of it.
    #[error("the server never sleeps: {0}, over and over")]
    Spinning(SyscallSample),
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
    Unobservable(#[from] Unobservable),
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
