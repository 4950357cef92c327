//! What the threads of a server do that a clock wakes, or that do not sleep, while nothing visible
//! changes.
//!
//! Such a thread goes round: it sleeps for a moment, makes a few calls, and sleeps again. It has
//! nothing to do if its rounds are the same. Its calls are recorded to see this.

use crate::call_trace::CallTrace;
use crate::sleep::Nap;
use crate::sockets::State;
use crate::syscall_sample::Tracer;
use sandbox::{Call, Process, Thread};
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

/// The server's socket for the connection to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct VisibleSocket {
    pub(super) state: State,
    /// Whether the server has accepted the connection and has not closed its descriptor.
    pub(super) is_open: bool,
    pub(super) unread: u32,
}

/// What clients and the log show of a server. If this does not change, the server has taken no
/// bytes, has accepted and closed no connection, and has logged no line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Visible {
    /// For each client, by the client's port: the server's socket.
    pub(super) sockets: BTreeMap<u16, Option<VisibleSocket>>,
    /// The number of bytes that the server has written to its log and to standard error.
    pub(super) written: u64,
    /// For each client, the bytes that have arrived, and those that the client has not
    /// acknowledged.
    pub(super) transfer: Vec<(u64, u32)>,
    /// The number of bytes that the clients have read.
    pub(super) read: u64,
    /// The number of bytes that the program has not read from its standard input.
    pub(super) input: u64,
}

impl Visible {
    /// Whether nothing but the log differs.
    pub(super) fn is_equal_but_for_log(&self, other: &Self) -> bool {
        self.sockets == other.sockets
            && self.transfer == other.transfer
            && (self.read, self.input) == (other.read, other.input)
    }
}

/// How often the kernel has to refuse to trace a thread. A thread that was traced just before may not have been
/// released yet (ptrace(2), EPERM).
const MAX_REFUSALS: usize = 10;

/// The traced threads, and when something has changed for the last time.
#[derive(Default)]
pub(super) struct Rounds {
    visible: Option<(Visible, Instant)>,
    traces: Vec<CallTrace>,
    /// How often each thread could not be traced.
    refusals: HashMap<i32, usize>,
    /// The number of context switches of each thread, since when it is unchanged, and whether the
    /// thread was running then. A thread that runs on is not switched.
    switches: HashMap<i32, (u64, Instant, bool)>,
    /// The number of context switches of each thread at the last visible change.
    at_change: HashMap<i32, u64>,
    /// The processor time of each thread at the last visible change but for the log.
    cpu_at_change: HashMap<i32, Duration>,
}

/// The maximum number of threads that are traced at the same time.
const MAX_TRACES: usize = 8;

impl Rounds {
    /// Stores what is visible now. If this has changed, the threads have to go round again.
    pub(super) fn note(&mut self, visible: &Visible, threads: &[(Process, Thread)]) {
        let now = Instant::now();
        for (_, thread) in threads {
            let seen = (thread.context_switches, now, thread.is_running());
            let known = self.switches.entry(thread.tid).or_insert(seen);
            let has_run = known.0 != thread.context_switches || known.2 || seen.2;
            if has_run {
                *known = seen;
            }
        }
        let before = self.visible.as_ref().map(|(before, _)| before);
        if before == Some(visible) {
            return;
        }
        // A server in a busy loop may log in each round.
        let only_logs = before.is_some_and(|before| before.is_equal_but_for_log(visible));
        for trace in &mut self.traces {
            if only_logs { trace.restart_rounds() } else { trace.restart() }
        }
        if !only_logs {
            self.cpu_at_change.clear();
        }
        self.visible = Some((visible.clone(), now));
        self.at_change =
            threads.iter().map(|(_, thread)| (thread.tid, thread.context_switches)).collect();
    }

    /// Forgets what was visible, because something is still on its way to the server.
    pub(super) fn forget(&mut self) {
        self.visible = None;
        self.traces.iter_mut().for_each(CallTrace::restart);
    }

