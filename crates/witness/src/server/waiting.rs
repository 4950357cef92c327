//! Waiting for facts, and knowing when they will not come true.
//!
//! A server that is asleep, to which everything that was sent has been delivered, will do nothing
//! more: delivery itself is what wakes a thread. What it has sent may still be on its way, though:
//! that has to arrive, too, where somebody waits for it. So a wait ends when its fact holds or when the
//! server rests, and a wrong server is told so as fast as a right one.

use super::Server;
use super::observe::unseen_table;
use super::wait_state::{CPU_BUDGET, SMALL_CPU_BUDGET, WaitState};
use crate::client::{Client, ClosedBy};
use crate::fault_injector::FaultSupervisor;
use crate::sleep::{self, Sleep};
use crate::sockets::{Socket, State};
use crate::syscall_sample::SyscallSample;
use crate::wait_error::{WaitError, doing};
use sandbox::{Call, Process, Thread, Unobservable};
use std::time::{Duration, Instant};

/// The pauses between two looks at a fact that nothing announces.
const SHORTEST: Duration = Duration::from_micros(40);
const LONGEST: Duration = Duration::from_millis(1);
/// A fact that is still on its way after pauses this long deserves a look at the whole server.
const PATIENCE: Duration = Duration::from_micros(160);
/// What that look takes for each client: a crowd's is not worth it before as much time has passed.
const LOOK: Duration = Duration::from_micros(5);

impl Server {
    /// Waits until `fact` gives a value.
    ///
    /// A fact is looked at when something may have changed, and given up only when it cannot come
    /// true any more: when the server has ended, is asleep with nothing left for it in the kernel,
    /// or spins. No fixed time is ever waited.
    ///
    /// # Errors
    /// [`WaitError`] says why it will not come true.
    pub fn wait_for<T>(
        &mut self,
        mut fact: impl FnMut(&mut Server) -> Result<Option<T>, Unobservable>,
    ) -> Result<T, WaitError> {
        let mut state = WaitState::new(self.timeout);
        let mut pause = SHORTEST;
        let worthwhile = Instant::now() + LOOK * self.clients.len() as u32;
        loop {
            let news = self.poll_events()?;
            let looked = Instant::now();
            if let Some(value) = fact(self)? {
                return Ok(value);
            }
            let now = Instant::now();
            let cost = now - looked;
            let due = pause >= PATIENCE && now >= worthwhile || now >= state.deadline;
            if (due || self.exit.is_some())
                && let Some(stuck) = self.why_nothing_more(&mut state)?
            {
                // What happened up to now is on its way to us: take it in, and look once more.
                self.catch_up()?;
                return fact(self)?.ok_or(stuck);
            }
            pause = if news { SHORTEST } else { (pause * 2).min(LONGEST) };
            self.wait_for_news(pause);
            if news && cost > LONGEST {
                self.drain(cost)?;
            }
        }
    }

    /// Takes in what comes for as long as a look at the fact took: one that is dear is not taken for
    /// every line that a talkative server writes.
    fn drain(&mut self, cost: Duration) -> Result<(), Unobservable> {
        let begun = Instant::now();
        while begun.elapsed() < cost && self.exit.is_none() {
            if !self.poll_events()? {
                self.wait_for_news(LONGEST);
            }
        }
        Ok(())
    }

    /// Waits until the server is asleep with nothing left for it to do, and says in which calls.
    ///
    /// # Errors
    /// [`WaitError`], for every other way in which its activity ends.
    pub fn wait_idle(&mut self) -> Result<Vec<Call>, WaitError> {
        match self.wait_for(|_| Ok(None)) {
            Err(WaitError::Idle { calls }) => Ok(calls),
            other => other,
        }
    }

    /// Waits until the server is asleep and all that was sent to it has been delivered. One that
    /// wakes by the clock as well may go on by itself; `wait_idle` waits for that too.
    ///
    /// # Errors
    /// [`WaitError`], for every other way in which its activity ends.
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

    /// Waits until the program, or a process that it has started, listens on `port`.
    /// Nobody connects to find out.
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

