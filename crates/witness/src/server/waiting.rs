//! Waits for facts, and recognizes facts that will not come true.
//!
//! A server that sleeps, and to which everything that was sent has been delivered, will do nothing
//! more, because only a delivery wakes a thread. What the server itself has sent must have arrived,
//! too, where a client waits for it. So a wait ends when its fact holds or when the server is idle,
//! and a fact that will not come true is reported as fast as one that does.

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

/// The shortest and longest pause between two checks of a fact that no event announces.
const SHORTEST_PAUSE: Duration = Duration::from_micros(40);
const LONGEST_PAUSE: Duration = Duration::from_millis(1);
/// When the pause has grown this long, each check of the fact is followed by a check of the whole
/// server.
const FULL_CHECK_AFTER: Duration = Duration::from_micros(160);
/// The time that a check of the whole server takes for each client. With many clients, the first
/// such check is made only after this time.
const FULL_CHECK_COST: Duration = Duration::from_micros(5);

impl Server {
    /// Waits until `fact` returns a value.
    ///
    /// `fact` is called whenever something may have changed. The wait gives up when the fact cannot
    /// come true any more: when the server has ended, is idle, or repeats the same calls. A server
    /// that stays busy is given [`Launch::timeout`](crate::Launch::timeout).
    ///
    /// # Errors
    /// [`WaitError`] says why the fact will not come true.
    pub fn wait_for<T>(
        &mut self,
        mut fact: impl FnMut(&mut Server) -> Result<Option<T>, Unobservable>,
    ) -> Result<T, WaitError> {
        let mut state = WaitState::new(self.timeout);
        let mut pause = SHORTEST_PAUSE;
        let first_full_check = Instant::now() + FULL_CHECK_COST * self.clients.len() as u32;
        loop {
            // Read what has happened, and check the fact.
            let has_event = self.poll_events()?;
            let check_begun = Instant::now();
            if let Some(value) = fact(self)? {
                return Ok(value);
            }
            let now = Instant::now();
            let check_cost = now - check_begun;

            // Check the whole server when nothing has happened for a while.
            let is_due =
                pause >= FULL_CHECK_AFTER && now >= first_full_check || now >= state.deadline;
            if (is_due || self.exit.is_some())
                && let Some(error) = self.reason_to_give_up(&mut state)?
            {
                // The server may have written something that was not read yet. Read it, and check
                // the fact a last time.
                self.catch_up()?;
                return fact(self)?.ok_or(error);
            }

            // Sleep until the next event. Without events the pause doubles each time.
            pause = if has_event { SHORTEST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
            self.wait_for_event(pause);

            // A slow check is not repeated for every line that the server logs.
            if has_event && check_cost > LONGEST_PAUSE {
                self.drain(check_cost)?;
            }
        }
    }

    /// Reads events for as long as one check of the fact took.
    fn drain(&mut self, cost: Duration) -> Result<(), Unobservable> {
        let begun = Instant::now();
        while begun.elapsed() < cost && self.exit.is_none() {
            if !self.poll_events()? {
                self.wait_for_event(LONGEST_PAUSE);
            }
        }
        Ok(())
    }

    /// Waits until the server is idle, and returns the calls that its threads sleep in.
    ///
    /// # Errors
    /// [`WaitError`] when the server ends or stays busy.
    pub fn wait_idle(&mut self) -> Result<Vec<Call>, WaitError> {
        match self.wait_for(|_| Ok(None)) {
            Err(WaitError::Idle { calls }) => Ok(calls),
            other => other,
        }
    }

    /// Waits until the server is asleep and everything that was sent to it has been delivered. A
    /// server with a timer may wake again by itself; [`wait_idle`](Self::wait_idle) waits for two
    /// such wake-ups.
    ///
    /// # Errors
    /// [`WaitError`] when the server ends or stays busy.
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
    /// [`WaitError`] when no process will listen on the port.
    pub fn wait_listening(&mut self, port: u16) -> Result<(), WaitError> {
        let (address, process) = self.wait_for(|now| match &now.exit {
            Some(_) => Ok(None),
            None => now.find_listener(port),
        })?;
        self.sockets.clear(); // sockets of an earlier run may have another address family
        (self.address, self.listener) = (Some(address), Some(process));
        Ok(())
    }

    /// Why the fact will not come true; `None` while it may come true.
    fn reason_to_give_up(&mut self, state: &mut WaitState) -> Result<Option<WaitError>, WaitError> {
        if let Some(exit) = &self.exit {
            return Ok(Some(WaitError::Ended(exit.clone())));
        }
        let error = self.reason_while_running(state)?;
        // A server that exceeds a limit is about to be ended, and the limit will be the reason.
        Ok(error.filter(|_| self.sandbox.limit_exceeded().is_none()))
    }

    /// Why the fact will not come true although the server has not ended; `None` while it may come
    /// true.
    fn reason_while_running(
        &mut self,
        state: &mut WaitState,
    ) -> Result<Option<WaitError>, WaitError> {
        let threads = self.all_threads()?;
        let is_idle = match self.activity(&threads)? {
            // The server sleeps until an event: it is idle if nothing changes for 3 ms.
            Activity::Idle => {
                let read = self.clients.iter().map(Client::bytes_read).sum();
                state.settled.has_lasted(&threads, read)
            }
            // The server wakes by a timer: it is idle once it has woken twice without a result.
            Activity::Timed => state.timer_wakeups.have_passed(&threads),
            // The server runs. It may be repeating the same calls. That counts only after everything
            // has been delivered, because the next delivery may be what the server asks for.
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

        // The server is busy: it has until the deadline.
        let is_over = state.is_over(&threads)?;
        Ok(is_over.then(|| WaitError::TimedOut { after: self.timeout, doing: doing(&threads) }))
    }

    /// How active the server is. `before` are the server's threads as the caller has just read them.
    ///
    /// Threads that slept before, during and after a moment at which everything had been delivered
    /// will not be woken by any of those deliveries.
    fn activity(&mut self, before: &[(Process, Thread)]) -> Result<Activity, Unobservable> {
        // All threads must have slept before. If the program itself has ended, its exit is about to
        // be reported.
        let is_asleep = |(_, thread): &(Process, Thread)| !thread.is_running();
        let is_alive =
            |(process, thread): &(Process, Thread)| *process == self.program && !thread.zombie;
        let all_asleep = before.iter().any(is_alive) && before.iter().all(is_asleep);

        // Everything must have been delivered, and no thread may have woken meanwhile.
        if !all_asleep || !self.all_delivered()? || self.all_threads()? != before {
            return Ok(Activity::Busy);
        }

        // The call that each thread sleeps in says what will wake the thread.
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

    /// Whether everything that was sent to the server has been delivered, and every answer that a
    /// client waits for has arrived. Forgets clients that can bring nothing more.
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
            // A client that has closed its side, and whose connection the server has closed as well,
            // brings nothing more.
            let is_open = socket.is_some_and(|socket| socket.inode != 0);
            client.closed_by().is_none() || is_open || !arrived
        });
        Ok(all)
    }

