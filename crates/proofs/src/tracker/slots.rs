//! The criteria of clients that connect.

use super::service::expect_in_array;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::named_client::{NamedClient, client_name};
use crate::shared::few_slots::expect_slots;
use crate::shared::{WaitCall, blocking_descriptor};
use crate::test_run::TestRun;
use witness::WaitError;

/// The number of clients that connect at the same time.
const CLIENTS: usize = 5;

/// 5 simultaneous clients are tracked. Each `[ACCEPT]` line names the descriptor that the kernel
/// connects to the client. The lines name slots 0 to 4 in order. If the lesson's servers wait in
/// poll, the `pollfd` array has an entry for each client.
pub(crate) fn slots(context: &CheckContext<'_>, wait: WaitCall) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let mut tracked: Vec<NamedClient> = Vec::new();
    for slot in 0..run.capacity.min(CLIENTS) {
        let connected = run.connect_accepted();
        let (client, fd) = connected
            .map_err(|error| wrong_slot_of_ended(&mut run, slot, &tracked).unwrap_or(error))?;
        let logged = run.wait_logged(|event| match event {
            LogEvent::Accept { fd, slot } => Some((*fd, *slot)),
            _ => None,
        });
        if !matches!(logged, Ok(names) if names == (Some(fd), Some(slot))) {
            return Err(wrong_accept_line(&mut run, &client, (fd, slot), &tracked, logged));
        }
        if wait == WaitCall::Poll {
            expect_in_array(&mut run, &client, fd)?;
        }
        tracked.push(client);
    }
    expect_slots(&run, 2, "the order of the slots")
}

/// The failure of a server that has ended after it had logged a wrong slot for its last client; `None` if
/// it has not.
fn wrong_slot_of_ended(
    run: &mut TestRun,
    slot: usize,
    tracked: &[NamedClient],
) -> Option<CheckError> {
    run.server.exit()?;
    let mut slots =
        run.server.log().iter().filter_map(LogEvent::of).filter_map(|event| match event {
            LogEvent::Accept { slot, .. } => Some(slot),
            _ => None,
        });
    let named = slots.nth(slot)?.filter(|named| *named != slot)?;
    let name = client_name(slot);
    let (id, mistake, summary) = wrong_slot(run.capacity, &name, slot, named, tracked);
    let (expected, observed) = (format!("[ACCEPT] slot={slot}"), run.logged_text());
    Some(run.fail_after(None, Failure { id, mistake, summary, expected, observed }))
}

/// The failure of a server whose `[ACCEPT]` line is missing or names another descriptor or slot.
/// `tracked` has the clients in the slots before.
fn wrong_accept_line(
    run: &mut TestRun,
    client: &NamedClient,
    (fd, slot): (i32, usize),
    tracked: &[NamedClient],
    logged: Result<(Option<i32>, Option<usize>), WaitError>,
) -> CheckError {
    let name = &client.name;
    let (id, mistake, summary) = match &logged {
        Ok((Some(named), _)) if *named != fd => (
            "wrong-descriptor",
            Some("wrong-fd"),
            format!("The log says fd={named}; the kernel connects {name} to descriptor {fd}."),
        ),
        Ok((None, _)) => (
            "wrong-descriptor",
            None,
            format!("The [ACCEPT] line does not name {name}'s descriptor."),
        ),
        Ok((_, Some(named))) => wrong_slot(run.capacity, name, slot, *named, tracked),
        Ok((_, None)) => {
            ("wrong-slot", None, format!("The [ACCEPT] line does not name {name}'s slot."))
        }
        Err(_) => (
            "accept-not-logged",
            None,
            format!("{name} was accepted, and the server logged no [ACCEPT] line for it."),
        ),
    };
    let observed = run.logged_text();
    let expected = format!("[ACCEPT] fd={fd} slot={slot}");
    run.fail_after(logged.err(), Failure { id, mistake, summary, expected, observed })
}

/// What is wrong with the slot `named`, which a client was given in place of `slot`.
fn wrong_slot(
    capacity: usize,
    name: &str,
    slot: usize,
    named: usize,
    tracked: &[NamedClient],
) -> (&'static str, Option<&'static str>, String) {
    if let Some(owner) = tracked.get(named) {
        let owner = &owner.name;
        let summary = format!("{name} was given slot {named}, which {owner} has.");
        return ("slot-given-twice", Some("slot-given-twice"), summary);
    }
    if named >= capacity {
        let last = capacity - 1;
        let summary = format!("{name} was given slot {named}; the table has slots 0 to {last}.");
        return ("no-such-slot", None, summary);
    }
    // The free list begins with the highest slot.
    let is_reversed = named == capacity - 1 - slot;
    let summary = format!("{name} was given slot {named}; slot {slot} was next.");
    ("wrong-slot", is_reversed.then_some("slot-order"), summary)
}

/// Every client descriptor is O_NONBLOCK.
pub(crate) fn nonblocking(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    for _ in 0..run.capacity.min(2) {
        let (client, fd) = run.connect_accepted()?;
        // Wait for the flag, because the server may set the flag after accept has returned.
        let set = run.server.wait_for(|now| {
            let flags = now.process().flags(fd)?.unwrap_or(0);
            Ok((flags & libc::O_NONBLOCK != 0).then_some(()))
        });
        if let Err(wait_error) = set {
            return Err(blocking_descriptor(&mut run, &client, fd, wait_error));
        }
    }
    Ok(())
}
