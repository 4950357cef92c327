//! Finds out whether a thread that naps does anything visible when it wakes.
//!
//! A helper thread may write the log, or accept clients, at its own times: each time a clock wakes
//! it. Such a server still has something to do while all other threads sleep until an event. Other
//! helpers, such as the tickers of a runtime, never do anything visible. The difference shows when
//! something visible happens: either the helper has just run, or it has slept all the time.

use super::rounds::{Visible, VisibleSocket};
use sandbox::{Process, Thread};
use std::collections::{BTreeMap, HashMap};

/// What was visible at the last look, and what each thread had done.
#[derive(Debug, Default)]
pub(super) struct Attribution {
    written: u64,
    sockets: BTreeMap<u16, Option<VisibleSocket>>,
    threads: HashMap<i32, Activity>,
}

/// What one thread has done so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Activity {
    /// How often the thread has been scheduled.
    switches: u64,
    /// Whether the thread runs. It may go on without being scheduled again.
    is_running: bool,
}

impl Activity {
    fn of(thread: &Thread) -> Self {
        Self { switches: thread.context_switches, is_running: thread.is_running() }
    }

    /// Whether the thread may have run since it had done what `before` says.
    fn has_run_since(self, before: Option<Self>) -> bool {
        self.is_running
            || before.is_none_or(|before| before.is_running || before.switches != self.switches)
    }
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
        self.threads.clear();
    }

    /// Compares what is visible now with the last look. `before` and `threads` are the threads just
    /// before and just after `visible` was read. Returns what this says about the threads in
    /// `nappers`: nothing about a thread that has run beside others.
    pub(super) fn compare(
        &mut self,
        visible: &Visible,
        [before, threads]: [&[(Process, Thread)]; 2],
        nappers: &[i32],
    ) -> Vec<(i32, Evidence)> {
        let has_acted = self.written < visible.written
            || visible.sockets.iter().any(|(port, now)| took(self.sockets.get(port), now));
        let ran = |tid: i32| {
            let find = |it: &&(Process, Thread)| it.1.tid == tid;
            let now = threads.iter().find(find).map(|(_, thread)| Activity::of(thread));
            now.is_none_or(|now| now.has_run_since(self.threads.get(&tid).copied()))
        };
        let only_nappers = threads.iter().all(|(_, it)| !ran(it.tid) || nappers.contains(&it.tid));
        let mut evidence = Vec::new();
        if has_acted && !self.threads.is_empty() {
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
        // What a thread does after `before` may be visible only at the next look.
        self.threads =
            before.iter().map(|(_, thread)| (thread.tid, Activity::of(thread))).collect();
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
    use sandbox::Call;

    /// Two threads that sleep, and have been scheduled this often.
    fn threads(switches: [u64; 2]) -> Vec<(Process, Thread)> {
        let thread = |(tid, context_switches)| {
            let mut thread = Thread::vanished(tid);
            thread.call = Some(Call { number: libc::SYS_poll, arguments: [0; 6] });
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
        let mut compare = |written, switches| {
            let threads = threads(switches);
            attribution.compare(&visible(written), [&threads, &threads], &[2])
        };
        assert_eq!(compare(0, [1, 1]), []);
        assert_eq!(compare(10, [1, 2]), [(2, Evidence::Acts)]);
        assert_eq!(compare(10, [2, 3]), []); // nothing visible has happened
        assert_eq!(compare(20, [3, 3]), [(2, Evidence::Sleeps)]);
        assert_eq!(compare(30, [4, 4]), []);
    }

    #[test]
    fn a_thread_that_runs_on_without_being_scheduled_again_may_have_acted() {
        let mut attribution = Attribution::default();
        let mut compare = |written, switches| {
            let mut threads = threads(switches);
            threads[0].1.call = None;
            attribution.compare(&visible(written), [&threads, &threads], &[2])
        };
        assert_eq!(compare(0, [1, 1]), []);
        assert_eq!(compare(10, [1, 2]), []);
    }

    #[test]
    fn a_thread_that_runs_while_the_observer_looks_may_have_acted() {
        let mut attribution = Attribution::default();
        let (first, second, third) = (threads([1, 1]), threads([2, 1]), threads([2, 2]));
        assert_eq!(attribution.compare(&visible(0), [&first, &second], &[2]), []);
        assert_eq!(attribution.compare(&visible(10), [&third, &third], &[2]), []);
    }
}