    /// A sample of the server's calls, if the server repeats the same calls.
    fn spinning(
        &mut self,
        state: &mut WaitState,
        threads: &[(Process, Thread)],
    ) -> Option<SyscallSample> {
        // A program may compute for any time before it listens.
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
    /// A thread runs, or something is on its way to the server.
    Busy,
    /// All threads sleep, and a timer will wake one of them.
    Timed,
    /// All threads sleep until an event, and none is on its way.
    Idle,
}

/// Whether everything that `client` has done so far has reached the server's `socket`. Reading
/// counts as well, because it makes room for what the server has written.
fn is_delivered(client: &Client, socket: Option<&Socket>) -> bool {
    let Some(socket) = socket else { return true };
    match (socket.state, client.closed_by()) {
        // The last segment of the handshake is on its way.
        (State::SynReceived, _) => false,
        (State::TimeWait, _) => true,
        // A delivered RST would have removed the socket, and a delivered FIN would have ended the
        // state ESTABLISHED.
        (_, Some(ClosedBy::Rst)) => false,
        (State::Established, Some(ClosedBy::Fin)) => false,
        _ => {
            (client.in_flight(socket.received) == 0 || client.is_send_blocked())
                && answers_delivered(client, socket)
        }
    }
}

/// Whether everything that the server has sent to `client` has arrived, or waits because the client
/// does not read.
fn answers_delivered(client: &Client, socket: &Socket) -> bool {
    socket.unacknowledged == 0 || !client.has_read_all()
}

fn calls(threads: &[(Process, Thread)]) -> Vec<Call> {
    threads.iter().filter_map(|(_, thread)| thread.call).collect()
}
