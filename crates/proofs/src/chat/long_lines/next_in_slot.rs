//! A member that comes after one whose line was too long.

use super::LONGEST;
use super::too_long::{if_lost, takes_the_rest};
use crate::chat::chat_run::hearing::unheard;
use crate::chat::chat_run::{ChatRun, Member, disconnected};
use crate::chat::transcript::Transcript;
use crate::check_error::CheckError;
use crate::shared::departure::Departure;

/// The number of bytes by which the line is longer than a line may be.
const MORE: usize = 100;

/// The member `left`, which was told that a line was too long and has stayed, leaves in the middle of
/// another such line. The next member may get its slot. All others must get the first line of this member:
/// a room must not take it for the end of the long line.
pub(super) fn check(chat: &mut ChatRun, left: &Member) -> Result<(), CheckError> {
    let (line, name) = (chat.line(LONGEST + MORE), &left.client.name);
    let begin = &line[..line.len() - 1];
    chat.run.step(format!("{name} sent {} bytes without a newline", begin.len()));
    let stays = takes_the_rest(chat, left, begin);
    if stays {
        chat.run.step(format!("{name} {}", Departure::Close.text()));
        Departure::Close.apply(&left.client.connection);
    } else if left.client.connection.ended().is_none() {
        return Ok(()); // the room may not have read all bytes
    }
    expect_told(chat, left)?;
    if !stays {
        return Ok(());
    }
    let next = chat.join()?;
    let first = chat.short_line();
    let Err(error) = chat.say(next, &first) else { return Ok(()) };
    let next = chat.members[next].clone();
    let summary = format!(
        "{name} left in the middle of a line that was too long, and {0} came next. Nobody got the first \
         line of {0}. The line after it was passed on.",
        next.client.name
    );
    Err(if_lost(chat, &next, summary, error))
}

/// All others must be told that the member has left. Before that, a room may pass on what it has of the
/// line; other steps check this.
fn expect_told(chat: &mut ChatRun, left: &Member) -> Result<(), CheckError> {
    let (others, told) = (chat.members.clone(), disconnected(left.fd));
    let is_told = || others.iter().all(|it| unheard(it).ends_with(&told)).then_some(());
    let heard = chat.run.server.wait_for(|_| Ok(is_told()));
    if heard.is_err() {
        return chat.expect_all(&Transcript::in_order([told]), &[]);
    }
    for member in &mut chat.members {
        member.heard += unheard(member).len();
    }
    Ok(())
}
