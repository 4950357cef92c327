//! Decides whether a server that runs will still do something by itself.
//!
//! A server is idle if each of its threads sleeps until an event, or naps without doing anything
//! between the naps. A server is in a busy loop if a thread repeats the same calls, or the same few
//! instructions, and all other threads have nothing to do.

use super::Server;
use super::attribution::Evidence;
use super::helper_threads::{ThreadOf, any_waits_for_clients, napper};
use super::nap_rounds::may_wait_for_others;
use super::rounds::Visible;
use super::wait_state::{CPU_BUDGET, SETTLED, SMALL_CPU_BUDGET, WaitState};
use crate::call_trace::CallTrace;
use crate::sleep::{Nap, Sleep};
use crate::wait_error::WaitError;
use sandbox::{Call, Thread, Unobservable};
use std::time::Instant;

/// What a thread is doing.
enum Role {
    /// It has ended, is stopped, or sleeps until an event.
    Resting,
    /// It sleeps until a clock wakes it.
    Napping(Nap),
    /// It runs, or is about to run.
    Running,
}

/// Before the program listens, it may use more time.
pub(super) const BEFORE_LISTENING: u32 = 4;

impl Server {
    /// Why the condition of a wait will not become true, if the server is idle or in a busy loop.
    pub(super) fn verdict(
        &mut self,
        state: &mut WaitState,
        threads: &[ThreadOf],
        visible: &Visible,
    ) -> Result<Option<WaitError>, WaitError> {
        self.naps = None;
        state.rounds.note(visible, threads);
        self.attribute(threads, visible)?;
        // If the program itself has ended, the sandbox is about to report the exit.
        if !threads.iter().any(|(process, it)| *process == self.program && !it.zombie) {
            state.rounds.look(threads, &mut self.tracer);
            return Ok(None);
        }
        let (resting, awake) = self.split(threads);
        // What has just become visible, such as a new connection, may be about to wake a thread.
        let has_settled = state.settled.has_lasted(&resting) && state.rounds.quiet_for() >= SETTLED;
        if awake.is_empty() {
            // No thread may have woken in the meantime.
            state.rounds.end_traces(&mut self.tracer, |_| true);
            let is_idle = has_settled
                && self.timers_have_expired(&mut state.timers, state.rounds.quiet_for(), threads)
                && self.all_threads()? == threads;
            return Ok(is_idle.then(|| WaitError::Idle { calls: calls(threads) }));
        }

        self.trace(state, &awake);
        let Some(error) = self.judge(state, threads, &resting, &awake) else { return Ok(None) };
        let is_idle = matches!(error, WaitError::Idle { .. });
        if is_idle && !self.still_rest(&resting)? {
            return Ok(None);
        }
        let quiet_for = state.rounds.quiet_for();
        if is_idle && !self.timers_have_expired(&mut state.timers, quiet_for, threads) {
            return Ok(None);
        }
        self.naps = awake.iter().find_map(|(_, it)| Some(state.rounds.trace(it.tid)?.sample()));
        // Nothing visible may have changed while the threads were observed.
        let is_same = self.delivery()?.is_some_and(|now| match error {
            WaitError::Spinning(_) => now.is_equal_but_for_log(visible),
            _ => now == *visible,
        });
        if !is_same {
            state.rounds.forget();
        }
        Ok(is_same.then_some(error))
    }

    /// Whether all threads sleep, and everything that the clients have sent has arrived. The
    /// time-out of a wait for descriptors may wake them.
    pub(super) fn is_asleep(&mut self, threads: &[ThreadOf]) -> Result<bool, Unobservable> {
        let sleeps = |thread: &ThreadOf| match self.role(thread) {
            Role::Resting => true,
            Role::Napping(nap) => !is_pure_sleep(thread) || self.is_harmless(threads, thread, nap),
            Role::Running => false,
        };
        let is_alive = |(process, it): &ThreadOf| *process == self.program && !it.zombie;
        let all_asleep = threads.iter().any(is_alive) && threads.iter().all(sleeps);
        // No thread may have woken in the meantime.
        Ok(all_asleep && self.all_delivered()? && self.all_threads()? == threads)
    }

    /// Whether each thread sleeps until an event, or has ended. A stopped thread does not sleep.
    pub(super) fn all_rest(&self, threads: &[ThreadOf]) -> bool {
        let rests = |thread: &ThreadOf| matches!(self.role(thread), Role::Resting);
        threads.iter().all(|thread| rests(thread) && !thread.1.stopped)
    }

