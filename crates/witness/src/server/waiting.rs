//! Waits until a condition is true, and recognizes that a condition will not become true.
//!
//! If all threads of a server sleep until an event, everything that the clients have sent has
//! arrived, and everything that the server has sent has arrived, then no thread will wake, no client
//! will receive more, and the server will do nothing more (`verdict.rs`). Therefore a wait ends when
//! its condition is true or when the server is idle. A condition that will not become true is
//! reported as fast as a condition that becomes true. In this file, `fact` is the condition of a
//! wait.

use super::Server;
use super::verdict::calls;
use super::wait_state::WaitState;
use crate::wait_error::{WaitError, doing};
use crate::wait_limits::WaitLimits;
use sandbox::{Call, Unobservable};
use std::time::{Duration, Instant};

/// The minimum and maximum pause between two checks of the condition while no event arrives.
const SHORTEST_PAUSE: Duration = Duration::from_micros(40);
const LONGEST_PAUSE: Duration = Duration::from_millis(1);
/// The maximum pause while a traced thread runs: it waits for the observer at each call.
const TRACING_PAUSE: Duration = Duration::from_micros(250);
/// When the pause is at least this long, the whole server is checked after each check of the
/// condition.
const FULL_CHECK_AFTER: Duration = Duration::from_micros(160);
/// The time that a check of the whole server takes per client. The first check of the whole server
/// is made only when the wait has lasted for this time, multiplied by the number of clients.
const FULL_CHECK_COST: Duration = Duration::from_micros(5);

impl Server {
    /// Waits until `fact` returns a value.
    ///
    /// `fact` checks the condition of the wait. It is called each time something may have changed.
    /// The wait ends with an error when the condition cannot become true any more: when the server
    /// has ended, is idle, or is in a busy loop. If the server stays busy, the wait ends after
    /// [`Launch::timeout`](crate::Launch::timeout).
    ///
    /// # Errors
    /// [`WaitError`] says why the condition will not become true.
    pub fn wait_for<T>(
        &mut self,
        fact: impl FnMut(&mut Server) -> Result<Option<T>, Unobservable>,
    ) -> Result<T, WaitError> {
        self.wait_in(WaitState::new(self.limits), fact)
    }

    /// As [`wait_for`](Self::wait_for), for at most `limit`, but without a verdict: the wait goes on if
    /// the server is idle or in a busy loop. For a verdict, threads are traced, and a traced thread stops
    /// at each of its calls.
    ///
    /// # Errors
    /// [`WaitError`] if the server has ended, or if the condition has not become true in this time.
    pub fn wait_untraced<T>(
        &mut self,
        limit: Duration,
        fact: impl FnMut(&mut Server) -> Result<Option<T>, Unobservable>,
    ) -> Result<T, WaitError> {
        let limits = WaitLimits { timeout: limit, ..self.limits };
        self.wait_in(WaitState::without_verdict(limits), fact)
    }

    fn wait_in<T>(
        &mut self,
        mut state: WaitState,
        mut fact: impl FnMut(&mut Server) -> Result<Option<T>, Unobservable>,
    ) -> Result<T, WaitError> {
        let result = self.wait_with(&mut state, &mut fact);
        if result.is_ok() {
            self.attribute_last_event();
        }
        // Whatever the result is, no thread stays traced.
        if state.rounds.end_traces(&mut self.tracer, |_| true) {
            self.attribution.forget();
            self.attribute_after_traces();
        }
        result
    }

