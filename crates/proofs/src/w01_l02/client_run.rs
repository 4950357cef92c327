//! A run of a client: the addresses that the check listens at, the client's arguments, and its
//! standard input.

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure, HarnessError};
use crate::log_event::ClientEvent;
use crate::test_run::TestRun;
use std::io::ErrorKind;
use std::iter;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use witness::{Buffers, Client, Exit, Input, WaitError};

/// The ports that the check's servers use. The kernel gives none of them to a connection
/// (ip(7), ip_local_port_range).
const PORTS: std::ops::Range<u16> = 20_000..32_000;
/// The number of ports that are tried, on a machine whose ports other programs use as well.
const MAX_TRIES: usize = 20;
/// The time in which a client that has nothing left to do must have ended.
pub(super) const END_TIME: Duration = Duration::from_secs(2);
/// The maximum length of a log line. The longest text has 1 MiB.
const MAX_LINE: usize = (1 << 20) + 4096;

pub(super) const LOCAL_V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// An address of this machine, which is not 127.0.0.1. All addresses of 127.0.0.0/8 are.
pub(super) fn local_v4(last: u8) -> IpAddr {
    Ipv4Addr::new(127, 0, 0, last).into()
}

/// How a client is started.
#[derive(Clone, Copy)]
pub(super) struct Setup<'a> {
    /// The argument HOST: a name, or an address.
    pub(super) host: &'a str,
    /// The addresses of the name HOST. Empty if HOST is an address.
    pub(super) addresses: &'a [IpAddr],
    /// Where the check listens.
    pub(super) listens_at: &'a [IpAddr],
    /// Whether nobody answers at these addresses: the backlog of the listeners is full.
    pub(super) is_silent: bool,
    /// The port at which the check listens, if it is free. Otherwise any port is used.
    pub(super) port: Option<u16>,
    pub(super) buffers: Buffers,
    pub(super) input: Input,
}

impl Default for Setup<'_> {
    /// A client whose HOST is 127.0.0.1, where the check listens. Its standard input is a pipe.
    fn default() -> Self {
        Self {
            host: "127.0.0.1",
            addresses: &[],
            listens_at: &[IpAddr::V4(Ipv4Addr::LOCALHOST)],
            is_silent: false,
            port: None,
            buffers: Buffers::Usual,
            input: Input::Pipe,
        }
    }
}

/// A client that was started, and the server that the check plays.
pub(super) struct ClientRun {
    pub(super) run: TestRun,
    /// The arguments, for a sentence.
    pub(super) arguments: String,
    /// The line that follows the client's line on standard input, if there is one.
    pub(super) next_line: Option<String>,
}

/// Starts a client: its arguments are the HOST of `setup` and a port at which the check listens.
pub(super) fn start(
    context: &CheckContext<'_>,
    setup: &Setup<'_>,
) -> Result<ClientRun, CheckError> {
    start_with(context, setup, |port| vec![setup.host.to_owned(), port.to_string()])
}

/// Starts a client with these arguments. `arguments` gets the port at which the check listens.
pub(super) fn start_with(
    context: &CheckContext<'_>,
    setup: &Setup<'_>,
    arguments: impl Fn(u16) -> Vec<String>,
) -> Result<ClientRun, CheckError> {
    let random_ports = iter::repeat_with(|| fastrand::u16(PORTS)).take(MAX_TRIES);
    for port in setup.port.into_iter().chain(random_ports) {
        let arguments = arguments(port);
        if let Some(run) = try_start(context, setup, port, &arguments)? {
            return Ok(ClientRun { run, arguments: shown(&arguments), next_line: None });
        }
    }
    let text = format!("{MAX_TRIES} ports from {} on are in use", PORTS.start);
    Err(CheckError::Harness(HarnessError(text)))
}

/// Starts a client; `None` if another program uses the port.
fn try_start(
    context: &CheckContext<'_>,
    setup: &Setup<'_>,
    port: u16,
    arguments: &[String],
) -> Result<Option<TestRun>, CheckError> {
    let mut launch =
        context.new_launch()?.args(arguments).peer_port(port).input(setup.input).max_line(MAX_LINE);
    if !setup.addresses.is_empty() {
        launch = launch.host(setup.host, setup.addresses);
    }
    // The check listens before the client runs.
    let mut server = launch.prepare()?;
    for ip in setup.listens_at {
        let address = SocketAddr::new(*ip, port);
        let listening = match setup.is_silent {
            true => server.listen_without_answer(address),
            false => server.listen_at(address, setup.buffers).map(drop),
        };
        match listening {
            Err(error) if error.kind() == ErrorKind::AddrInUse => return Ok(None),
            Err(error) => {
                let text = format!("the check cannot listen at {ip} on this machine: {error}");
                return Err(CheckError::Inconclusive(text));
            }
            Ok(()) => {}
        }
    }
    let started = started_text(setup, arguments);
    context.program.note_step(&started);
    server.begin().map_err(|error| {
        CheckError::Inconclusive(format!("the client could not be started: {error}"))
    })?;
    Ok(Some(TestRun::new(context.lesson, server, (port, 0), started, None, context.program)))
}

