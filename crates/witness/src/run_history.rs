//! Information from earlier runs of a program.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Information from earlier runs of a program. Clones are handles of the same history.
#[derive(Clone, Debug, Default)]
pub struct RunHistory(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    spins: bool,
    computes: bool,
    naps: HashMap<Napper, NapHabit>,
}

/// Threads of several runs that sleep in the same way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Napper {
    /// The kernel's name of the thread.
    pub(crate) name: String,
    /// Whether it is the first thread of its process.
    pub(crate) is_first: bool,
    /// The number of the call that the thread sleeps in.
    pub(crate) call: i64,
}

/// What is known about threads that sleep and wake again and again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NapHabit {
    /// The number of rounds after which the thread's calls repeat; 0 if this is not known.
    pub(crate) period: usize,
    /// Whether the thread makes other calls between two sleeps.
    pub(crate) has_calls: bool,
    /// How often something visible has happened when only such threads had run.
    pub(crate) acted: u32,
    /// How often something visible has happened while such a thread slept.
    pub(crate) slept: u32,
    /// Whether such a thread has written something, for example to the log.
    pub(crate) writes: bool,
}

/// A thread that acts does so at least once in this many visible events. The observer may see an
/// event late, when the thread that has caused it sleeps again and only another thread has run.
const EVENTS_OF_ACTOR: u32 = 8;

impl NapHabit {
    /// Whether such threads do visible things.
    pub(crate) fn acts(&self) -> bool {
        self.acted * EVENTS_OF_ACTOR > self.slept
    }
}

impl RunHistory {
    /// Whether an earlier run was in a busy loop: the program repeated the same calls without a
    /// result. The calls of such a program are sampled sooner.
    pub fn spins(&self) -> bool {
        self.known().spins
    }

    pub(crate) fn set_spins(&self) {
        self.known().spins = true;
    }

    /// Whether an earlier run was in a busy loop without system calls.
    pub(crate) fn computes(&self) -> bool {
        self.known().computes
    }

    pub(crate) fn set_computes(&self) {
        self.known().computes = true;
    }

    /// What is known about threads that sleep in this way.
    pub(crate) fn habit(&self, napper: &Napper) -> NapHabit {
        self.known().naps.get(napper).copied().unwrap_or_default()
    }

    /// Stores that the calls of such a thread repeat after `period` rounds.
    pub(crate) fn add_habit(&self, napper: Napper, period: usize, has_calls: bool) {
        let mut known = self.known();
        let habit = known.naps.entry(napper).or_default();
        habit.period = habit.period.max(period);
        habit.has_calls |= has_calls;
    }

    /// Stores that something visible has happened when only threads like this one had run.
    pub(crate) fn add_acted(&self, napper: Napper) {
        self.known().naps.entry(napper).or_default().acted += 1;
    }

    /// Stores that something visible has happened while such a thread slept.
    pub(crate) fn add_slept(&self, napper: Napper) {
        self.known().naps.entry(napper).or_default().slept += 1;
    }

    /// Stores that such a thread has written something.
    pub(crate) fn add_writes(&self, napper: Napper) {
        self.known().naps.entry(napper).or_default().writes = true;
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
