//! The calls of one thread, recorded while the observer continues to observe the server.
//!
//! A thread that naps makes a few calls after each sleep. A thread in a busy loop makes thousands.
//! Therefore the observer does not wait for the calls: it looks at the thread again and again, and
//! between two looks the thread runs or sleeps on.

mod computing;
mod subject;

use crate::epoll_entry;
use crate::poll_entry;
use crate::repetition::{self, Meaning, Step};
use crate::sleep::{self, Nap, Sleep};
use crate::syscall_sample::{SyscallSample, SyscallStop, Traced, Tracer};
use computing::Computing;
use sandbox::{Call, Process, Thread};
use std::time::{Duration, Instant};
use subject::{is_output, peer_of};

/// A traced thread, and its calls.
#[derive(Debug)]
pub(crate) struct CallTrace {
    pub(crate) process: Process,
    pub(crate) tid: i32,
    traced: Traced,
    /// The call that the thread has begun.
    entered: Option<Call>,
    /// The call that a stop has interrupted, and that the kernel restarts (restart_syscall(2)).
    interrupted: Option<Call>,
    sample: SyscallSample,
    /// The calls since the last progress.
    steps: Vec<Step>,
    has_progress: bool,
    /// The last sleep that a clock ends.
    nap: Option<(Call, Nap)>,
    is_napping: bool,
    /// When the last such sleep began.
    nap_begun: Instant,
    /// Whether the wait that began this round has returned at once, because a descriptor was ready.
    was_ready: bool,
    /// Whether the thread has made progress in this round.
    has_round_progress: bool,
    /// Whether the thread has woken from a nap since the last change.
    has_woken: bool,
    /// The calls of the rounds: of a nap, and everything until the next nap. Each has the time at
    /// which its nap ended.
    rounds: Vec<Round>,
    round: Vec<Step>,
    woken_at: Instant,
    computing: Computing,
    /// The number of looks in which the thread has made calls.
    active_looks: usize,
}

type Round = (Instant, Vec<Step>);

/// The longest time for which one look lasts.
const LONGEST_LOOK: Duration = Duration::from_millis(2);
/// A look ends if the thread makes no call for this time.
const LONGEST_PAUSE: Duration = Duration::from_micros(150);
/// A wait that ends within this time has ended at once. The observer may see the end only when it looks
/// at the thread again.
const AT_ONCE: Duration = Duration::from_millis(20);
/// The maximum number of calls that are kept.
const MAX_CALLS: usize = 8192;
/// The maximum number of rounds that are kept.
pub(crate) const MAX_ROUNDS: usize = 64;
/// The maximum number of looks at a thread that makes calls and is neither known to work nor to be
/// in a loop.
const MAX_LOOKS: usize = 100;
/// The number of calls that are recorded for each call that says something about the thread.
const MEANINGLESS_CALLS: usize = 4;
impl CallTrace {
    /// Begins to trace a thread; `None` if the kernel refuses to trace it. `nap` is the sleep that
    /// the thread is in, if a clock ends it.
    pub(crate) fn begin(
        process: Process,
        thread: &Thread,
        nap: Option<(Call, Nap)>,
        tracer: &mut Tracer,
    ) -> Option<Self> {
        let mut traced = tracer.seize(thread.tid)?;
        let interrupted = traced.interrupted_call().or(thread.call);
        traced.resume();
        Some(Self {
            process,
            tid: thread.tid,
            traced,
            entered: None,
            interrupted,
            sample: SyscallSample::default(),
            steps: Vec::new(),
            has_progress: false,
            nap,
            is_napping: false,
            nap_begun: Instant::now(),
            was_ready: false,
            has_round_progress: false,
            has_woken: false,
            rounds: Vec::new(),
            round: Vec::new(),
            woken_at: Instant::now(),
            computing: Computing::since(thread.cpu),
            active_looks: 0,
        })
    }

    /// Ends the trace. The thread continues unchanged.
    pub(crate) fn end(self, tracer: &mut Tracer) {
        tracer.detach(self.traced);
    }

