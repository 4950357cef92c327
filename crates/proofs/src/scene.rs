//! A scene: one fresh server, the clients that come and go, and the story of it.
//!
//! Everything that a check does goes through here, so that when it fails, the steps that led there
//! are already written down.

mod failing;
mod listening;

use crate::events::Event;
use crate::fall::Fall;
use crate::turn::Turn;
use crate::{Fault, Proof, Subject};
use std::io;
use witness::{Client, Gate, Launch, Repute, Server, Strobe, Stuck, Tier};

/// What a check is given: the program, and the proof's defaults.
pub(crate) struct Stage<'a> {
    pub(crate) proof: &'static Proof,
    pub(crate) subject: &'a Subject,
    /// What its scenes have shown of the program.
    pub(crate) repute: Repute,
}

/// No more clients connect at a time.
pub(crate) const WAVE: usize = 20;

/// One server and its clients.
pub(crate) struct Scene {
    pub(crate) server: Server,
    pub(crate) port: u16,
    pub(crate) capacity: usize,
    pub(crate) guests: Vec<Guest>,
    steps: Vec<(String, usize)>,
    proof: &'static Proof,
    /// Given back after the server is gone: fields are dropped in their order.
    _turn: Option<Turn>,
}

/// A client with a name.
#[derive(Clone)]
pub(crate) struct Guest {
    pub(crate) name: String,
    pub(crate) client: Client,
}

/// What is said of a server that fails; what was seen of it is added by the scene.
#[derive(Default)]
pub(crate) struct Blame {
    /// A short name that stays the same.
    pub(crate) id: &'static str,
    /// The lesson's Common Mistakes row.
    pub(crate) mistake: Option<&'static str>,
    pub(crate) summary: String,
    pub(crate) expected: String,
    pub(crate) observed: String,
}

impl Stage<'_> {
    /// The same program, of which something else is known or wanted.
    pub(crate) fn of<'b>(&self, subject: &'b Subject) -> Stage<'b> {
        Stage { proof: self.proof, subject, repute: self.repute.clone() }
    }

    /// The port that the server listens on.
    pub(crate) fn port(&self) -> u16 {
        self.subject.port.unwrap_or(self.proof.port)
    }

    /// The slots that the server has, where the check would like `wanted` of them.
    pub(crate) fn capacity(&self, wanted: usize) -> usize {
        self.subject.capacity.unwrap_or(wanted)
    }

    /// A server that listens, with the lesson's own capacity.
    pub(crate) fn open(&self) -> Result<Scene, Fall> {
        self.open_with(self.proof.capacity, Gate::default())
    }

    /// A server that listens, with `capacity` slots if it can be told, and its calls through `gate`.
    pub(crate) fn open_with(&self, capacity: usize, gate: Gate) -> Result<Scene, Fall> {
        let mut scene = self.launch(capacity, gate)?;
        scene.until_listening().map_err(|fall| fall.blocks("starts"))?;
        // It listens before it says so: let the story begin with what it says.
        let _ = scene.server.until(|now| Ok((!now.log().is_empty()).then_some(())));
        Ok(scene)
    }

    /// A server that was just started.
    pub(crate) fn launch(&self, capacity: usize, gate: Gate) -> Result<Scene, Fall> {
        self.launch_with(capacity, gate, None)
    }

    /// A server that was just started, with REQUIREPASS set to `password` if there is one.
    pub(crate) fn launch_with(
        &self,
        capacity: usize,
        gate: Gate,
        password: Option<&str>,
    ) -> Result<Scene, Fall> {
        let (port, capacity) = (self.port(), self.capacity(capacity));
        let tier = self.subject.tier.unwrap_or_else(Tier::here);
        let turn = if tier.shares_ports() { Some(Turn::at(port)?) } else { None };
        let (program, arguments) =
            self.subject.command.split_first().ok_or(Fault("no command".into()))?;
        let mut launch = Launch::new(program)
            .args(arguments)
            .env("PORT", port.to_string())
            .env_remove("REQUIREPASS")
            .current_dir(&self.subject.directory)
            .gate(gate)
            .tier(tier)
            .timeout(self.subject.timeout)
            .repute(self.repute.clone());
        let mut started = format!("started with PORT={port}");
        if let Some(confinement) = &self.subject.confinement {
            launch = launch.confined(confinement.clone());
        }
        if self.proof.capacity > 0 {
            launch = launch.env("MAX_CLIENTS", capacity.to_string());
            started += &format!(" MAX_CLIENTS={capacity}");
        }
        if let Some(password) = password {
            launch = launch.env("REQUIREPASS", password);
            started += &format!(" REQUIREPASS={password}");
        }
        let server = launch.start()?;
        let steps = vec![(started, 0)];
        let (guests, proof) = (Vec::new(), self.proof);
        Ok(Scene { server, port, capacity, guests, steps, proof, _turn: turn })
    }
}

