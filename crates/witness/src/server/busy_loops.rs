//! Recognizes busy loops that only the used processor time shows: loops without system calls, and
//! loops whose calls move no bytes.

use super::Server;
use super::verdict::BEFORE_LISTENING;
use super::wait_state::WaitState;
use crate::call_trace::CallTrace;
use sandbox::{Process, Thread};
use std::time::Duration;

/// The processor time that a thread may use without a system call, and without a visible change,
/// before it counts as a busy loop: if it always executes the same few instructions, and in all other
/// cases. Compilers and garbage collectors of runtimes, and interpreters that process a long input,
/// use such time without a call.
const IN_ONE_PLACE: Duration = Duration::from_millis(1000);
const ANYWHERE: Duration = Duration::from_millis(2000);
/// The same times, if an earlier run of the program was in such a loop.
const IN_ONE_PLACE_AGAIN: Duration = Duration::from_millis(50);
const ANYWHERE_AGAIN: Duration = Duration::from_millis(200);

impl Server {
    /// The thread that has repeated calls without bytes for a long time, if there is one.
    pub(super) fn empty_loop(
        &self,
        state: &mut WaitState,
        awake: &[(Process, Thread)],
    ) -> Option<i32> {
        let allowed = if self.history.computes() { IN_ONE_PLACE_AGAIN } else { IN_ONE_PLACE };
        let mut found = None;
        for (_, thread) in awake {
            let used = state.rounds.cpu_since_change(thread);
            let trace = state.rounds.trace(thread.tid);
            if used >= allowed && trace.is_some_and(CallTrace::repeats_empty_calls) {
                found = Some(thread.tid);
            }
        }
        found
    }

    /// Whether a thread is in a busy loop without system calls.
    pub(super) fn computes_for_ever(&self, trace: &CallTrace) -> bool {
        if trace.repeats_state() {
            return true;
        }
        let allowed = match (trace.is_in_one_place(), self.history.computes()) {
            (true, false) => IN_ONE_PLACE,
            (true, true) => IN_ONE_PLACE_AGAIN,
            (false, false) => ANYWHERE,
            (false, true) => ANYWHERE_AGAIN,
        };
        let factor = if self.listener.is_some() { 1 } else { BEFORE_LISTENING };
        trace.computed() >= allowed * factor
    }
}
