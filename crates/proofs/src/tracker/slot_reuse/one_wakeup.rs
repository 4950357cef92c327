//! Clients that leave and clients that come while the server is paused. When the server continues,
//! one call of poll or epoll_wait reports all of them.

use super::super::service::expect_read;
use super::{TrackedClient, expect_names, rows, slot_text};
use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::named_client::{NamedClient, client_name};
use crate::shared::departure::Departure;
use crate::shared::diagnosis;
use crate::test_run::TestRun;
use witness::{Server, WaitError};

/// What happens first while the server is paused. The server may handle the two clients in any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    /// One client leaves, and then the other one comes.
    Leaves,
    /// One client comes, and then the other one leaves.
    Comes,
    /// One client sends bytes and resets its connection, and then the other one comes. If the server
    /// echoes, its write fails.
    IsLost,
}

impl First {
    fn text(self, left: &str, came: &str) -> String {
        match self {
            First::Leaves => format!("{left} closed and {came} connected"),
            First::Comes => format!("{came} connected and {left} closed"),
            First::IsLost => {
                format!("{left} sent \"PING\\r\\n\" and reset, and {came} connected")
            }
        }
    }
}

/// Clients leave, and clients connect, while the server is paused. Each new client must be tracked
/// and stay, although it may get the descriptor number of a client that has just left.
///
/// The server may accept the new client before it closes the descriptor of the client that leaves.
/// Then the new client gets another number and another slot. So the table must have a slot that
/// stays free.
pub(super) fn expect_newcomers_stay(
    run: &mut TestRun,
    live: &mut Vec<TrackedClient>,
) -> Result<(), CheckError> {
    while live.len() > 1 && live.len() + 1 > run.capacity {
        let extra = live.remove(0);
        super::leave(run, &extra, Departure::Close)?;
    }
    if live.len() + 1 > run.capacity {
        return Ok(());
    }
    for first in [First::Leaves, First::Comes, First::IsLost] {
        let left = live.remove(0);
        let came = replace(run, &left, live, first)?;
        // A server that accepts before it closes gives the number of the lost client to the next client.
        // No other event may come between.
        if first == First::IsLost {
            live.push(arrive_next(run, &left)?);
        }
        expect_read(run, &came.client).map_err(|error| with_lost_entry(run, live, error))?;
        live.push(came);
    }
    Ok(())
}

/// The client `left` leaves, and a new client connects, while the server is paused.
fn replace(
    run: &mut TestRun,
    left: &TrackedClient,
    others: &[TrackedClient],
    first: First,
) -> Result<TrackedClient, CheckError> {
    let _ = run.check_alive();
    let name = &left.client.name;
    let next = client_name(run.clients.len());
    let connection = &left.client.connection;
    let came = run.while_paused(&first.text(name, &next), |run| {
        if first == First::IsLost {
            let _ = connection.send(b"PING\r\n");
            let _ = run.server.wait_delivered();
            connection.reset();
        }
        if first == First::Leaves {
            connection.close();
        }
        let _ = run.server.wait_delivered();
        let came = run.add_client(Server::connect);
        if first == First::Comes {
            connection.close();
        }
        came
    })?;

    // Both lines must be in the log. The server may write them in either order.
    let from = run.step_log_start();
    let logged = run.server.wait_for(|now| {
        let events: Vec<_> = now.log()[from..].iter().filter_map(LogEvent::of).collect();
        let accepted = events.iter().find_map(|event| match event {
            LogEvent::Accept { fd, slot } => Some((*fd, *slot)),
            _ => None,
        });
        let gone = events.iter().find_map(|event| match event {
            LogEvent::Disconnect { fd, slot } => Some((*fd, *slot)),
            _ => None,
        });
        Ok(accepted.zip(gone))
    });
    let (accepted, gone) = match logged {
        Ok(lines) => lines,
        Err(wait_error) => {
            let error = not_both_logged(run, left, &came, first, wait_error);
            return Err(with_lost_entry(run, others, error));
        }
    };
    expect_names(run, left, gone)?;
    expect_stays(run, left, came, others, accepted)
}

/// Connects a client that must stay, although it may get the number that the client `left` had.
fn arrive_next(run: &mut TestRun, left: &TrackedClient) -> Result<TrackedClient, CheckError> {
    let client = run.connect()?;
    let logged = run.wait_logged(|event| match event {
        LogEvent::Accept { fd, slot } => Some((*fd, *slot)),
        _ => None,
    });
    let _ = run.check_alive();
    if client.connection.ended().is_some() && run.server.exit().is_none() {
        let named = logged.ok().and_then(|(fd, _)| fd);
        return Err(newcomer_closed(run, left, &client, named));
    }
    match (run.server.descriptor_of(&client.connection)?, logged) {
        (Some(fd), Ok((_, slot))) => Ok(TrackedClient { client, fd, slot }),
        (_, Err(wait_error)) => Err(run.not_accepted(&client, wait_error)),
        (None, Ok(_)) => {
            let wait_error = run.at_rest();
            Err(run.not_accepted(&client, wait_error))
        }
    }
}