/// Arguments for a sentence.
fn shown(arguments: &[String]) -> String {
    let shown = arguments.iter().map(|it| if it.is_empty() { "\"\"" } else { it });
    shown.collect::<Vec<_>>().join(" ")
}

/// The text of the first step.
fn started_text(setup: &Setup<'_>, arguments: &[String]) -> String {
    let list = |addresses: &[IpAddr]| {
        addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", ")
    };
    let mut text = match arguments {
        [] => "started without arguments".to_owned(),
        _ => format!("started with the arguments {}", shown(arguments)),
    };
    if !setup.addresses.is_empty() {
        text += &format!("; {} has the addresses {}", setup.host, list(setup.addresses));
    }
    match setup.listens_at {
        [] => text += "; no server listens",
        at if setup.is_silent => {
            text += &format!("; the server at {} does not answer: its backlog is full", list(at));
        }
        at if at.len() > 1 || !setup.addresses.is_empty() => {
            text += &format!("; a server listens at {}", list(at));
        }
        _ => {}
    }
    text
}

impl ClientRun {
    /// Gives the client a line, and ends the input if it is a pipe. Records this as a step.
    pub(super) fn give_line(&mut self, line: &str) {
        self.run.step(format!("the line {} is on standard input", super::words::quoted(line)));
        self.run.server.write_input(format!("{line}\n").as_bytes());
    }

    /// Gives the client a line, and another line after it, which is not the client's.
    pub(super) fn give_two_lines(&mut self, line: &str, next: &str) {
        let quoted = super::words::quoted;
        self.run.step(format!(
            "the line {} is on standard input, and then the line {}",
            quoted(line),
            quoted(next)
        ));
        self.run.server.write_input(format!("{line}\n{next}\n").as_bytes());
        self.next_line = Some(next.to_owned());
    }

    /// Gives the client a line in two pieces. The second piece comes when the client is idle.
    pub(super) fn give_line_in_pieces(&mut self, line: &str) {
        let quoted = super::words::quoted;
        let (first, rest) = line.split_at(line.len() / 2);
        self.run.server.write_input(first.as_bytes());
        // A client that does not wait for the end of its line is judged by what it sends.
        let _ = self.run.server.wait_idle();
        self.run.step(format!(
            "the line {} is on standard input, in two pieces: {}, and then {}",
            quoted(line),
            quoted(first),
            quoted(rest)
        ));
        self.run.server.write_input(format!("{rest}\n").as_bytes());
    }

    /// Waits until the client has connected, and returns the server's end of the connection.
    pub(super) fn wait_connected(&mut self) -> Result<Client, CheckError> {
        let connected = self.run.server.wait_for(|now| Ok(now.accepted().first().cloned()));
        connected.map_err(|wait_error| {
            let failure = Failure {
                id: "not-connected",
                summary: "The client does not connect to the server.".to_owned(),
                expected: format!("a connection to port {}", self.run.port),
                observed: "no connection".to_owned(),
                ..Failure::default()
            };
            self.run.fail(wait_error, failure).depends_on("connects")
        })
    }

    /// Whether the client has logged an event for which `is_it` holds.
    pub(super) fn has_logged(&self, is_it: impl Fn(ClientEvent<'_>) -> bool) -> bool {
        self.events().into_iter().any(is_it)
    }

    /// What the client has logged so far.
    pub(super) fn events(&self) -> Vec<ClientEvent<'_>> {
        self.run.server.log().iter().filter_map(ClientEvent::of).collect()
    }

    /// Waits until the client has ended, and returns how it has ended. Its connection is closed by
    /// the server when the client has shut down its side.
    pub(super) fn wait_ended(&mut self) -> Result<Exit, WaitError> {
        match self.run.server.wait_idle() {
            Err(WaitError::Ended(_)) => {}
            // A runtime may need some time to end, and sleeps meanwhile.
            Ok(calls) => {
                return self
                    .run
                    .server
                    .wait_ended(Duration::ZERO)
                    .map_err(|_| WaitError::Idle { calls });
            }
            Err(other) => return Err(other),
        }
        self.run.server.wait_ended(END_TIME)
    }

    /// The failure of this run.
    pub(super) fn fail(&mut self, wait_error: WaitError, failure: Failure) -> CheckError {
        self.run.fail(wait_error, failure)
    }
}