    /// Whether no thread that sleeps until an event has run since `threads` were read. While the observer
    /// looks at a napping thread, this thread may wake another one.
    fn still_rest(&self, threads: &[ThreadOf]) -> Result<bool, Unobservable> {
        let now = self.all_threads()?;
        let rests = |thread: &&ThreadOf| matches!(self.role(thread), Role::Resting);
        Ok(threads.iter().filter(rests).all(|thread| now.contains(thread)))
    }

    /// What a thread is doing.
    fn role(&self, (process, thread): &ThreadOf) -> Role {
        match thread.call {
            _ if thread.zombie || thread.stopped => Role::Resting,
            None => Role::Running,
            Some(call) => match self.sleeps.borrow().sleep(*process, thread.tid, call) {
                Sleep::UntilEvent => Role::Resting,
                Sleep::Timed(nap) => Role::Napping(nap),
                Sleep::Brief => Role::Running,
            },
        }
    }

    /// Separates the threads that will do nothing without an event from all others.
    fn split(&self, threads: &[ThreadOf]) -> (Vec<ThreadOf>, Vec<ThreadOf>) {
        threads.iter().cloned().partition(|thread| match self.role(thread) {
            Role::Resting => true,
            Role::Napping(nap) => self.is_harmless(threads, thread, nap),
            Role::Running => false,
        })
    }

    /// Begins to trace threads that nap, and a thread that has used much processor time. Records
    /// what they do.
    fn trace(&mut self, state: &mut WaitState, awake: &[ThreadOf]) {
        let mut has_interrupted = false;
        if state.rounds.quiet_for() >= SETTLED {
            for thread in awake {
                if let Role::Napping(nap) = self.role(thread) {
                    let (process, thread) = thread;
                    let nap = thread.call.map(|call| (call, nap));
                    has_interrupted |=
                        state.rounds.begin_trace(*process, thread, nap, &mut self.tracer);
                }
            }
        }
        let allowed = match (self.history.spins(), self.listener) {
            (true, _) => SMALL_CPU_BUDGET,
            (false, Some(_)) => CPU_BUDGET,
            (false, None) => CPU_BUDGET * BEFORE_LISTENING,
        };
        let suspect = state.cpu_budget.thread_to_sample(awake, allowed, self.log.kept());
        // A thread has only one tracer. The recording stops to trace when it is full.
        let is_recorded = self.recorder.as_ref().is_some_and(|it| !it.is_full());
        if let Some((process, thread)) = suspect.filter(|_| !is_recorded) {
            has_interrupted |= state.rounds.begin_trace(process, &thread, None, &mut self.tracer);
        }
        has_interrupted |= state.rounds.look(awake, &mut self.tracer);

        state.empty_loop = self.empty_loop(state, awake);

        // A thread that moves bytes is doing work, and so is a thread whose calls are all different.
        let (calls, empty_loop) = (state.cpu_budget.calls(self.clients.len()), state.empty_loop);
        let works = |trace: &CallTrace| {
            trace.nap().is_none() && empty_loop != Some(trace.tid) && trace.works(calls)
        };
        if state.rounds.end_traces(&mut self.tracer, works) {
            state.cpu_budget.double(awake);
            has_interrupted = true;
        }
        if has_interrupted {
            self.attribution.forget();
        }
    }

    /// The verdict about the threads in `awake`, which do not rest.
    fn judge(
        &mut self,
        state: &WaitState,
        threads: &[ThreadOf],
        resting: &[ThreadOf],
        awake: &[ThreadOf],
    ) -> Option<WaitError> {
        let (mut looping, mut others_idle) = (None, true);
        let last_run = self.last_run(state, resting);
        let only_each_other = threads.len() > 1 && !any_waits_for_clients(threads);
        for thread in awake {
            let trace = state.rounds.trace(thread.1.tid);
            match trace {
                Some(trace) if trace.is_loop() && trace.rounds() == 0 => {
                    self.history.set_spins();
                    looping = looping.or(Some(trace));
                }
                Some(trace)
                    if state.empty_loop == Some(trace.tid) || self.computes_for_ever(trace) =>
                {
                    self.history.set_computes();
                    looping = looping.or(Some(trace));
                }
                _ => {
                    let nap = match self.role(thread) {
                        Role::Napping(nap) => Some(nap),
                        _ => None,
                    };
                    others_idle &= !(only_each_other
                        && may_wait_for_others(state, trace, last_run))
                        && self.naps_without_result(state, thread, nap, last_run);
                }
            }
        }
        // A thread that was started while another thread forks in a loop is not waited for.
        let forks = looping.is_some_and(forks);
        let is_settled = |thread: &ThreadOf| state.rounds.is_unchanged(thread.1.tid, SETTLED);
        if !(forks || others_idle && resting.iter().all(is_settled)) {
            return None;
        }
        Some(match looping {
            Some(trace) => WaitError::Spinning(trace.sample()),
            None => WaitError::Idle { calls: calls_of(state, threads) },
        })
    }

