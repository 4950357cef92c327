//! The criterion that a second client waits, and is served after the first client.

use super::client_log::{ClientLog, accept_logged_late};
use super::{diagnosis, echo, received};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use witness::{Server, WaitError};

/// While the first client is connected, a second client waits and is not served. After the first
/// client has left, the second client is served, and none of its bytes is lost. The log says when
/// each client was accepted, and when the first client was gone.
pub(super) fn next_client(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let mut log = ClientLog::default();

    // The second client connects and sends while the first is connected.
    let first = echo::connect(&mut run)?;
    let is_late = log.misses_accept(&mut run, &first)?;
    echo::expect_hello(&mut run, &first)?;
    log.expect_accept(&mut run, &first)?;
    if is_late {
        return Err(accept_logged_late(&mut run, &first));
    }
    if diagnosis::has_no_listener(&run) {
        return Err(listener_closed(&mut run, &first));
    }
    let second = echo::connect(&mut run)?;
    let messages: [&[u8]; 3] = [b"I wait\n", b"and have more to say,\n", b"line by line\n"];
    run.step(format!("{} sent {} messages", second.name, messages.len()));
    for message in messages {
        let _ = second.connection.send(message);
    }
    expect_unserved(&mut run, &first, &second)?;
    echo::expect_echo(&mut run, &first, b"still here\n")
        .map_err(|error| error.depends_on("echo"))?;
    log.expect_no_disconnect(&mut run, &first)?;

    // The first client leaves. Now the second client must be served.
    run.step(format!("{} closed", first.name));
    first.connection.close();
    expect_served(&mut run, &second, &messages.concat())?;
    log.expect_disconnect(&mut run, &first)?;
    log.expect_accept(&mut run, &second)
}

/// The failure of a server that listens no more while it serves a client.
fn listener_closed(run: &mut TestRun, client: &NamedClient) -> CheckError {
    let (name, port) = (&client.name, run.port);
    run.fail_now(Failure {
        id: "closes-listener",
        mistake: Some("closes-listener"),
        summary: format!("While {name} is served, nothing listens on {port} any more."),
        expected: format!("a LISTEN socket on port {port}, with {name} connected"),
        observed: format!("no LISTEN socket on port {port}"),
    })
}

/// While the first client is connected, the second client must receive nothing.
fn expect_unserved(
    run: &mut TestRun,
    first: &NamedClient,
    second: &NamedClient,
) -> Result<(), CheckError> {
    let connection = &second.connection;
    let answered = run.server.wait_for(|_| {
        let is_answered = !connection.received().is_empty() || connection.ended().is_some();
        Ok(is_answered.then_some(()))
    });
    let (name, other) = (&second.name, &first.name);
    let expected = format!("{name} waits until {other} has left");
    match answered {
        Err(WaitError::Idle { .. }) => Ok(()),
        Err(wait_error) => {
            let failure = Failure {
                id: "restless",
                mistake: None,
                summary: format!("{name} connected, and the server keeps running."),
                expected,
                observed: wait_error.to_string(),
            };
            Err(diagnosis::fail(run, Some(wait_error), failure))
        }
        Ok(()) if connection.ended().is_some() => {
            let failure = Failure {
                id: "turned-away",
                mistake: None,
                summary: format!(
                    "{name} connected while {other} was served, and {name}'s connection was ended."
                ),
                expected,
                observed: format!("{name} reads an end of file, or a reset"),
            };
            Err(diagnosis::fail(run, None, failure))
        }
        Ok(()) if let Some(end) = first.connection.ended() => {
            let failure = Failure {
                id: "first-dropped",
                mistake: None,
                summary: format!(
                    "{} of {other}, which had not left, and then served {name}.",
                    diagnosis::ended_text(end)
                ),
                expected,
                observed: received::received_text(second, &connection.received()),
            };
            Err(diagnosis::fail(run, None, failure))
        }
        Ok(()) => Err(run.fail_now(Failure {
            id: "two-at-once",
            mistake: has_several_threads(&run.server).then_some("two-at-once"),
            summary: format!("{name} is served while {other} is still connected."),
            expected,
            observed: received::received_text(second, &connection.received()),
        })),
    }
}

/// Whether the server has several threads or processes. A server with one thread may wait for several
/// clients in poll.
fn has_several_threads(server: &Server) -> bool {
    let processes = server.processes().unwrap_or_default();
    let threads = processes.iter().map(|it| server.threads_of(*it).map_or(1, |all| all.len()));
    threads.sum::<usize>() > 1
}

/// After the first client has left, the second client must receive all bytes that it has sent.
fn expect_served(run: &mut TestRun, second: &NamedClient, sent: &[u8]) -> Result<(), CheckError> {
    let wait_error = received::wait_received(run, second, sent.len()).err();
    let received = second.connection.received();
    if received == sent {
        return Ok(());
    }
    let name = &second.name;
    let failure = Failure {
        id: "next-not-served",
        mistake: None,
        summary: match received.as_slice() {
            [] if second.connection.ended().is_some() => {
                format!("{name} was next, and {name}'s connection was ended.")
            }
            [] => format!("{name} was next, and was not served."),
            _ => format!("{name} was served, and what came back is not what it had sent."),
        },
        expected: format!("{name} receives {}", received::bytes_text(sent)),
        observed: received::received_text(second, &received),
    };
    Err(diagnosis::fail(run, wait_error, failure))
}
