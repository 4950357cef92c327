//! Events that come while the server is paused. When the server continues, one call of poll or
//! epoll_wait reports all of them, and the server may handle them in any order.

use super::chat_run::hearing::quoted;
use super::chat_run::{ChatRun, Member, disconnected, joined, said};
use super::transcript::Transcript;
use crate::check_error::CheckError;
use crate::log_event::LogEvent;
use crate::named_client::{NamedClient, client_name};
use crate::shared::departure::Departure;
use witness::{EpollEntry, Server, WaitError};

/// Any two members leave at once. The others must be told of both.
pub(super) fn two_leave(chat: &mut ChatRun) -> Result<(), CheckError> {
    if chat.members.len() < 3 {
        return Ok(());
    }
    let (first, second) = (take_any(chat), take_any(chat));
    let done = let_two_leave(chat, first, second);
    done.map_err(|error| if_interrupted(chat, error))
}

/// The member who has come first leaves, and the one who has come last, at once. A room that closes
/// the gaps in its array moves the last one when the other leaves.
pub(super) fn first_and_last_leave(chat: &mut ChatRun) -> Result<(), CheckError> {
    if chat.members.len() < 3 {
        return Ok(());
    }
    let first = chat.members.remove(0);
    let Some(last) = chat.members.pop() else { return Ok(()) };
    let done = let_two_leave(chat, first, last);
    done.map_err(|error| if_interrupted(chat, error))
}

fn let_two_leave(chat: &mut ChatRun, first: Member, second: Member) -> Result<(), CheckError> {
    let text = format!("{} and {} closed", first.client.name, second.client.name);
    while_paused(chat, &text, |chat| {
        first.client.connection.close();
        wait_arrived(chat);
        second.client.connection.close();
        Ok(())
    })?;
    let sequences = [first, second].map(|left| vec![disconnected(left.fd)]);
    chat.expect_all(&Transcript::mixed(sequences), &[])
}

/// One member leaves and a client comes at once. The others must be told of both. The new member
/// stays until it leaves, and the others must be told of that as well.
pub(super) fn one_leaves_and_one_comes(chat: &mut ChatRun) -> Result<(), CheckError> {
    let done = swap_members(chat);
    done.map_err(|error| if_interrupted(chat, error))
}

fn swap_members(chat: &mut ChatRun) -> Result<(), CheckError> {
    if chat.members.len() < 2 {
        return Ok(());
    }
    let left = take_any(chat);
    let next = client_name(chat.run.clients.len());
    let text = format!("{} closed and {next} connected", left.client.name);
    let came = while_paused(chat, &text, |chat| {
        left.client.connection.close();
        wait_arrived(chat);
        chat.run.add_client(Server::connect)
    })?;
    let connection = came.connection.clone();
    let accepted = chat.run.server.wait_for(|now| now.descriptor_of(&connection));
    let fd = accepted.map_err(|wait_error| not_accepted(chat, &left, &came, wait_error))?;
    let lines = [disconnected(left.fd), joined(fd)];
    // If the new member has the number of the other, the other has left before.
    let transcript = if fd == left.fd {
        Transcript::in_order(lines)
    } else {
        Transcript::mixed(lines.map(|line| vec![line]))
    };
    chat.expect_all(&transcript, &[])?;
    // The new member is told that the other has left if the server has accepted it before.
    let _ = chat.run.server.wait_asleep();
    let heard = came.connection.received().len();
    let index = chat.members.len();
    let client = came.clone();
    chat.members.push(Member { client, fd, heard, reads: true, owed: Vec::new() });
    // The new member must still be there when the next one comes, and then it leaves.
    let is_same_number = fd == left.fd;
    let stayed = if index + 1 < chat.run.capacity { chat.join().map(drop) } else { Ok(()) };
    let told = stayed.and_then(|()| chat.leave(index, Departure::Close));
    told.map_err(|error| match row_of_number(chat, &came).filter(|_| is_same_number) {
        Some(row) => error.with_mistake(row),
        None => error,
    })
}

