//! The criterion that a client which resets its connection affects no other client.

use super::exchange::{self, READ_LIMIT};
use super::{client_log, diagnosis, echo, received};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::shared::departure::Departure;
use crate::shared::fd_leaks::kept_socket;
use crate::test_run::TestRun;
use witness::{Exit, SignalNumber, WaitError};

/// The number of bytes that a client sends which leaves in the middle of the answer.
const LONG: usize = 4 << 20;

/// Clients reset their connections: while the server reads, before it answers, and in the middle of
/// a long answer. The server runs on, repeats no call for ever, and serves the next client.
pub(super) fn reset(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    leaves_normally(&mut run)?;
    resets_during_read(&mut run)?;
    leaves_before_write(&mut run, Departure::Reset)?;
    leaves_before_write(&mut run, Departure::HalfClose)?;
    let answer = exchange::numbered_lines(&mut context.random("reset"), LONG);
    resets_during_answer(&mut run, &answer)?;
    echo::connect_served(&mut run).map(drop)
}

/// A client leaves without a reset. If the server fails here, the reason is not a reset.
fn leaves_normally(run: &mut TestRun) -> Result<(), CheckError> {
    let client = echo::connect_served(run)?;
    run.step(format!("{} closed", client.name));
    client.connection.close();
    run.check_alive().map_err(|wait_error| ended_by_departure(run, &client, wait_error))
}

/// The failure of a server that has ended after a client had left without a reset.
pub(super) fn ended_by_departure(
    run: &mut TestRun,
    client: &NamedClient,
    wait_error: WaitError,
) -> CheckError {
    let failure = Failure {
        id: "ended-by-departure",
        mistake: None,
        summary: format!("The server ended after {} had left.", client.name),
        expected: "the server runs on, and serves the next client".to_owned(),
        observed: wait_error.to_string(),
    };
    diagnosis::fail(run, Some(wait_error), failure).depends_on("next-client")
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

/// The client reads a part of a long answer, and then resets its connection. The server is in write,
/// because the client does not read on. This write returns the number of bytes that it has written,
/// or fails with ECONNRESET, and the next one fails with EPIPE.
fn resets_during_answer(run: &mut TestRun, answer: &[u8]) -> Result<(), CheckError> {
    let client = echo::connect_served_over_ethernet(run)?;
    let name = &client.name;
    run.step(format!("{name} sent many bytes, and read a part of what came back"));
    let mut rest = answer;
    for _ in 0..2 {
        exchange::read_some(&client, READ_LIMIT);
        exchange::send_until_blocked(run, &client, &mut rest)
            .map_err(|wait_error| not_answered(run, &client, wait_error))?;
    }
    let fd = run.server.descriptor_of(&client.connection)?;
    run.step(format!("{name} reset its connection (RST) in the middle of the answer"));
    client.connection.reset();
    run.check_alive().map_err(|error| ended_by_reset(run, &client, error, "write-reset"))?;
    client_log::expect_departure_logged(run, &client, fd)?;
    expect_next_served(run, &client, "write-reset")
}

/// The failure of a server that does not write a long answer. The criterion `every-byte` reports
/// such a server.
fn not_answered(run: &mut TestRun, client: &NamedClient, wait_error: WaitError) -> CheckError {
    let failure = Failure {
        id: "not-answered",
        mistake: None,
        summary: format!("{} sent many bytes, and the server does not answer.", client.name),
        expected: format!("the server sends the bytes back to {}", client.name),
        observed: wait_error.to_string(),
    };
    diagnosis::fail(run, Some(wait_error), failure).depends_on("every-byte")
}

/// The server must still run, and must serve the next client. If the server has ended, `mistake` is
/// the row that says so.
fn expect_next_served(
    run: &mut TestRun,
    client: &NamedClient,
    mistake: &'static str,
) -> Result<(), CheckError> {
    run.check_alive().map_err(|wait_error| ended_by_reset(run, client, wait_error, mistake))?;
    let next = echo::connect(run)?;
    run.step(format!("{} sent \"next\\n\"", next.name));
    let _ = next.connection.send(b"next\n");
    let wait_error = received::wait_received(run, &next, 5).err();
    let received = next.connection.received();
    if received == b"next\n" {
        run.step(format!("{} closed", next.name));
        next.connection.close();
        return expect_released(run, client);
    }
    let failure = Failure {
        id: "next-not-served",
        mistake: None,
        summary: format!("{} reset, and {} is not served after it.", client.name, next.name),
        expected: format!("{} receives \"next\\n\"", next.name),
        observed: received::received_text(&next, &received),
    };
    Err(diagnosis::fail(run, wait_error, failure))
}

/// The server has served the next client. The descriptor of the client that has reset must be closed,
/// whichever call has failed. The criterion `no-fd-leak` reports a server that closes no descriptor.
fn expect_released(run: &mut TestRun, client: &NamedClient) -> Result<(), CheckError> {
    let Err(wait_error) = run.wait_released(client) else { return Ok(()) };
    let failure = kept_socket(client, Some("forgot-close"), wait_error.to_string());
    Err(diagnosis::fail(run, Some(wait_error), failure).depends_on("no-fd-leak"))
}

/// The failure of a server that has ended when a client reset its connection.
pub(super) fn ended_by_reset(
    run: &mut TestRun,
    client: &NamedClient,
    wait_error: WaitError,
    mistake: &'static str,
) -> CheckError {
    let mistake = match &wait_error {
        WaitError::Ended(Exit::Status(_)) => Some(mistake),
        WaitError::Ended(Exit::Signal(SignalNumber(libc::SIGPIPE))) => Some("sigpipe"),
        _ => None,
    };
    let failure = Failure {
        id: "ended-by-reset",
        mistake,
        summary: format!("The server did not survive the reset of {}.", client.name),
        expected: "the server runs on, and serves the next client".to_owned(),
        observed: wait_error.to_string(),
    };
    run.fail(wait_error, failure)
}
