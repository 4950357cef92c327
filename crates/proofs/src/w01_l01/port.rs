//! The port: when another program has it, and when the server has just had it.

use super::echo;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::program::ProgramUnderTest;
use crate::test_run::TestRun;
use std::net::{Ipv4Addr, TcpListener};
use witness::{Exit, Stuck};

/// On a port in use: a message, a non-zero exit.
pub(super) fn port_taken(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    end(&mut run)?;
    let port = run.port;
    let _held = run.server.hold_port(port).map_err(|error| {
        CheckError::Inconclusive(format!("port {port} could not be held: {error}"))
    })?;
    run.step(format!("it was started again, and another program holds port {port}"));
    again(&mut run)?;
    let wait_error = match run.server.until(|_| Ok(None::<()>)) {
        Err(wait_error @ Stuck::Unseen(_)) => return Err(run.fail(wait_error, Failure::default())),
        Err(wait_error) => wait_error,
        Ok(()) => return Ok(()),
    };
    let words = run.server.stderr();
    let trace = ["panicked at", "Traceback (most recent", "stack backtrace"];
    let (mistake, summary) = match &wait_error {
        Stuck::Ended(Exit::Signal(_)) => {
            ("port-panic", "The server ended by crashing: its port is taken.")
        }
        Stuck::Ended(Exit::Status(0)) => {
            ("port-ignored", "The server ended as if all were well: its port is taken.")
        }
        Stuck::Ended(_) if trace.iter().any(|words_of| words.contains(words_of)) => {
            ("port-panic", "The server ended with a trace of its code in place of a message.")
        }
        Stuck::Ended(_) if words.contains(&port.to_string()) => return Ok(()),
        Stuck::Ended(_) => ("port-silent", "The server ended, and its words do not name the port."),
        _ => ("port-ignored", "The port is taken, and the server goes on all the same."),
    };
    let failure = Failure {
        id: mistake,
        mistake: Some(mistake),
        summary: summary.to_owned(),
        expected: format!("a line on standard error that names {port}, and a status other than 0"),
        observed: wait_error.to_string(),
    };
    Err(run.fail(wait_error, failure))
}

/// Started again at once on the same port, with connections in TIME_WAIT, it listens.
pub(super) fn restart(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let program = ProgramUnderTest { port: port_to_spare(context), ..context.program.clone() };
    let mut run = context.with_program(&program).start()?;
    let client = echo::greeted(&mut run)?;
    end(&mut run)?;
    // Whoever closes first keeps the connection in TIME_WAIT (RFC 9293, section 3.3.2): the server.
    run.step(format!("{} closed as well, which leaves a connection in TIME_WAIT", client.name));
    let _ = client.connection.ended();
    client.connection.half_close();
    let port = run.port;
    run.step(format!("it was started again, on port {port}"));
    again(&mut run)?;
    let in_the_way = run.server.until(|now| Ok(now.is_in_time_wait(port)?.then_some(())));
    let listens = run.server.until_listening(port);
    match (listens, in_the_way) {
        (Ok(()), Ok(())) => Ok(()),
        (Ok(()), Err(_)) => {
            let what = "the first run left no connection in TIME_WAIT, so nothing stood in the way";
            Err(CheckError::Inconclusive(what.to_owned()))
        }
        (Err(wait_error), in_the_way) => {
            let failure = Failure {
                id: "no-restart",
                mistake: in_the_way.is_ok().then_some("no-reuse"),
                summary: format!("Nothing listens on {port} after the restart."),
                expected: format!("a LISTEN socket on port {port}, as in the first run"),
                observed: wait_error.to_string(),
            };
            Err(run.fail(wait_error, failure))
        }
    }
}

/// Where ports are shared, TIME_WAIT would keep the lesson's own from the next proof for a minute:
/// one that nobody asks for.
fn port_to_spare(context: &CheckContext<'_>) -> Option<u16> {
    let is_shared = context.program.isolation_level().shares_ports();
    let any = || TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0))?.local_addr();
    let spare = || any().ok().map(|address| address.port());
    context.program.port.or_else(|| is_shared.then(spare).flatten())
}

/// SIGTERM ends the server.
fn end(run: &mut TestRun) -> Result<(), CheckError> {
    run.step("the server was told to end (SIGTERM)");
    run.server.signal(libc::SIGTERM);
    match run.server.until(|_| Ok(None::<()>)) {
        Err(Stuck::Ended(_)) | Ok(()) => Ok(()),
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

/// Starts the program once more, and makes sure that nothing of its first run is left.
fn again(run: &mut TestRun) -> Result<(), CheckError> {
    let started = run.server.start_again();
    started.map_err(|error| {
        CheckError::Inconclusive(format!("it could not be started again: {error}"))
    })?;
    let gone = run.server.until(|now| Ok(now.orphans()?.is_empty().then_some(())));
    match (gone, run.server.orphans()?.first()) {
        (Err(wait_error), Some(left)) => {
            let name = left.name();
            let failure = Failure {
                id: "left-behind",
                mistake: None,
                summary: format!("The server ended by SIGTERM, and left {name} running behind it."),
                expected: "nothing that the program started outlives it".to_owned(),
                observed: format!("{name} is still there"),
            };
            Err(run.fail(wait_error, failure))
        }
        _ => Ok(()),
    }
}
