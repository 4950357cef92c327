//! The criterion that a free slot is used again.

mod bytes_first;
mod leave_together;
mod one_wakeup;
mod rows;

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::named_client::NamedClient;
use crate::shared::departure::Departure;
use crate::shared::few_slots::expect_slots;
use crate::shared::watch_entries::{WatchEntry, current_entries, ignored_error};
use crate::shared::{WaitCall, diagnosis};
use crate::test_run::TestRun;
use one_wakeup::expect_newcomers_stay;
use witness::{Exit, WaitError};

/// A client that leaves is logged with its own fd and slot, and the next client gets that slot. If
/// the server has no other client, the next client gets slot 0 again. A client that connects while
/// another leaves, or is lost during a write, so that the server is told of both at once, stays. So
/// does a client while several others leave at once.
pub(crate) fn reuse(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;

    // One client at a time. Each leaves in another way.
    let first = arrive(&mut run)?;
    leave(&mut run, &first, Departure::Close)?;
    for departure in [Departure::HalfClose, Departure::Reset] {
        let next = arrive(&mut run)?;
        expect_same_slot(&mut run, &first, &next)?;
        leave(&mut run, &next, departure)?;
    }
    let again = arrive(&mut run)?;
    expect_same_slot(&mut run, &first, &again)?;

    // The first of several clients leaves, or the one in the middle. A new client must get the
    // same slot.
    let mut live = vec![again];
    while live.len() < run.capacity.min(3) {
        live.push(arrive(&mut run)?);
    }
    let middle = live.remove((live.len() - 1) / 2);
    run.step(format!("{} sent \"hello\"", middle.client.name));
    let _ = middle.client.connection.send(b"hello");
    leave(&mut run, &middle, Departure::Close)?;
    let next = arrive(&mut run)?;
    expect_same_slot(&mut run, &middle, &next)?;
    live.push(next);

    // The server is told of clients that leave and of clients that come at once.
    expect_newcomers_stay(&mut run, &mut live)?;

    // All clients leave. Each [DISCONNECT] line must name the descriptor and the slot of its
    // client.
    for tracked in live {
        leave(&mut run, &tracked, Departure::Close)?;
    }

    // The server is told of several departures at once, or of bytes and a departure.
    leave_together::expect_each_released(&mut run)?;
    bytes_first::expect_released(&mut run)?;
    expect_slots(&run, 2, "which of several slots is used again")
}

/// A client with a slot in the server's table.
struct TrackedClient {
    client: NamedClient,
    /// The descriptor that the kernel connects to the client.
    fd: i32,
    /// The slot that the log names.
    slot: Option<usize>,
}

fn arrive(run: &mut TestRun) -> Result<TrackedClient, CheckError> {
    let (client, fd) = match run.connect_accepted() {
        Ok(accepted) => accepted,
        Err(error) => return Err(rows::explain_closed(run, error)),
    };
    let logged = run.wait_logged(|event| match event {
        LogEvent::Accept { slot, .. } => Some(*slot),
        _ => None,
    });
    let slot = logged.map_err(|wait_error| run.not_accepted(&client, wait_error))?;
    Ok(TrackedClient { client, fd, slot })
}

fn expect_same_slot(
    run: &mut TestRun,
    left: &TrackedClient,
    came: &TrackedClient,
) -> Result<(), CheckError> {
    if left.slot == came.slot && came.slot.is_some() {
        return Ok(());
    }
    let observed = run.logged_text();
    let error = run.fail_now(Failure {
        id: "slot-not-reused",
        mistake: None,
        summary: format!(
            "{} left slot {}, and {} was given slot {}.",
            left.client.name,
            slot_text(left.slot),
            came.client.name,
            slot_text(came.slot)
        ),
        expected: format!("[ACCEPT] fd={} slot={}", came.fd, slot_text(left.slot)),
        observed,
    });
    // The steps end with the failure. The clients that show its row come after it.
    Err(match rows::of_other_slot(run, left.slot, came.slot) {
        Some(row) => error.with_mistake(row),
        None => error,
    })
}

/// The client leaves. The log must name the client's descriptor and slot.
fn leave(
    run: &mut TestRun,
    tracked: &TrackedClient,
    departure: Departure,
) -> Result<(), CheckError> {
    let name = &tracked.client.name;
    // Wait until the server has sent its whole answer. If bytes arrived after the client's
    // close(2), the client's kernel would send a reset (RFC 1122, section 4.2.2.13).
    run.check_alive().map_err(|wait_error| not_logged(run, tracked, departure, wait_error))?;
    if tracked.client.connection.ended().is_some() {
        let error = closed_too_early(run, tracked);
        return Err(rows::explain_closed(run, error));
    }
    run.step(format!("{name} {}", departure.text()));
    departure.apply(&tracked.client.connection);
    let logged = run.wait_logged(|event| match event {
        LogEvent::Disconnect { fd, slot } => Some((*fd, *slot)),
        _ => None,
    });
    match logged {
        Ok(names) => expect_names(run, tracked, names),
        Err(wait_error) => Err(not_logged(run, tracked, departure, wait_error)),
    }
}

