//! The criterion that a server can be started again at once on the same port.

use super::echo;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::program::ProgramUnderTest;
use crate::shared::ends::end_server;
use crate::test_run::TestRun;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};
use witness::{ServerClose, Unobservable};

/// The time in which a FIN arrives on a busy machine. On an idle one, it takes microseconds.
const FIN_TIME: Duration = Duration::from_millis(100);

/// The server is started again at once on the same port, with connections in TIME_WAIT. The server
/// must listen.
pub(super) fn restart(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let program = ProgramUnderTest { port: port_to_use(context), ..context.program.clone() };
    let mut run = context.with_program(&program).start()?;
    let client = echo::connect_served(&mut run)?;

    // The side that closes first keeps the connection in TIME_WAIT (RFC 9293, section 3.3.2). Here
    // the server closes first.
    end_server(&mut run)?;
    let end = client.connection.ended();
    run.step(format!("{} closed as well, which leaves a connection in TIME_WAIT", client.name));
    client.connection.half_close();

    let port = run.port;
    if end == Some(ServerClose::Reset) || !comes_to_time_wait(&run)? {
        leave_time_wait(&mut run).map_err(|error| {
            let what = format!("no connection could be left in TIME_WAIT: {error}");
            CheckError::Inconclusive(what)
        })?;
    }
    run.step(format!("the server was started again, on port {port}"));
    run.restart()?;
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

/// Whether the client's FIN brings the connection to TIME_WAIT. On a busy machine the server's FIN may
/// be sent twice, and the answer to the second one ends TIME_WAIT (RFC 1337).
fn comes_to_time_wait(run: &TestRun) -> Result<bool, Unobservable> {
    let begun = Instant::now();
    while begun.elapsed() < FIN_TIME {
        if run.server.is_in_time_wait(run.port)? {
            return Ok(true);
        }
        std::thread::yield_now();
    }
    Ok(false)
}

/// Another program uses the port with SO_REUSEADDR, and closes a connection first. This is for a server
/// that has left no connection in TIME_WAIT, for example because it resets its connections.
fn leave_time_wait(run: &mut TestRun) -> io::Result<()> {
    run.step(format!("another program closed a connection on port {} first, and ended", run.port));
    let listener = TcpListener::from(run.server.occupy_port(run.port)?);
    let client = run.server.connect()?;
    drop(listener.accept()?);
    client.close();
    Ok(())
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
