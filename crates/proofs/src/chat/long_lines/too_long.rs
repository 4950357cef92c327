//! A line that is too long.

use super::is_refused;
use crate::chat::chat_run::hearing::{quoted, unheard};
use crate::chat::chat_run::{ChatRun, Member, disconnected, said};
use crate::chat::own_lines;
use crate::chat::transcript::Transcript;
use crate::check_error::{CheckError, Failure};
use crate::shared::diagnosis;
use course::report::Cause;
use witness::{Client, WaitError};

/// The number of bytes at the end of a line that is too long that come together with a short line.
const TAIL: usize = 100;
/// The number of bytes without a newline that a client sends. A room may allow more than the lesson
/// asks, and must stop before this. With buffers of any usual size, no buffer is full within the last 100
/// bytes, or directly after them.
const ENDLESS: usize = (2 << 20) + 3000;

/// A member sends a line without an end, and then its end together with a short line. It must be told or
/// closed. If it stays in the room, all others must get the short line. Returns the member if it stays.
pub(super) fn check(chat: &mut ChatRun) -> Result<Option<Member>, CheckError> {
    let index = chat.random.usize(..chat.members.len());
    let (line, short) = (chat.line(ENDLESS), chat.short_line());
    let member = chat.members.remove(index);
    let name = &member.client.name;
    chat.run.step(format!("{name} sent a line of {} KiB", ENDLESS >> 10));
    let connection = member.client.connection.clone();
    let (begin, end) = line.split_at(ENDLESS - TAIL);
    let mut sent = 0;
    let mut handled = chat.run.server.wait_for(|_| {
        if is_refused(&member) {
            return Ok(Some(()));
        }
        sent += send_rest(&connection, begin, sent);
        Ok(None)
    });
    let mut said_after = None;
    if matches!(handled, Ok(()) | Err(WaitError::Idle { .. }))
        && takes_the_rest(chat, &member, &begin[sent..])
    {
        chat.run.step(format!("{name} sent the end of its line and {}, at once", quoted(&short)));
        let _ = connection.send(&[end, &short].concat());
        said_after = Some(said(member.fd, &short));
        handled = chat.run.server.wait_for(|_| Ok(is_refused(&member).then_some(())));
    }
    // Nobody else may have received a part of the line.
    let _ = chat.run.server.wait_asleep();
    let told_after = said_after.is_some();
    let told = match connection.ended() {
        Some(_) => Transcript::in_order([disconnected(member.fd)]).or_also(said_after),
        None => Transcript::in_order(said_after),
    };
    if let Err(error) = chat.expect_all(&told, &[]) {
        let error = with_row(chat, member.fd, &line, error);
        return Err(if told_after { with_lost_line(chat, &member, error) } else { error });
    }
    if let Err(wait_error) = handled {
        return Err(not_refused(chat, name, wait_error));
    }
    own_lines::expect_answer(chat, &member)?;
    others_are_served(chat)?;
    Ok((told_after && connection.ended().is_none()).then_some(member))
}

/// Says that a room has lost the line that came together with the end of one that is too long, if this
/// is so: nobody has got it, and a later line of the same member is passed on.
fn with_lost_line(chat: &mut ChatRun, member: &Member, error: CheckError) -> CheckError {
    let summary = format!(
        "The end of {0}'s long line and {0}'s next line came at once. Nobody got the next line. The \
         line after it was passed on.",
        member.client.name
    );
    if_lost(chat, member, summary, error)
}

/// Explains by this summary that nobody has got a line of a member, if nobody has got anything and a later
/// line of the same member is passed on.
pub(super) fn if_lost(
    chat: &mut ChatRun,
    member: &Member,
    summary: String,
    mut error: CheckError,
) -> CheckError {
    let is_missing = |cause: &Cause| cause.id == "line-missing" && cause.exit.is_none();
    let CheckError::Failed(cause) = &mut error else { return error };
    let has_heard = |it: &Member| it.fd != member.fd && !unheard(it).is_empty();
    if is_missing(cause)
        && !chat.members.iter().any(has_heard)
        && heard_after_next(chat, member).is_some_and(|(heard, next)| heard == next)
    {
        cause.summary = summary;
    }
    error
}