    /// Records the calls that the thread makes, until it sleeps or computes. `thread` is the thread
    /// as it was just before.
    pub(crate) fn look(&mut self, thread: &Thread, tracer: &mut Tracer) {
        self.computing.cpu = thread.cpu;
        let begun = Instant::now();
        let calls = self.sample.calls.len();
        let mut last_stop = begun;
        while begun.elapsed() < LONGEST_LOOK && !self.traced.has_ended() {
            if self.traced.has_stopped() {
                self.record_stop();
                self.traced.resume();
                last_stop = Instant::now();
            } else if last_stop.elapsed() >= LONGEST_PAUSE {
                break;
            } else {
                std::thread::yield_now();
            }
        }
        tracer.note_interrupted(&self.traced);
        self.active_looks += usize::from(self.sample.calls.len() != calls);
        if self.entered.is_none() {
            self.computing.interrupt(&self.traced);
        }
    }

    fn record_stop(&mut self) {
        match self.traced.syscall_stop() {
            Some(SyscallStop::Entry(call)) => {
                let is_restart = call.is_restart();
                // The time-out of a restarted call is the time that was left of its nap.
                let call = if call.is_restart() { self.interrupted.unwrap_or(call) } else { call };
                match self.nap.filter(|(interrupted, _)| is_restart && *interrupted == call) {
                    Some((call, nap)) => self.begin_nap(call, nap),
                    None => self.begin_call(call),
                }
            }
            Some(SyscallStop::Exit(value)) => {
                let Some(call) = self.entered.take() else { return };
                match was_interrupted(value) {
                    true => self.interrupted = Some(call),
                    false => self.end_call(call, value),
                }
            }
            None => {
                let is_in_call = self.entered.is_some();
                self.computing.look(&mut self.traced, self.process, is_in_call);
                self.interrupted = self.traced.interrupted_call().or(self.interrupted);
                self.traced.restart_interrupted_call();
            }
        }
    }

    fn begin_call(&mut self, call: Call) {
        self.entered = Some(call);
        self.computing.begin_call(&call);
        if let Sleep::Timed(nap) = sleep::of(call, self.process)
            && !nap.span.is_zero()
        {
            self.begin_nap(call, nap);
        }
    }

    /// A nap ends the round that began when the last nap ended.
    fn begin_nap(&mut self, call: Call, nap: Nap) {
        self.entered = Some(call);
        self.nap = Some((call, nap));
        self.is_napping = true;
        self.nap_begun = Instant::now();
        if std::mem::take(&mut self.has_woken) {
            let mut round = std::mem::take(&mut self.round);
            // The thread has not slept, and has not handled what was ready.
            if self.was_ready && !self.has_round_progress {
                self.rounds.clear();
                return;
            }
            round.sort_unstable();
            self.rounds.push((self.woken_at, round));
            self.rounds.drain(..self.rounds.len().saturating_sub(MAX_ROUNDS));
        }
    }

    fn end_call(&mut self, call: Call, value: i64) {
        if std::mem::take(&mut self.is_napping) {
            self.has_woken = true;
            self.woken_at = Instant::now();
            self.was_ready = self.has_returned_at_once(&call, value);
            self.has_round_progress = false;
            self.round.clear();
        }
        self.keep(call, value);
        match repetition::meaning(&call, value) {
            Meaning::Nothing => {}
            // A write to the log does nothing for a client.
            _ if is_output(self.process, &call) => {}
            Meaning::Progress(step) => {
                self.has_progress = true;
                self.has_round_progress = true;
                self.steps.clear();
                self.round.push(step);
            }
            Meaning::Repeatable(step) => {
                let step = peer_of(self.process, &call).map_or(step, |peer| step.to_peer(&peer));
                self.steps.push(step);
                self.round.push(step);
            }
        }
        if self.steps.len() > MAX_CALLS {
            self.steps.clear();
        }
    }

    /// Whether a wait for descriptors, which has just ended, has found one ready at once, although it
    /// has a time-out.
    fn has_returned_at_once(&self, call: &Call, value: i64) -> bool {
        call.waits_for_readiness() && value > 0 && self.nap_begun.elapsed() < AT_ONCE
    }

