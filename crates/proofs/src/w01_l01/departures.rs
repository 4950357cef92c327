//! The criteria of clients that leave: by reset, and in great number.

use super::{diagnosis, echo};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::shared::departure::Departure;
use crate::shared::fd_leaks::{connect_unnamed, kept_socket, more_descriptors};
use crate::test_run::TestRun;
use witness::{Descriptor, Exit, Server, SignalNumber, Target, WaitError};

/// A client that resets the connection ends neither the server nor the next client's service.
pub(super) fn reset(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    leaves_normally(&mut run)?;
    resets_during_read(&mut run)?;
    leaves_before_write(&mut run, Departure::Reset)?;
    leaves_before_write(&mut run, Departure::HalfClose)?;
    echo::connect_served(&mut run).map(drop)
}

/// First without a reset: a server that fails here does not fail because of a reset.
fn leaves_normally(run: &mut TestRun) -> Result<(), CheckError> {
    let client = echo::connect_served(run)?;
    run.step(format!("{} closed", client.name));
    client.connection.close();
    run.check_alive().map_err(|wait_error| not_closed(run, &client, wait_error, Departure::Close))
}

/// The client resets while the server is in read, which fails with ECONNRESET.
fn resets_during_read(run: &mut TestRun) -> Result<(), CheckError> {
    let client = echo::connect_served(run)?;
    // An idle server is back in its read.
    let _ = run.check_alive();
    run.step(format!("{} reset its connection (RST)", client.name));
    client.connection.reset();
    expect_next_served(run, &client, "read-reset")
}

/// The client has left when the server answers. The write fails with ECONNRESET; or with EPIPE if a
/// FIN came before the RST (tcp_reset() in net/ipv4/tcp_input.c).
fn leaves_before_write(run: &mut TestRun, first: Departure) -> Result<(), CheckError> {
    let client = echo::connect_served(run)?;
    let name = &client.name;

    // The server is paused, so that the bytes and the reset are both there when it continues.
    run.server
        .pause()
        .map_err(|wait_error| ended_by_reset(run, &client, wait_error, "write-reset"))?;
    let left = match first {
        Departure::HalfClose => ", shut down its sending side and reset",
        _ => " and reset",
    };
    run.step(format!("{name} sent \"bye\\n\"{left}, while the server was paused"));
    let _ = client.connection.send(b"bye\n");
    first.apply(&client.connection);
    client.connection.reset();
    run.server
        .resume()
        .map_err(|wait_error| ended_by_reset(run, &client, wait_error, "write-reset"))?;
    expect_next_served(run, &client, "write-reset")
}

/// The server runs on, and the next client is served.
fn expect_next_served(
    run: &mut TestRun,
    client: &NamedClient,
    mistake: &'static str,
) -> Result<(), CheckError> {
    run.check_alive().map_err(|wait_error| ended_by_reset(run, client, wait_error, mistake))?;
    let next = echo::connect(run)?;
    run.step(format!("{} sent \"next\\n\"", next.name));
    let _ = next.connection.send(b"next\n");
    let wait_error = echo::wait_received(run, &next, 5).err();
    let received = next.connection.received();
    if received == b"next\n" {
        next.connection.close();
        return Ok(());
    }
    let failure = Failure {
        id: "next-not-served",
        mistake: Some(mistake),
        summary: format!("{} reset, and {} is not served after it.", client.name, next.name),
        expected: format!("{} receives \"next\\n\"", next.name),
        observed: echo::received_text(&next, &received),
    };
    Err(diagnosis::fail(run, wait_error, failure))
}

fn ended_by_reset(
    run: &mut TestRun,
    client: &NamedClient,
    wait_error: WaitError,
    mistake: &'static str,
) -> CheckError {
    let by_sigpipe =
        matches!(&wait_error, WaitError::Ended(Exit::Signal(SignalNumber(libc::SIGPIPE))));
    let failure = Failure {
        id: "ended-by-reset",
        mistake: Some(if by_sigpipe { "sigpipe" } else { mistake }),
        summary: format!("The server did not survive the reset of {}.", client.name),
        expected: "the server runs on, and serves the next client".to_owned(),
        observed: wait_error.to_string(),
    };
    run.fail(wait_error, failure)
}

/// How many clients connect and leave.
const CLIENTS: usize = 50;