/// The member sends one more line. Returns what the first of the others has got after that, and how the
/// line is passed on. `None` if one of the others has not got this line last.
pub(super) fn heard_after_next(chat: &mut ChatRun, member: &Member) -> Option<(Vec<u8>, Vec<u8>)> {
    let next = chat.short_line();
    let _ = member.client.connection.send(&next);
    let next = said(member.fd, &next);
    let others = chat.members.iter().filter(|it| it.fd != member.fd).cloned();
    let others: Vec<_> = others.collect();
    let is_passed_on = || others.iter().all(|it| unheard(it).ends_with(&next)).then_some(());
    let heard = chat.run.server.wait_for(|_| Ok(is_passed_on()));
    heard.ok().and_then(|()| Some((unheard(others.first()?), next)))
}

/// Sends as many of the bytes from `from` on as the kernel takes. Returns their number.
fn send_rest(connection: &Client, bytes: &[u8], from: usize) -> usize {
    if from == bytes.len() { 0 } else { connection.send(&bytes[from..]).unwrap_or(0) }
}

/// The member sends the rest of what comes before the end of its line. Returns whether the server has read
/// all of it, and keeps the member. A room need not read on from a member that it has told.
pub(super) fn takes_the_rest(chat: &mut ChatRun, member: &Member, rest: &[u8]) -> bool {
    let connection = &member.client.connection;
    let mut sent = 0;
    let taken = chat.run.server.wait_for(|now| {
        if connection.ended().is_some() {
            return Ok(Some(()));
        }
        sent += send_rest(connection, rest, sent);
        let unread = now.connection(connection)?.map_or(0, |it| it.unread);
        Ok((sent == rest.len() && unread == 0).then_some(()))
    });
    let _ = chat.run.server.wait_asleep();
    taken.is_ok() && connection.ended().is_none()
}

/// Those who remain send lines, and a new member comes.
fn others_are_served(chat: &mut ChatRun) -> Result<(), CheckError> {
    for index in chat.everybody() {
        let line = chat.short_line();
        chat.say(index, &line)?;
    }
    // A client that was told of its long line, and was not closed, has its slot still.
    if chat.members.len() + 1 < chat.run.capacity {
        let next = chat.join()?;
        let line = chat.short_line();
        chat.say(next, &line)?;
    }
    chat.expect_silence(&chat.everybody())
}

/// Adds the row of a room that passes on a line that is too long, whole or in several parts.
fn with_row(chat: &ChatRun, fd: i32, line: &[u8], error: CheckError) -> CheckError {
    let begin = said(fd, &line[..200]);
    let heard = chat.members.iter().map(unheard).find(|bytes| bytes.starts_with(&begin));
    let Some(heard) = heard else { return error };
    match heard.iter().position(|byte| *byte == b'\n') {
        Some(end) if end < line.len() => error.with_mistake("long-line-split"),
        _ => error.with_mistake("unbounded-line"),
    }
}

/// The failure of a room that neither tells nor closes a member whose line is too long.
fn not_refused(chat: &mut ChatRun, name: &str, wait_error: WaitError) -> CheckError {
    let is_idle = matches!(wait_error, WaitError::Idle { .. });
    let in_loop = in_loop(chat, &wait_error);
    let failure = Failure {
        id: "long-line-kept",
        mistake: diagnosis::of(&chat.run, &wait_error).or(is_idle.then_some("unbounded-line")),
        summary: match &wait_error {
            WaitError::Ended(_) => format!("The server ended when {name} sent a long line."),
            _ if in_loop.is_some() => format!(
                "{name} sent a line of {} KiB, and the server has been in a loop since then.",
                ENDLESS >> 10
            ),
            _ => {
                format!("{name} sent a line of {} KiB, and was not told or closed.", ENDLESS >> 10)
            }
        },
        expected: format!("{name} gets a line that says so, or the end of its connection"),
        observed: match &wait_error {
            WaitError::Idle { .. } => format!("{name} got nothing, and is still connected"),
            other => in_loop.unwrap_or(other.to_string()),
        },
    };
    chat.run.fail(wait_error, failure)
}

/// What a server does that runs in a loop, as text for a sentence. `None` if it may sleep. A server
/// that has more bytes to read cannot be told from a slow one before the time is over.
fn in_loop(chat: &ChatRun, wait_error: &WaitError) -> Option<String> {
    match wait_error {
        WaitError::Spinning(_) => Some(wait_error.to_string()),
        WaitError::TimedOut { after, .. } => {
            let used = chat.run.server.cpu_time().ok()?;
            let is_busy = used * 5 > *after * 2;
            let seconds = used.as_secs_f64();
            is_busy.then(|| format!("{wait_error}, and had used {seconds:.1} s of processor time"))
        }
        _ => None,
    }
}
