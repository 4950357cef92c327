//! The criterion that a server with a full table rejects clients.

mod at_once;

use super::service::expect_read;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::named_client::NamedClient;
use crate::shared::diagnosis;
use crate::test_run::TestRun;
use witness::{Line, WaitError};

/// The number of clients that are rejected, one after the other.
const REJECTED: usize = 2;

/// With MAX_CLIENTS=2, the third client is accepted, then closed, and `[REJECT] at capacity (2/2)`
/// is logged. The server keeps no descriptor of the third client, and still reads the bytes of the
/// first two clients. Several clients that come at once are all rejected. When one of the first two
/// clients leaves, the next client is tracked.
pub(crate) fn capacity(context: &CheckContext<'_>) -> Result<(), CheckError> {
    capacity_with(context, |_, _| Ok(()), |_, _, ()| Ok(()))
}

/// As [`capacity`], and `when_full` checks what the clients in a full table get, in the order in which
/// they came. `when_rejected` checks this again when others were rejected, with the result of `when_full`.
pub(crate) fn capacity_with<T>(
    context: &CheckContext<'_>,
    when_full: impl FnOnce(&mut TestRun, &[NamedClient]) -> Result<T, CheckError>,
    when_rejected: impl FnOnce(&mut TestRun, &[NamedClient], T) -> Result<(), CheckError>,
) -> Result<(), CheckError> {
    let mut run = context.start_with(2, Default::default())?;

    // Fill the table.
    let mut tracked = Vec::new();
    for _ in 0..run.capacity {
        context.check_time_left()?;
        tracked.push(expect_room(&mut run)?);
    }
    let before = when_full(&mut run, &tracked)?;

    // Connect clients too many. The other clients must still be served.
    for _ in 0..REJECTED {
        expect_rejected(&mut run)?;
    }
    at_once::expect_rejected(&mut run)?;
    when_rejected(&mut run, &tracked, before)?;
    for client in [tracked.first(), tracked.last()].into_iter().flatten() {
        expect_read(&mut run, client)?;
    }

    // The slot is free when the server has logged [DISCONNECT] or closed the descriptor.
    let Some(first) = tracked.first() else { return Ok(()) };
    run.step(format!("{} closed", first.name));
    first.connection.close();
    if run.wait_logged(|event| matches!(event, LogEvent::Disconnect { .. }).then_some(())).is_err()
        && let Err(wait_error) = run.wait_released(first)
    {
        return Err(not_released(&mut run, first, wait_error));
    }

    // The next client gets the free slot.
    let next = run.connect()?;
    match is_accepted(&mut run, &next) {
        Ok(true) => expect_tracked(&mut run, &next),
        Ok(false) => {
            let at_rest = run.at_rest();
            Err(stays_full(&mut run, first, at_rest))
        }
        Err(wait_error) => Err(stays_full(&mut run, first, wait_error)),
    }
}

/// Connects a client for which there is a free slot.
fn expect_room(run: &mut TestRun) -> Result<NamedClient, CheckError> {
    let client = run.connect()?;
    match is_accepted(run, &client) {
        Ok(true) => expect_tracked(run, &client).map(|()| client),
        Ok(false) => Err(rejected_too_early(run, &client)),
        Err(wait_error) => Err(run.not_accepted(&client, wait_error)),
    }
}

/// Waits until the server has accepted or rejected the client. Returns `true` if the server has a
/// descriptor for the client, and `false` if the server has closed the connection.
fn is_accepted(run: &mut TestRun, client: &NamedClient) -> Result<bool, WaitError> {
    let connection = client.connection.clone();
    let accepted = run.server.wait_for(|now| match connection.ended() {
        Some(_) => Ok(Some(false)),
        None => Ok(now.descriptor_of(&connection)?.map(|_| true)),
    })?;
    // A server that ends closes its connections, too. Therefore check that the server still runs.
    if !accepted {
        run.check_alive()?;
    }
    Ok(accepted)
}

