//! A short line that comes together with the end of a line that is too long.

use super::too_long::heard_after_next;
use super::{LONGEST, any_member, is_refused};
use crate::chat::chat_run::hearing::{quoted, unheard};
use crate::chat::chat_run::{ChatRun, Member, disconnected, said};
use crate::chat::one_wakeup::{if_interrupted, while_paused};
use crate::chat::transcript::Transcript;
use crate::check_error::CheckError;

/// The number of bytes of a line that is not too long yet.
const BEGIN: usize = LONGEST - 100;
/// The numbers of bytes that follow, with the newline. A server may read the first number of bytes with
/// one call, and needs several calls for the second one.
const RESTS: [usize; 2] = [200, 40_000];

/// The beginning of a line comes, and then its rest, which makes it too long, together with a short line.
/// Nothing more comes. If the member stays in the room, all others must get the short line.
pub(super) fn check(chat: &mut ChatRun) -> Result<(), CheckError> {
    for rest in RESTS {
        if chat.members.len() < 2 {
            return Ok(());
        }
        let index = any_member(chat);
        let (line, short) = (chat.line(BEGIN + rest), chat.short_line());
        let (begin, rest) = line.split_at(BEGIN);
        chat.send(index, begin);
        let _ = chat.run.server.wait_asleep();
        let member = chat.members.remove(index);
        let heard = expect_short(chat, &member, &[rest, &short].concat(), &short);
        heard.map_err(|error| if_interrupted(chat, error))?;
        if member.client.connection.ended().is_none() {
            chat.members
                .push(Member { heard: member.client.connection.received().len(), ..member });
        }
    }
    Ok(())
}

/// The member sends these bytes at once. They end with the line `short`.
fn expect_short(
    chat: &mut ChatRun,
    member: &Member,
    bytes: &[u8],
    short: &[u8],
) -> Result<(), CheckError> {
    let (name, connection) = (&member.client.name, &member.client.connection);
    let text = format!(
        "{name} sent the last {} bytes of its line and {}, at once",
        bytes.len() - short.len(),
        quoted(short)
    );
    while_paused(chat, &text, |_| {
        let _ = connection.send(bytes);
        Ok(())
    })?;
    let _ = chat.run.server.wait_for(|_| Ok(is_refused(member).then_some(())));
    let _ = chat.run.server.wait_asleep();
    let passed_on = said(member.fd, short);
    let told = match connection.ended() {
        Some(_) => Transcript::in_order([disconnected(member.fd)]).or_also([passed_on.clone()]),
        None => Transcript::in_order([passed_on]),
    };
    let Err(mut error) = chat.expect_all(&told, &[]) else { return Ok(()) };
    let is_silent = chat.members.iter().all(|it| unheard(it).is_empty());
    if !is_silent || chat.run.server.exit().is_some() || connection.ended().is_some() {
        return Err(error);
    }
    // The member sends another line, and then one more: a room that has lost the end of the long line, too,
    // takes the first of them for this end. A room that passes on neither of them reads no more from the
    // member, and may be about to close it.
    let heard = heard_after_next(chat, member).or_else(|| heard_after_next(chat, member));
    let Some((heard, next)) = heard else { return Ok(()) };
    let end = match heard == next {
        true => "A later line was passed on.".to_owned(),
        false => format!("It was passed on when {name} sent another line."),
    };
    if let CheckError::Failed(cause) = &mut error {
        cause.summary = format!(
            "The end of {name}'s long line and {name}'s next line came at once, and nobody got the next \
             line. {end}"
        );
    }
    Err(error)
}
