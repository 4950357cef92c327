//! Decides whether a thread that naps again and again does anything between its naps.

use super::Server;
use super::helper_threads::{ENOUGH_EVIDENCE, LONG_NAP, ThreadOf, napper};
use super::wait_state::WaitState;
use crate::call_trace::{CallTrace, MAX_ROUNDS};
use crate::sleep::Nap;
use std::time::{Duration, Instant};

/// A helper thread whose nap lasts at least this long has to go round once.
const LONG_NAP_OF_HELPER: Duration = Duration::from_millis(150);
/// While no thread waits for clients, a thread that only naps may wait for another one. It has to
/// nap for this time before it does nothing. The virtual machine of Java naps for up to 300 ms
/// before it ends, until other threads have returned from native code.
const NAPS_FOR_OTHERS: Duration = Duration::from_millis(450);
/// If a thread cannot be traced, this many context switches count as a round. A busy machine may
/// interrupt a round.
const SWITCHES_OF_ROUND: u64 = 2;

impl Server {
    /// Whether a thread naps, has gone round since the last change, and its rounds were the same. If
    /// such threads are known to repeat their calls, one round of calls is sufficient. One round is
    /// sufficient, too, for a helper that has slept while something visible happened, and makes no
    /// calls between long naps.
    ///
    /// A thread may nap to wait for what another thread does in memory: the virtual machine of Java
    /// stops its threads in this way. Therefore only rounds after `last_run` count, when the last
    /// of the threads that sleep until an event ran.
    ///
    /// `nap` is the sleep in which the thread was found. It is used only for a thread that the kernel
    /// refuses to trace.
    pub(super) fn naps_without_result(
        &self,
        state: &WaitState,
        (process, thread): &ThreadOf,
        nap: Option<Nap>,
        last_run: Option<Instant>,
    ) -> bool {
        let Some(trace) = state.rounds.trace(thread.tid) else {
            let rounds = state.rounds.switches_since_change(thread) / SWITCHES_OF_ROUND;
            return state.rounds.is_refused(thread.tid)
                && nap.is_some_and(|nap| rounds >= times(nap) as u64);
        };
        let Some((call, nap)) = trace.nap().filter(|_| trace.is_napping()) else { return false };
        let napper = napper(*process, thread, Some(call));
        let habit = self.history.habit(&napper);
        let is_helper = habit.slept >= ENOUGH_EVIDENCE && !habit.acts() && !trace.has_calls();
        let times = if is_helper && nap.span >= LONG_NAP_OF_HELPER { 1 } else { times(nap) };
        let rounds = trace.rounds_since(last_run);
        if habit.period > 0 && rounds >= habit.period && rounds < times {
            return true;
        }
        let Some(period) = trace.period(times, last_run) else { return false };
        self.note_writes(*process, thread, &napper);
        self.history.add_habit(napper, period, trace.has_calls());
        true
    }
}

/// Whether a thread that only naps, beside threads that wait for each other, may wait for one of them.
pub(super) fn may_wait_for_others(
    state: &WaitState,
    trace: Option<&CallTrace>,
    last_run: Option<Instant>,
) -> bool {
    let Some(trace) = trace.filter(|trace| !trace.has_calls()) else { return false };
    !has_lasted(state, last_run, NAPS_FOR_OTHERS) || !has_napped_enough(trace, last_run)
}

/// Whether nothing visible has changed, and no thread that rests has run, for at least `time`.
fn has_lasted(state: &WaitState, last_run: Option<Instant>, time: Duration) -> bool {
    state.rounds.quiet_for() >= time && last_run.is_none_or(|at| at.elapsed() >= time)
}

/// Whether all naps of a thread together have lasted for [`NAPS_FOR_OTHERS`]. On a busy machine, a
/// thread waits for a processor after each nap, and naps less often in the same time.
fn has_napped_enough(trace: &CallTrace, last_run: Option<Instant>) -> bool {
    let (rounds, nap) = (trace.rounds_since(last_run), trace.nap());
    let napped = nap.map_or(Duration::ZERO, |(_, nap)| nap.span * rounds as u32);
    napped >= NAPS_FOR_OTHERS || rounds >= MAX_ROUNDS
}

/// How often a thread has to go round, if nothing is known about it.
fn times(nap: Nap) -> usize {
    if nap.span >= LONG_NAP { 2 } else { 3 }
}
