//! The criterion that members learn of each other's coming and going.

use super::chat_run::{ChatRun, Member};
use super::{one_wakeup, own_lines};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::shared::departure::Departure;
use crate::shared::diagnosis;
use crate::shared::few_slots::expect_slots;
use witness::WaitError;

/// The number of members.
const MEMBERS: usize = 5;

/// Each of 5 members is told of the coming and going of each other, in order, with the number that
/// the kernel has for it. Members leave by FIN, by RST and by half-close, one after the other and
/// several at once. The log names each member's descriptor.
pub(crate) fn join_leave(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut chat = ChatRun::start(context, "join-leave")?;
    let mut slots = Vec::new();
    for _ in 0..chat.run.capacity.min(MEMBERS) {
        slots.push(come(&mut chat)?);
    }

    // One leaves, and another comes, in each way. First a member leaves that is not the last one, and
    // then one that came after it. A server that closes the gap in its table moves the second member
    // to another slot, and logs this slot.
    let mut departures = Departure::ALL;
    chat.random.shuffle(&mut departures);
    let (mut least, last) = (0, chat.members.len() - 1);
    for departure in departures {
        let index = chat.random.usize(least..last.max(least + 1));
        least = if least == 0 { index } else { 0 };
        go(&mut chat, &mut slots, index, departure)?;
        slots.push(come(&mut chat)?);
    }

    // Several leave, or one leaves and another comes, in one wake-up.
    one_wakeup::two_leave(&mut chat)?;
    fill(&mut chat)?;
    one_wakeup::first_and_last_leave(&mut chat)?;
    // With no free number below that of the member who leaves, the next client gets this number.
    fill(&mut chat)?;
    one_wakeup::one_leaves_and_one_comes(&mut chat)?;

    // All others leave.
    while chat.members.len() > 1 {
        let index = chat.random.usize(..chat.members.len());
        let departure = Departure::ALL[chat.random.usize(..3)];
        chat.leave(index, departure)?;
    }
    chat.expect_silence(&chat.everybody())?;
    expect_slots(&chat.run, 3, "who is told of another member")
}

/// Clients come until there are [`MEMBERS`].
fn fill(chat: &mut ChatRun) -> Result<(), CheckError> {
    while chat.members.len() < chat.run.capacity.min(MEMBERS) {
        chat.join()?;
    }
    Ok(())
}

/// A client comes, and its line is logged. Returns the slot that the log names.
fn come(chat: &mut ChatRun) -> Result<usize, CheckError> {
    let index = chat.join()?;
    own_lines::expect_greeting(chat, index)?;
    let member = chat.members[index].clone();
    let logged = chat.run.wait_logged(|event| match event {
        LogEvent::Accept { fd, slot } => Some((*fd, *slot)),
        _ => None,
    });
    match logged {
        Ok((Some(fd), Some(slot))) if fd == member.fd => Ok(slot),
        other => Err(not_logged(chat, &member, "ACCEPT", other)),
    }
}

/// A member leaves, and its line is logged with the slot that it had.
fn go(
    chat: &mut ChatRun,
    slots: &mut Vec<usize>,
    index: usize,
    departure: Departure,
) -> Result<(), CheckError> {
    let (member, slot) = (chat.members[index].clone(), slots.remove(index));
    chat.leave(index, departure)?;
    let logged = chat.run.wait_logged(|event| match event {
        LogEvent::Disconnect { fd, slot } => Some((*fd, *slot)),
        _ => None,
    });
    match logged {
        Ok(names) if names == (Some(member.fd), Some(slot)) => Ok(()),
        other => Err(not_logged(chat, &member, "DISCONNECT", other)),
    }
}

/// The failure of a server whose log does not say that a member has come or left.
fn not_logged(
    chat: &mut ChatRun,
    member: &Member,
    tag: &str,
    logged: Result<(Option<i32>, Option<usize>), WaitError>,
) -> CheckError {
    let (name, fd) = (&member.client.name, member.fd);
    let what = if tag == "ACCEPT" { "came" } else { "left" };
    let (mistake, summary) = match &logged {
        Ok((Some(-1), _)) => (
            Some("log-after-clear"),
            format!("{name} {what}, and [{tag}] names no descriptor that it had."),
        ),
        Ok((Some(named), _)) if *named != fd => (
            Some("wrong-fd"),
            format!("The log says fd={named}; the kernel connects {name} to descriptor {fd}."),
        ),
        Ok(_) => (None, format!("{name} {what}, and [{tag}] does not name its slot.")),
        Err(wait_error) => (
            diagnosis::of(&chat.run, wait_error),
            format!("{name} {what}, and the server logged no [{tag}] line for it."),
        ),
    };
    let observed = chat.run.logged_text();
    let expected = format!("[{tag}] fd={fd} slot=…, with the slot of {name}");
    let failure = Failure { id: "not-logged", mistake, summary, expected, observed };
    chat.run.fail_after(logged.err(), failure)
}