    fn keep(&mut self, call: Call, value: i64) {
        let (process, sample) = (self.process, &mut self.sample);
        if call.is_poll() {
            sample.poll_entries = poll_entry::read(process, &call).ok();
        }
        if call.is_epoll() {
            sample.epoll_entries = epoll_entry::read(process, call.epoll()).ok();
            sample.events = epoll_entry::returned(process, &call, value).unwrap_or_default();
        }
        if sample.calls.len() >= MAX_CALLS {
            sample.calls.drain(..MAX_CALLS / 2);
        }
        sample.calls.push((call, value));
    }

    /// Forgets the calls so far, because something visible has changed.
    pub(crate) fn restart(&mut self) {
        self.restart_rounds();
        self.steps.clear();
        self.sample.calls.clear();
        self.computing.restart();
    }

    /// Forgets the rounds so far, because the server has logged something.
    pub(crate) fn restart_rounds(&mut self) {
        self.rounds.clear();
        self.round.clear();
        self.has_woken = false;
    }

    /// Whether the thread has moved bytes or accepted a connection, or has made `calls` calls that
    /// are no loop. The observer also ends the trace of a thread that makes
    /// few calls, and of a thread that makes many calls that say nothing, such as clock_gettime(2):
    /// a traced call takes a hundred times as long.
    pub(crate) fn works(&self, calls: usize) -> bool {
        let has_enough = self.steps.len() >= calls
            || self.sample.calls.len() >= (calls * MEANINGLESS_CALLS).min(MAX_CALLS / 2)
            || self.active_looks >= MAX_LOOKS;
        self.has_progress || has_enough && !self.is_loop()
    }

    /// Whether the thread is in a busy loop that makes system calls.
    pub(crate) fn is_loop(&self) -> bool {
        repetition::is_loop(&self.steps)
    }

    /// Whether the thread repeats calls that were asked to move no bytes.
    pub(crate) fn repeats_empty_calls(&self) -> bool {
        !self.has_progress && repetition::repeats_empty_calls(&self.steps)
    }

    /// The processor time since the thread's last system call.
    pub(crate) fn computed(&self) -> Duration {
        match self.entered {
            Some(_) => Duration::ZERO,
            None => self.computing.used(),
        }
    }

    /// Whether a thread that computes executes the same instructions with the same values.
    pub(crate) fn repeats_state(&self) -> bool {
        self.computing.repeats_state()
    }

    /// Whether a thread that computes executes the same few instructions again and again.
    pub(crate) fn is_in_one_place(&self) -> bool {
        self.computing.is_in_one_place()
    }

    /// The thread's last sleep that a clock ends.
    pub(crate) fn nap(&self) -> Option<(Call, Nap)> {
        self.nap
    }

    /// Whether the thread sleeps until a clock wakes it.
    pub(crate) fn is_napping(&self) -> bool {
        self.is_napping
    }

    /// The number of rounds after which the calls repeat, if they have repeated `times` times since
    /// `begun`.
    pub(crate) fn period(&self, times: usize, begun: Option<Instant>) -> Option<usize> {
        let rounds: Vec<_> = self.since(begun).map(|(_, steps)| steps.as_slice()).collect();
        repetition::period(&rounds, times)
    }

    /// The number of rounds since the last change.
    pub(crate) fn rounds(&self) -> usize {
        self.rounds.len()
    }

    /// The number of rounds since the last change and since `begun`.
    pub(crate) fn rounds_since(&self, begun: Option<Instant>) -> usize {
        self.since(begun).count()
    }

    fn since(&self, begun: Option<Instant>) -> impl Iterator<Item = &Round> {
        self.rounds.iter().filter(move |(woken_at, _)| begun.is_none_or(|begun| *woken_at >= begun))
    }

    /// Whether the thread makes other calls between its naps.
    pub(crate) fn has_calls(&self) -> bool {
        self.rounds.iter().any(|(_, round)| round.len() > 1)
    }

    /// The recorded calls.
    pub(crate) fn sample(&self) -> SyscallSample {
        self.sample.clone()
    }
}

/// Whether a stop of the observer has interrupted a call that the kernel restarts (linux/errno.h,
/// ERESTARTSYS to ERESTART_RESTARTBLOCK), or that the observer restarts.
fn was_interrupted(value: i64) -> bool {
    matches!(value, -516..=-512) || value == -i64::from(libc::EINTR)
}

#[cfg(test)]
mod tests;
