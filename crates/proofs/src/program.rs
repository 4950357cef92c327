//! The program that a proof checks.

use crate::recording::Recording;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use witness::{IsolationLevel, SandboxPolicy};

/// The program to check, and how to run it.
#[derive(Clone, Debug)]
pub struct ProgramUnderTest {
    /// The program and its arguments.
    pub command: Vec<OsString>,
    /// The working directory.
    pub directory: PathBuf,
    /// The port that is built into the program, if the program ignores PORT.
    pub port: Option<u16>,
    /// The capacity that is built into the program, if the program ignores MAX_CLIENTS.
    pub capacity: Option<usize>,
    /// The isolation level. `None` means the strongest level that this machine permits.
    pub isolation: Option<IsolationLevel>,
    /// The maximum time that the check of one criterion may take.
    pub timeout: Duration,
    /// What an untrusted program may see and use. `None` means no sandbox policy.
    pub sandbox: Option<SandboxPolicy>,
    /// The number of criteria that are checked at the same time. `None` means two for each
    /// processor, or one if the program starts slowly.
    pub workers: Option<usize>,
    /// The number from which the criteria draw keys, texts and sizes that a server must not know in
    /// advance. `None` draws a new number for each proof.
    pub seed: Option<u64>,
    /// The time in which the last check must begin. The criteria that are left are skipped, with a
    /// cause whose id is [`OVER_BUDGET`]. `None` means that every criterion is checked.
    pub budget: Option<Budget>,
    /// Where the run is recorded; `None` if it is not. See [`record`](crate::record).
    pub recording: Option<Recording>,
}

/// The wall time in which the criteria of a program are checked. Clones share the same time. The
/// time in which the program could not run does not count: while another proof held the port, and
/// while the machine did not permit a check.
#[derive(Clone, Debug)]
pub struct Budget {
    total: Duration,
    begun: Instant,
    not_counted: Arc<Mutex<NotCounted>>,
}

/// The time that does not count.
#[derive(Clone, Copy, Debug, Default)]
struct NotCounted {
    /// The time in which no check could run.
    blocked: Duration,
    /// The time in which the machine was too busy to observe the program.
    busy: Duration,
}

impl Budget {
    /// A budget that begins now.
    pub fn new(total: Duration) -> Self {
        Self { total, begun: Instant::now(), not_counted: Arc::default() }
    }

    /// The whole time.
    pub fn total(&self) -> Duration {
        self.total
    }

    /// Whether no further check may begin.
    pub fn is_used_up(&self) -> bool {
        let NotCounted { blocked, busy } = *lock(&self.not_counted);
        // The program itself may keep the machine busy. Therefore this at most doubles the budget.
        let not_counted = blocked + busy.min(self.total);
        self.begun.elapsed().saturating_sub(not_counted) >= self.total
    }
}

fn lock(not_counted: &Mutex<NotCounted>) -> MutexGuard<'_, NotCounted> {
    not_counted.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The id of the cause of a criterion that was not checked because
/// the [`Budget`] was used up.
pub const OVER_BUDGET: &str = "over-budget";
/// The id of the cause of an inconclusive criterion whose check took more than
/// [`timeout`](ProgramUnderTest::timeout). The program, or the machine, is slow.
pub const OUT_OF_TIME: &str = "out-of-time";

impl ProgramUnderTest {
    /// Excludes `time` from the budget, if there is one.
    pub(crate) fn do_not_count(&self, time: Duration) {
        if let Some(budget) = &self.budget {
            lock(&budget.not_counted).blocked += time;
        }
    }

    /// Excludes the time for which the machine was too busy to observe the program.
    pub(crate) fn do_not_count_busy(&self, time: Duration) {
        if let Some(budget) = &self.budget {
            lock(&budget.not_counted).busy += time;
        }
    }

    /// Adds the step in which the program is started to its recording, if it is recorded.
    pub(crate) fn note_step(&self, text: &str) {
        if let Some(recording) = &self.recording {
            recording.before_step(text);
        }
    }

    /// The isolation level that the program runs at.
    pub(crate) fn isolation_level(&self) -> IsolationLevel {
        self.isolation.unwrap_or_else(IsolationLevel::here)
    }
}