/// The failure of a server that has no descriptor for the new member.
fn not_accepted(
    chat: &mut ChatRun,
    left: &Member,
    came: &NamedClient,
    wait_error: WaitError,
) -> CheckError {
    let log = &chat.run.server.log()[chat.run.step_log_start()..];
    let had_number = log.iter().filter_map(LogEvent::of).any(|event| match event {
        LogEvent::Accept { fd, .. } => fd == Some(left.fd),
        _ => false,
    });
    let is_closed = came.connection.ended().is_some();
    let error = chat.run.not_accepted(came, wait_error);
    let is_closed_again = had_number && is_closed;
    if is_closed_again { error.independent().with_mistake("closes-twice") } else { error }
}

/// The row of a server that has taken a new member for the one who had its number before: it has
/// closed the new member's descriptor, or has removed the new member's entry from the interest list.
fn row_of_number(chat: &ChatRun, came: &NamedClient) -> Option<&'static str> {
    let list = chat.run.server.epoll_entries().ok()?;
    let is_open = chat.run.server.descriptor_of(&came.connection).ok()?.is_some();
    if !is_open {
        return Some("closes-twice");
    }
    let is_listed = |list: &Vec<EpollEntry>| {
        list.iter().any(|entry| Some(entry.inode) == came.connection.inode())
    };
    (!is_listed(&list?)).then_some("removed-after-close")
}

/// A server that ends here has perhaps ended because its wait was interrupted.
pub(super) fn if_interrupted(chat: &mut ChatRun, error: CheckError) -> CheckError {
    let has_ended = chat.run.server.exit().is_some();
    if has_ended { error.depends_on("interrupted") } else { error }
}

/// The member with this index leaves, and two others send a line, at once. Every member must be told
/// of the one who left, and must receive the lines of the others.
pub(super) fn one_leaves_and_two_speak(chat: &mut ChatRun, left: usize) -> Result<(), CheckError> {
    let done = leave_and_speak(chat, left);
    done.map_err(|error| if_interrupted(chat, error))
}

fn leave_and_speak(chat: &mut ChatRun, left: usize) -> Result<(), CheckError> {
    if chat.members.len() < 4 {
        return Ok(());
    }
    let left = chat.members.remove(left);
    let (one, two) = (0, chat.members.len() - 1);
    let [first, second] = [chat.short_line(), chat.short_line()];
    let name = |index: usize| chat.members[index].client.name.clone();
    let text = format!(
        "{} closed, {} sent {} and {} sent {}",
        left.client.name,
        name(one),
        quoted(&first),
        name(two),
        quoted(&second)
    );
    while_paused(chat, &text, |chat| {
        left.client.connection.close();
        wait_arrived(chat);
        let _ = chat.members[one].client.connection.send(&first);
        wait_arrived(chat);
        let _ = chat.members[two].client.connection.send(&second);
        Ok(())
    })?;
    let lines = [
        (usize::MAX, disconnected(left.fd)),
        (one, said(chat.members[one].fd, &first)),
        (two, said(chat.members[two].fd, &second)),
    ];
    let wanted: Vec<_> = (0..chat.members.len())
        .map(|index| {
            let others = lines.iter().filter(|(by, _)| *by != index);
            (index, Transcript::mixed(others.map(|(_, line)| vec![line.clone()])))
        })
        .collect();
    chat.expect(&wanted)
}

/// Does something while the server is paused, and lets it continue.
pub(super) fn while_paused<T>(
    chat: &mut ChatRun,
    text: &str,
    act: impl FnOnce(&mut ChatRun) -> Result<T, CheckError>,
) -> Result<T, CheckError> {
    let _ = chat.run.server.wait_asleep();
    chat.run.step(format!("while the server was paused, {text}"));
    // A server that has ended cannot be paused. The next wait reports the end.
    let _ = chat.run.server.pause();
    let done = act(chat);
    let _ = chat.run.server.resume();
    done
}

/// Waits until what a client has done has arrived at the paused server. What the next client does
/// arrives after it. The next wait reports a server that has ended.
fn wait_arrived(chat: &mut ChatRun) {
    let _ = chat.run.server.wait_delivered();
}

/// Takes any member out of the list of members. It is about to leave.
fn take_any(chat: &mut ChatRun) -> Member {
    let index = chat.random.usize(..chat.members.len());
    chat.members.remove(index)
}
