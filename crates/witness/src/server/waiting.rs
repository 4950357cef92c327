//! Waits until a condition is true, and recognizes that a condition will not become true.
//!
//! A server is idle if all its threads sleep until an event, everything that the clients have sent
//! has arrived, and everything that the server has sent has arrived. Then no thread will wake, no
//! client will receive more, and the server will do nothing more. Therefore a wait ends when its
//! condition is true or when the server is idle. A condition that will not become true is reported
//! as fast as a condition that becomes true. In this file, `fact` is the condition of a wait.

use super::Server;
use super::observe::table_unobservable;
use super::wait_state::{CPU_BUDGET, SMALL_CPU_BUDGET, WaitState};
use crate::client::{Client, ClosedBy};
use crate::fault_injector::FaultSupervisor;
use crate::sleep::{self, Sleep};
use crate::sockets::{Socket, State};
use crate::syscall_sample::SyscallSample;
use crate::wait_error::{WaitError, doing};
use sandbox::{Call, Process, Thread, Unobservable};
use std::time::{Duration, Instant};

/// The minimum and maximum pause between two checks of the condition while no event arrives.
const SHORTEST_PAUSE: Duration = Duration::from_micros(40);
const LONGEST_PAUSE: Duration = Duration::from_millis(1);
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
    /// has ended, is idle, or repeats the same calls. If the server stays busy, the wait ends after
    /// [`Launch::timeout`](crate::Launch::timeout).
    ///
    /// # Errors
    /// [`WaitError`] says why the condition will not become true.
    pub fn wait_for<T>(
        &mut self,
        mut fact: impl FnMut(&mut Server) -> Result<Option<T>, Unobservable>,
    ) -> Result<T, WaitError> {
        let mut state = WaitState::new(self.timeout);
        let mut pause = SHORTEST_PAUSE;
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

            // If no event has arrived for some time, check the whole server.
            let is_due =
                pause >= FULL_CHECK_AFTER && now >= first_full_check || now >= state.deadline;
            if (is_due || self.exit.is_some())
                && let Some(error) = self.reason_to_give_up(&mut state)?
            {
                // The server may have written bytes that were not read yet. Read these bytes, and
                // check the condition a last time.
                self.catch_up()?;
                return fact(self)?.ok_or(error);
            }

            // Sleep until the next event, at most for the pause. If no event arrived, the pause is
            // doubled.
            pause = if has_event { SHORTEST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
            self.wait_for_event(pause);

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
        match self.wait_for(|_| Ok(None)) {
            Err(WaitError::Idle { calls }) => Ok(calls),
            other => other,
        }
    }

    /// Waits until all threads of the server sleep and everything that the clients have sent has
    /// arrived. A timer may wake such a server again. [`wait_idle`](Self::wait_idle) waits for two
    /// such wake-ups, but this function does not.
    ///
    /// # Errors
    /// [`WaitError`] if the server ends or stays busy.
    pub fn wait_asleep(&mut self) -> Result<Vec<Call>, WaitError> {
        let asleep = self.wait_for(|now| {
            let threads = now.all_threads()?;
            Ok(match now.activity(&threads)? {
                Activity::Busy => None,
                Activity::Timed | Activity::Idle => Some(calls(&threads)),
            })
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
        let (address, process) = self.wait_for(|now| match &now.exit {
            Some(_) => Ok(None),
            None => now.find_listener(port),
        })?;
        self.sockets.clear(); // the address family may differ from the one in an earlier run
        (self.address, self.listener) = (Some(address), Some(process));
        Ok(())
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
        let is_idle = match self.activity(&threads)? {
            // The server sleeps until an event. It is idle if nothing changes for 3 ms.
            Activity::Idle => {
                let read = self.clients.iter().map(Client::bytes_read).sum();
                state.settled.has_lasted(&threads, read)
            }
            // A timer wakes the server. It is idle after one of its threads has woken twice without
            // a result.
            Activity::Timed => state.timer_wakeups.have_passed(&threads),
            // The server runs, and may be in a busy loop. Check this only after everything has
            // arrived, because the server may be polling for data that has not arrived yet.
            Activity::Busy => {
                if self.all_delivered()?
                    && let Some(sample) = self.spinning(state, &threads)
                {
                    return Ok(Some(WaitError::Spinning(sample)));
                }
                false
            }
        };
        if is_idle {
            return Ok(Some(WaitError::Idle { calls: calls(&threads) }));
        }

        // The server is busy. Give up only at the deadline.
        let is_over = state.is_over(&threads)?;
        Ok(is_over.then(|| WaitError::TimedOut { after: self.timeout, doing: doing(&threads) }))
    }

    /// How active the server is. `before` contains the server's threads, which the caller has just
    /// read.
    ///
    /// The kernel wakes a thread when the data that the thread waits for arrives. If everything had
    /// arrived at some moment, and all threads slept before, at and after this moment, then this
    /// data will not wake them any more.
    fn activity(&mut self, before: &[(Process, Thread)]) -> Result<Activity, Unobservable> {
        // All threads must sleep in `before`. If the program itself has ended, the server counts as
        // busy, because the sandbox is about to report the exit.
        let is_asleep = |(_, thread): &(Process, Thread)| !thread.is_running();
        let is_alive =
            |(process, thread): &(Process, Thread)| *process == self.program && !thread.zombie;
        let all_asleep = before.iter().any(is_alive) && before.iter().all(is_asleep);

        // Everything must have arrived, and no thread may have woken in the meantime.
        if !all_asleep || !self.all_delivered()? || self.all_threads()? != before {
            return Ok(Activity::Busy);
        }

        // The system call that a thread sleeps in determines what will wake the thread.
        let sleep_of =
            |(process, thread): &(Process, Thread)| Some(sleep::of(thread.call?, *process));
        let mut activity = Activity::Idle;
        for sleep in before.iter().filter_map(sleep_of) {
            match sleep {
                Sleep::UntilEvent => {}
                Sleep::AtMost(_) => activity = Activity::Timed,
                Sleep::Brief => return Ok(Activity::Busy),
            }
        }
        Ok(activity)
    }

    /// Whether everything that the clients have sent has arrived at the server, and every answer
    /// that a client waits for has arrived at the client. Removes clients from which nothing more
    /// can arrive.
    pub(super) fn all_delivered(&mut self) -> Result<bool, Unobservable> {
        // A system call that waits for the fault injector's answer is about to continue.
        if self.faults.as_ref().is_some_and(FaultSupervisor::has_waiting_call) {
            return Ok(false);
        }
        let Some(table) = &self.table else { return Ok(true) };
        let mut all = true;
        let mut sockets =
            table.connections(self.clients.iter()).map_err(table_unobservable)?.into_iter();
        self.clients.retain(|client| {
            let socket = sockets.next().flatten();
            let arrived = is_delivered(client, socket.as_ref());
            all &= arrived;
            // Nothing more can arrive from a client that has closed its side of the connection, if
            // the server has closed the connection as well.
            let is_open = socket.is_some_and(|socket| socket.inode != 0);
            client.closed_by().is_none() || is_open || !arrived
        });
        Ok(all)
    }

    /// A sample of the server's system calls, if the server is in a busy loop.
    fn spinning(
        &mut self,
        state: &mut WaitState,
        threads: &[(Process, Thread)],
    ) -> Option<SyscallSample> {
        // Before the program listens, it may use any amount of processor time.
        self.listener?;
        let allowed = if self.history.spins() { SMALL_CPU_BUDGET } else { CPU_BUDGET };
        let (process, suspect) =
            state.cpu_budget.thread_to_sample(threads, allowed, self.log.kept())?;
        let sample = SyscallSample::of(process, &suspect, &mut self.tracer);
        let spins = sample.is_spinning();
        if spins {
            self.history.set_spins();
        }
        spins.then_some(sample)
    }
}

/// How active a server is.
enum Activity {
    /// A thread runs, or something has not arrived at the server yet.
    Busy,
    /// All threads sleep, and a timer will wake one of them.
    Timed,
    /// All threads sleep until an event, and everything has arrived.
    Idle,
}

/// Whether everything that `client` has sent has arrived at the server's `socket`, and everything
/// that the server has sent has arrived at a client that reads.
fn is_delivered(client: &Client, socket: Option<&Socket>) -> bool {
    let Some(socket) = socket else { return true };
    match (socket.state, client.closed_by()) {
        // The last segment of the handshake has not arrived yet.
        (State::SynReceived, _) => false,
        (State::TimeWait, _) => true,
        // The RST or FIN has not arrived yet. After a RST, the server would have no socket. After a
        // FIN, the state would no longer be ESTABLISHED.
        (_, Some(ClosedBy::Rst)) => false,
        (State::Established, Some(ClosedBy::Fin)) => false,
        _ => {
            (client.in_flight(socket.received) == 0 || client.is_send_blocked())
                && answers_delivered(client, socket)
        }
    }
}

/// Whether everything that the server has sent to `client` has arrived, or the client does not
/// read.
fn answers_delivered(client: &Client, socket: &Socket) -> bool {
    socket.unacknowledged == 0 || !client.has_read_all()
}

fn calls(threads: &[(Process, Thread)]) -> Vec<Call> {
    threads.iter().filter_map(|(_, thread)| thread.call).collect()
}