/// Checks that the new client has a descriptor and a slot of its own when the server is idle again.
fn expect_stays(
    run: &mut TestRun,
    left: &TrackedClient,
    came: NamedClient,
    others: &[TrackedClient],
    (named, slot): (Option<i32>, Option<usize>),
) -> Result<TrackedClient, CheckError> {
    let _ = run.check_alive();
    let Some(fd) = run.server.descriptor_of(&came.connection)? else {
        return Err(newcomer_closed(run, left, &came, named));
    };
    let name = &came.name;
    let owner = others.iter().find(|other| other.slot == slot);
    let is_valid = slot.is_some_and(|slot| slot < run.capacity);
    let summary = match owner {
        _ if named != Some(fd) => {
            format!("The [ACCEPT] line of {name} does not name its descriptor {fd}.")
        }
        Some(owner) => {
            let slot = slot_text(slot);
            format!("{name} was given slot {slot}, which {} has.", owner.client.name)
        }
        None if !is_valid => format!("The [ACCEPT] line of {name} does not name a slot."),
        None => return Ok(TrackedClient { client: came, fd, slot }),
    };
    let observed = run.logged_text();
    let expected = format!("[ACCEPT] fd={fd}, and a slot that no other client has");
    let mistake = owner.map(|_| "slot-given-twice").filter(|_| named == Some(fd));
    let failure = Failure { id: "wrong-accept-line", mistake, summary, expected, observed };
    let error = run.fail_now(failure);
    Err(if named == Some(fd) { error } else { error.depends_on("slots") })
}

/// Adds the row of a server that has lost the entry of another client.
pub(super) fn with_lost_entry(
    run: &TestRun,
    others: &[TrackedClient],
    error: CheckError,
) -> CheckError {
    match rows::of_lost_entry(run, others) {
        Some(row) => error.with_mistake(row),
        None => error,
    }
}

/// The failure of a server that closes a client that has just connected.
fn newcomer_closed(
    run: &mut TestRun,
    left: &TrackedClient,
    came: &NamedClient,
    named: Option<i32>,
) -> CheckError {
    let (gone, name) = (&left.client.name, &came.name);
    // The number was closed before accept returned it for the new client, and closed again since.
    let is_same_number = named == Some(left.fd);
    let mistake = is_same_number.then_some("closes-twice");
    let summary = if is_same_number {
        format!("{name} was given descriptor {}, which {gone} had before, and was closed.", left.fd)
    } else {
        format!("{gone} left, and the server closed the connection of {name} as well.")
    };
    let observed = format!("{name} was closed, and {}", run.logged_text());
    let expected = format!("{name} stays connected");
    run.fail_now(Failure { id: "newcomer-closed", mistake, summary, expected, observed })
}

/// The failure of a server that does not log that one client has left and another one has come.
fn not_both_logged(
    run: &mut TestRun,
    left: &TrackedClient,
    came: &NamedClient,
    first: First,
    wait_error: WaitError,
) -> CheckError {
    let observed = match &wait_error {
        WaitError::Idle { .. } => run.logged_text(),
        _ => wait_error.to_string(),
    };
    let (gone, name) = (&left.client.name, &came.name);
    let has_ended = matches!(wait_error, WaitError::Ended(_));
    let lines = run.server.log()[run.step_log_start()..].iter().filter_map(LogEvent::of);
    let tags: Vec<_> = lines.map(|line| matches!(line, LogEvent::Accept { .. })).collect();
    let missing = match (tags.contains(&true), tags.contains(&false)) {
        (true, _) => format!("no [DISCONNECT] line for {gone}"),
        (_, true) => format!("no [ACCEPT] line for {name}"),
        _ => "no line for either".to_owned(),
    };
    let failure = Failure {
        id: "newcomer-lost",
        mistake: diagnosis::of(run, &wait_error),
        summary: if has_ended {
            format!("The server ended when {gone} left and {name} connected while it was paused.")
        } else {
            format!("{gone} left and {name} connected, and the log has {missing}.")
        },
        expected: format!("{}, and an [ACCEPT] line for {name}", super::disconnect_line(left)),
        observed,
    };
    let error = run.fail(wait_error, failure);
    match first {
        // Another criterion reports a server that ends when a write fails.
        First::IsLost if has_ended => error.depends_on("no-fd-leak"),
        // In a server that was paused, epoll_wait fails with EINTR (signal(7)).
        _ if has_ended => error.depends_on("interrupted"),
        _ => error,
    }
}
