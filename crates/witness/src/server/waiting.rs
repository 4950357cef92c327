//! Waits for facts, and knows when they will not come true.
//!
//! A server that sleeps, and to which everything that was sent has been delivered, will do nothing
//! more, because only a delivery wakes a thread. What the server itself has sent must have arrived,
//! too, where a client waits for it. So a wait ends when its fact holds or when the server is idle,
//! and a wrong server is told so as fast as a right one.

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

/// The shortest and longest pause between two looks at a fact that no event announces.
const SHORTEST_PAUSE: Duration = Duration::from_micros(40);
const LONGEST_PAUSE: Duration = Duration::from_millis(1);
/// After a pause this long without the fact, the whole server is looked at.
const LOOK_AFTER: Duration = Duration::from_micros(160);
/// The time that such a look takes for each client. With many clients it is made only after that
/// time has passed.
const LOOK_COST: Duration = Duration::from_micros(5);

impl Server {
    /// Waits until `fact` gives a value.
    ///
    /// The fact is looked at whenever something may have changed. The wait gives up only when the
    /// fact cannot come true any more: when the server has ended, is idle, or repeats the same
    /// calls. It never waits for a fixed time.
    ///
    /// # Errors
    /// [`WaitError`] says why the fact will not come true.
    pub fn wait_for<T>(
        &mut self,
        mut fact: impl FnMut(&mut Server) -> Result<Option<T>, Unobservable>,
    ) -> Result<T, WaitError> {
        let mut state = WaitState::new(self.timeout);
        let mut pause = SHORTEST_PAUSE;
        let worthwhile = Instant::now() + LOOK_COST * self.clients.len() as u32;
        loop {
            let has_event = self.poll_events()?;
            let looked = Instant::now();
            if let Some(value) = fact(self)? {
                return Ok(value);
            }
            let now = Instant::now();
            let cost = now - looked;
            let due = pause >= LOOK_AFTER && now >= worthwhile || now >= state.deadline;
            if (due || self.exit.is_some())
                && let Some(error) = self.reason_to_give_up(&mut state)?
            {
                // What has happened up to now may not have been read yet: read it, and look once
                // more.
                self.catch_up()?;
                return fact(self)?.ok_or(error);
            }
            pause = if has_event { SHORTEST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
            self.wait_for_event(pause);
            if has_event && cost > LONGEST_PAUSE {
                self.drain(cost)?;
            }
        }
    }

    /// Reads events for as long as one look at the fact took. An expensive look is not repeated for
    /// every line that the server logs.
    fn drain(&mut self, cost: Duration) -> Result<(), Unobservable> {
        let begun = Instant::now();
        while begun.elapsed() < cost && self.exit.is_none() {
            if !self.poll_events()? {
                self.wait_for_event(LONGEST_PAUSE);
            }
        }
        Ok(())
    }

    /// Waits until the server is idle, and answers the calls that its threads sleep in.
    ///
    /// # Errors
    /// [`WaitError`] for every other way in which its activity ends.
    pub fn wait_idle(&mut self) -> Result<Vec<Call>, WaitError> {
        match self.wait_for(|_| Ok(None)) {
            Err(WaitError::Idle { calls }) => Ok(calls),
            other => other,
        }
    }

    /// Waits until the server is asleep and everything that was sent to it has been delivered. A
    /// server with a timer may go on by itself; `wait_idle` waits for that, too.
    ///
    /// # Errors
    /// [`WaitError`] for every other way in which its activity ends.
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
    /// [`WaitError`] when it never will.
    pub fn wait_listening(&mut self, port: u16) -> Result<(), WaitError> {
        let (address, process) = self.wait_for(|now| match &now.exit {
            Some(_) => Ok(None),
            None => now.find_listener(port),
        })?;
        self.sockets.clear(); // they may be of another address family
        (self.address, self.listener) = (Some(address), Some(process));
        Ok(())
    }

    /// Why nothing more will happen; `None` while something may.
    fn reason_to_give_up(&mut self, state: &mut WaitState) -> Result<Option<WaitError>, WaitError> {
        if let Some(exit) = &self.exit {
            return Ok(Some(WaitError::Ended(exit.clone())));
        }
        let error = self.reason_while_running(state)?;
        // A server that exceeds a limit is about to be ended, and the limit will be the reason.
        Ok(error.filter(|_| self.sandbox.limit_exceeded().is_none()))
    }

    /// Why nothing more will happen although the server runs; `None` while something may.
    fn reason_while_running(&mut self, state: &mut WaitState) -> Result<Option<WaitError>, WaitError> {
        let threads = self.all_threads()?;
        let done = match self.activity(&threads)? {
            Activity::Idle => {
                let read = self.clients.iter().map(Client::bytes_read).sum();
                state.settled.has_lasted(&threads, read)
            }
            Activity::Timed => state.timer_wakeups.have_passed(&threads),
            Activity::Busy => {
                // A server may be repeating calls for something that is still on its way.
                if self.all_delivered()?
                    && let Some(sample) = self.spinning(state, &threads)
                {
                    return Ok(Some(WaitError::Spinning(sample)));
                }
                false
            }
        };
        if done {
            return Ok(Some(WaitError::Idle { calls: calls(&threads) }));
        }
        let late = state.is_over(&threads)?;
        Ok(late.then(|| WaitError::TimedOut { after: self.timeout, doing: doing(&threads) }))
    }

    /// How active the server is, by threads that were looked at `before`.
    ///
    /// Threads that slept before, during and after a moment at which everything had been delivered
    /// will not be woken by any of it.
    fn activity(&mut self, before: &[(Process, Thread)]) -> Result<Activity, Unobservable> {
        let asleep = |(_, thread): &(Process, Thread)| !thread.is_running();
        // Once the program itself is gone, its end is about to be reported.
        let runs =
            |(process, thread): &(Process, Thread)| *process == self.program && !thread.zombie;
        let all = before.iter().any(runs) && before.iter().all(asleep);
        if !all || !self.all_delivered()? || self.all_threads()? != before {
            return Ok(Activity::Busy);
        }
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

    /// Whether everything that was sent to the server has been delivered.
    pub(super) fn all_delivered(&mut self) -> Result<bool, Unobservable> {
        if self.faults.as_ref().is_some_and(FaultSupervisor::has_waiting_call) {
            return Ok(false);
        }
        let Some(table) = &self.table else { return Ok(true) };
        let mut all = true;
        let mut sockets = table.connections(self.clients.iter()).map_err(table_unobservable)?.into_iter();
        self.clients.retain(|client| {
            let socket = sockets.next().flatten();
            let arrived = is_delivered(client, socket.as_ref());
            all &= arrived;
            // A client that has left, and whose connection the server has closed, brings nothing
            // more.
            let held = socket.is_some_and(|socket| socket.inode != 0);
            client.closed_by().is_none() || held || !arrived
        });
        Ok(all)
    }

    /// A sample of its calls, if it repeats the same calls.
    fn spinning(
        &mut self,
        state: &mut WaitState,
        threads: &[(Process, Thread)],
    ) -> Option<SyscallSample> {
        // What a program does before it listens is not judged.
        self.listener?;
        let allowed = if self.history.spins() { SMALL_CPU_BUDGET } else { CPU_BUDGET };
        let (process, suspect) = state.cpu_budget.thread_to_sample(threads, allowed, self.log.kept())?;
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

/// Whether everything that `client` has done so far has reached the server's socket. Reading counts
/// as well: it makes room for what the server has written.
fn is_delivered(client: &Client, socket: Option<&Socket>) -> bool {
    let Some(socket) = socket else { return true };
    match (socket.state, client.closed_by()) {
        (State::SynReceived, _) => false,
        (State::TimeWait, _) => true,
        (_, Some(ClosedBy::Rst)) => false,
        (State::Established, Some(ClosedBy::Fin)) => false,
        _ => {
            (client.in_flight(socket.received) == 0 || client.is_send_blocked()) && answers_delivered(client, socket)
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
