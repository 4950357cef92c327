//! A server that runs for a person who looks at it: what the kernel and the server's memory have, as
//! rows, and clients that the person controls.

mod client;
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
use crate::proof::Proof;
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
    port: u16,
    /// The number of slots; 0 if the lesson's servers keep no table.
    capacity: usize,
    /// The fault that can be injected.
    fault: Fault,
    /// Whether a child process serves each client.
    forks: bool,
    clients: Vec<ViewClient>,
    output: Output,
    processes: Processes,
    network: Network,
    /// How long the processes were read the last time, and when this ended.
    last_read: (Duration, Instant),
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

impl View {
    /// Starts `program` on this machine's own network, with the settings of
    /// [`serve`](crate::serve). Returns the server and its settings.
    ///
    /// # Errors
    /// The program cannot be started. The error says why.
    pub fn start(
        proof: &Proof,
        program: &ProgramUnderTest,
    ) -> Result<(Self, String), HarnessError> {
        let prepared = prepare(proof, program)?;
        let forks = proof.criteria.iter().any(|criterion| criterion.id == "own-child");
        let (fault, injector) = match forks {
            true => (
                Fault { call: "fork", errno: Errno::EAGAIN, name: "EAGAIN" },
                FaultInjector::fork(),
            ),
            false => (
                Fault { call: "accept", errno: Errno::EMFILE, name: "EMFILE" },
                FaultInjector::accept(),
            ),
        };
        let launch = prepared.launch.faults(injector).timeout(TIME_TO_CONNECT);
        let server = launch.start().map_err(|error| HarnessError(error.to_string()))?;
        let view = Self {
            server,
            port: prepared.port,
            capacity: prepared.capacity,
            fault,
            forks,
            clients: Vec::new(),
            output: Output::default(),
            processes: Processes::default(),
            network: Network::default(),
            last_read: (Duration::ZERO, Instant::now()),
            snapshot: Snapshot::default(),
        };
        Ok((view, prepared.settings))
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
