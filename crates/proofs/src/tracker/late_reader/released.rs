//! The log line and the slot of a client that has left while output was pending for it. Both are as
//! for every other client.

use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::named_client::NamedClient;
use crate::shared::diagnosis;
use crate::test_run::TestRun;
use witness::{Line, WaitError};

/// The line that the log has for a client that came.
struct AcceptLine {
    /// The index of the line in the log.
    at: usize,
    fd: i32,
    slot: usize,
}

/// The `[ACCEPT]` line of a client. Each client of this criterion is accepted before the next one
/// connects, so the lines have the order of the clients. (A line without numbers is the fault of
/// another criterion.)
fn accept_line(run: &TestRun, client: &NamedClient) -> Option<AcceptLine> {
    let index = run.clients.iter().position(|other| other.name == client.name)?;
    let lines = run.server.log().iter().enumerate();
    let mut accepted = lines.filter_map(|(at, line)| match LogEvent::of(line)? {
        LogEvent::Accept { fd, slot } => Some((at, fd, slot)),
        _ => None,
    });
    let (at, fd, slot) = accepted.nth(index)?;
    Some(AcceptLine { at, fd: fd?, slot: slot? })
}

/// The server has closed the descriptor of the client `left`, which has left. The log must have a
/// `[DISCONNECT]` line with the client's numbers.
pub(super) fn expect_logged(run: &mut TestRun, left: &NamedClient) -> Result<(), CheckError> {
    let Some(AcceptLine { at, fd, slot }) = accept_line(run, left) else { return Ok(()) };
    let wanted = LogEvent::Disconnect { fd: Some(fd), slot: Some(slot) };
    let logged = run.server.wait_for(|now| {
        let mut events = now.log()[at..].iter().filter_map(LogEvent::of);
        Ok(events.any(|event| event == wanted).then_some(()))
    });
    logged.map_err(|wait_error| not_logged(run, left, (fd, slot), wait_error))
}

/// The failure of a server that closes the descriptor of a client, and does not log the client's
/// numbers. The criterion `reuse` asks the same of a client without pending output.
fn not_logged(
    run: &mut TestRun,
    left: &NamedClient,
    (fd, slot): (i32, usize),
    wait_error: WaitError,
) -> CheckError {
    let name = &left.name;
    let is_disconnect =
        |line: &Line| matches!(LogEvent::of(line), Some(LogEvent::Disconnect { .. }));
    let has_line = run.server.log()[run.step_log_start()..].iter().any(is_disconnect);
    let (mistake, summary) = match &wait_error {
        WaitError::Idle { .. } if !has_line => (
            Some("closed-not-removed"),
            format!(
                "{name} left and had not read its answers. The server closed descriptor {fd}, and \
                 logged no [DISCONNECT]."
            ),
        ),
        WaitError::Idle { .. } => {
            (None, format!("{name} left, and [DISCONNECT] does not name its descriptor and slot."))
        }
        _ => (
            diagnosis::of(run, &wait_error),
            format!("{name} left and had not read its answers, and is not logged."),
        ),
    };
    let observed = match &wait_error {
        WaitError::Idle { .. } => run.logged_text(),
        _ => wait_error.to_string(),
    };
    let expected = format!("[DISCONNECT] fd={fd} slot={slot}");
    let failure = Failure { id: "departure-missed", mistake, summary, expected, observed };
    run.fail(wait_error, failure).depends_on("reuse")
}

/// The client `next` came after `left` had left. It must get a slot that some client has left, and no
/// slot that was never in use.
pub(super) fn expect_used_slot(
    run: &mut TestRun,
    left: &NamedClient,
    next: &NamedClient,
) -> Result<(), CheckError> {
    let logged = run.wait_logged(|event| matches!(event, LogEvent::Accept { .. }).then_some(()));
    if logged.is_err() {
        return Ok(()); // Another criterion reports a client that is not logged.
    }
    let (Some(gone), Some(came)) = (accept_line(run, left), accept_line(run, next)) else {
        return Ok(());
    };
    let mut before = run.server.log()[..came.at].iter().filter_map(LogEvent::of);
    let slot = Some(came.slot);
    if before.any(|it| matches!(it, LogEvent::Accept { slot: used, .. } if used == slot)) {
        return Ok(());
    }
    let (observed, name) = (run.logged_text(), &next.name);
    let failure = Failure {
        id: "slot-not-reused",
        mistake: None,
        summary: format!(
            "{} left slot {} and had not read its answers, and {name} was given slot {}, which no \
             client had before.",
            left.name, gone.slot, came.slot
        ),
        expected: format!("[ACCEPT] fd={} slot={}", came.fd, gone.slot),
        observed,
    };
    Err(run.fail_now(failure).depends_on("reuse"))
}
