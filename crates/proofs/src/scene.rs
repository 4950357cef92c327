//! A scene: one fresh server, the clients that come and go, and the story of it.
//!
//! Everything that a check does goes through here, so that when it fails, the steps that led there
//! are already written down.

use crate::events::{Event, is_contract};
use crate::fall::Fall;
use crate::tables;
use crate::turn::Turn;
use crate::{Fault, Proof, Subject};
use course::report::{Cause, Step};
use witness::{Client, Exit, Gate, Launch, Line, Server, Strobe, Stuck, Tier, Unseen};

/// What a check is given: the program, and the proof's defaults.
pub(crate) struct Stage<'a> {
    pub(crate) proof: &'a Proof,
    pub(crate) subject: &'a Subject,
}

/// One server and its clients.
pub(crate) struct Scene {
    pub(crate) server: Server,
    pub(crate) port: u16,
    pub(crate) capacity: usize,
    pub(crate) guests: Vec<Guest>,
    steps: Vec<(String, usize)>,
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
        Ok(scene)
    }

    /// A server that was just started.
    pub(crate) fn launch(&self, capacity: usize, gate: Gate) -> Result<Scene, Fall> {
        let (port, capacity) = (self.port(), self.capacity(capacity));
        let tier = self.subject.tier.unwrap_or_else(Tier::here);
        let turn = if tier == Tier::Plain { Some(Turn::at(port)?) } else { None };
        let (program, arguments) =
            self.subject.command.split_first().ok_or(Fault("no command".into()))?;
        let server = Launch::new(program)
            .args(arguments)
            .env("PORT", port.to_string())
            .env("MAX_CLIENTS", capacity.to_string())
            .current_dir(&self.subject.directory)
            .gate(gate)
            .tier(tier)
            .timeout(self.subject.timeout)
            .start()?;
        let started = format!("started with PORT={port} MAX_CLIENTS={capacity}");
        let steps = vec![(started, 0)];
        Ok(Scene { server, port, capacity, guests: Vec::new(), steps, _turn: turn })
    }
}

impl Scene {
    /// Waits until the server listens where it should.
    pub(crate) fn until_listening(&mut self) -> Result<(), Fall> {
        let Err(stuck) = self.server.until_listening(self.port) else { return Ok(()) };
        let port = self.port;
        if self.server.tier() == Tier::Plain && self.server.is_in_time_wait(port)? {
            let text =
                "connections of an earlier run are in TIME_WAIT on the port; try again in a minute";
            return Err(Fall::Unseen(text.to_owned()));
        }
        let summary = self.why_not_listening(&stuck)?;
        let expected = format!("a LISTEN socket on port {port}");
        let observed = stuck.to_string();
        Err(self.fail(
            stuck,
            Blame { id: "not-listening", summary, expected, observed, ..Blame::default() },
        ))
    }

    fn why_not_listening(&self, stuck: &Stuck) -> Result<String, Unseen> {
        let nothing = format!("Nothing listens on {}", self.port);
        if let Stuck::Ended(Exit::Status(0)) = stuck
            && let Some(left) = self.server.processes()?.first()
        {
            return Ok(format!(
                "The program ended at once and left {} running behind it: a server under proof \
                 stays in the foreground.",
                left.name()
            ));
        }
        let ports: Vec<_> =
            self.server.listeners()?.iter().map(|it| it.local.port().to_string()).collect();
        Ok(match (stuck, ports.join(", ")) {
            (Stuck::Ended(exit), _) => format!("{nothing}: the server {exit}."),
            (Stuck::Quiet { .. }, ports) if !ports.is_empty() => {
                format!("{nothing}: the server listens on {ports} instead.")
            }
            (Stuck::Quiet { calls }, _) => {
                let call = calls.first().map_or("no call", |call| call.name());
                format!("{nothing}: the server is asleep in {call}.")
            }
            (other, _) => format!("{nothing}: {other}."),
        })
    }

    /// Writes down what is about to happen.
    pub(crate) fn step(&mut self, text: impl Into<String>) {
        self.steps.push((text.into(), self.server.log().len()));
    }

    /// A new client connects. What comes of it is the check's to see.
    pub(crate) fn connect(&mut self) -> Result<Guest, Fall> {
        let name = name(self.guests.len());
        self.step(format!("{name} connected"));
        let client = self.server.connect().map_err(|error| self.no_connection(&name, &error))?;
        let guest = Guest { name, client };
        self.guests.push(guest.clone());
        Ok(guest)
    }