/// Waits for the log line that says whether the client has a slot. An open descriptor alone does
/// not show this.
fn expect_tracked(run: &mut TestRun, client: &NamedClient) -> Result<(), CheckError> {
    let logged = run.wait_logged(|event| match event {
        LogEvent::Accept { .. } => Some(true),
        LogEvent::Reject => Some(false),
        _ => None,
    });
    match logged {
        Ok(true) => Ok(()),
        Ok(false) => Err(rejected_too_early(run, client)),
        Err(wait_error) => Err(run.not_accepted(client, wait_error)),
    }
}

fn rejected_too_early(run: &mut TestRun, client: &NamedClient) -> CheckError {
    let observed = run.logged_text();
    let capacity = run.capacity;
    let free = capacity.saturating_sub(active(run.server.log()));
    let slots = if capacity == 1 { "slot" } else { "slots" };
    let were = if free == 1 { "was" } else { "were" };
    run.fail_now(Failure {
        id: "rejects-too-early",
        mistake: (free == 1).then_some("off-by-one"),
        summary: format!(
            "{} was rejected, while {free} of {capacity} {slots} {were} free.",
            client.name
        ),
        expected: format!("{} is tracked", client.name),
        observed,
    })
}

/// The number of clients in the table, as the server's log shows it.
fn active(log: &[Line]) -> usize {
    let (mut came, mut left) = (0_usize, 0);
    for event in log.iter().filter_map(LogEvent::of) {
        match event {
            LogEvent::Accept { .. } => came += 1,
            LogEvent::Disconnect { .. } => left += 1,
            _ => {}
        }
    }
    came.saturating_sub(left)
}

/// Connects a client too many. The client must read an end of file, and the log must have the
/// `[REJECT]` line.
fn expect_rejected(run: &mut TestRun) -> Result<(), CheckError> {
    let extra = run.connect()?;
    let from = run.server.log().len();
    let counts = format!("({0}/{0})", run.capacity);
    let connection = extra.connection.clone();
    let rejected = run.server.wait_for(|now| {
        let is_logged = now.log()[from.min(now.log().len())..].iter().any(|line| {
            line.text.starts_with("[REJECT] at capacity ") && line.text.contains(&counts)
        });
        let is_tracked = now.log()[from..].iter().any(|line| line.tag() == Some("ACCEPT"));
        Ok(if is_tracked {
            Some(false)
        } else {
            (is_logged && connection.ended().is_some()).then_some(true)
        })
    });
    match rejected {
        Ok(true) => expect_forgotten(run, &extra),
        Ok(false) => Err(not_rejected(run, &extra, None)),
        Err(wait_error) => Err(not_rejected(run, &extra, Some(wait_error))),
    }
}

/// Waits until the server has no descriptor for a client that it has rejected, and checks that the
/// server still runs.
fn expect_forgotten(run: &mut TestRun, extra: &NamedClient) -> Result<(), CheckError> {
    let Err(wait_error) = run.wait_released(extra) else { return Ok(()) };
    let name = &extra.name;
    let (id, mistake, summary) = match &wait_error {
        WaitError::Ended(_) => (
            "ended-when-full",
            Some("full-ends-server"),
            format!("The server rejected {name}, and then ended."),
        ),
        _ => (
            "rejected-not-closed",
            Some("reject-not-closed"),
            format!("The server rejected {name}, and keeps a descriptor of its connection."),
        ),
    };
    let observed = match &wait_error {
        WaitError::Ended(_) => wait_error.to_string(),
        _ => format!("{name} reads an end of file, and the server's descriptor is still open"),
    };
    let expected = format!("{name}'s descriptor is closed, and the others are served");
    Err(run.fail(wait_error, Failure { id, mistake, summary, expected, observed }))
}

/// Connects one client more. Returns whether the server tracks it.
fn tracks_another(run: &mut TestRun) -> bool {
    run.connect().is_ok()
        && run.wait_logged(|event| matches!(event, LogEvent::Accept { .. }).then_some(())).is_ok()
}

