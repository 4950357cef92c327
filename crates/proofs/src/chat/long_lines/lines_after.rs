//! Short lines that a member sends after a line that is too long: one that comes together with its end, and
//! one that comes alone.

mod deaf;

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
/// Nothing more comes. If the member stays in the room, all others must get the short line, and the line that
/// the member sends when the server is idle.
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
        let is_heard = heard.map_err(|error| if_interrupted(chat, error))?;
        let mut member = Member { heard: member.client.connection.received().len(), ..member };
        if is_heard && member.client.connection.ended().is_none() {
            expect_another(chat, &member)?;
            member.heard = member.client.connection.received().len();
        }
        if member.client.connection.ended().is_none() {
            chat.members.push(member);
        }
    }
    Ok(())
}

/// The member, which was told that its line was too long, sends a short line alone.
fn expect_another(chat: &mut ChatRun, member: &Member) -> Result<(), CheckError> {
    let line = chat.short_line();
    let name = &member.client.name;
    chat.run.step(format!("{name} sent {}", quoted(&line)));
    let _ = member.client.connection.send(&line);
    let what = format!("After a line that was too long, {name} sent the next line alone");
    expect_passed_on(chat, member, &line, &what).map(drop)
}

/// The member sends these bytes at once. They end with the line `short`. Returns as [`expect_passed_on`].
fn expect_short(
    chat: &mut ChatRun,
    member: &Member,
    bytes: &[u8],
    short: &[u8],
) -> Result<bool, CheckError> {
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
    let what = format!("The end of {name}'s long line and {name}'s next line came at once");
    expect_passed_on(chat, member, short, &what)
}

/// All others must get the line `short`, which the member has sent, if it stays in the room. `what` says
/// what came before. Returns `false` if nobody gets it, and the room may be about to close the member.
fn expect_passed_on(
    chat: &mut ChatRun,
    member: &Member,
    short: &[u8],
    what: &str,
) -> Result<bool, CheckError> {
    let (name, connection) = (&member.client.name, &member.client.connection);
    let _ = chat.run.server.wait_asleep();
    let passed_on = said(member.fd, short);
    let told = match connection.ended() {
        Some(_) => Transcript::in_order([disconnected(member.fd)]).or_also([passed_on.clone()]),
        None => Transcript::in_order([passed_on]),
    };
    let Err(mut error) = chat.expect_all(&told, &[]) else { return Ok(true) };
    let is_silent = chat.members.iter().all(|it| unheard(it).is_empty());
    if !is_silent || chat.run.server.exit().is_some() || connection.ended().is_some() {
        return Err(error);
    }
    // The member sends another line, and then one more: a room that has lost the end of the long line, too,
    // takes the first of them for this end. A room that passes on neither of them reads no more from the
    // member, or is about to close it.
    let heard = heard_after_next(chat, member).or_else(|| heard_after_next(chat, member));
    let Some((heard, next)) = heard else {
        return deaf::check(chat, member, error).map(|()| false);
    };
    let end = match heard == next {
        true => "A later line was passed on.".to_owned(),
        false => format!("It was passed on when {name} sent another line."),
    };
    if let CheckError::Failed(cause) = &mut error {
        cause.summary = format!("{what}, and nobody got the next line. {end}");
    }
    Err(error)
}
