//! A member that has come after those that never read. If a room closes the gap in its array when it removes
//! them, this member moves.

use crate::chat::chat_run::hearing::unheard;
use crate::chat::chat_run::{ChatRun, Member, disconnected, said};
use crate::chat::slow_reader::SPEAKER;
use crate::check_error::CheckError;
use crate::shared::departure::Departure;
use crate::shared::memory::memory;

/// The number of members that stay: the speaker, and one that comes before those that never read.
const EARLIER: usize = 2;

/// A member leaves, if others than the first [`EARLIER`] are there. Another one comes later in its place: with
/// more members, the check would take longer.
pub(super) fn make_room(chat: &mut ChatRun) -> Result<(), CheckError> {
    if chat.members.len() <= EARLIER {
        return Ok(());
    }
    let left = chat.leave(chat.members.len() - 1, Departure::Close);
    left.map_err(|error| error.depends_on("join-leave"))
}

/// A member that reads comes, if there is a slot for it beside the `absent` members that never read. Returns
/// the growth of the server's memory for it, in bytes.
pub(super) fn join(chat: &mut ChatRun, absent: usize) -> Result<u64, CheckError> {
    if chat.members.len() + absent >= chat.run.capacity {
        return Ok(0);
    }
    let before = memory(&chat.run.server)?;
    chat.join().map_err(|error| error.depends_on("join-leave"))?;
    Ok(memory(&chat.run.server)?.saturating_sub(before))
}

/// Says that a member did not get a line of the speaker when one of the members `slow` was removed, if this
/// is so: it has got a later line, and others have got the one that is missing. No row is about this.
pub(super) fn if_passed_over(
    chat: &ChatRun,
    slow: &[Member],
    lines: &[Vec<u8>],
    mut error: CheckError,
) -> CheckError {
    let CheckError::Failed(cause) = &mut error else { return error };
    let fd = chat.members[SPEAKER].fd;
    let heard: Vec<_> = chat.members.iter().map(|it| (it, unheard(it))).collect();
    let removed = |bytes: &[u8]| slow.iter().find(|it| has(bytes, &disconnected(it.fd)));
    let said: Vec<_> = lines.iter().map(|line| said(fd, line)).collect();
    for (member, bytes) in heard.iter().filter(|(member, _)| member.fd != fd) {
        let Some(missing) = said.iter().position(|line| !has(bytes, line)) else { continue };
        let others_have_it = heard.iter().any(|(_, other)| has(other, &said[missing]));
        let has_later = said[missing + 1..].iter().any(|line| has(bytes, line));
        if let Some(gone) = removed(bytes)
            && others_have_it
            && has_later
            && cause.exit.is_none()
        {
            let (name, gone) = (&member.client.name, &gone.client.name);
            cause.mistake = None;
            cause.summary =
                format!("{gone} was removed. {name} did not get a line that the others got then.");
            break;
        }
    }
    error
}

fn has(bytes: &[u8], line: &[u8]) -> bool {
    bytes.windows(line.len()).any(|part| part == line)
}
