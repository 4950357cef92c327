//! The criterion that a server on a port in use ends with a message.

use super::ends::end_server;
use super::refusal::{BadSetting, Reaction, wait_reaction};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::test_run::TestRun;
use std::io::{self, ErrorKind::AddrInUse};
use std::os::fd::OwnedFd;
use std::thread;
use std::time::{Duration, Instant};
use witness::{Server, Socket, WaitError};

/// Who has the port that the server wants.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Occupant {
    /// A program that shares the port with nobody.
    OtherProgram,
    /// A program that would share the port with every program that sets SO_REUSEPORT and belongs to
    /// the same user (socket(7)), as a second copy of the server would.
    SecondCopy,
}

/// The longest time until the port is free again after another occupant has closed it. The process
/// that has created the occupant's socket closes its own descriptor at about the same time.
const TIME_TO_CLOSE: Duration = Duration::from_secs(1);

impl Occupant {
    fn occupy(self, server: &mut Server, port: u16) -> io::Result<OwnedFd> {
        let end = Instant::now() + TIME_TO_CLOSE;
        loop {
            let occupied = match self {
                Occupant::OtherProgram => server.occupy_port(port),
                Occupant::SecondCopy => server.occupy_port_shared(port),
            };
            match occupied {
                Err(error) if error.kind() == AddrInUse && Instant::now() < end => {
                    thread::sleep(Duration::from_millis(1));
                }
                occupied => return occupied,
            }
        }
    }

    fn text(self, port: u16) -> String {
        match self {
            Occupant::OtherProgram => format!("another program listens on port {port}"),
            Occupant::SecondCopy => format!("a second copy of it listens on port {port}"),
        }
    }
}

/// If another program, or a second copy of the server, listens on the port, the server writes a
/// line to standard error that names PORT and the number, and ends with a status other than 0.
///
/// A program with a built-in port (`--port`) names the number.
pub(crate) fn port_taken(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    end_server(&mut run)?;
    expect_refused(context, &mut run, Occupant::OtherProgram)?;
    expect_refused(context, &mut run, Occupant::SecondCopy)
}

fn expect_refused(
    context: &CheckContext<'_>,
    run: &mut TestRun,
    occupant: Occupant,
) -> Result<(), CheckError> {
    let port = run.port;
    let _occupied = occupant.occupy(&mut run.server, port).map_err(|error| {
        CheckError::Inconclusive(format!("port {port} could not be occupied: {error}"))
    })?;
    run.step(format!("the server was started again, while {}", occupant.text(port)));
    run.restart()?;
    let variable = context.program.port.is_none().then_some("PORT");
    let number = port.to_string();
    let setting = BadSetting { variable, value: &number };
    let (reaction, wait_error) = wait_reaction(run, &setting);
    if matches!(reaction, Reaction::Refused) {
        return Ok(());
    }
    if matches!((&reaction, &wait_error), (Reaction::RunsOn, WaitError::TimedOut { .. })) {
        let what = "with its port in use, the server neither ended nor listened in time";
        return Err(CheckError::Inconclusive(what.to_owned()));
    }
    Err(not_refused(run, occupant, &setting, reaction, wait_error))
}

fn not_refused(
    run: &mut TestRun,
    occupant: Occupant,
    setting: &BadSetting<'_>,
    reaction: Reaction,
    wait_error: WaitError,
) -> CheckError {
    let to_name = match setting.variable {
        Some(variable) => format!("{variable} and {}", setting.value),
        None => setting.value.to_owned(),
    };
    // The row `port-ignored` is about the exit status.
    let ends_with_zero = matches!(reaction, Reaction::StatusZero);
    let (id, summary) = match reaction {
        Reaction::Listens(at) => where_it_listens(run.port, occupant, &at),
        Reaction::ReachedTask(task) => {
            ("port-ignored", format!("The port is in use, and the server goes on to {task}."))
        }
        Reaction::RunsOn | Reaction::Refused => (
            "port-ignored",
            "The port is in use, and the server neither ends nor listens.".to_owned(),
        ),
        Reaction::Killed => (
            "port-panic",
            "The server ended in place of a message, because its port is in use.".to_owned(),
        ),
        Reaction::Trace => (
            "port-panic",
            "The server ended with a stack trace, because its port is in use.".to_owned(),
        ),
        Reaction::StatusZero => (
            "port-ignored",
            "The server ended, although its port is in use: status 0 means success.".to_owned(),
        ),
        Reaction::NotNamed => (
            "port-not-named",
            format!("The server ended, and no line on standard error names {to_name}."),
        ),
        Reaction::ManyLines(count) => (
            "long-message",
            format!("The server ended because its port is in use, with {count} lines."),
        ),
    };
    let failure = Failure {
        id,
        mistake: Some(id).filter(|id| *id != "port-ignored" || ends_with_zero),
        summary,
        expected: format!(
            "a line on standard error that names {to_name}, and a status other than 0"
        ),
        observed: wait_error.to_string(),
    };
    run.fail_to_refuse(wait_error, failure)
}

/// The id and the summary of the failure of a server that listens although its port is in use.
fn where_it_listens(port: u16, occupant: Occupant, at: &[Socket]) -> (&'static str, String) {
    let others: Vec<_> = at.iter().map(|it| it.local.port()).filter(|it| *it != port).collect();
    match (others.first(), occupant) {
        (Some(other), _) if is_kernels_choice(*other, port) => (
            "unchecked-bind",
            format!(
                "Port {port} is in use, and the server listens on port {other} instead, which the \
                 kernel has chosen: listen does so for a socket whose bind has failed."
            ),
        ),
        (Some(other), _) => (
            "port-ignored",
            format!("Port {port} is in use, and the server listens on port {other} instead."),
        ),
        (None, Occupant::SecondCopy) => (
            "reuse-port",
            format!(
                "Two copies of the server listen on port {port}: SO_REUSEPORT permits it, and the \
                 kernel divides the clients between them."
            ),
        ),
        (None, Occupant::OtherProgram) => {
            ("port-ignored", format!("The server listens on port {port}, which is in use."))
        }
    }
}

/// Whether `chosen` is a port that the kernel gives a socket without a port (ip(7),
/// ip_local_port_range), and not one near the port that the server was given.
fn is_kernels_choice(chosen: u16, given: u16) -> bool {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
    let range = range.unwrap_or_default();
    let mut ends = range.split_whitespace().filter_map(|end| end.parse().ok());
    let (Some(first), Some(last)) = (ends.next(), ends.next()) else { return false };
    (first..=last).contains(&chosen) && chosen.abs_diff(given) > 100
}
