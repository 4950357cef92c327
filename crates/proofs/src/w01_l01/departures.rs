//! Clients that leave in other ways than by a goodbye.

use super::{diagnosis, echo};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::shared::departure::Departure;
use crate::test_run::TestRun;
use witness::{Descriptor, Exit, Stuck};

/// A client that resets the connection ends neither the server nor the next client's service.
pub(super) fn reset(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    after_a_goodbye(&mut run)?;
    while_it_reads(&mut run)?;
    before_it_writes(&mut run, Departure::Reset)?;
    before_it_writes(&mut run, Departure::HalfClose)?;
    echo::greeted(&mut run).map(drop)
}

/// What holds after a reset holds after a goodbye, or it is not the reset's doing.
fn after_a_goodbye(run: &mut TestRun) -> Result<(), CheckError> {
    let client = echo::greeted(run)?;
    run.step(format!("{} closed", client.name));
    client.connection.close();
    run.check_alive().map_err(|wait_error| kept(run, &client, wait_error, Departure::Close))
}

/// The server is in a read, which fails with ECONNRESET.
fn while_it_reads(run: &mut TestRun) -> Result<(), CheckError> {
    let client = echo::greeted(run)?;
    let _ = run.check_alive(); // it is back in its read
    run.step(format!("{} reset its connection (RST)", client.name));
    client.connection.reset();
    survives(run, &client, "read-reset")
}

/// The client is gone by the time that the server answers: the write fails with ECONNRESET; or
/// with EPIPE, where a FIN came before the RST (tcp_reset() in net/ipv4/tcp_input.c).
fn before_it_writes(run: &mut TestRun, first: Departure) -> Result<(), CheckError> {
    let client = echo::greeted(run)?;
    let name = &client.name;
    run.server.stop().map_err(|wait_error| ended(run, &client, wait_error, "write-reset"))?;
    let left = match first {
        Departure::HalfClose => ", shut down its sending side and reset",
        _ => " and reset",
    };
    run.step(format!("{name} sent \"bye\\n\"{left}, while the server was stopped"));
    let _ = client.connection.send(b"bye\n");
    first.go(&client.connection);
    client.connection.reset();
    run.server.go_on().map_err(|wait_error| ended(run, &client, wait_error, "write-reset"))?;
    survives(run, &client, "write-reset")
}

/// The server goes on, and the next client is served.
fn survives(
    run: &mut TestRun,
    client: &NamedClient,
    mistake: &'static str,
) -> Result<(), CheckError> {
    run.check_alive().map_err(|wait_error| ended(run, client, wait_error, mistake))?;
    let next = echo::arrives(run)?;
    run.step(format!("{} sent \"next\\n\"", next.name));
    let _ = next.connection.send(b"next\n");
    let wait_error = echo::hears(run, &next, 5).err();
    if next.connection.received() == b"next\n" {
        next.connection.close();
        return Ok(());
    }
    let failure = Failure {
        id: "next-not-served",
        mistake: Some(mistake),
        summary: format!("{} reset, and {} is not served after it.", client.name, next.name),
        expected: format!("{} receives \"next\\n\"", next.name),
        observed: format!("{} received {}", next.name, echo::shown(&next.connection.received())),
    };
    Err(diagnosis::fail(run, wait_error, failure))
}

fn ended(
    run: &mut TestRun,
    client: &NamedClient,
    wait_error: Stuck,
    mistake: &'static str,
) -> CheckError {
    let by_sigpipe = matches!(&wait_error, Stuck::Ended(Exit::Signal(name)) if name == "SIGPIPE");
    let failure = Failure {
        id: "ended-by-reset",
        mistake: Some(if by_sigpipe { "sigpipe" } else { mistake }),
        summary: format!("The server did not survive the reset of {}.", client.name),
        expected: "the server goes on, and serves the next client".to_owned(),
        observed: wait_error.to_string(),
    };
    run.fail(wait_error, failure)
}

/// How many come and go.
const CROWD: usize = 50;

