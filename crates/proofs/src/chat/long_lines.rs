//! The criterion of long lines.

mod lines_after;
mod next_in_slot;
mod one_byte_more;
mod too_long;

use super::chat_run::hearing::{quoted, unheard};
use super::chat_run::{ChatRun, Member, said};
use super::one_wakeup::{if_interrupted, while_paused};
use super::transcript::Transcript;
use crate::check_context::CheckContext;
use crate::check_error::CheckError;
use crate::shared::few_slots::expect_slots;
use witness::{Exit, SignalNumber};

/// The length of the longest line that a room must pass on whole, in bytes with the newline.
const LONGEST: usize = 64 << 10;
/// The first descriptor of which a member has a longer name.
const FIRST_LONGER_NAME: i32 = 10;
/// The sizes at which buffers end, in bytes.
const SIZES: [usize; 6] = [256, 512, 1024, 4096, 8192, 16_384];
/// The number of bytes of a long line that come last, and the number of short lines that come with them.
const REST: usize = 5_400;
const SHORT_LINES: usize = 600;
/// A buffer for the longest line has this much room after a line that is a little shorter.
const ROOM: usize = 100;

/// A line of up to 64 KiB reaches the others whole. A client that sends a longer line is told so, or
/// closed. Nobody else is affected: nobody receives a part of this line, and all others are served
/// as before.
pub(crate) fn long_lines(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut chat = ChatRun::start_with_members(context, "long-lines", 3)?;
    if chat.members.len() < 2 {
        return expect_slots(&chat.run, 2, "what a member receives");
    }
    for size in SIZES {
        let length = chat.random.usize(size - 10..=size + 1);
        let index = any_member(&mut chat);
        say_long(&mut chat, index, length)?;
    }
    let length = chat.random.usize(LONGEST / 2..LONGEST - 1);
    for length in [length, LONGEST - 1, LONGEST] {
        let index = any_member(&mut chat);
        say_long(&mut chat, index, length)?;
    }
    two_at_once(&mut chat)?;
    by_a_longer_name(&mut chat)?;
    a_rest_and_short_lines(&mut chat, LONGEST - ROOM, REST)?;
    a_rest_and_short_lines(&mut chat, LONGEST, 1)?; // the newline alone
    if let Some(member) = too_long::check(&mut chat)? {
        next_in_slot::check(&mut chat, &member)?;
    }
    one_byte_more::check(&mut chat)?;
    lines_after::check(&mut chat)
}

fn any_member(chat: &mut ChatRun) -> usize {
    chat.random.usize(..chat.members.len())
}

/// A member whose name has a digit more sends the longest line: the buffer of a message needs room for
/// the name as well. There must be a slot for such a member.
fn by_a_longer_name(chat: &mut ChatRun) -> Result<(), CheckError> {
    let name = |chat: &ChatRun| chat.members.iter().map(|member| member.fd).max().unwrap_or(0);
    while name(chat) < FIRST_LONGER_NAME && chat.members.len() < chat.run.capacity {
        chat.join().map_err(|error| error.depends_on("join-leave"))?;
    }
    let speaker = (0..chat.members.len()).max_by_key(|index| chat.members[*index].fd);
    speaker.map_or(Ok(()), |index| say_long(chat, index, LONGEST))
}

/// A member sends a line of this length, and a short one after it.
fn say_long(chat: &mut ChatRun, index: usize, length: usize) -> Result<(), CheckError> {
    let (long, short) = (chat.line(length), chat.short_line());
    for line in [long, short] {
        let said = chat.say(index, &line);
        said.map_err(|error| {
            if_not_read(chat, index, with_row_of_long(chat, (index, &line), error))
        })?;
    }
    Ok(())
}

/// A server that leaves the end of a line unread does not fail because the line is long.
fn if_not_read(chat: &ChatRun, speaker: usize, error: CheckError) -> CheckError {
    let connection = &chat.members[speaker].client.connection;
    let socket = chat.run.server.connection(connection).ok().flatten();
    let is_unread = socket.is_some_and(|it| it.unread > 0);
    if is_unread { error.depends_on("framing") } else { error }
}

/// Adds the row of a room that refuses a line, that ends because of it, or that takes what one read
/// returns for a line.
fn with_row_of_long(
    chat: &ChatRun,
    (index, line): (usize, &[u8]),
    error: CheckError,
) -> CheckError {
    let speaker = &chat.members[index];
    if has_overrun(chat) {
        error.with_mistake("past-the-buffer")
    } else if is_refused(speaker) {
        error.with_mistake("too-small-limit")
    } else if chat.members.iter().any(|it| is_named_again(&unheard(it), speaker.fd, line)) {
        error.with_mistake("read-is-line")
    } else {
        error
    }
}

/// Whether the speaker's name stands again in the middle of its line: the room has passed on a part of
/// the line as a line.
fn is_named_again(heard: &[u8], speaker: i32, line: &[u8]) -> bool {
    let name = said(speaker, b"");
    let Some(text) = heard.strip_prefix(name.as_slice()) else { return false };
    let same = text.iter().zip(line).take_while(|(one, other)| one == other).count();
    same < line.len() && text[same..].starts_with(&name)
}

