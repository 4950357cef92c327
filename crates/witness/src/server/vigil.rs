//! What one wait remembers of the server from look to look.

use crate::process::{Process, Thread};
use crate::starved::Load;
use crate::unseen::Unseen;
use std::time::{Duration, Instant};

/// One wait.
pub(super) struct Vigil {
    begun: Instant,
    pub(super) deadline: Instant,
    pub(super) calm: Calm,
    pub(super) naps: Naps,
    pub(super) effort: Effort,
    load: Load,
}

impl Vigil {
    pub(super) fn new(timeout: Duration) -> Self {
        let begun = Instant::now();
        let (calm, naps, effort) = (Calm::default(), Naps::default(), Effort::default());
        Self { begun, deadline: begun + timeout, calm, naps, effort, load: Load::default() }
    }

    /// Whether the time is up.
    ///
    /// # Errors
    /// [`Unseen`] where it is, and a busy machine has kept the server from using it.
    pub(super) fn is_over(&mut self, threads: &[(Process, Thread)]) -> Result<bool, Unseen> {
        self.load.note(self.begun, threads);
        if Instant::now() < self.deadline {
            return Ok(false);
        }
        self.load.excuse(threads).map_or(Ok(true), |starved| Err(starved.into()))
    }
}

/// A server that is found asleep is looked at once more before anything is concluded from it.
///
/// What the kernel says of several processes is not of one moment: a child that is just being
/// started or reaped may be missing from it (proc(5), children), and a wake-up may be under way on
/// another processor. Neither outlasts the pause.
#[derive(Default)]
pub(super) struct Calm {
    since: Option<Instant>,
    threads: Vec<(Process, Thread)>,
    /// What the clients have read: each byte makes room for another that the kernel holds.
    read: usize,
}

const CALM: Duration = Duration::from_millis(3);

impl Calm {
    pub(super) fn has_lasted(&mut self, threads: &[(Process, Thread)], read: usize) -> bool {
        if self.threads != threads || self.read != read {
            *self = Self { since: None, threads: threads.to_vec(), read };
        }
        self.since.get_or_insert_with(Instant::now).elapsed() >= CALM
    }
}

/// Servers that wake by the clock: idle once they have woken twice and gone back to sleep.
#[derive(Default)]
pub(super) struct Naps(Vec<(i32, u64)>);

impl Naps {
    pub(super) fn have_passed(&mut self, threads: &[(Process, Thread)]) -> bool {
        if self.0.is_empty() {
            self.0 = threads.iter().map(|(_, thread)| (thread.tid, thread.turns)).collect();
        }
        let woken = |(tid, turns): &(i32, u64)| {
            threads.iter().any(|(_, now)| now.tid == *tid && now.turns >= turns + 2)
        };
        self.0.iter().any(woken)
    }
}

/// Processor time that a server may use and show nothing for it, before it is looked at closely.
pub(super) const EFFORT: Duration = Duration::from_millis(4);
/// The same for a server that was seen spinning before.
pub(super) const TRIFLE: Duration = Duration::from_micros(500);

/// Bytes of log that a server is at work on, and not to be disturbed: to be traced cuts a long
/// write to its terminal short (signal(7), "Interruption of system calls").
const FLOOD: usize = 4096;

/// Processor time since the last close look.
#[derive(Default)]
pub(super) struct Effort {
    since: Option<Duration>,
    logged: usize,
    patience: u32,
}

impl Effort {
    /// The thread to look at closely, where more time was used than is allowed. A server that has
    /// `logged` many bytes meanwhile has used it for those, as long as they are kept at all.
    pub(super) fn suspect(
        &mut self,
        threads: &[(Process, Thread)],
        allowed: Duration,
        logged: usize,
    ) -> Option<(Process, Thread)> {
        let used: Duration = threads.iter().map(|(_, thread)| thread.cpu).sum();
        if logged >= self.logged + FLOOD {
            (self.since, self.logged) = (Some(used), logged);
        }
        let since = *self.since.get_or_insert(used);
        if used.saturating_sub(since) < allowed * (1 << self.patience) {
            return None;
        }
        // If it turns out to be at work, it may work twice as long before the next look.
        self.since = Some(used);
        self.patience = (self.patience + 1).min(10);
        let running = threads.iter().filter(|(_, thread)| thread.is_running());
        running.max_by_key(|(_, thread)| thread.cpu).cloned()
    }
}
