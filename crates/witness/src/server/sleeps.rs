//! Remembers in which calls the threads sleep, although the observer interrupts these calls.
//!
//! After a thread was stopped and resumed, the kernel may show the call restart_syscall(2) in place
//! of the interrupted one. The time-out in the thread's memory may then be the time that is left.

use crate::sleep::{self, Sleep};
use sandbox::{Call, Process, Thread};
use std::collections::HashMap;

/// The calls in which the threads were seen asleep for the last time, by thread id.
#[derive(Debug, Default)]
pub(super) struct Sleeps(HashMap<i32, Seen>);

#[derive(Clone, Copy, Debug)]
struct Seen {
    call: Call,
    sleep: Sleep,
}

impl Sleeps {
    /// Remembers the calls of these threads, and the calls in `interrupted`, each with its thread,
    /// which the observer has interrupted since the last update. Replaces a restarted call by the
    /// call that was interrupted.
    pub(super) fn update(
        &mut self,
        threads: &mut [(Process, Thread)],
        interrupted: Vec<(i32, Call)>,
    ) {
        for (tid, call) in interrupted {
            // The memory of a call that was seen before now has the time that is left.
            if self.0.get(&tid).is_none_or(|seen| seen.call != call)
                && let Some((process, _)) = threads.iter().find(|(_, thread)| thread.tid == tid)
            {
                self.remember(*process, tid, call);
            }
        }
        self.0.retain(|tid, _| threads.iter().any(|(_, thread)| thread.tid == *tid));
        for (process, thread) in threads {
            let Some(call) = &mut thread.call else { continue };
            match (call.is_restart(), self.0.get(&thread.tid)) {
                (true, Some(seen)) => *call = seen.call,
                (true, None) => {}
                (false, _) => self.remember(*process, thread.tid, *call),
            }
        }
    }

    fn remember(&mut self, process: Process, tid: i32, call: Call) {
        self.0.insert(tid, Seen { call, sleep: sleep::of(call, process) });
    }

    /// The call that a thread sleeps in: `call`, or the interrupted call that the kernel restarts.
    pub(super) fn interrupted(&self, tid: i32, call: Call) -> Call {
        match self.0.get(&tid) {
            Some(seen) if call.is_restart() => seen.call,
            _ => call,
        }
    }

    /// What ends the sleep of a thread that sleeps in `call`.
    pub(super) fn sleep(&self, process: Process, tid: i32, call: Call) -> Sleep {
        match self.0.get(&tid) {
            Some(seen) if seen.call == call => seen.sleep,
            _ => sleep::of(call, process),
        }
    }
}
