//! What clients that have left leave behind.

use super::departure::Departure;
use super::descriptors::{count_other_files, socket_inodes};
use super::diagnosis;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::named_client::NamedClient;
use crate::test_run::{MAX_BATCH, TestRun};
use std::collections::BTreeSet;
use witness::{Exit, Server, Stuck};

const CROWD: usize = 200;
/// A larger table, where it cannot be made smaller, is filled by one criterion alone.
const FILLED: usize = 100;

/// Descriptors before = after: FIN, RST and half-close, rejected clients, and 200 that came and went.
pub(crate) fn no_fd_leak(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start_with(MAX_BATCH + 1, Default::default())?;
    // It may listen at one address before it does at the other.
    let _ = run.check_alive();
    let before = socket_inodes(&run.server)?;
    depart(&mut run, Departure::Close)?;
    let others = count_other_files(&run.server)?;
    depart(&mut run, Departure::Reset)?;
    depart(&mut run, Departure::HalfClose)?;
    if run.capacity <= FILLED {
        turn_one_away(&mut run, before.len())?;
    }
    come_and_go(&mut run, &before)?;
    all_back(&mut run, &before, others)
}

/// One client comes and leaves one way, and its descriptor goes with it.
fn depart(run: &mut TestRun, way: Departure) -> Result<(), CheckError> {
    let (client, fd) = run.connect_accepted()?;
    // It has a descriptor before the server has said so: let the story tell both in order.
    let _ = run.check_alive();
    run.step(format!("{} {}", client.name, way.says()));
    way.go(&client.connection);
    let Err(wait_error) = run.wait_released(&client) else { return Ok(()) };
    let (mistake, summary) = match (&wait_error, way) {
        (Stuck::Ended(Exit::Status(_) | Exit::Signal(_)), Departure::Reset) => (
            Some("reset-ends-server"),
            format!("The server ended when {} reset its connection.", client.name),
        ),
        (Stuck::Quiet { .. }, _) => {
            let wait_logged = run.logs_clients() && matches!(run.wait_logged(goodbye), Ok(()));
            let summary = if wait_logged {
                format!("The server logged that {} left, but never closed its socket.", client.name)
            } else {
                format!("{} left, and the server never closed its socket.", client.name)
            };
            // A log that says nothing shows that it was not noticed.
            let missed = if run.logs_clients() { "waits-for-hangup" } else { "forgot-close" };
            let mistake = diagnosis::of(run, &wait_error).unwrap_or(missed);
            (Some(if wait_logged { "forgot-close" } else { mistake }), summary)
        }
        _ => (
            diagnosis::of(run, &wait_error),
            format!("{} left, and the server never closed its socket.", client.name),
        ),
    };
    let kept = run.server.descriptor_of(&client.connection)?.unwrap_or(fd);
    let failure = Failure {
        id: "fd-leak",
        mistake,
        summary,
        expected: format!("descriptor {fd} is closed"),
        observed: match &wait_error {
            Stuck::Ended(_) => wait_error.to_string(),
            _ if kept == fd => format!("descriptor {fd} is still open"),
            _ => format!("descriptor {fd} is closed, and {kept} is the same connection"),
        },
    };
    Err(run.fail(wait_error, failure))
}

fn goodbye(event: &LogEvent) -> Option<()> {
    matches!(event, LogEvent::Disconnect { .. }).then_some(())
}

/// Fills the table and has one more turned away; then all of them leave.
fn turn_one_away(run: &mut TestRun, before: usize) -> Result<(), CheckError> {
    let clients = one_too_many(run, before)?;
    run.check_alive()
        .map_err(|wait_error| leak(run, wait_error, "full-ends-server", &clients[0]))?;
    run.step(format!("{} clients closed", clients.len()));
    clients.iter().for_each(|client| client.connection.close());
    // Whose socket it is matters only where one is left.
    if count_sockets(run, before).is_err() {
        for (index, client) in clients.iter().enumerate() {
            let mistake = if index < run.capacity { "forgot-close" } else { "reject-not-closed" };
            run.wait_closed(client).map_err(|wait_error| leak(run, wait_error, mistake, client))?;
        }
    }
    run.check_alive().map_err(|wait_error| leak(run, wait_error, "forgot-close", &clients[0]))
}

