//! A member for which output is pending says something.

use super::catching_up::catch_up;
use super::expect_asleep;
use super::falling_behind::stay_behind;
use crate::chat::chat_run::{ChatRun, said};
use crate::chat::transcript::Transcript;
use crate::check_error::CheckError;

/// The length of a line that is said alone, so that only one write can be short.
const LONG_LINE: usize = 16 << 10;

/// The slow member, for which output is pending, says something. All others must get it, while output is
/// pending.
pub(super) fn expect_heard(chat: &mut ChatRun, slow: usize) -> Result<(), CheckError> {
    let line = chat.short_line();
    let Err(error) = chat.say(slow, &line) else { return Ok(()) };
    let member = &chat.members[slow];
    let connection = &member.client.connection;
    let is_unread = chat.run.server.connection(connection)?.is_some_and(|it| it.unread > 0);
    let entries = chat.run.server.epoll_entries()?.unwrap_or_default();
    let entry = entries.iter().find(|entry| Some(entry.inode) == connection.inode());
    let is_for_output = entry.is_some_and(|it| it.has(libc::EPOLLOUT) && !it.has(libc::EPOLLIN));
    if !(is_unread && is_for_output) {
        return Err(error);
    }
    let summary = format!(
        "Output is pending for {}, and the server does not read from it: its entry is for output \
         alone.",
        member.client.name
    );
    Err(error.with_row("output-instead-of-input", summary))
}

/// One write to the slow member is short. The member says something, and nothing more is said to it. When
/// it reads, it gets the rest. All others get its line then, or before.
pub(super) fn expect_flushed(
    chat: &mut ChatRun,
    slow: usize,
    name: &str,
) -> Result<(), CheckError> {
    chat.members[slow].reads = false;
    stay_behind(chat, slow, LONG_LINE, 1)?;
    let (line, fd) = (chat.short_line(), chat.members[slow].fd);
    chat.send(slow, &line);
    let _ = chat.run.server.wait_asleep();
    chat.run.step(format!("{name} read everything"));
    catch_up(chat, slow, name).map_err(|error| with_its_line(name, error))?;
    chat.expect_all(&Transcript::in_order([said(fd, &line)]), &[slow])?;
    expect_asleep(chat, name, "has read everything")
}

/// Says that the member has said something. The server has sent pending output before, when the member had
/// said nothing.
fn with_its_line(name: &str, mut error: CheckError) -> CheckError {
    if let CheckError::Failed(cause) = &mut error
        && cause.exit.is_none()
        && cause.mistake.as_deref() == Some("never-flushed")
    {
        cause.mistake = None;
        cause.summary =
            format!("{name} sent a line while output was pending for it. {}", cause.summary);
    }
    error
}
