//! A server that runs for a person who looks at it: what the kernel and the server's memory have, as
//! rows, and clients that the person controls.

mod client;
mod client_lesson;
mod controls;
mod looking;
mod output;
mod processes;
mod rows;
mod snapshot;

pub use crate::evidence::FileRow;
pub use snapshot::{ClientRow, LogLine, Phase, ProcessRow, Snapshot, WaitsWith};

use crate::check_error::HarnessError;
use crate::evidence::Network;
use crate::program::ProgramUnderTest;
use crate::proof::{Proof, Role};
use crate::serve::prepare;
use client::ViewClient;
use output::Output;
use processes::Processes;
use std::time::{Duration, Instant};
use witness::{Errno, FaultInjector, Server};

/// The longest time that connecting a client may take. A listener whose backlog is full does not
/// answer.
const TIME_TO_CONNECT: Duration = Duration::from_millis(300);

/// A running server, and the clients of the person who looks at it. Dropping this value ends the
/// server, and every process that it has started.
pub struct View {
    server: Server,
    /// The port that the server listens on; `None` for a program that is a client.
    port: Option<u16>,
    /// The number of slots; 0 if the lesson's servers keep no table.
    capacity: usize,
    /// The fault that can be injected; `None` for a program that is a client.
    fault: Option<Fault>,
    /// Whether a child process serves each client.
    forks: bool,
    clients: Vec<ViewClient>,
    output: Output,
    processes: Processes,
    network: Network,
    /// The processor time that may be spent on reading the processes, and when it was computed.
    credit: Duration,
    credited: Instant,
    /// Whether the server may be in the middle of its work. A disagreement is then no fault.
    is_unsettled: bool,
    /// The processor time that the last look without a change has taken.
    cost: Duration,
    snapshot: Snapshot,
}

/// A call that can be made to fail.
#[derive(Clone, Copy)]
struct Fault {
    call: &'static str,
    errno: Errno,
    /// The name of the errno.
    name: &'static str,
}

const ACCEPT_FAILS: Fault = Fault { call: "accept", errno: Errno::EMFILE, name: "EMFILE" };
const FORK_FAILS: Fault = Fault { call: "fork", errno: Errno::EAGAIN, name: "EAGAIN" };

impl View {
    /// Starts `program` on this machine's own network, with the settings of
    /// [`serve`](crate::serve). Returns the server and its settings. A client is started with the
    /// host and the port at which the view listens.
    ///
    /// # Errors
    /// The program cannot be started. The error says why.
    pub fn start(
        proof: &Proof,
        program: &ProgramUnderTest,
    ) -> Result<(Self, String), HarnessError> {
        if proof.role == Role::Client {
            let (client, arguments) = client_lesson::start(program)?;
            return Ok((Self::of(client), arguments));
        }
        let prepared = prepare(proof, program)?;
        let forks = proof.criteria.iter().any(|criterion| criterion.id == "own-child");
        let (fault, injector) = match forks {
            true => (FORK_FAILS, FaultInjector::fork()),
            false => (ACCEPT_FAILS, FaultInjector::accept()),
        };
        let launch = prepared.launch.faults(injector).timeout(TIME_TO_CONNECT);
        let server = launch.start().map_err(|error| HarnessError(error.to_string()))?;
        let view = Self {
            port: Some(prepared.port),
            capacity: prepared.capacity,
            fault: Some(fault),
            forks,
            ..Self::of(server)
        };
        Ok((view, prepared.settings))
    }

    fn of(server: Server) -> Self {
        Self {
            server,
            port: None,
            capacity: 0,
            fault: None,
            forks: false,
            clients: Vec::new(),
            output: Output::default(),
            processes: Processes::default(),
            network: Network::default(),
            credit: Duration::ZERO,
            credited: Instant::now(),
            is_unsettled: true,
            cost: Duration::ZERO,
            snapshot: Snapshot::default(),
        }
    }

    /// What was seen last.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The last lines that the server has written, oldest first.
    pub fn log(&self) -> impl DoubleEndedIterator<Item = &LogLine> {
        self.output.lines.iter()
    }

    /// The clients as they are now, also if the server was not looked at since then.
    pub fn clients(&self) -> Vec<ClientRow> {
        self.clients.iter().map(ViewClient::row).collect()
    }

    /// The number of slots; `None` if the lesson's servers keep no table.
    pub fn capacity(&self) -> Option<usize> {
        Some(self.capacity).filter(|capacity| *capacity > 0)
    }
}