impl Scene {
    /// Writes down what is about to happen.
    pub(crate) fn step(&mut self, text: impl Into<String>) {
        // What was said up to here belongs to the steps before. If it cannot be had, the story
        // tells it one step late, and nothing else changes.
        let _ = self.server.catch_up();
        self.steps.push((text.into(), self.server.log().len()));
    }

    /// How many steps there are so far.
    pub(crate) fn steps(&self) -> usize {
        self.steps.len()
    }

    /// Tells the last step in other words, now that its outcome is known.
    pub(crate) fn retell(&mut self, text: impl Into<String>) {
        if let Some((told, _)) = self.steps.last_mut() {
            *told = text.into();
        }
    }

    /// Tells the steps from number `from` on as one.
    pub(crate) fn sum_up(&mut self, from: usize, text: impl Into<String>) {
        if from + 1 < self.steps.len() {
            self.steps.truncate(from + 1);
            self.retell(text);
        }
    }

    /// Whether the lesson has its servers log every client that comes and goes.
    pub(crate) fn keeps_log(&self) -> bool {
        self.proof.criteria.iter().any(|criterion| criterion.id == "slots")
    }

    /// Where the log of the last step begins.
    pub(crate) fn log_of_step(&self) -> usize {
        self.steps.last().map_or(0, |(_, at)| *at)
    }

    /// So many clients at a time as the backlog holds while the server is slow (listen(2)).
    pub(crate) fn wave(&self) -> Result<usize, Fall> {
        let backlog = self.server.listener()?.map_or(1, |listener| listener.unacknowledged);
        Ok((backlog as usize).clamp(1, WAVE))
    }

    /// A new client connects. What comes of it is the check's to see.
    pub(crate) fn connect(&mut self) -> Result<Guest, Fall> {
        self.connect_by(Server::connect)
    }

    /// The same, for a client that connects in its own way.
    pub(crate) fn connect_by(
        &mut self,
        way: impl FnOnce(&mut Server) -> io::Result<Client>,
    ) -> Result<Guest, Fall> {
        self.step(format!("{} connected", name(self.guests.len())));
        self.join(way)
    }

    /// A new client connects, one of many that a step has announced.
    pub(crate) fn join(
        &mut self,
        way: impl FnOnce(&mut Server) -> io::Result<Client>,
    ) -> Result<Guest, Fall> {
        let name = name(self.guests.len());
        let client = way(&mut self.server).map_err(|error| self.no_connection(&name, &error))?;
        let guest = Guest { name, client };
        self.guests.push(guest.clone());
        Ok(guest)
    }

    /// The failure of a server that no client can connect to.
    pub(crate) fn no_connection(&mut self, name: &str, error: &std::io::Error) -> Fall {
        // No server takes part in these: there is no way to 127.0.0.1 (connect(2), Linux ip(7)).
        use std::io::ErrorKind::{AddrNotAvailable, NetworkDown, NetworkUnreachable};
        if matches!(error.kind(), AddrNotAvailable | NetworkDown | NetworkUnreachable) {
            let why = "nothing can be connected on this machine; is its loopback interface up?";
            return Fall::Unseen(format!("{why} connect(2): {error}"));
        }
        let observed = format!("connect(2): {error}");
        let doing = self.server.until_quiet().err().unwrap_or(Stuck::Quiet { calls: Vec::new() });
        let blame = Blame {
            id: "no-connection",
            summary: format!("{name} could not connect: {error}."),
            expected: "the connection is made".to_owned(),
            observed,
            ..Blame::default()
        };
        self.fail(doing, blame).blocks("slots")
    }