    fn wait_with<T>(
        &mut self,
        state: &mut WaitState,
        fact: &mut impl FnMut(&mut Server) -> Result<Option<T>, Unobservable>,
    ) -> Result<T, WaitError> {
        let mut pause = SHORTEST_PAUSE;
        let mut next_full_check = Instant::now() + LONGEST_PAUSE * 20;
        let first_full_check = Instant::now() + FULL_CHECK_COST * self.clients.len() as u32;
        loop {
            // Read all new events, and check the condition.
            let has_event = self.poll_events()?;
            let check_begun = Instant::now();
            if let Some(value) = fact(self)? {
                return Ok(value);
            }
            let now = Instant::now();
            let check_cost = now - check_begun;

            // If no event has arrived for some time, check the whole server. A server may also log
            // without end.
            let is_due = pause >= FULL_CHECK_AFTER && now >= first_full_check
                || now >= next_full_check
                || now >= state.deadline;
            if (is_due || self.exit.is_some())
                && let Some(error) = self.reason_to_give_up(state)?
            {
                // The server may have written bytes that were not read yet. Read these bytes, and
                // check the condition a last time.
                self.catch_up()?;
                return fact(self)?.ok_or(error);
            }
            if is_due {
                next_full_check = Instant::now() + LONGEST_PAUSE * 20 + now.elapsed() * 10;
            }

            // Sleep until the next event, at most for the pause. If no event arrived, the pause is
            // doubled.
            pause = if has_event { SHORTEST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
            let is_traced = state.rounds.has_awake_trace();
            self.wait_for_event(if is_traced { pause.min(TRACING_PAUSE) } else { pause });

            // If the check is slow, read several events before the next check. Otherwise the check
            // would be repeated for every line that the server logs.
            if has_event && check_cost > LONGEST_PAUSE {
                self.drain(check_cost)?;
            }
        }
    }

    /// Reads events for the time `cost`, which one check of the condition took.
    fn drain(&mut self, cost: Duration) -> Result<(), Unobservable> {
        let begun = Instant::now();
        while begun.elapsed() < cost && self.exit.is_none() {
            if !self.poll_events()? {
                self.wait_for_event(LONGEST_PAUSE);
            }
        }
        Ok(())
    }

    /// Waits until the server is idle, and returns the system calls that the server's threads sleep
    /// in.
    ///
    /// # Errors
    /// [`WaitError`] if the server ends or stays busy.
    pub fn wait_idle(&mut self) -> Result<Vec<Call>, WaitError> {
        self.wait_idle_within(self.limits.timeout)
    }

    /// Does the same, for at most `limit`.
    ///
    /// # Errors
    /// [`WaitError`] if the server ends or stays busy.
    pub fn wait_idle_within(&mut self, limit: Duration) -> Result<Vec<Call>, WaitError> {
        let limits = WaitLimits { timeout: limit, ..self.limits };
        match self.wait_in(WaitState::new(limits), |_| Ok(None)) {
            Err(WaitError::Idle { calls }) => Ok(calls),
            other => other,
        }
    }

    /// Waits until all threads of the server sleep and everything that the clients have sent has
    /// arrived. The time-out of a call such as poll may wake such a server again, and
    /// [`wait_idle`](Self::wait_idle) waits for such wake-ups. This function does not. A thread that
    /// only sleeps, for example in nanosleep(2), may be in the middle of its work. Therefore this
    /// function waits until such a server is idle.
    ///
    /// # Errors
    /// [`WaitError`] if the server ends or stays busy.
    pub fn wait_asleep(&mut self) -> Result<Vec<Call>, WaitError> {
        let asleep = self.wait_for(|now| {
            let threads = now.all_threads()?;
            Ok(now.is_asleep(&threads)?.then(|| calls(&threads)))
        });
        match asleep {
            Err(WaitError::Idle { calls }) => Ok(calls),
            other => other,
        }
    }

    /// Waits until the program, or a process that it has started, listens on `port`. No probe
    /// connection is made.
    ///
    /// # Errors
    /// [`WaitError`] if no process will listen on the port.
    pub fn wait_listening(&mut self, port: u16) -> Result<(), WaitError> {
        self.wait_for(|now| match &now.exit {
            Some(_) => Ok(None),
            None => Ok(now.look_for_listener(port)?.then_some(())),
        })
    }

    /// Why the condition will not become true; `None` if it may still become true.
    fn reason_to_give_up(&mut self, state: &mut WaitState) -> Result<Option<WaitError>, WaitError> {
        if let Some(exit) = &self.exit {
            return Ok(Some(WaitError::Ended(exit.clone())));
        }
        let error = self.reason_while_running(state)?;
        // If the server has exceeded a limit, the server is about to be ended. Wait for this end,
        // and report the limit as the reason.
        Ok(error.filter(|_| self.sandbox.limit_exceeded().is_none()))
    }

    /// Why the condition will not become true although the server has not ended; `None` if it may
    /// still become true.
    fn reason_while_running(
        &mut self,
        state: &mut WaitState,
    ) -> Result<Option<WaitError>, WaitError> {
        let threads = self.all_threads()?;
        let error = match self.delivery()? {
            _ if !state.has_verdict => None,
            Some(visible) => self.verdict(state, &threads, &visible)?,
            // Something is on its way to the server.
            None => {
                state.rounds.forget();
                state.rounds.look(&threads, &mut self.tracer);
                None
            }
        };
        if error.is_some() {
            return Ok(error);
        }

        // The server is busy. Give up only at the deadline.
        let is_over = state.is_over(&threads, &self.load)?;
        let after = state.limit(self.limits.timeout);
        Ok(is_over.then(|| WaitError::TimedOut { after, doing: doing(&threads) }))
    }

    /// Whether everything that the clients have sent has arrived at the server, and every answer
    /// that a client waits for has arrived at the client.
    pub(super) fn all_delivered(&mut self) -> Result<bool, Unobservable> {
        Ok(self.delivery()?.is_some())
    }
}
