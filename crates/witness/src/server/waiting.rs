//! Waiting for facts, and knowing when they will not come true.
//!
//! A server that is asleep, to which everything that was sent has been delivered, will do nothing
//! more: delivery itself is what wakes a thread. What it has sent may still be on its way, though:
//! that has to arrive, too, where somebody waits for it. So a wait ends when its fact holds or when the
//! server rests, and a wrong server is told so as fast as a right one.

use super::Server;
use super::view::unseen_table;
use super::vigil::{EFFORT, TRIFLE, Vigil};
use crate::client::{Client, Left};
use crate::gate::Gatekeeper;
use crate::process::{Process, Thread};
use crate::sleep::Sleep;
use crate::sockets::{Socket, State};
use crate::strobe::Strobe;
use crate::stuck::{Stuck, doing};
use crate::syscalls::Call;
use crate::unseen::Unseen;
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
    /// [`Stuck`] says why it will not come true.
    pub fn until<T>(
        &mut self,
        mut fact: impl FnMut(&mut Server) -> Result<Option<T>, Unseen>,
    ) -> Result<T, Stuck> {
        let mut vigil = Vigil::new(self.timeout);
        let mut pause = SHORTEST;
        let worthwhile = Instant::now() + LOOK * self.clients.len() as u32;
        loop {
            let news = self.pump()?;
            let looked = Instant::now();
            if let Some(value) = fact(self)? {
                return Ok(value);
            }
            let now = Instant::now();
            let cost = now - looked;
            let due = pause >= PATIENCE && now >= worthwhile || now >= vigil.deadline;
            if (due || self.exit.is_some())
                && let Some(stuck) = self.stuck(&mut vigil)?
            {
                // What happened up to now is on its way to us: take it in, and look once more.
                self.catch_up()?;
                return fact(self)?.ok_or(stuck);
            }
            pause = if news { SHORTEST } else { (pause * 2).min(LONGEST) };
            self.wait_for_news(pause);
            if news && cost > LONGEST {
                self.hear_out(cost)?;
            }
        }
    }

    /// Takes in what comes for as long as a look at the fact took: one that is dear is not taken for
    /// every line that a talkative server writes.
    fn hear_out(&mut self, cost: Duration) -> Result<(), Unseen> {
        let begun = Instant::now();
        while begun.elapsed() < cost && self.exit.is_none() {
            if !self.pump()? {
                self.wait_for_news(LONGEST);
            }
        }
        Ok(())
    }

    /// Waits until the server is asleep with nothing left for it to do, and says in which calls.
    ///
    /// # Errors
    /// [`Stuck`], for every other way in which its activity ends.
    pub fn until_quiet(&mut self) -> Result<Vec<Call>, Stuck> {
        match self.until(|_| Ok(None)) {
            Err(Stuck::Quiet { calls }) => Ok(calls),
            other => other,
        }
    }

    /// Waits until the server is asleep and all that was sent to it has been delivered. One that
    /// wakes by the clock as well may go on by itself; `until_quiet` waits for that too.
    ///
    /// # Errors
    /// [`Stuck`], for every other way in which its activity ends.
    pub fn until_resting(&mut self) -> Result<Vec<Call>, Stuck> {
        let resting = self.until(|now| {
            let threads = now.all_threads()?;
            Ok(match now.rest(&threads)? {
                Rest::Awake => None,
                Rest::Dozing | Rest::Asleep => Some(calls(&threads)),
            })
        });
        match resting {
            Err(Stuck::Quiet { calls }) => Ok(calls),
            other => other,
        }
    }

    /// Waits until the program, or a process that it has started, listens on `port`.
    /// Nobody connects to find out.
    ///
    /// # Errors
    /// [`Stuck`] when it never will.
    pub fn until_listening(&mut self, port: u16) -> Result<(), Stuck> {
        let (address, process) = self.until(|now| match &now.exit {
            Some(_) => Ok(None),
            None => now.find_listener(port),
        })?;
        self.sockets.clear(); // they may be of another address family
        (self.address, self.listener) = (Some(address), Some(process));
        Ok(())
    }

    /// Why nothing more will happen, if nothing will.
    fn stuck(&mut self, vigil: &mut Vigil) -> Result<Option<Stuck>, Stuck> {
        if let Some(exit) = &self.exit {
            return Ok(Some(Stuck::Ended(exit.clone())));
        }
        let stuck = self.at_a_standstill(vigil)?;
        // Who is over a limit is about to be ended, and that will be why.
        Ok(stuck.filter(|_| self.quarters.over().is_none()))
    }

    /// Why nothing more will happen although the server runs, if nothing will.
    fn at_a_standstill(&mut self, vigil: &mut Vigil) -> Result<Option<Stuck>, Stuck> {
        let threads = self.all_threads()?;
        let done = match self.rest(&threads)? {
            Rest::Asleep => {
                let read = self.clients.iter().map(Client::bytes_read).sum();
                vigil.calm.has_lasted(&threads, read)
            }
            Rest::Dozing => vigil.naps.have_passed(&threads),
            Rest::Awake => {
                // What is still on its way may be what it goes round for.
                if self.all_delivered()?
                    && let Some(strobe) = self.spinning(vigil, &threads)
                {
                    return Ok(Some(Stuck::Spinning(strobe)));
                }
                false
            }
        };
        if done {
            return Ok(Some(Stuck::Quiet { calls: calls(&threads) }));
        }
        let late = vigil.is_over(&threads)?;
        Ok(late.then(|| Stuck::TimedOut { after: self.timeout, doing: doing(&threads) }))
    }

    /// Whether the server is asleep, with all that was sent to it delivered.
    ///
    /// Threads that slept before, during and after a moment at which everything had been delivered
    /// will not be woken by any of it.
    fn rest(&mut self, before: &[(Process, Thread)]) -> Result<Rest, Unseen> {
        let asleep = |(_, thread): &(Process, Thread)| !thread.is_running();
        // Once the program itself is gone, its end is about to be announced.
        let runs =
            |(process, thread): &(Process, Thread)| *process == self.program && !thread.zombie;
        let all = before.iter().any(runs) && before.iter().all(asleep);
        if !all || !self.all_delivered()? || self.all_threads()? != before {
            return Ok(Rest::Awake);
        }
        let sleep = |(process, thread): &(Process, Thread)| Some(thread.call?.sleep(*process));
        let mut rest = Rest::Asleep;
        for sleep in before.iter().filter_map(sleep) {
            match sleep {
                Sleep::UntilEvent => {}
                Sleep::AtMost(_) => rest = Rest::Dozing,
                Sleep::Brief => return Ok(Rest::Awake),
            }
        }
        Ok(rest)
    }

    /// Whether nothing is on its way to the server.
    pub(super) fn all_delivered(&mut self) -> Result<bool, Unseen> {
        if self.gate.as_ref().is_some_and(Gatekeeper::is_asked) {
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
    fn spinning(&mut self, vigil: &mut Vigil, threads: &[(Process, Thread)]) -> Option<Strobe> {
        // What a program does before it listens is its own affair.
        self.listener?;
        let allowed = if self.repute.spins() { TRIFLE } else { EFFORT };
        let (process, suspect) = vigil.effort.suspect(threads, allowed, self.log.kept())?;
        let strobe = Strobe::of(process, &suspect, &mut self.tracer);
        let spins = strobe.is_spinning();
        if spins {
            self.repute.spun();
        }
        spins.then_some(strobe)
    }
}

/// How far a server is from doing anything.
enum Rest {
    /// Something runs, or is on its way.
    Awake,
    /// Asleep, and will go on by itself.
    Dozing,
    /// Asleep until an event, and none is on its way.
    Asleep,
}

/// Whether all that `client` has done so far has reached the server's socket. To read is to do
/// something, too: it makes room for what the server has written.
fn is_delivered(client: &Client, socket: Option<&Socket>) -> bool {
    let Some(socket) = socket else { return true };
    match (socket.state, client.left()) {
        (State::SynReceived, _) => false,
        (State::TimeWait, _) => true,
        (_, Some(Left::Reset)) => false,
        (State::Established, Some(Left::Finished)) => false,
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