    /// A new client connects, and the server takes it: the kernel shows a descriptor for it. One that
    /// ends of its first client has not taken it, even if the descriptor was seen for a moment.
    pub(crate) fn admit(&mut self) -> Result<(Guest, i32), Fall> {
        let guest = self.connect()?;
        let client = guest.client.clone();
        let mut taken = self.server.until(|now| now.descriptor_of(&client));
        if self.guests.len() == 1 {
            taken = taken.and_then(|fd| self.still_runs().map(|()| fd));
        }
        match taken {
            Ok(fd) => Ok((guest, fd)),
            Err(stuck) => Err(self.not_taken(&guest, stuck)),
        }
    }

    /// The failure of a server that does not take a client.
    pub(crate) fn not_taken(&mut self, guest: &Guest, stuck: Stuck) -> Fall {
        let waiting = self.server.listener().ok().flatten().map_or(0, |listener| listener.unread);
        let fd = self.server.descriptor_of(&guest.client).ok().flatten();
        let name = &guest.name;
        let (what, observed) = match (guest.client.ended(), waiting, fd) {
            (Some(_), ..) => {
                ("the server closed its connection", format!("{name} reads an end of file"))
            }
            (None, 1.., _) => {
                ("the server never accepted it", format!("{name} is still in the listener's queue"))
            }
            (None, 0, Some(fd)) => (
                "no [ACCEPT] line says so",
                format!("descriptor {fd} is connected to {name}, and {}", self.said()),
            ),
            (None, 0, None) => (
                "the server has no descriptor for it",
                format!("no descriptor is connected to {name}"),
            ),
        };
        let logged = if self.keeps_log() { ", and [ACCEPT] names its descriptor" } else { "" };
        let blame = Blame {
            id: "not-accepted",
            summary: format!("{name} connected, and {what}."),
            expected: format!("{name} is accepted{logged}"),
            observed,
            ..Blame::default()
        };
        self.fail(stuck, blame).blocks("slots")
    }

    /// Waits for a log line that follows the last step.
    pub(crate) fn logged<T>(&mut self, wanted: impl Fn(&Event) -> Option<T>) -> Result<T, Stuck> {
        let from = self.log_of_step();
        self.server.until(|now| {
            let mut events = now.log()[from..].iter().filter_map(Event::of);
            Ok(events.find_map(|event| wanted(&event)))
        })
    }

    /// Waits until no descriptor is left for a client.
    pub(crate) fn let_go(&mut self, guest: &Guest) -> Result<(), Stuck> {
        let client = guest.client.clone();
        self.server.until(|now| Ok(now.descriptor_of(&client)?.is_none().then_some(())))
    }

    /// The same, and that the server has taken it well. A descriptor that was moved while all were
    /// listed is found again once the server rests.
    pub(crate) fn released(&mut self, guest: &Guest) -> Result<(), Stuck> {
        self.let_go(guest)?;
        self.still_runs()?;
        self.let_go(guest)
    }

    /// A server that is about to end closes its descriptors first: waits for the one or the other.
    pub(crate) fn still_runs(&mut self) -> Result<(), Stuck> {
        match self.server.until_resting() {
            Err(stuck @ (Stuck::Ended(_) | Stuck::Unseen(_))) => Err(stuck),
            _ => Ok(()),
        }
    }

    /// What the server said about the last step, for a sentence.
    pub(crate) fn said(&self) -> String {
        let from = self.log_of_step();
        let said: Vec<_> = failing::contract_lines(&self.server.log()[from..]);
        if said.is_empty() { "nothing was logged".to_owned() } else { said.join(" · ") }
    }
}

/// A, B … Z, then C27, C28 …
fn name(index: usize) -> String {
    match u8::try_from(index) {
        Ok(letter @ 0..26) => char::from(b'A' + letter).to_string(),
        _ => format!("C{}", index + 1),
    }
}

/// Whether a glimpse of a spinning server shows a call of this kind.
pub(crate) fn shows(strobe: &Strobe, names: &[&str], value: impl Fn(i64) -> bool) -> bool {
    strobe.calls.iter().any(|(call, result)| names.contains(&call.name()) && value(*result))
}
