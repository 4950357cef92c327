//! The criteria `port-taken` (another program listens on the port) and `restart` (an earlier run of
//! the server has used the port).

use super::echo;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::program::ProgramUnderTest;
use crate::test_run::TestRun;
use std::net::{Ipv4Addr, TcpListener};
use witness::{Exit, Signal, WaitError};

/// If the port is in use, the server prints a message and exits with a status other than 0.
pub(super) fn port_taken(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    end_server(&mut run)?;
    let port = run.port;
    let _occupied = run.server.occupy_port(port).map_err(|error| {
        CheckError::Inconclusive(format!("port {port} could not be occupied: {error}"))
    })?;
    run.step(format!("the server was started again, while another program listens on port {port}"));
    launch_again(&mut run)?;
    let wait_error = match run.server.wait_for(|_| Ok(None::<()>)) {
        Err(wait_error @ WaitError::Unobservable(_)) => {
            return Err(run.fail(wait_error, Failure::default()));
        }
        Err(wait_error) => wait_error,
        Ok(()) => return Ok(()),
    };
    match port_mistake(&wait_error, &run.server.stderr(), port) {
        Some((mistake, summary)) => {
            let failure = Failure {
                id: mistake,
                mistake: Some(mistake),
                summary: summary.to_owned(),
                expected: format!(
                    "a line on standard error that names {port}, and a status other than 0"
                ),
                observed: wait_error.to_string(),
            };
            Err(run.fail(wait_error, failure))
        }
        None => Ok(()),
    }
}

/// The Common Mistakes row of a server whose port is in use, with a summary. `None` for a server
/// that has ended as it should, with a message.
fn port_mistake(
    wait_error: &WaitError,
    stderr: &str,
    port: u16,
) -> Option<(&'static str, &'static str)> {
    let traces = ["panicked at", "Traceback (most recent", "stack backtrace"];
    Some(match wait_error {
        WaitError::Ended(Exit::Signal(_)) => {
            ("port-panic", "The server ended by a signal: its port is in use.")
        }
        WaitError::Ended(Exit::Status(0)) => {
            ("port-ignored", "The server ended with status 0, although its port is in use.")
        }
        WaitError::Ended(_) if traces.iter().any(|trace| stderr.contains(trace)) => {
            ("port-panic", "The server ended with a stack trace in place of a message.")
        }
        WaitError::Ended(_) if stderr.contains(&port.to_string()) => return None,
        WaitError::Ended(_) => {
            ("port-silent", "The server ended, and its message does not name the port.")
        }
        _ => ("port-ignored", "The port is in use, and the server runs on."),
    })
}

/// The server is started again at once on the same port, with connections in TIME_WAIT. The server
/// must listen.
pub(super) fn restart(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let program = ProgramUnderTest { port: port_to_use(context), ..context.program.clone() };
    let mut run = context.with_program(&program).start()?;
    let client = echo::connect_served(&mut run)?;

    // The side that closes first keeps the connection in TIME_WAIT (RFC 9293, section 3.3.2). Here
    // the server closes first.
    end_server(&mut run)?;
    run.step(format!("{} closed as well, which leaves a connection in TIME_WAIT", client.name));
    let _ = client.connection.ended();
    client.connection.half_close();

    let port = run.port;
    run.step(format!("the server was started again, on port {port}"));
    launch_again(&mut run)?;
    let time_wait = run.server.wait_for(|now| Ok(now.is_in_time_wait(port)?.then_some(())));
    match (run.server.wait_listening(port), time_wait) {
        (Ok(()), Ok(())) => Ok(()),
        // If no connection is in TIME_WAIT, a server that listens proves nothing.
        (Ok(()), Err(_)) => {
            let what =
                "the first run left no connection in TIME_WAIT, so the restart proves nothing";
            Err(CheckError::Inconclusive(what.to_owned()))
        }
        (Err(wait_error), time_wait) => {
            let failure = Failure {
                id: "no-restart",
                mistake: time_wait.is_ok().then_some("no-reuse"),
                summary: format!("Nothing listens on {port} after the restart."),
                expected: format!("a LISTEN socket on port {port}, as in the first run"),
                observed: wait_error.to_string(),
            };
            Err(run.fail(wait_error, failure))
        }
    }
}

/// The port for a server that leaves a connection in TIME_WAIT. If servers share this machine's
/// ports, this connection would block the lesson's own port for a minute. Therefore a free port is
/// chosen.
fn port_to_use(context: &CheckContext<'_>) -> Option<u16> {
    let is_shared = context.program.isolation_level().shares_ports();
    let any = || TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0))?.local_addr();
    let free = || any().ok().map(|address| address.port());
    context.program.port.or_else(|| is_shared.then(free).flatten())
}

/// Ends the server by SIGTERM.
fn end_server(run: &mut TestRun) -> Result<(), CheckError> {
    run.step("the server was told to end (SIGTERM)");
    run.server.signal(Signal::SIGTERM);
    match run.server.wait_for(|_| Ok(None::<()>)) {
        Err(WaitError::Ended(_)) | Ok(()) => Ok(()),
        Err(wait_error) => {
            let failure = Failure {
                id: "outlives-sigterm",
                mistake: None,
                summary: "SIGTERM does not end the server.".to_owned(),
                expected: "the server ends".to_owned(),
                observed: wait_error.to_string(),
            };
            Err(run.fail(wait_error, failure))
        }
    }
}

/// Starts the program again, and checks that no process of the first run is left.
fn launch_again(run: &mut TestRun) -> Result<(), CheckError> {
    let started = run.server.restart();
    started.map_err(|error| {
        CheckError::Inconclusive(format!("the server could not be started again: {error}"))
    })?;
    let gone = run.server.wait_for(|now| Ok(now.orphans()?.is_empty().then_some(())));
    match (gone, run.server.orphans()?.first()) {
        (Err(wait_error), Some(left)) => {
            let name = left.name();
            let failure = Failure {
                id: "left-behind",
                mistake: None,
                summary: format!("The server ended by SIGTERM, and left {name} running."),
                expected: "every process that the program started has ended".to_owned(),
                observed: format!("{name} is still running"),
            };
            Err(run.fail(wait_error, failure))
        }
        _ => Ok(()),
    }
}
