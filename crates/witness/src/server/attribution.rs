//! Finds out whether a thread that naps does anything visible when it wakes.
//!
//! A helper thread may write the log, or accept clients, at its own times: each time a clock wakes
//! it. Such a server still has something to do while all other threads sleep until an event. Other
//! helpers, such as the tickers of a runtime, never do anything visible. The difference shows when
//! something visible happens: either the helper has just run, or it has slept all the time.

use super::rounds::{Visible, VisibleSocket};
use sandbox::{Process, Thread};
use std::collections::{BTreeMap, HashMap};

/// What was visible at the last look, and how often each thread had been scheduled.
#[derive(Debug, Default)]
pub(super) struct Attribution {
    written: u64,
    sockets: BTreeMap<u16, Option<VisibleSocket>>,
    switches: HashMap<i32, u64>,
}

/// What a visible event says about a thread that naps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evidence {
    /// Only threads that nap have run.
    Acts,
    /// The thread has not run.
    Sleeps,
}

impl Attribution {
    /// Ignores what the threads have done since the last look, because the observer has interrupted
    /// their sleep.
    pub(super) fn forget(&mut self) {
        self.switches.clear();
    }

    /// Compares what is visible now with the last look. Returns what this says about the threads in
    /// `nappers`: nothing about a thread that has run beside others.
    pub(super) fn compare(
        &mut self,
        visible: &Visible,
        threads: &[(Process, Thread)],
        nappers: &[i32],
    ) -> Vec<(i32, Evidence)> {
        let has_acted = self.written < visible.written
            || visible.sockets.iter().any(|(port, now)| took(self.sockets.get(port), now));
        let ran = |tid: i32| {
            let find = |it: &&(Process, Thread)| it.1.tid == tid;
            let now = threads.iter().find(find).map(|(_, thread)| thread.context_switches);
            self.switches.get(&tid).copied() != now
        };
        let only_nappers = threads.iter().all(|(_, it)| !ran(it.tid) || nappers.contains(&it.tid));
        let mut evidence = Vec::new();
        if has_acted && !self.switches.is_empty() {
            for &tid in nappers {
                match (ran(tid), only_nappers) {
                    (false, _) => evidence.push((tid, Evidence::Sleeps)),
                    (true, true) => evidence.push((tid, Evidence::Acts)),
                    (true, false) => {}
                }
            }
        }
        self.written = visible.written;
        self.sockets.clone_from(&visible.sockets);
        self.switches =
            threads.iter().map(|(_, thread)| (thread.tid, thread.context_switches)).collect();
        evidence
    }
}

/// Whether the server has accepted a client, or has read bytes.
fn took(before: Option<&Option<VisibleSocket>>, now: &Option<VisibleSocket>) -> bool {
    let Some(now) = now else { return false };
    match before {
        Some(Some(before)) => !before.is_open && now.is_open || now.unread < before.unread,
        _ => now.is_open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn threads(switches: [u64; 2]) -> Vec<(Process, Thread)> {
        let thread = |(tid, context_switches)| {
            let mut thread = Thread::vanished(tid);
            thread.context_switches = context_switches;
            thread
        };
        (1..).zip(switches).map(thread).map(|it| (Process { pid: 1 }, it)).collect()
    }

    fn visible(written: u64) -> Visible {
        Visible { written, ..Visible::default() }
    }

    #[test]
    fn only_a_thread_that_has_run_alone_has_acted() {
        let mut attribution = Attribution::default();
        let mut compare =
            |written, switches| attribution.compare(&visible(written), &threads(switches), &[2]);
        assert_eq!(compare(0, [1, 1]), []);
        assert_eq!(compare(10, [1, 2]), [(2, Evidence::Acts)]);
        assert_eq!(compare(10, [2, 3]), []); // nothing visible has happened
        assert_eq!(compare(20, [3, 3]), [(2, Evidence::Sleeps)]);
        assert_eq!(compare(30, [4, 4]), []);
    }
}
