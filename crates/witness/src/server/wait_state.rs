//! The state of one wait, which is kept between two checks of the server.

use super::rounds::Rounds;
use super::timers::TimersOfWait;
use crate::wait_limits::WaitLimits;
use sandbox::{CpuLoad, Process, Thread, Unobservable};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The state of one wait.
pub(super) struct WaitState {
    begun: Instant,
    /// Whether the wait ends when the server is idle or in a busy loop.
    pub(super) has_verdict: bool,
    pub(super) deadline: Instant,
    /// The end of the wait if the machine is too busy to run the server.
    starved_deadline: Instant,
    pub(super) settled: Settled,
    pub(super) rounds: Rounds,
    /// The thread that repeats calls without bytes in a busy loop.
    pub(super) empty_loop: Option<i32>,
    pub(super) cpu_budget: CpuBudget,
    pub(super) timers: TimersOfWait,
    load: CpuLoad,
}

impl WaitState {
    pub(super) fn new(limits: WaitLimits) -> Self {
        let begun = Instant::now();
        let (settled, rounds, cpu_budget) =
            (Settled::default(), Rounds::default(), CpuBudget::default());
        Self {
            begun,
            has_verdict: true,
            deadline: limits.deadline_of_wait(begun),
            starved_deadline: limits.deadline_of_wait(begun) + limits.timeout,
            settled,
            rounds,
            empty_loop: None,
            cpu_budget,
            timers: TimersOfWait::default(),
            load: CpuLoad::default(),
        }
    }

    /// The state of a wait in which no thread is traced, and which therefore reaches no verdict. While a
    /// signal stops threads, a verdict would count a stopped thread as idle, and a traced thread would
    /// not stop.
    pub(super) fn without_verdict(limits: WaitLimits) -> Self {
        Self { has_verdict: false, ..Self::new(limits) }
    }

    /// Whether the deadline has expired. `life` is a measurement since the start of the program.
    ///
    /// If the server has waited for a processor during most of the time, the wait lasts longer.
    ///
    /// # Errors
    /// [`Unobservable`] if the longer time has expired and the machine was too busy to run the
    /// server.
    pub(super) fn is_over(
        &mut self,
        threads: &[(Process, Thread)],
        life: &CpuLoad,
    ) -> Result<bool, Unobservable> {
        self.load.begin_after_pause(self.begun, threads);
        self.load.look(threads);
        if Instant::now() < self.deadline {
            return Ok(false);
        }
        // The wait may be short, if the earlier waits for this server have used up the time.
        let starvation = self.load.starvation(threads).or_else(|| life.starvation(threads));
        match starvation {
            None => Ok(true),
            Some(_) if Instant::now() < self.starved_deadline => Ok(false),
            Some(starved) => Err(starved.into()),
        }
    }

    /// The time that the wait may last. For a wait that the deadline of all waits has cut short,
    /// the time is rounded down to tenths of a second.
    pub(super) fn limit(&self, timeout: Duration) -> Duration {
        let limit = self.deadline - self.begun;
        if limit == timeout {
            limit
        } else {
            Duration::from_millis(limit.as_millis() as u64 / 100 * 100)
        }
    }
}

/// Measures how long a server has been asleep without a change.
///
/// One check is not sufficient, because the observer reads the processes one after the other, not
/// at the same moment. A child that is being started or reaped may be missing in a list (proc(5),
/// children), and another processor may be waking a thread. After a short pause, both have
/// finished.
#[derive(Default)]
pub(super) struct Settled {
    since: Option<Instant>,
    threads: Vec<(Process, Thread)>,
}

/// The time for which a sleep must have lasted without a change.
pub(super) const SETTLED: Duration = Duration::from_millis(3);

impl Settled {
    /// Whether these threads have not changed for 3 ms.
    pub(super) fn has_lasted(&mut self, threads: &[(Process, Thread)]) -> bool {
        if self.threads != threads {
            *self = Self { since: None, threads: threads.to_vec() };
        }
        self.since.get_or_insert_with(Instant::now).elapsed() >= SETTLED
    }
}

/// The processor time that a server may use without a visible result before its calls are sampled.
pub(super) const CPU_BUDGET: Duration = Duration::from_millis(4);
/// The budget for a program that was in a busy loop in an earlier run.
pub(super) const SMALL_CPU_BUDGET: Duration = Duration::from_micros(500);

/// A server that has logged this many bytes since the last sample is doing work and is not sampled.
/// Tracing would interrupt a long write to the terminal (signal(7), "Interruption of system
/// calls").
const LOG_BURST: usize = 4096;

/// The number of calls in the first sample.
const CALLS: usize = 100;
/// The number of calls in a sample for each client, at least.
const CALLS_OF_CLIENT: usize = 6;

/// After this many bursts, the server is sampled although it logs. It may log in a busy loop.
const MAX_LOG_BURSTS: u32 = 32;

/// Measures the processor time that each thread has used since the last sample.
#[derive(Default)]
pub(super) struct CpuBudget {
    since: HashMap<i32, Duration>,
    logged: usize,
    bursts: u32,
    doublings: u32,
}

impl CpuBudget {
    /// The thread to sample, if a running thread has used more processor time than `allowed` since
    /// the last sample. If the server has logged a lot in this time, it has used the processor time
    /// to log, and the measurement starts again.
    pub(super) fn thread_to_sample(
        &mut self,
        threads: &[(Process, Thread)],
        allowed: Duration,
        logged: usize,
    ) -> Option<(Process, Thread)> {
        if logged >= self.logged + LOG_BURST && self.bursts < MAX_LOG_BURSTS {
            (self.logged, self.bursts) = (logged, self.bursts + 1);
            self.since.clear();
        }
        let is_first = self.since.is_empty();
        let mut used = |thread: &Thread| {
            // A thread that was started since the last sample has used all its time since then.
            let before = if is_first { thread.cpu } else { Duration::ZERO };
            thread.cpu.saturating_sub(*self.since.entry(thread.tid).or_insert(before))
        };
        let used: Vec<_> = threads.iter().map(|(_, thread)| used(thread)).collect();
        let running = threads.iter().zip(used).filter(|((_, thread), _)| thread.is_running());
        let (suspect, used) = running.max_by_key(|(_, used)| *used)?;
        (used >= allowed * (1 << self.doublings)).then(|| suspect.clone())
    }

    /// The number of calls after which a thread counts as doing work, if it does not repeat them. A
    /// loop over all clients has more different calls, and several rounds of it have to be seen.
    pub(super) fn calls(&self, clients: usize) -> usize {
        (CALLS << self.doublings).max(clients * CALLS_OF_CLIENT)
    }

    /// Begins the measurement again, because a sample has shown that the server is doing work. The
    /// server may then use twice the processor time before the next sample.
    pub(super) fn double(&mut self, threads: &[(Process, Thread)]) {
        self.since = threads.iter().map(|(_, thread)| (thread.tid, thread.cpu)).collect();
        self.doublings = (self.doublings + 1).min(10);
    }
}
