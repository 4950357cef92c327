//! Threads that only help the others, such as the ticker of a runtime. They wake again and again, and
//! do nothing that a client or the log shows.

use super::Server;
use crate::run_history::Napper;
use crate::sleep::{Nap, RARE_WAKEUP};
use sandbox::{Call, Process, Thread};
use std::time::Duration;

/// A thread and its process.
pub(super) type ThreadOf = (Process, Thread);

/// A thread whose nap lasts at least this long has to go round twice, other threads three times. It
/// is less than a second: a part of a nap of a second has passed when the nap is first seen.
pub(super) const LONG_NAP: Duration = Duration::from_millis(900);
/// A helper thread does nothing visible, if it has slept this many times while something visible
/// happened. For long naps, once is enough.
pub(super) const ENOUGH_EVIDENCE: u32 = 3;

impl Server {
    /// Whether a thread that naps is known to do nothing: a helper, such as the ticker of a
    /// runtime, beside a thread that waits for clients. The helper itself waits for no descriptor,
    /// has made no calls between its naps so far, and has slept while something visible happened. A
    /// helper that naps for several seconds need not have been seen before, and may make calls, as a
    /// compiler thread of Java does. A thread that has written something, in this or an earlier run,
    /// is never harmless: it may be the one that writes the log.
    pub(super) fn is_harmless(
        &self,
        threads: &[ThreadOf],
        (process, thread): &ThreadOf,
        nap: Nap,
    ) -> bool {
        let napper = napper(*process, thread, thread.call);
        let habit = self.history.habit(&napper);
        let is_quiet = !habit.has_calls && !habit.acts();
        let evidence = if nap.span >= LONG_NAP { 1 } else { ENOUGH_EVIDENCE };
        let is_known = habit.period > 0 && habit.slept >= evidence && is_quiet;
        // One of the events may have been another thread's, as EVENTS_OF_ACTOR says.
        let is_rare = nap.span >= RARE_WAKEUP && (habit.acted <= 1 || !habit.acts());
        if nap.watches || habit.writes || !(is_known || is_rare) || !any_waits_for_clients(threads)
        {
            return false;
        }
        self.note_writes(*process, thread, &napper);
        !self.history.habit(&napper).writes
    }

    /// Stores in the history whether a thread has written something.
    pub(super) fn note_writes(&self, process: Process, thread: &Thread, napper: &Napper) {
        if process.writes_of_thread(thread.tid).is_some_and(|count| count > 0) {
            self.history.add_writes(napper.clone());
        }
    }
}

/// The threads that sleep like this one, in all runs of the program.
pub(super) fn napper(process: Process, thread: &Thread, call: Option<Call>) -> Napper {
    Napper {
        name: process.name_of_thread(thread.tid),
        is_first: thread.tid == process.pid,
        call: call.map_or(-1, |call| call.number),
    }
}

/// Whether a thread sleeps in a call that a client can end. While a program starts or ends, no
/// thread does: its threads wait for each other.
pub(super) fn any_waits_for_clients(threads: &[ThreadOf]) -> bool {
    threads.iter().any(waits_for_clients)
}

/// Whether the thread sleeps in a call that a client can end.
fn waits_for_clients((_, thread): &ThreadOf) -> bool {
    const CALLS: [&str; 12] = [
        "accept", "accept4", "read", "readv", "recvfrom", "recvmsg", "write", "writev", "sendto",
        "sendmsg", "sendfile", "splice",
    ];
    let waits = |call: &Call| call.waits_for_readiness() || CALLS.contains(&call.name());
    thread.call.as_ref().is_some_and(waits)
}