/// One client more than there are slots. How many are let in is for another criterion to ask.
fn one_too_many(run: &mut TestRun, before: usize) -> Result<Vec<NamedClient>, CheckError> {
    let count = run.capacity + 1;
    run.step(format!("{count} clients connected"));
    let mut clients = Vec::with_capacity(count);
    while clients.len() < count {
        for _ in 0..run.batch_size()?.min(count - clients.len()) {
            clients.push(run.add_client(Server::connect)?);
        }
        let _ = count_sockets(run, before + clients.len().min(run.capacity));
    }
    let last = clients[count - 1].connection.clone();
    let _ = run.server.until(|now| {
        let seen = last.ended().is_some() || now.descriptor_of(&last)?.is_some();
        Ok(seen.then_some(()))
    });
    Ok(clients)
}

fn leak(
    run: &mut TestRun,
    wait_error: Stuck,
    mistake: &'static str,
    client: &NamedClient,
) -> CheckError {
    let failure = Failure {
        id: "fd-leak",
        mistake: diagnosis::of(run, &wait_error).or(Some(mistake)),
        summary: format!("{} left, and the server never closed its socket.", client.name),
        expected: format!("{}'s descriptor is closed", client.name),
        observed: wait_error.to_string(),
    };
    run.fail(wait_error, failure)
}

/// 200 clients, some at a time, leaving in every way.
fn come_and_go(run: &mut TestRun, before: &BTreeSet<u64>) -> Result<(), CheckError> {
    run.step(format!("{CROWD} clients came and left in every way"));
    let batch = run.batch_size()?.min(run.capacity.saturating_sub(1)).max(1);
    for round in 0..CROWD / batch {
        let mut crowd = Vec::with_capacity(batch);
        for _ in 0..batch {
            let connection = run.server.connect();
            crowd.push(connection.map_err(|error| run.no_connection("one of them", &error))?);
        }
        count_sockets(run, before.len() + batch)
            .map_err(|wait_error| stopped(run, wait_error, round * batch))?;
        for (index, connection) in crowd.into_iter().enumerate() {
            Departure::ALL[(round + index) % 3].go(&connection);
        }
        if count_sockets(run, before.len()).is_err() {
            break; // what stayed open is told in the end
        }
    }
    Ok(())
}

fn count_sockets(run: &mut TestRun, count: usize) -> Result<(), Stuck> {
    run.server.until(|now| Ok((socket_inodes(now)?.len() == count).then_some(())))
}

fn stopped(run: &mut TestRun, wait_error: Stuck, served: usize) -> CheckError {
    let failure = Failure {
        id: "stopped-serving",
        mistake: diagnosis::of(run, &wait_error).or(Some("slot-never-freed")),
        summary: format!("After {served} of {CROWD} clients that came and left, it takes no more."),
        expected: format!("{CROWD} clients are accepted"),
        observed: wait_error.to_string(),
    };
    run.fail(wait_error, failure)
}

fn all_back(run: &mut TestRun, before: &BTreeSet<u64>, others: usize) -> Result<(), CheckError> {
    let same = run.server.until(|now| {
        let back = socket_inodes(now)? == *before && count_other_files(now)? <= others;
        Ok(back.then_some(()))
    });
    let Err(wait_error) = same else { return Ok(()) };
    let left = socket_inodes(&run.server)?.difference(before).count()
        + count_other_files(&run.server)?.saturating_sub(others);
    let failure = Failure {
        id: "fd-leak",
        mistake: diagnosis::of(run, &wait_error),
        summary: format!("Every client has left; descriptors that stayed open: {left}."),
        expected: "the same descriptors as before the first client".to_owned(),
        observed: match &wait_error {
            Stuck::Ended(_) => wait_error.to_string(),
            _ => format!("{left} more"),
        },
    };
    Err(run.fail(wait_error, failure))
}
