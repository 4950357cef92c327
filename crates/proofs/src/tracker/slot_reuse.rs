//! Clients that leave their slots.

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::named_client::NamedClient;
use crate::shared::diagnosis;
use crate::test_run::TestRun;
use witness::Stuck;

/// A client that leaves is logged with its own fd and slot, and its slot is taken by the next one
/// (alone: slot 0 again).
pub(crate) fn reuse(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let first = arrive(&mut run)?;
    leave(&mut run, &first)?;
    let again = arrive(&mut run)?;
    same_slot(&mut run, &first, &again)?;
    if run.capacity < 3 {
        return leave(&mut run, &again);
    }

    // One from the middle, then the first, then the one that came in between.
    let (middle, last) = (arrive(&mut run)?, arrive(&mut run)?);
    run.step(format!("{} sent \"hello\"", middle.client.name));
    let _ = middle.client.connection.send(b"hello");
    leave(&mut run, &middle)?;
    let next = arrive(&mut run)?;
    same_slot(&mut run, &middle, &next)?;
    for tracked in [again, next, last] {
        leave(&mut run, &tracked)?;
    }
    Ok(())
}

/// A client with the descriptor that the kernel says and the slot that the log says.
struct TrackedClient {
    client: NamedClient,
    fd: i32,
    slot: Option<usize>,
}

fn arrive(run: &mut TestRun) -> Result<TrackedClient, CheckError> {
    let (client, fd) = run.connect_accepted()?;
    let logged_text = run.wait_logged(|event| match event {
        LogEvent::Accept { slot, .. } => Some(*slot),
        _ => None,
    });
    let slot = logged_text.map_err(|wait_error| run.not_accepted(&client, wait_error))?;
    Ok(TrackedClient { client, fd, slot })
}

fn same_slot(
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
            number(left.slot),
            came.client.name,
            number(came.slot)
        ),
        expected: format!("[ACCEPT] fd={} slot={}", came.fd, number(left.slot)),
        observed,
    }))
}

/// The client closes, and the log names its descriptor and its slot.
fn leave(run: &mut TestRun, tracked: &TrackedClient) -> Result<(), CheckError> {
    let name = &tracked.client.name;
    // Bytes that cross a FIN turn it into a reset: let the answer come first.
    run.check_alive().map_err(|wait_error| not_logged(run, tracked, wait_error))?;
    run.step(format!("{name} closed"));
    tracked.client.connection.close();
    let logged_text = run.wait_logged(|event| match event {
        LogEvent::Disconnect { fd, slot } => Some((*fd, *slot)),
        _ => None,
    });
    let (fd, slot) = match logged_text {
        Ok(logged_text) => logged_text,
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
        expected: format!("[DISCONNECT] fd={} slot={}", tracked.fd, number(tracked.slot)),
        observed,
    }))
}

fn not_logged(run: &mut TestRun, tracked: &TrackedClient, wait_error: Stuck) -> CheckError {
    let name = &tracked.client.name;
    let held = matches!(run.server.descriptor_of(&tracked.client.connection), Ok(Some(_)));
    let mistake = diagnosis::of(run, &wait_error)
        .or((held && is_quiet(&wait_error)).then_some("waits-for-hangup"));
    let (summary, observed) = if held {
        let text =
            format!("{name} left, and the server still holds descriptor {} for it.", tracked.fd);
        (text, "no [DISCONNECT] line, the descriptor still open".to_owned())
    } else {
        let text = format!("{name} left, and no [DISCONNECT] line says so.");
        (text, wait_error.to_string())
    };
    let expected = format!("[DISCONNECT] fd={} slot={}", tracked.fd, number(tracked.slot));
    run.fail(wait_error, Failure { id: "departure-missed", mistake, summary, expected, observed })
}

fn is_quiet(wait_error: &Stuck) -> bool {
    matches!(wait_error, Stuck::Quiet { .. })
}

fn number(slot: Option<usize>) -> String {
    slot.map_or("?".to_owned(), |slot| slot.to_string())
}