/// The server's descriptors are the same before and after 50 clients with each kind of departure.
pub(super) fn no_fd_leak(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let mut before = run.server.descriptors()?;

    // One client for each kind of departure.
    for departure in Departure::ALL {
        let client = echo::connect_served(&mut run)?;
        // Bytes that arrive after close(2) are answered with a reset, not with a FIN.
        let _ = run.check_alive();
        run.step(format!("{} {}", client.name, departure.text()));
        departure.apply(&client.connection);
        let released = run.wait_released(&client);
        released.map_err(|wait_error| not_closed(&mut run, &client, wait_error, departure))?;
        if matches!(departure, Departure::Close) {
            before = with_runtime_files(before, run.server.descriptors()?);
        }
    }

    // Many clients, two at a time.
    run.step(format!(
        "{CLIENTS} clients connected, and left by FIN, RST or half-close, some before they were served"
    ));
    for round in 0..CLIENTS / 2 {
        connect_two(&mut run, round)?;
    }
    expect_same(&mut run, &before)
}

/// `before`, with the files and pipes that a language's runtime has opened since. New sockets do not
/// count as such.
fn with_runtime_files(before: Vec<Descriptor>, now: Vec<Descriptor>) -> Vec<Descriptor> {
    let is_socket = |it: &Descriptor| matches!(it.target, Target::Socket(_));
    now.into_iter().filter(|it| !is_socket(it) || before.contains(it)).collect()
}

/// One client is served, a second client waits. Both leave, the second before it is served.
fn connect_two(run: &mut TestRun, round: usize) -> Result<(), CheckError> {
    let served = connect_or_depend(run)?;
    let _ = served.send(b"hello\n");
    let answered = run
        .server
        .wait_for(|_| Ok((served.received().len() >= 6 || served.ended().is_some()).then_some(())));
    answered.map_err(|wait_error| stopped_serving(run, wait_error, 2 * round))?;
    let waiting = connect_or_depend(run)?;
    let _ = waiting.send(b"I wait\n");
    Departure::ALL[round % 3].apply(&waiting);
    Departure::ALL[(round / 3) % 3].apply(&served);
    // A backlog may hold one client only, so the queue must be empty before the next round.
    let is_queue_empty = |now: &mut Server| {
        let queued = now.listener()?.map_or(0, |listener| listener.unread);
        Ok((queued == 0).then_some(()))
    };
    run.server
        .wait_for(is_queue_empty)
        .map_err(|wait_error| stopped_serving(run, wait_error, 2 * round + 1))
}

/// Connects one of many clients. Other criteria report a server that no client can connect to.
fn connect_or_depend(run: &mut TestRun) -> Result<witness::Client, CheckError> {
    connect_unnamed(run).map_err(|error| {
        let id = if run.server.exit().is_some() { "reset" } else { "next-client" };
        error.independent().depends_on(id)
    })
}

fn stopped_serving(run: &mut TestRun, wait_error: WaitError, served: usize) -> CheckError {
    let failure = Failure {
        id: "stopped-serving",
        mistake: None,
        summary: format!(
            "After {served} of {CLIENTS} clients had connected and left, the server serves no more."
        ),
        expected: format!("{CLIENTS} clients are served"),
        observed: wait_error.to_string(),
    };
    fail_or_depend_on_reset(run, wait_error, failure)
}

/// The failure of a server that keeps the descriptor of a client that has left.
fn not_closed(
    run: &mut TestRun,
    client: &NamedClient,
    wait_error: WaitError,
    departure: Departure,
) -> CheckError {
    let failure = kept_socket(client, Some("forgot-close"), "it is still open".to_owned());
    match (&wait_error, departure) {
        (WaitError::Ended(_), Departure::Reset) => {
            ended_by_reset(run, client, wait_error, "read-reset").depends_on("reset")
        }
        (WaitError::Ended(_), _) => {
            let failure = Failure { mistake: Some("closes-listener"), ..failure };
            diagnosis::fail(run, Some(wait_error), failure).depends_on("next-client")
        }
        _ => diagnosis::fail(run, Some(wait_error), failure),
    }
}

/// Waits until the server has the same descriptors as before.
fn expect_same(run: &mut TestRun, before: &[Descriptor]) -> Result<(), CheckError> {
    let same = run.server.wait_for(|now| Ok((now.descriptors()? == before).then_some(())));
    let Err(wait_error) = same else { return Ok(()) };
    let left = run.server.descriptors()?.len().saturating_sub(before.len());
    let failure = more_descriptors(left, Some("forgot-close"), &wait_error);
    Err(fail_or_depend_on_reset(run, wait_error, failure))
}

/// A server that has ended did so because of a reset, which the criterion `reset` reports.
fn fail_or_depend_on_reset(
    run: &mut TestRun,
    wait_error: WaitError,
    failure: Failure,
) -> CheckError {
    let has_ended = matches!(wait_error, WaitError::Ended(_));
    let error = diagnosis::fail(run, Some(wait_error), failure);
    if has_ended { error.depends_on("reset") } else { error }
}