/// Whether the server has ended as a program does that writes behind the end of a buffer: by a signal
/// of the memory management or of the C library, or by a check of the language's run-time.
fn has_overrun(chat: &ChatRun) -> bool {
    match chat.run.server.exit() {
        Some(Exit::Signal(SignalNumber(number))) => {
            [libc::SIGSEGV, libc::SIGBUS, libc::SIGABRT].contains(number)
        }
        Some(Exit::Status(_)) => {
            let message = chat.run.trace_message().unwrap_or_default();
            ["out of bounds", "out of range"].iter().any(|words| message.contains(words))
        }
        _ => false,
    }
}

/// The beginning of a line of this length comes, and then its rest, together with many short lines.
/// All of it is longer than the longest line, and none of the lines is.
fn a_rest_and_short_lines(
    chat: &mut ChatRun,
    length: usize,
    rest: usize,
) -> Result<(), CheckError> {
    let index = any_member(chat);
    let (long, fd) = (chat.line(length), chat.members[index].fd);
    // A full buffer ends in the middle of the first short line, and never between two lines.
    let mut short = vec![chat.line(2 * ROOM)];
    short.resize_with(SHORT_LINES, || chat.short_line());
    let (begin, rest) = long.split_at(length - rest);
    chat.send(index, begin);
    chat.expect_silence(&chat.everybody())?;
    let (member, bytes) = (chat.members[index].clone(), [rest, &short.concat()].concat());
    let text = format!("{} sent its rest and {SHORT_LINES} short lines", member.client.name);
    while_paused(chat, &text, |_| {
        let _ = member.client.connection.send(&bytes);
        Ok(())
    })?;
    let lines = [long.clone()].into_iter().chain(short).map(|line| said(fd, &line));
    let heard = chat.expect_all(&Transcript::in_order(lines), &[index]);
    heard.map_err(|error| {
        // A room may answer the member after it has passed on other lines.
        let _ = chat.run.server.wait_asleep();
        let error = if_interrupted(chat, error);
        let passed_on = said(fd, &long);
        if chat.members.iter().any(|it| unheard(it).starts_with(&passed_on)) {
            with_refusal(&member, true, error)
        } else if is_refused(&member) && !has_overrun(chat) {
            with_refusal(&member, false, error)
        } else {
            with_row_of_long(chat, (index, &long), error)
        }
    })
}

/// Says that a room has refused one of the lines that came at once, if this is so: a short line, if it has
/// passed on the long line before, or the long line. It has passed on other lines of this length before,
/// and no row is about this.
fn with_refusal(member: &Member, has_passed_on: bool, mut error: CheckError) -> CheckError {
    let (name, reply) = (&member.client.name, unheard(member));
    let refusal = match member.client.connection.ended() {
        Some(_) => format!("closed {name}"),
        None if reply.is_empty() => return error,
        None => format!("answered {name}: {}", quoted(&reply)),
    };
    if let CheckError::Failed(cause) = &mut error
        && cause.exit.is_none()
        && cause.mistake.is_none()
    {
        cause.summary = match has_passed_on {
            true => format!(
                "{name} sent many short lines behind a long one. The server passed on the long line, \
                 and not all of the short ones. It {refusal}."
            ),
            false => format!(
                "{name} sent the end of a long line and many short lines at once, and the server did not \
                 pass on the long line. It {refusal}. Before, it passed on a line of {LONGEST} bytes."
            ),
        };
    }
    error
}

/// Two members send a long line each, in pieces, at the same time.
fn two_at_once(chat: &mut ChatRun) -> Result<(), CheckError> {
    let lengths = [0; 2].map(|_| chat.random.usize(20_000..LONGEST));
    let lines = lengths.map(|length| chat.line(length));
    let [one, two] = [0, 1].map(|index| chat.members[index].client.name.clone());
    chat.run.step(format!("{one} and {two} sent a long line each, in pieces, at the same time"));
    let size = chat.random.usize(2_000..9_000);
    let pieces = lines[0].len().max(lines[1].len()).div_ceil(size);
    for piece in 0..pieces {
        for (index, line) in lines.iter().enumerate() {
            let begin = (piece * size).min(line.len());
            let end = (begin + size).min(line.len());
            chat.send_silently(index, &line[begin..end]);
        }
    }
    let fds: Vec<_> = chat.members.iter().map(|member| member.fd).collect();
    let wanted: Vec<_> = chat
        .everybody()
        .into_iter()
        .map(|index| {
            let others = lines.iter().enumerate().filter(|(by, _)| *by != index);
            let said = others.map(|(by, line)| vec![said(fds[by], line)]);
            (index, Transcript::mixed(said))
        })
        .collect();
    chat.expect(&wanted)
}

/// Whether a member was closed, or was sent something.
fn is_refused(member: &Member) -> bool {
    member.client.connection.ended().is_some() || !unheard(member).is_empty()
}
