//! The criterion that a server keeps no descriptor of a client that has left.

use super::departure::Departure;
use super::descriptors::{count_other_files, socket_inodes};
use super::diagnosis;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::named_client::NamedClient;
use crate::test_run::{MAX_BATCH, TestRun};
use std::collections::BTreeSet;
use witness::{Client, Exit, Server, WaitError};

/// The number of clients that connect and leave.
const CLIENTS: usize = 200;
/// The maximum number of slots that this check fills. The criterion `capacity` fills the table of
/// every server.
const LARGEST_FILLED: usize = 100;

/// The server has the same descriptors before and after its clients. Some clients leave by FIN, by
/// RST and by half-close, one client is rejected, and then 200 clients connect and leave.
pub(crate) fn no_fd_leak(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start_with(MAX_BATCH + 1, Default::default())?;

    // A server may open a second listener. Wait until the server is idle, so that this listener is
    // already open. Then record the sockets, before the first client connects.
    let _ = run.check_alive();
    let sockets = socket_inodes(&run.server)?;

    // Connect one client for each kind of departure. Count the files after the first client,
    // because a language's runtime may open files for the first client.
    depart(&mut run, Departure::Close)?;
    let files = count_other_files(&run.server)?;
    depart(&mut run, Departure::Reset)?;
    depart(&mut run, Departure::HalfClose)?;

    if run.capacity <= LARGEST_FILLED {
        fill_and_reject(&mut run, sockets.len())?;
    }
    connect_and_leave(&mut run, &sockets)?;
    expect_same(&mut run, &sockets, files)
}

/// The failure of a server that keeps the socket of a client that has left.
pub(crate) fn kept_socket(
    client: &NamedClient,
    mistake: Option<&'static str>,
    observed: String,
) -> Failure {
    Failure {
        id: "fd-leak",
        mistake,
        summary: format!("{} left, and the server never closed its socket.", client.name),
        expected: format!("{}'s descriptor is closed", client.name),
        observed,
    }
}

/// The failure of a server that has `left` more descriptors after its clients than before them.
pub(crate) fn more_descriptors(
    left: usize,
    mistake: Option<&'static str>,
    wait_error: &WaitError,
) -> Failure {
    Failure {
        id: "fd-leak",
        mistake,
        summary: format!("Every client has left; descriptors that stayed open: {left}."),
        expected: "the same descriptors as before the first client".to_owned(),
        observed: match wait_error {
            WaitError::Ended(_) => wait_error.to_string(),
            _ => format!("{left} more"),
        },
    }
}

/// Connects one client, which then leaves. The server must close the client's descriptor.
fn depart(run: &mut TestRun, departure: Departure) -> Result<(), CheckError> {
    let (client, fd) = run.connect_accepted()?;
    // The descriptor exists before the server logs the client. Wait until the server is idle,
    // because the log line belongs to this step.
    let _ = run.check_alive();
    run.step(format!("{} {}", client.name, departure.text()));
    departure.apply(&client.connection);
    match run.wait_released(&client) {
        Ok(()) => Ok(()),
        Err(wait_error) => Err(not_closed(run, (&client, fd), departure, wait_error)?),
    }
}

fn not_closed(
    run: &mut TestRun,
    (client, fd): (&NamedClient, i32),
    departure: Departure,
    wait_error: WaitError,
) -> Result<CheckError, CheckError> {
    let name = &client.name;
    let never_closed = format!("{name} left, and the server never closed its socket.");
    let (mistake, summary) = match (&wait_error, departure) {
        (WaitError::Ended(Exit::Status(_) | Exit::Signal(_)), Departure::Reset) => (
            Some("reset-ends-server"),
            format!("The server ended when {name} reset its connection."),
        ),
        // The server has logged that the client left. Therefore only the call of close is missing.
        (WaitError::Idle { .. }, _)
            if run.logs_clients() && run.wait_logged(is_disconnect).is_ok() =>
        {
            (
                Some("forgot-close"),
                format!("The server logged that {name} left, but never closed its socket."),
            )
        }
        // There is no log line. Therefore the server has not noticed that the client left.
        (WaitError::Idle { .. }, _) => {
            let missed = if run.logs_clients() { "waits-for-hangup" } else { "forgot-close" };
            (diagnosis::of(run, &wait_error).or(Some(missed)), never_closed)
        }
        _ => (diagnosis::of(run, &wait_error), never_closed),
    };
    let kept = run.server.descriptor_of(&client.connection)?.unwrap_or(fd);
    let failure = Failure {
        id: "fd-leak",
        mistake,
        summary,
        expected: format!("descriptor {fd} is closed"),
        observed: match &wait_error {
            WaitError::Ended(_) => wait_error.to_string(),
            _ if kept == fd => format!("descriptor {fd} is still open"),
            _ => format!("descriptor {fd} is closed, and {kept} is the same connection"),
        },
    };
    Ok(run.fail(wait_error, failure))
}

