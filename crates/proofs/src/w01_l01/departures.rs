//! The criteria of clients that leave: a reset ends nothing, and no descriptor stays open.

use super::{diagnosis, echo};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::shared::departure::Departure;
use crate::shared::fd_leaks::{connect_unnamed, kept_socket, more_descriptors};
use crate::test_run::TestRun;
use witness::{Descriptor, Exit, Server, SignalNumber, Target, WaitError};

/// A client that resets its connection does not end the server, and the next client is served.
pub(super) fn reset(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    leaves_normally(&mut run)?;
    resets_during_read(&mut run)?;
    leaves_before_write(&mut run, Departure::Reset)?;
    leaves_before_write(&mut run, Departure::HalfClose)?;
    echo::connect_served(&mut run).map(drop)
}

/// A client leaves without a reset. If the server fails here, the reason is not a reset.
fn leaves_normally(run: &mut TestRun) -> Result<(), CheckError> {
    let client = echo::connect_served(run)?;
    run.step(format!("{} closed", client.name));
    client.connection.close();
    run.check_alive().map_err(|wait_error| not_closed(run, &client, wait_error, Departure::Close))
}

/// The client resets its connection while the server is in read. This read fails with ECONNRESET.
fn resets_during_read(run: &mut TestRun) -> Result<(), CheckError> {
    let client = echo::connect_served(run)?;
    // Wait until the server is idle. Then the server is in its next read.
    let _ = run.check_alive();
    run.step(format!("{} reset its connection (RST)", client.name));
    client.connection.reset();
    expect_next_served(run, &client, "read-reset")
}

/// The client leaves before the server answers. The write fails with ECONNRESET. If a FIN came
/// before the RST, the write fails with EPIPE (tcp_reset() in net/ipv4/tcp_input.c).
fn leaves_before_write(run: &mut TestRun, first: Departure) -> Result<(), CheckError> {
    let client = echo::connect_served(run)?;
    let name = &client.name;

    // Pause the server. When the server continues, both the bytes and the reset have arrived.
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

/// The server must still run, and must serve the next client.
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

/// The number of clients that connect and leave.
const CLIENTS: usize = 50;

/// The server's descriptors are the same before and after 50 clients, which leave by each kind of
/// departure.
pub(super) fn no_fd_leak(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let mut before = run.server.descriptors()?;

    // Connect one client for each kind of departure.
    for departure in Departure::ALL {
        let client = echo::connect_served(&mut run)?;
        // Wait until the server has sent its whole answer. If bytes arrived after the client's
        // close(2), the client's kernel would send a reset, not a FIN.
        let _ = run.check_alive();
        run.step(format!("{} {}", client.name, departure.text()));
        departure.apply(&client.connection);
        let released = run.wait_released(&client);
        released.map_err(|wait_error| not_closed(&mut run, &client, wait_error, departure))?;
        if matches!(departure, Departure::Close) {
            before = with_runtime_files(before, run.server.descriptors()?);
        }
    }

    // Connect and disconnect many clients, two at a time.
    run.step(format!(
        "{CLIENTS} clients connected, and left by FIN, RST or half-close, some before they were served"
    ));
    for round in 0..CLIENTS / 2 {
        connect_two(&mut run, round)?;
    }
    expect_same(&mut run, &before)
}

/// The descriptors of `before`, and the files and pipes that a language's runtime has opened since
/// then. New sockets are not included.
fn with_runtime_files(before: Vec<Descriptor>, now: Vec<Descriptor>) -> Vec<Descriptor> {
    let is_socket = |it: &Descriptor| matches!(it.target, Target::Socket(_));
    now.into_iter().filter(|it| !is_socket(it) || before.contains(it)).collect()
}

/// Connects two clients. The first client is served while the second client waits. Then both
/// clients leave. The second client leaves before the server has served this client.
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
    // A backlog may hold only one client. Therefore the queue must be empty before the next round.
    let is_queue_empty = |now: &mut Server| {
        let queued = now.listener()?.map_or(0, |listener| listener.unread);
        Ok((queued == 0).then_some(()))
    };
    run.server
        .wait_for(is_queue_empty)
        .map_err(|wait_error| stopped_serving(run, wait_error, 2 * round + 1))
}

/// Connects one of many clients. If the client cannot connect, another criterion reports this
/// failure.
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

/// If the server has ended, it ended because of a reset. The criterion `reset` reports this
/// failure.
fn fail_or_depend_on_reset(
    run: &mut TestRun,
    wait_error: WaitError,
    failure: Failure,
) -> CheckError {
    let has_ended = matches!(wait_error, WaitError::Ended(_));
    let error = diagnosis::fail(run, Some(wait_error), failure);
    if has_ended { error.depends_on("reset") } else { error }
}