/// Its descriptors are the same before and after 50 clients that left in every way.
pub(super) fn no_fd_leak(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let mut before = run.server.descriptors()?;
    for way in Departure::ALL {
        let client = echo::greeted(&mut run)?;
        let _ = run.check_alive(); // bytes that cross a FIN would turn it into a reset
        run.step(format!("{} {}", client.name, way.says()));
        way.go(&client.connection);
        let wait_released = run.wait_released(&client);
        wait_released.map_err(|wait_error| kept(&mut run, &client, wait_error, way))?;
        if matches!(way, Departure::Close) {
            before = with_its_own(before, run.server.descriptors()?);
        }
    }
    run.step(format!("{CROWD} clients came and left in every way, some before their turn"));
    for round in 0..CROWD / 2 {
        pair(&mut run, round)?;
    }
    all_back(&mut run, &before)
}

/// `before`, and what a run-time may open with the first client: files and pipes, but no socket.
fn with_its_own(before: Vec<Descriptor>, now: Vec<Descriptor>) -> Vec<Descriptor> {
    let is_socket = |it: &Descriptor| matches!(it.target, witness::Target::Socket(_));
    let kept = now.into_iter().filter(|it| !is_socket(it) || before.contains(it));
    kept.collect()
}

/// One is served, another waits behind it: both leave, the second before its turn.
fn pair(run: &mut TestRun, round: usize) -> Result<(), CheckError> {
    let connect = |run: &mut TestRun| {
        run.server.connect().map_err(|error| {
            let error = run.no_connection("one of them", &error).independent();
            error.depends_on(if run.server.exit().is_some() { "reset" } else { "next-client" })
        })
    };
    let served = connect(run)?;
    let _ = served.send(b"hello\n");
    let heard = run
        .server
        .until(|_| Ok((served.received().len() >= 6 || served.ended().is_some()).then_some(())));
    heard.map_err(|wait_error| stopped(run, wait_error, 2 * round))?;
    let waiting = connect(run)?;
    let _ = waiting.send(b"I wait\n");
    Departure::ALL[round % 3].go(&waiting);
    Departure::ALL[(round / 3) % 3].go(&served);
    // A backlog may have room for one.
    let taken = |now: &mut witness::Server| {
        let queue = now.listener()?.map_or(0, |listener| listener.unread);
        Ok((queue == 0).then_some(()))
    };
    run.server.until(taken).map_err(|wait_error| stopped(run, wait_error, 2 * round + 1))
}

fn stopped(run: &mut TestRun, wait_error: Stuck, served: usize) -> CheckError {
    let failure = Failure {
        id: "stopped-serving",
        mistake: None,
        summary: format!(
            "After {served} of {CROWD} clients that came and left, it serves no more."
        ),
        expected: format!("{CROWD} clients are served"),
        observed: wait_error.to_string(),
    };
    let has_ended = matches!(wait_error, Stuck::Ended(_));
    let error = diagnosis::fail(run, Some(wait_error), failure);
    if has_ended { error.depends_on("reset") } else { error }
}

fn kept(run: &mut TestRun, client: &NamedClient, wait_error: Stuck, way: Departure) -> CheckError {
    let failure = Failure {
        id: "fd-leak",
        mistake: Some("forgot-close"),
        summary: format!("{} left, and the server never closed its socket.", client.name),
        expected: format!("{}'s descriptor is closed", client.name),
        observed: "it is still open".to_owned(),
    };
    match (&wait_error, way) {
        (Stuck::Ended(_), Departure::Reset) => {
            ended(run, client, wait_error, "read-reset").depends_on("reset")
        }
        (Stuck::Ended(_), _) => {
            let failure = Failure { mistake: Some("closes-listener"), ..failure };
            diagnosis::fail(run, Some(wait_error), failure).depends_on("next-client")
        }
        _ => diagnosis::fail(run, Some(wait_error), failure),
    }
}

fn all_back(run: &mut TestRun, before: &[Descriptor]) -> Result<(), CheckError> {
    let same = run.server.until(|now| Ok((now.descriptors()? == before).then_some(())));
    let Err(wait_error) = same else { return Ok(()) };
    let left = run.server.descriptors()?.len().saturating_sub(before.len());
    let failure = Failure {
        id: "fd-leak",
        mistake: Some("forgot-close"),
        summary: format!("Every client has left; descriptors that stayed open: {left}."),
        expected: "the same descriptors as before the first client".to_owned(),
        observed: match &wait_error {
            Stuck::Ended(_) => wait_error.to_string(),
            _ => format!("{left} more"),
        },
    };
    let has_ended = matches!(wait_error, Stuck::Ended(_));
    let error = diagnosis::fail(run, Some(wait_error), failure);
    Err(if has_ended { error.depends_on("reset") } else { error })
}