    /// The failure of a server that no client can connect to.
    pub(crate) fn no_connection(&mut self, name: &str, error: &std::io::Error) -> Fall {
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

    /// A new client connects, and the server takes it: the kernel shows a descriptor for it.
    pub(crate) fn admit(&mut self) -> Result<(Guest, i32), Fall> {
        let guest = self.connect()?;
        let client = guest.client.clone();
        match self.server.until(|now| now.descriptor_of(&client)) {
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
        let blame = Blame {
            id: "not-accepted",
            summary: format!("{name} connected, and {what}."),
            expected: format!("{name} is accepted, and [ACCEPT] names its descriptor"),
            observed,
            ..Blame::default()
        };
        self.fail(stuck, blame).blocks("slots")
    }

    /// Waits for a log line that follows the last step.
    pub(crate) fn logged<T>(&mut self, wanted: impl Fn(&Event) -> Option<T>) -> Result<T, Stuck> {
        let from = self.steps.last().map_or(0, |(_, at)| *at);
        self.server.until(|now| {
            let mut events = now.log()[from..].iter().filter_map(Event::of);
            Ok(events.find_map(|event| wanted(&event)))
        })
    }

    /// Waits until no descriptor is left for a client, and the server has taken it well.
    pub(crate) fn released(&mut self, guest: &Guest) -> Result<(), Stuck> {
        let client = guest.client.clone();
        self.server.until(|now| Ok(now.descriptor_of(&client)?.is_none().then_some(())))?;
        self.still_runs()
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
        let from = self.steps.last().map_or(0, |(_, at)| *at);
        let said: Vec<_> = contract_lines(&self.server.log()[from..]);
        if said.is_empty() { "nothing was logged".to_owned() } else { said.join(" · ") }
    }

    /// The failure of this scene, with its story and the kernel's tables as they are now.
    pub(crate) fn fail(&mut self, stuck: Stuck, blame: Blame) -> Fall {
        if let Stuck::Unseen(unseen) = stuck {
            return unseen.into();
        }
        if let Stuck::Ended(Exit::NotExecuted(_)) = stuck {
            let what = "check that it is a program of this machine, or name its interpreter first";
            return Fall::Fault(Fault(format!("the command {}; {what}", strip(&stuck))));
        }
        self.step(ending(&stuck));
        let mut cause = Cause {
            id: blame.id.to_owned(),
            mistake: blame.mistake.map(str::to_owned),
            summary: blame.summary,
            steps: self.story(),
            expected: blame.expected,
            observed: blame.observed,
            evidence: tables::of(self, &stuck),
            replay: String::new(),
        };
        if let Stuck::Ended(exit) = &stuck {
            explain_end(&mut cause, exit, &self.server.stderr());
        }
        Fall::Failed(Box::new(cause))
    }

    /// The failure of a server that was asked nothing more: what it shows is wrong already.
    pub(crate) fn refute(&mut self, blame: Blame) -> Fall {
        // Where it rests tells the reader more than where it happened to be.
        let stuck = match self.server.until_quiet() {
            Ok(calls) => Stuck::Quiet { calls },
            Err(stuck) => stuck,
        };
        self.fail(stuck, blame)
    }

    fn story(&self) -> Vec<Step> {
        let log = self.server.log();
        let ends = self.steps.iter().skip(1).map(|(_, at)| *at).chain([log.len()]);
        let told = self.steps.iter().zip(ends);
        told.map(|((did, from), to)| Step {
            did: did.clone(),
            logged: contract_lines(&log[*from..to]),
        })
        .collect()
    }
}

/// The longest that a story quotes one step's lines.
const QUOTED: usize = 4;

fn contract_lines(lines: &[Line]) -> Vec<String> {
    lines
        .iter()
        .filter(|line| is_contract(line))
        .take(QUOTED)
        .map(|line| line.text.clone())
        .collect()
}

/// How the story ends.
fn ending(stuck: &Stuck) -> String {
    match stuck {
        Stuck::Quiet { calls } => match calls.first() {
            Some(call) => format!("the server went quiet in {}", call.name()),
            None => "the server went quiet".to_owned(),
        },
        Stuck::Spinning(strobe) => format!("the server never slept: {strobe}, over and over"),
        other => other.to_string(),
    }
}

fn strip(stuck: &Stuck) -> String {
    stuck.to_string().replacen("the server ", "", 1)
}

/// A server that ended explains itself on standard error: a task still to do, or its last words.
fn explain_end(cause: &mut Cause, exit: &Exit, stderr: &str) {
    if let Some(task) = todo(stderr) {
        cause.id = "todo".to_owned();
        cause.mistake = None;
        cause.summary = format!("The server stopped at a task that is still to do: {task}");
        return;
    }
    // A check tells what it missed; what is to be told is the end, and what led to it.
    if let [.., step, _] = cause.steps.as_slice()
        && cause.id != "not-listening"
        && !cause.summary.starts_with("The server ended")
    {
        cause.summary = format!("The server {exit} when {}.", step.did);
    }
    let words: Vec<_> = stderr.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = words.iter().rev().find(|line| !line.starts_with("note: run with"));
    cause.observed = match last {
        Some(line) => format!("the server {exit}, and its last words were: {line}"),
        None => format!("the server {exit}, without a word"),
    };
}

/// `Task 2: accept the client … (src/server.rs:41)` of a panic at a todo!.
fn todo(stderr: &str) -> Option<String> {
    let (before, after) = stderr.split_once("not yet implemented: ")?;
    let task = after.lines().next()?;
    let place = before.lines().last()?.rsplit_once("panicked at ")?.1;
    let mut parts = place.trim_end_matches(':').rsplitn(2, ':');
    let (_column, place) = (parts.next()?, parts.next()?);
    let place = place.rfind("src/").map_or(place, |at| &place[at..]);
    Some(format!("{task} ({place})"))
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