    /// Why nothing more will happen, if nothing will.
    fn why_nothing_more(&mut self, state: &mut WaitState) -> Result<Option<WaitError>, WaitError> {
        if let Some(exit) = &self.exit {
            return Ok(Some(WaitError::Ended(exit.clone())));
        }
        let stuck = self.why_it_stays_so(state)?;
        // Who is over a limit is about to be ended, and that will be why.
        Ok(stuck.filter(|_| self.sandbox.limit_exceeded().is_none()))
    }

    /// Why nothing more will happen although the server runs, if nothing will.
    fn why_it_stays_so(&mut self, state: &mut WaitState) -> Result<Option<WaitError>, WaitError> {
        let threads = self.all_threads()?;
        let done = match self.activity(&threads)? {
            Activity::Idle => {
                let read = self.clients.iter().map(Client::bytes_read).sum();
                state.settled.has_lasted(&threads, read)
            }
            Activity::Timed => state.timer_wakeups.have_passed(&threads),
            Activity::Busy => {
                // What is still on its way may be what it goes round for.
                if self.all_delivered()?
                    && let Some(strobe) = self.spinning(state, &threads)
                {
                    return Ok(Some(WaitError::Spinning(strobe)));
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

    /// Whether the server is asleep, with all that was sent to it delivered.
    ///
    /// Threads that slept before, during and after a moment at which everything had been delivered
    /// will not be woken by any of it.
    fn activity(&mut self, before: &[(Process, Thread)]) -> Result<Activity, Unobservable> {
        let asleep = |(_, thread): &(Process, Thread)| !thread.is_running();
        // Once the program itself is gone, its end is about to be announced.
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

    /// Whether nothing is on its way to the server.
    pub(super) fn all_delivered(&mut self) -> Result<bool, Unobservable> {
        if self.faults.as_ref().is_some_and(FaultSupervisor::has_waiting_call) {
            return Ok(false);
        }
        let Some(table) = &self.table else { return Ok(true) };
        let mut all = true;
        let mut sockets = table.connections(self.clients.iter()).map_err(unseen_table)?.into_iter();
        self.clients.retain(|client| {
            let socket = sockets.next().flatten();
            let arrived = is_delivered(client, socket.as_ref());
            all &= arrived;
            // Nothing more can come of a client that has left and that the server has let go.
            let held = socket.is_some_and(|socket| socket.inode != 0);
            client.left().is_none() || held || !arrived
        });
        Ok(all)
    }

    /// A glimpse of what it does, if it goes round and round.
    fn spinning(
        &mut self,
        state: &mut WaitState,
        threads: &[(Process, Thread)],
    ) -> Option<SyscallSample> {
        // What a program does before it listens is its own affair.
        self.listener?;
        let allowed = if self.history.spins() { SMALL_CPU_BUDGET } else { CPU_BUDGET };
        let (process, suspect) = state.cpu_budget.suspect(threads, allowed, self.log.kept())?;
        let strobe = SyscallSample::of(process, &suspect, &mut self.tracer);
        let spins = strobe.is_spinning();
        if spins {
            self.history.spun();
        }
        spins.then_some(strobe)
    }
}

/// How far a server is from doing anything.
enum Activity {
    /// Something runs, or is on its way.
    Busy,
    /// Asleep, and will go on by itself.
    Timed,
    /// Asleep until an event, and none is on its way.
    Idle,
}

/// Whether all that `client` has done so far has reached the server's socket. To read is to do
/// something, too: it makes room for what the server has written.
fn is_delivered(client: &Client, socket: Option<&Socket>) -> bool {
    let Some(socket) = socket else { return true };
    match (socket.state, client.left()) {
        (State::SynReceived, _) => false,
        (State::TimeWait, _) => true,
        (_, Some(ClosedBy::Reset)) => false,
        (State::Established, Some(ClosedBy::Finished)) => false,
        _ => {
            (client.in_flight(socket.received) == 0 || client.held_up()) && is_heard(client, socket)
        }
    }
}

/// Whether all that the server has sent to `client` has reached it, or waits because it does not
/// read.
fn is_heard(client: &Client, socket: &Socket) -> bool {
    socket.unacknowledged == 0 || !client.is_listening()
}

fn calls(threads: &[(Process, Thread)]) -> Vec<Call> {
    threads.iter().filter_map(|(_, thread)| thread.call).collect()
}