/// The failure of a server that has closed the connection of a client that has not left.
fn closed_too_early(run: &mut TestRun, tracked: &TrackedClient) -> CheckError {
    let name = &tracked.client.name;
    let observed = format!("{name} reads the end of its connection; {}", run.logged_text());
    run.fail_now(Failure {
        id: "closed-too-early",
        summary: format!("{name} connected, and the server closed its connection."),
        expected: format!("{name} stays connected until it leaves"),
        observed,
        ..Failure::default()
    })
}

/// Checks the descriptor and the slot that a `[DISCONNECT]` line names.
fn expect_names(
    run: &mut TestRun,
    left: &TrackedClient,
    (fd, slot): (Option<i32>, Option<usize>),
) -> Result<(), CheckError> {
    if fd == Some(left.fd) && slot == left.slot {
        return Ok(());
    }
    let observed = run.logged_text();
    Err(run.fail_now(Failure {
        id: "wrong-disconnect-line",
        mistake: (fd == Some(-1)).then_some("log-after-clear"),
        summary: format!(
            "{} left, and [DISCONNECT] does not name its descriptor and slot.",
            left.client.name
        ),
        expected: disconnect_line(left),
        observed,
    }))
}

/// The failure of a server that does not log that a client has left.
fn not_logged(
    run: &mut TestRun,
    tracked: &TrackedClient,
    departure: Departure,
    wait_error: WaitError,
) -> CheckError {
    let (name, fd) = (&tracked.client.name, tracked.fd);
    let connection = &tracked.client.connection;
    let is_open = matches!(run.server.descriptor_of(connection), Ok(Some(_)));
    let is_idle = matches!(wait_error, WaitError::Idle { .. });
    // The kernel counts an end of file that was not read as one unread byte.
    let socket = run.server.connection(connection).ok().flatten();
    let is_read = socket.is_some_and(|socket| socket.unread == 0);
    let how = departure.text();
    let ignored = match &wait_error {
        WaitError::Spinning(sample) => ignored_error(sample, fd),
        _ => None,
    };
    let (mistake, summary) = match (is_open, is_idle) {
        _ if matches!(wait_error, WaitError::Ended(Exit::Status(_) | Exit::Signal(_))) => (
            (departure == Departure::Reset).then_some("reset-ends-server"),
            format!("The server ended when {name} {how}."),
        ),
        (true, true) if is_read && departure != Departure::Reset => (
            waits_for_hangup(run, fd).then_some("waits-for-hangup"),
            format!(
                "{name} {how}. The server has read the end of file, and neither closed \
                 descriptor {fd} nor logged [DISCONNECT]."
            ),
        ),
        (true, false) if ignored.is_some() => (
            Some("compares-revents"),
            format!(
                "{name} {how}. poll reports {} without end, and the server ignores it.",
                ignored.unwrap_or_default()
            ),
        ),
        (true, _) => (
            diagnosis::of(run, &wait_error),
            format!("{name} {how}, and the server still has descriptor {fd} for it."),
        ),
        (false, true) => (
            (departure == Departure::Reset).then_some("closed-not-removed"),
            format!("{name} {how}. The server closed its descriptor, and logged no [DISCONNECT]."),
        ),
        (false, false) => {
            (diagnosis::of(run, &wait_error), format!("{name} {how}, and is not logged."))
        }
    };
    let observed = if is_idle { run.logged_text() } else { wait_error.to_string() };
    let expected = disconnect_line(tracked);
    run.fail(wait_error, Failure { id: "departure-missed", mistake, summary, expected, observed })
}

/// Whether the server waits for the hang-up of a descriptor, and not for input.
fn waits_for_hangup(run: &TestRun, fd: i32) -> bool {
    let entries = current_entries(&run.server, &run.clients, WaitCall::Any).ok().flatten();
    let entry = entries.iter().flatten().find(|entry| entry.fd == fd);
    entry.is_some_and(WatchEntry::waits_for_hangup)
}

fn disconnect_line(tracked: &TrackedClient) -> String {
    format!("[DISCONNECT] fd={} slot={}", tracked.fd, slot_text(tracked.slot))
}

fn slot_text(slot: Option<usize>) -> String {
    slot.map_or("?".to_owned(), |slot| slot.to_string())
}