    /// When a thread that sleeps until an event has run for the last time. `None` if no thread
    /// does.
    fn last_run(&self, state: &WaitState, resting: &[ThreadOf]) -> Option<Instant> {
        let is_at_rest = |thread: &&ThreadOf| matches!(self.role(thread), Role::Resting);
        let last_run = |thread: &ThreadOf| state.rounds.unchanged_since(thread.1.tid);
        resting.iter().filter(is_at_rest).filter_map(last_run).max()
    }

    /// Stores what the visible events since the last call say about helper threads that nap.
    /// `before` are the threads just before `visible` was read.
    fn attribute(&mut self, before: &[ThreadOf], visible: &Visible) -> Result<(), Unobservable> {
        for thread in before {
            let is_helper = matches!(self.role(thread), Role::Napping(nap) if !nap.watches);
            if is_helper && !self.helpers.contains(&thread.1.tid) {
                self.helpers.push(thread.1.tid);
            }
        }
        if self.helpers.is_empty() {
            return Ok(());
        }
        // A thread that has done what is visible may have begun to run after `before` was read.
        let threads = self.all_threads()?;
        let evidence = self.attribution.compare(visible, [before, &threads], &self.helpers);
        for (tid, evidence) in evidence {
            let Some((process, thread)) = threads.iter().find(|(_, it)| it.tid == tid) else {
                continue;
            };
            let napper = napper(*process, thread, thread.call);
            match evidence {
                Evidence::Acts => self.history.add_acted(napper),
                Evidence::Sleeps => self.history.add_slept(napper),
            }
        }
        Ok(())
    }

    /// Stores what the last visible event says about helper threads, if this can be observed. It only
    /// shortens later waits.
    pub(super) fn attribute_last_event(&mut self) {
        if !self.helpers.is_empty() {
            let _ = self.try_attribute_last_event();
        }
    }

    /// As [`attribute_last_event`](Self::attribute_last_event), when traces have just ended. A helper
    /// that was traced runs until it sleeps again, and this run says nothing about the helper. Therefore
    /// this function first waits until the helpers sleep.
    pub(super) fn attribute_after_traces(&mut self) {
        let begun = Instant::now();
        let runs = |(_, it): &ThreadOf| it.is_running() && self.helpers.contains(&it.tid);
        while begun.elapsed() < SETTLED && self.all_threads().is_ok_and(|all| all.iter().any(runs))
        {
            std::thread::yield_now();
        }
        self.attribute_last_event();
    }

    fn try_attribute_last_event(&mut self) -> Result<(), Unobservable> {
        let threads = self.all_threads()?;
        match self.delivery()? {
            Some(visible) => self.attribute(&threads, &visible),
            None => Ok(()),
        }
    }
}

/// Whether the thread is in a call that only sleeps.
fn is_pure_sleep((_, thread): &ThreadOf) -> bool {
    thread.call.is_some_and(|call| match call.name() {
        "nanosleep" | "clock_nanosleep" => true,
        "poll" | "ppoll" => call.arguments[1] == 0,
        "select" | "pselect6" => call.arguments[0] == 0,
        _ => false,
    })
}

fn forks(trace: &CallTrace) -> bool {
    const FORKS: [&str; 4] = ["fork", "vfork", "clone", "clone3"];
    trace.sample().calls.iter().any(|(call, result)| FORKS.contains(&call.name()) && *result > 0)
}

/// The calls that the threads sleep in.
pub(super) fn calls(threads: &[ThreadOf]) -> Vec<Call> {
    threads.iter().filter_map(|(_, thread)| thread.call).collect()
}

/// The calls that the threads sleep in. A thread that has just woken from its nap counts as still
/// asleep.
fn calls_of(state: &WaitState, threads: &[ThreadOf]) -> Vec<Call> {
    let nap = |thread: &Thread| Some(state.rounds.trace(thread.tid)?.nap()?.0);
    threads.iter().filter_map(|(_, thread)| thread.call.or_else(|| nap(thread))).collect()
}
