//! Evidence for the rows that explain why a slot or a number is not used again as it should be. Some of
//! it needs more clients, which connect only after a failure.

use super::TrackedClient;
use crate::check_error::CheckError;
use crate::log_event::LogEvent;
use crate::named_client::NamedClient;
use crate::shared::WaitCall;
use crate::shared::watch_entries::{WatchedFile, current_entries};
use crate::test_run::TestRun;
use witness::Server;

/// The maximum number of slots of a table that is tried slot by slot.
const MAX_TRIED: usize = 100;

/// The row of a server that gives a new client the slot `came` in place of the slot `left`, which a
/// client has just left. If later clients get each slot in turn, the slot is free again. If more clients
/// are served than the table has slots, slots are freed, and given again too late.
pub(super) fn of_other_slot(
    run: &mut TestRun,
    left: Option<usize>,
    came: Option<usize>,
) -> Option<&'static str> {
    if came <= left || run.capacity > MAX_TRIED {
        return None;
    }
    for _ in 0..run.capacity {
        match slot_of_next(run) {
            // In turn, the client after this one gets the next slot.
            Some(slot) if Some(slot) == left => {
                return (slot_of_next(run) != left).then_some("slots-in-turn");
            }
            Some(_) => {}
            None => return Some("slot-never-freed"),
        }
    }
    None
}

/// The slot of a client that connects and leaves.
fn slot_of_next(run: &mut TestRun) -> Option<usize> {
    let client = run.connect().ok()?;
    let slot = run.wait_logged(|event| match event {
        LogEvent::Accept { slot, .. } => Some(*slot),
        LogEvent::Reject => Some(None),
        _ => None,
    });
    let slot = slot.ok().flatten()?;
    run.step(format!("{} closed", client.name));
    client.connection.close();
    let is_left = |event: &LogEvent| matches!(event, LogEvent::Disconnect { .. }).then_some(());
    run.wait_logged(is_left).ok().map(|()| slot)
}

/// Adds the row `closes-twice` to the failure of a server that has closed its newest client, if the
/// client had a number that was closed before. The next client with such a number must be closed,
/// too, although its bytes have arrived when it is accepted: a server that takes "no bytes yet" for
/// the end would not close that client.
pub(super) fn explain_closed(run: &mut TestRun, error: CheckError) -> CheckError {
    let is_closed = |run: &TestRun| {
        let last = run.clients.last();
        last.is_some_and(|it| it.connection.ended().is_some()) && has_used_number(run)
    };
    let is_running = |run: &mut TestRun| run.check_alive().is_ok();
    if !(is_closed(run) && is_running(run) && connect_with_bytes(run).is_some()) {
        return error;
    }
    let is_closed_again = is_running(run) && is_closed(run);
    if is_closed_again { error.independent().with_mistake("closes-twice") } else { error }
}

/// Whether the last `[ACCEPT]` line names a descriptor that an earlier `[DISCONNECT]` line names.
fn has_used_number(run: &TestRun) -> bool {
    let events: Vec<_> = run.server.log().iter().filter_map(LogEvent::of).collect();
    let is_accept = |event: &LogEvent| matches!(event, LogEvent::Accept { .. });
    let Some(at) = events.iter().rposition(is_accept) else { return false };
    let LogEvent::Accept { fd: Some(fd), .. } = events[at] else { return false };
    let is_left = |event: &LogEvent| matches!(event, LogEvent::Disconnect { fd: left, .. } if *left == Some(fd));
    events[..at].iter().any(is_left)
}

/// Connects a client whose bytes have arrived when the server accepts it.
fn connect_with_bytes(run: &mut TestRun) -> Option<NamedClient> {
    run.server.pause().ok()?;
    let client = run.connect_with(Server::connect).ok();
    let sent = client.as_ref().map(|client| client.connection.send(b"hello\n"));
    run.server.resume().ok()?;
    let _ = run.server.wait_idle();
    client.filter(|_| sent.is_some_and(|sent| sent.is_ok()))
}

/// The row of a server that sleeps in poll, and whose array has no entry for a client of `others`.
/// These clients had entries before another client left.
pub(super) fn of_lost_entry(run: &TestRun, others: &[TrackedClient]) -> Option<&'static str> {
    let entries = current_entries(&run.server, &run.clients, WaitCall::Poll).ok()??;
    let is_lost = |other: &TrackedClient| {
        let connection = &other.client.connection;
        let file = connection.inode().map(WatchedFile::Socket);
        let is_open = matches!(run.server.descriptor_of(connection), Ok(Some(_)));
        is_open && !entries.iter().any(|entry| Some(entry.file) == file)
    };
    others.iter().any(is_lost).then_some("wrong-entry-removed")
}