    /// How long nothing visible has changed.
    pub(super) fn quiet_for(&self) -> Duration {
        self.visible.as_ref().map_or(Duration::ZERO, |(_, since)| since.elapsed())
    }

    /// Whether a thread has not been scheduled for at least `time`. False for a thread that was not
    /// seen before.
    pub(super) fn is_unchanged(&self, tid: i32, time: Duration) -> bool {
        self.unchanged_since(tid).is_some_and(|since| since.elapsed() >= time)
    }

    /// When a thread was seen for the first time after it was scheduled for the last time. `None`
    /// for a thread that was not seen before.
    pub(super) fn unchanged_since(&self, tid: i32) -> Option<Instant> {
        self.switches.get(&tid).map(|(_, since, _)| *since)
    }

    /// How often a thread was scheduled since the last visible change. Used for threads that cannot
    /// be traced.
    pub(super) fn switches_since_change(&self, thread: &Thread) -> u64 {
        let before = self.at_change.get(&thread.tid).copied();
        before.map_or(0, |before| thread.context_switches.saturating_sub(before))
    }

    /// The processor time that a thread has used since the last visible change but for the log, or
    /// since it was seen for the first time.
    pub(super) fn cpu_since_change(&mut self, thread: &Thread) -> Duration {
        let before = *self.cpu_at_change.entry(thread.tid).or_insert(thread.cpu);
        thread.cpu.saturating_sub(before)
    }

    /// Whether the kernel refuses to trace a thread.
    pub(super) fn is_refused(&self, tid: i32) -> bool {
        self.refusals.get(&tid).is_some_and(|count| *count >= MAX_REFUSALS)
    }

    /// The trace of a thread, if the thread is traced.
    pub(super) fn trace(&self, tid: i32) -> Option<&CallTrace> {
        self.traces.iter().find(|trace| trace.tid == tid)
    }

    /// Begins to trace a thread, unless it is traced already or too many threads are. `nap` is the
    /// sleep that the thread is in, if a clock ends it. Returns whether the thread was interrupted.
    pub(super) fn begin_trace(
        &mut self,
        process: Process,
        thread: &Thread,
        nap: Option<(Call, Nap)>,
        tracer: &mut Tracer,
    ) -> bool {
        let is_known = self.trace(thread.tid).is_some() || self.is_refused(thread.tid);
        if is_known || self.traces.len() >= MAX_TRACES {
            return false;
        }
        match CallTrace::begin(process, thread, nap, tracer) {
            Some(trace) => self.traces.push(trace),
            None => *self.refusals.entry(thread.tid).or_default() += 1,
        }
        true
    }

    /// Records what the traced threads do. Ends the traces of all other threads than these, and
    /// returns whether there were any.
    pub(super) fn look(&mut self, awake: &[(Process, Thread)], tracer: &mut Tracer) -> bool {
        let has_ended = self
            .end_traces(tracer, |trace| awake.iter().all(|(_, thread)| thread.tid != trace.tid));
        for trace in &mut self.traces {
            if let Some((_, thread)) = awake.iter().find(|(_, thread)| thread.tid == trace.tid) {
                trace.look(thread, tracer);
            }
        }
        has_ended
    }

    /// Ends the traces of threads that `is_over` selects. Returns whether there were any.
    pub(super) fn end_traces(
        &mut self,
        tracer: &mut Tracer,
        is_over: impl Fn(&CallTrace) -> bool,
    ) -> bool {
        let before = self.traces.len();
        for trace in self.traces.extract_if(.., |trace| is_over(trace)) {
            trace.end(tracer);
        }
        self.traces.len() < before
    }

    /// Whether a traced thread runs.
    pub(super) fn has_awake_trace(&self) -> bool {
        self.traces.iter().any(|trace| !trace.is_napping())
    }
}
