//! The criterion of members that do not read.

mod behind;
mod catching_up;
mod falling_behind;
mod late_again;
mod little_at_a_time;
mod many_lines;
mod nearly_64_kib;
mod never_reads;
mod next_slow;
mod room_again;
mod speaks_behind;

use super::chat_run::ChatRun;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::shared::few_slots::expect_slots;
use crate::shared::{WaitCall, diagnosis};
use witness::{Server, WaitError};

/// The members that read. The first of them speaks.
const READERS: usize = 3;
pub(super) const SPEAKER: usize = 0;
/// The number of slots, if the room reads MAX_CLIENTS.
const CAPACITY: usize = 10;

/// A member that does not read delays nobody. If it is behind by no more than 64 KiB, beyond what the
/// kernel holds, it is kept, costs no processor time, and gets every line when it reads. If it never
/// reads, the server grows by at most 1 MiB before it drops the member, and tells the others. The server
/// waits in the call `wait`.
pub(crate) fn slow_reader(context: &CheckContext<'_>, wait: WaitCall) -> Result<(), CheckError> {
    let mut chat = ChatRun::start_with_capacity(context, "slow-reader", CAPACITY)?;
    chat.fill_up(READERS - 1)?;
    if chat.run.capacity < READERS {
        return expect_slots(&chat.run, READERS, "what a slow member does to the others");
    }
    behind::check(&mut chat, wait)?;
    never_reads::check(&mut chat)
}

/// Connects a member that does not read. The kernel stores few bytes for it. Returns its index.
pub(super) fn join_slow(chat: &mut ChatRun) -> Result<usize, CheckError> {
    let joined = chat.join_with(Server::connect_with_small_buffer);
    let index = joined.map_err(|error| error.depends_on("join-leave"))?;
    chat.members[index].reads = false;
    Ok(index)
}

/// The speaker sends lines of about `length` bytes each, `size` bytes altogether, at once. Returns
/// the lines.
pub(super) fn speak(chat: &mut ChatRun, size: usize, length: usize) -> Vec<Vec<u8>> {
    let lines: Vec<_> = (0..size / length)
        .map(|_| {
            let length = chat.random.usize(length / 2..=length);
            chat.line(length)
        })
        .collect();
    chat.send_silently(SPEAKER, &lines.concat());
    lines
}

/// Adds to an error the row that the server's state shows. A room that waits for a slow member
/// sleeps in another call than its poll or epoll_wait.
fn delayed(chat: &ChatRun, slow: &str, mut error: CheckError) -> CheckError {
    if let CheckError::Failed(cause) = &mut error {
        cause.summary = format!("{slow} does not read. {}", cause.summary);
        if cause.exit.is_none() && is_waiting_for_output(chat) {
            return error.with_mistake("waits-for-slow");
        }
        if cause.mistake.as_deref() == Some("blocking-client") {
            return error.depends_on("nonblocking");
        }
    }
    error
}

/// Whether the server sleeps in a call that waits for the slow member alone: a write, or a poll of
/// its descriptor without the listener.
fn is_waiting_for_output(chat: &ChatRun) -> bool {
    let array = chat.run.server.poll_entries().ok().flatten();
    let is_only_output = |entry: &witness::PollEntry| entry.events == libc::POLLOUT;
    array.is_some_and(|array| !array.is_empty() && array.iter().all(is_only_output))
}

/// Waits until the server is asleep. A server that repeats calls for a member that does not read, or
/// that has read late, burns a processor. `state` is what the member does, e.g. `does not read`.
fn expect_asleep(chat: &mut ChatRun, slow: &str, state: &str) -> Result<(), CheckError> {
    let Err(wait_error) = chat.run.server.wait_asleep() else { return Ok(()) };
    let is_behind = |index: &usize| bytes_behind(chat, *index).is_ok_and(|count| count > 0);
    let is_pending = (0..chat.members.len()).any(|index| is_behind(&index));
    let mistake = match diagnosis::of(&chat.run, &wait_error) {
        // The server is told of room for output that is pending, and does not send it.
        Some("always-writable") if is_pending => Some("never-flushed"),
        row => row,
    };
    let failure = Failure {
        id: "slow-reader-costs",
        mistake,
        summary: match &wait_error {
            WaitError::Ended(_) => "The server ended.".to_owned(),
            _ => format!("{slow} {state}, and the server does not go to sleep."),
        },
        expected: "the server sleeps until a client sends, or reads what is pending".to_owned(),
        observed: wait_error.to_string(),
    };
    Err(chat.run.fail(wait_error, failure))
}

/// The number of bytes by which the slow member is behind: what it has been owed since it came, without
/// what the server has written to it.
pub(super) fn bytes_behind(chat: &ChatRun, slow: usize) -> Result<u64, CheckError> {
    let member = &chat.members[slow];
    let connection = &member.client.connection;
    let owed = member.heard + member.owed.iter().map(Vec::len).sum::<usize>();
    let written = match chat.run.server.connection(connection)? {
        Some(socket) => socket.written(),
        None => connection.bytes_received() + connection.unread(),
    };
    Ok((owed as u64).saturating_sub(written))
}
