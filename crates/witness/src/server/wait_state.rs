//! What one wait remembers of the server from look to look.

use sandbox::{CpuLoad, Process, Thread, Unobservable};
use std::time::{Duration, Instant};

/// One wait.
pub(super) struct WaitState {
    begun: Instant,
    pub(super) deadline: Instant,
    pub(super) settled: Settled,
    pub(super) timer_wakeups: TimerWakeups,
    pub(super) cpu_budget: CpuBudget,
    load: CpuLoad,
}

impl WaitState {
    pub(super) fn new(timeout: Duration) -> Self {
        let begun = Instant::now();
        let (settled, timer_wakeups, cpu_budget) =
            (Settled::default(), TimerWakeups::default(), CpuBudget::default());
        Self {
            begun,
            deadline: begun + timeout,
            settled,
            timer_wakeups,
            cpu_budget,
            load: CpuLoad::default(),
        }
    }

    /// Whether the time is up.
    ///
    /// # Errors
    /// [`Unobservable`] where it is, and a busy machine has kept the server from using it.
    pub(super) fn is_over(&mut self, threads: &[(Process, Thread)]) -> Result<bool, Unobservable> {
        self.load.note(self.begun, threads);
        if Instant::now() < self.deadline {
            return Ok(false);
        }
        self.load.starvation(threads).map_or(Ok(true), |starved| Err(starved.into()))
    }
}

/// A server that is found asleep is looked at once more before anything is concluded from it.
///
/// What the kernel says of several processes is not of one moment: a child that is just being
/// started or reaped may be missing from it (proc(5), children), and a wake-up may be under way on
/// another processor. Neither outlasts the pause.
#[derive(Default)]
pub(super) struct Settled {
    since: Option<Instant>,
    threads: Vec<(Process, Thread)>,
    /// What the clients have read: each byte makes room for another that the kernel holds.
    read: usize,
}

const SETTLED: Duration = Duration::from_millis(3);

impl Settled {
    pub(super) fn has_lasted(&mut self, threads: &[(Process, Thread)], read: usize) -> bool {
        if self.threads != threads || self.read != read {
            *self = Self { since: None, threads: threads.to_vec(), read };
        }
        self.since.get_or_insert_with(Instant::now).elapsed() >= SETTLED
    }
}

/// Servers that wake by the clock: idle once they have woken twice and gone back to sleep.
#[derive(Default)]
pub(super) struct TimerWakeups(Vec<(i32, u64)>);

impl TimerWakeups {
    pub(super) fn have_passed(&mut self, threads: &[(Process, Thread)]) -> bool {
        if self.0.is_empty() {
            self.0 =
                threads.iter().map(|(_, thread)| (thread.tid, thread.context_switches)).collect();
        }
        let woken = |(tid, context_switches): &(i32, u64)| {
            threads
                .iter()
                .any(|(_, now)| now.tid == *tid && now.context_switches >= context_switches + 2)
        };
        self.0.iter().any(woken)
    }
}

/// Processor time that a server may use and show nothing for it, before it is looked at closely.
pub(super) const CPU_BUDGET: Duration = Duration::from_millis(4);
/// The same for a server that was seen spinning before.
pub(super) const SMALL_CPU_BUDGET: Duration = Duration::from_micros(500);

/// Bytes of log that a server is at work on, and not to be disturbed: to be traced cuts a long
/// write to its terminal short (signal(7), "Interruption of system calls").
const LOG_BURST: usize = 4096;

/// Processor time since the last close look.
#[derive(Default)]
pub(super) struct CpuBudget {
    since: Option<Duration>,
    logged: usize,
    patience: u32,
}

impl CpuBudget {
    /// The thread to look at closely, where more time was used than is allowed. A server that has
    /// `logged` many bytes meanwhile has used it for those, as long as they are kept at all.
    pub(super) fn suspect(
        &mut self,
        threads: &[(Process, Thread)],
        allowed: Duration,
        logged: usize,
    ) -> Option<(Process, Thread)> {
        let used: Duration = threads.iter().map(|(_, thread)| thread.cpu).sum();
        if logged >= self.logged + LOG_BURST {
            (self.since, self.logged) = (Some(used), logged);
        }
        let since = *self.since.get_or_insert(used);
        if used.saturating_sub(since) < allowed * (1 << self.patience) {
            return None;
        }
        // If it context_switches out to be at work, it may work twice as long before the next look.
        self.since = Some(used);
        self.patience = (self.patience + 1).min(10);
        let running = threads.iter().filter(|(_, thread)| thread.is_running());
        running.max_by_key(|(_, thread)| thread.cpu).cloned()
    }
}
