//! The criterion that a free slot is used again.

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::named_client::NamedClient;
use crate::shared::diagnosis;
use crate::test_run::TestRun;
use witness::WaitError;

/// A client that leaves is logged with its own fd and slot, and the next client gets that slot. If
/// the server has no other client, the next client gets slot 0 again.
pub(crate) fn reuse(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let first = arrive(&mut run)?;
    leave(&mut run, &first)?;
    let again = arrive(&mut run)?;
    expect_same_slot(&mut run, &first, &again)?;
    if run.capacity < 3 {
        return leave(&mut run, &again);
    }

    // The client in the middle leaves, and a new client must get the same slot.
    let (middle, last) = (arrive(&mut run)?, arrive(&mut run)?);
    run.step(format!("{} sent \"hello\"", middle.client.name));
    let _ = middle.client.connection.send(b"hello");
    leave(&mut run, &middle)?;
    let next = arrive(&mut run)?;
    expect_same_slot(&mut run, &middle, &next)?;

    // All clients leave. Each [DISCONNECT] line must name the descriptor and the slot of its
    // client.
    for tracked in [again, next, last] {
        leave(&mut run, &tracked)?;
    }
    Ok(())
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
    let (client, fd) = run.connect_accepted()?;
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
    Err(run.fail_now(Failure {
        id: "slot-not-reused",
        mistake: Some("slot-never-freed"),
        summary: format!(
            "{} left slot {}, and {} was given slot {}.",
            left.client.name,
            slot_text(left.slot),
            came.client.name,
            slot_text(came.slot)
        ),
        expected: format!("[ACCEPT] fd={} slot={}", came.fd, slot_text(left.slot)),
        observed,
    }))
}

/// The client closes its connection. The log must name the client's descriptor and slot.
fn leave(run: &mut TestRun, tracked: &TrackedClient) -> Result<(), CheckError> {
    let name = &tracked.client.name;
    // Wait until the server has sent its whole answer. If bytes arrived after the client's
    // close(2), the client's kernel would send a reset (RFC 1122, section 4.2.2.13).
    run.check_alive().map_err(|wait_error| not_logged(run, tracked, wait_error))?;
    run.step(format!("{name} closed"));
    tracked.client.connection.close();
    let logged = run.wait_logged(|event| match event {
        LogEvent::Disconnect { fd, slot } => Some((*fd, *slot)),
        _ => None,
    });
    let (fd, slot) = match logged {
        Ok(names) => names,
        Err(wait_error) => return Err(not_logged(run, tracked, wait_error)),
    };
    if fd == Some(tracked.fd) && slot == tracked.slot {
        return Ok(());
    }
    let mistake = match fd {
        Some(-1) => Some("log-after-clear"),
        _ => Some("wrong-entry-removed"),
    };
    let observed = run.logged_text();
    Err(run.fail_now(Failure {
        id: "wrong-goodbye",
        mistake,
        summary: format!("{name} left, and [DISCONNECT] does not name its descriptor and slot."),
        expected: disconnect_line(tracked),
        observed,
    }))
}

fn not_logged(run: &mut TestRun, tracked: &TrackedClient, wait_error: WaitError) -> CheckError {
    let name = &tracked.client.name;
    let is_open = matches!(run.server.descriptor_of(&tracked.client.connection), Ok(Some(_)));
    let is_idle = matches!(wait_error, WaitError::Idle { .. });
    let unnoticed = (is_open && is_idle).then_some("waits-for-hangup");
    let mistake = diagnosis::of(run, &wait_error).or(unnoticed);
    let (summary, observed) = if is_open {
        (
            format!("{name} left, and the server still has descriptor {} for it.", tracked.fd),
            "no [DISCONNECT] line, and the descriptor is still open".to_owned(),
        )
    } else {
        (
            format!("{name} left, and the server logged no [DISCONNECT] line for it."),
            wait_error.to_string(),
        )
    };
    let expected = disconnect_line(tracked);
    let failure = Failure { id: "departure-missed", mistake, summary, expected, observed };
    run.fail(wait_error, failure)
}

fn disconnect_line(tracked: &TrackedClient) -> String {
    format!("[DISCONNECT] fd={} slot={}", tracked.fd, slot_text(tracked.slot))
}

fn slot_text(slot: Option<usize>) -> String {
    slot.map_or("?".to_owned(), |slot| slot.to_string())
}