fn not_rejected(
    run: &mut TestRun,
    extra: &NamedClient,
    wait_error: Option<WaitError>,
) -> CheckError {
    let name = &extra.name;
    let full = format!("{0} of {0} slots are in use", run.capacity);
    let is_queued =
        run.server.listener().ok().flatten().is_some_and(|listener| listener.unread > 0);
    let is_closed = extra.connection.ended().is_some();
    let is_logged =
        run.wait_logged(|event| matches!(event, LogEvent::Reject).then_some(())).is_ok();
    // A server without any limit tracks the next client, too.
    let is_unlimited = wait_error.is_none() && tracks_another(run);
    let (id, mistake, summary) = match &wait_error {
        None if is_unlimited => (
            "lets-in-too-many",
            Some("no-limit"),
            format!("{name} and one more client were tracked, although {full}."),
        ),
        None => (
            "lets-in-too-many",
            Some("off-by-one"),
            format!("{name} was tracked, although {full}."),
        ),
        Some(WaitError::Ended(_)) => (
            "ended-when-full",
            Some("full-ends-server"),
            format!("The server ended when {name} connected, while {full}."),
        ),
        Some(_) if is_queued => (
            "not-accepted-when-full",
            Some("stops-accepting"),
            format!("{full}, and {name} is left in the listener's queue."),
        ),
        Some(_) if !is_closed && is_logged => (
            "rejected-not-closed",
            Some("reject-not-closed"),
            format!("{name} was rejected, and its connection is still open."),
        ),
        Some(_) if !is_closed => (
            "not-rejected",
            Some("reject-not-closed"),
            format!("{full}, and {name} was neither tracked nor closed."),
        ),
        Some(_) if is_logged => (
            "wrong-reject-line",
            None,
            format!("{name} was rejected, and [REJECT] does not name the {} slots.", run.capacity),
        ),
        Some(_) => (
            "reject-not-logged",
            None,
            format!("{name} was rejected, and the log does not say so."),
        ),
    };
    let expected =
        format!("{name} reads an end of file, and [REJECT] at capacity ({0}/{0})", run.capacity);
    let observed = format!(
        "{name} {}, and {}",
        if is_closed { "reads an end of file" } else { "is still connected" },
        run.logged_text()
    );
    let error = run.fail_after(wait_error, Failure { id, mistake, summary, expected, observed });
    // The row about blocking descriptors is about the clients in the table.
    if id == "reject-not-logged" { error.without_row() } else { error }
}

/// The failure of a server that keeps a client which has left.
fn not_released(run: &mut TestRun, left: &NamedClient, wait_error: WaitError) -> CheckError {
    let observed = run.logged_text();
    let failure = Failure {
        id: "stays-full",
        mistake: diagnosis::of(run, &wait_error),
        summary: format!("{} left, and the server did not free its slot.", left.name),
        expected: format!("[DISCONNECT] for {}, or its descriptor closed", left.name),
        observed,
    };
    run.fail(wait_error, failure)
}

/// The failure of a server that does not track the next client, although another client has left.
fn stays_full(run: &mut TestRun, left: &NamedClient, wait_error: WaitError) -> CheckError {
    let observed = run.logged_text();
    // The server has logged that the first client left, and still rejects the next one.
    let is_rejected = run.wait_logged(|event| matches!(event, LogEvent::Reject).then_some(()));
    let never_freed = is_rejected.is_ok().then_some("slot-never-freed");
    let is_accept = |event: &LogEvent| matches!(event, LogEvent::Accept { .. }).then_some(());
    let became = match run.wait_logged(is_accept) {
        Ok(()) => "was tracked, and its connection was closed",
        Err(_) => "is not tracked",
    };
    let failure = Failure {
        id: "stays-full",
        mistake: diagnosis::of(run, &wait_error).or(never_freed),
        summary: format!("{} left, and the next client {became}.", left.name),
        expected: "the next client is tracked".to_owned(),
        observed,
    };
    run.fail(wait_error, failure)
}