fn is_disconnect(event: &LogEvent) -> Option<()> {
    matches!(event, LogEvent::Disconnect { .. }).then_some(())
}

/// Fills the table and connects one more client, which the server rejects. Then all clients leave.
fn fill_and_reject(run: &mut TestRun, sockets: usize) -> Result<(), CheckError> {
    let clients = connect_one_too_many(run, sockets)?;
    run.check_alive()
        .map_err(|wait_error| leak(run, wait_error, "full-ends-server", &clients[0]))?;
    run.step(format!("{} clients closed", clients.len()));
    clients.iter().for_each(|client| client.connection.close());
    // If a socket is still open, find the client of this socket.
    if wait_socket_count(run, sockets).is_err() {
        for (index, client) in clients.iter().enumerate() {
            let mistake = if index < run.capacity { "forgot-close" } else { "reject-not-closed" };
            run.wait_closed(client).map_err(|wait_error| leak(run, wait_error, mistake, client))?;
        }
    }
    run.check_alive().map_err(|wait_error| leak(run, wait_error, "forgot-close", &clients[0]))
}

/// Connects one client more than there are slots. The criterion `capacity` checks how many of these
/// clients the server accepts.
fn connect_one_too_many(run: &mut TestRun, sockets: usize) -> Result<Vec<NamedClient>, CheckError> {
    let count = run.capacity + 1;
    run.step(format!("{count} clients connected"));
    let mut clients = Vec::with_capacity(count);
    while clients.len() < count {
        for _ in 0..run.batch_size()?.min(count - clients.len()) {
            clients.push(run.add_client(Server::connect)?);
        }
        let _ = wait_socket_count(run, sockets + clients.len().min(run.capacity));
    }
    let last = clients[count - 1].connection.clone();
    let _ = run.server.wait_for(|now| {
        let is_handled = last.ended().is_some() || now.descriptor_of(&last)?.is_some();
        Ok(is_handled.then_some(()))
    });
    Ok(clients)
}

fn leak(
    run: &mut TestRun,
    wait_error: WaitError,
    mistake: &'static str,
    client: &NamedClient,
) -> CheckError {
    let mistake = diagnosis::of(run, &wait_error).or(Some(mistake));
    let failure = kept_socket(client, mistake, wait_error.to_string());
    run.fail(wait_error, failure)
}

/// Connects and disconnects 200 clients, several at a time. The clients leave by each kind of
/// departure.
fn connect_and_leave(run: &mut TestRun, sockets: &BTreeSet<u64>) -> Result<(), CheckError> {
    run.step(format!("{CLIENTS} clients connected, and left by FIN, RST or half-close"));
    let batch = run.batch_size()?.min(run.capacity.saturating_sub(1)).max(1);
    for round in 0..CLIENTS / batch {
        let connected = (0..batch).map(|_| connect_unnamed(run));
        let connections = connected.collect::<Result<Vec<_>, _>>()?;
        wait_socket_count(run, sockets.len() + batch)
            .map_err(|wait_error| stopped_accepting(run, wait_error, round * batch))?;
        for (index, connection) in connections.iter().enumerate() {
            Departure::ALL[(round + index) % 3].apply(connection);
        }
        if wait_socket_count(run, sockets.len()).is_err() {
            break; // The caller reports the sockets that are still open.
        }
    }
    Ok(())
}

/// Connects one of many clients. This client has no name in the steps.
pub(crate) fn connect_unnamed(run: &mut TestRun) -> Result<Client, CheckError> {
    run.server.connect().map_err(|error| run.no_connection("one of them", &error))
}

fn wait_socket_count(run: &mut TestRun, count: usize) -> Result<(), WaitError> {
    run.server.wait_for(|now| Ok((socket_inodes(now)?.len() == count).then_some(())))
}

fn stopped_accepting(run: &mut TestRun, wait_error: WaitError, served: usize) -> CheckError {
    let failure = Failure {
        id: "stopped-serving",
        mistake: diagnosis::of(run, &wait_error).or(Some("slot-never-freed")),
        summary: format!(
            "After {served} of {CLIENTS} clients had connected and left, the server accepts no more."
        ),
        expected: format!("{CLIENTS} clients are accepted"),
        observed: wait_error.to_string(),
    };
    run.fail(wait_error, failure)
}

/// Waits until the server has the same sockets as before its clients, and not more files than
/// before.
fn expect_same(run: &mut TestRun, sockets: &BTreeSet<u64>, files: usize) -> Result<(), CheckError> {
    let same = run.server.wait_for(|now| {
        let is_same = socket_inodes(now)? == *sockets && count_other_files(now)? <= files;
        Ok(is_same.then_some(()))
    });
    let Err(wait_error) = same else { return Ok(()) };
    let left = socket_inodes(&run.server)?.difference(sockets).count()
        + count_other_files(&run.server)?.saturating_sub(files);
    let mistake = diagnosis::of(run, &wait_error);
    let failure = more_descriptors(left, mistake, &wait_error);
    Err(run.fail(wait_error, failure))
}
