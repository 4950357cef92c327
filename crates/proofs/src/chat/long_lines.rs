//! The criterion of long lines.

use super::chat_run::hearing::{quoted, unheard};
use super::chat_run::{ChatRun, Member, disconnected, said};
use super::one_wakeup::{if_interrupted, while_paused};
use super::transcript::Transcript;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::shared::diagnosis;
use crate::shared::few_slots::expect_slots;
use witness::{Client, Exit, SignalNumber, WaitError};

/// The length of the longest line that a room must pass on whole, in bytes with the newline.
const LONGEST: usize = 64 << 10;
/// The first descriptor of which a member has a longer name.
const FIRST_LONGER_NAME: i32 = 10;
/// The sizes at which buffers end, in bytes.
const SIZES: [usize; 6] = [256, 512, 1024, 4096, 8192, 16_384];
/// The number of bytes of a long line that come first, and the number of lines that come with its rest.
const MOST: usize = 60_000;
const SHORT_LINES: usize = 600;
/// The number of bytes at the end of a line that is too long that come together with a short line.
const TAIL: usize = 100;
/// The number of bytes without a newline that a client sends. A room may allow more than the lesson
/// asks, and must stop before this.
const ENDLESS: usize = 2 << 20;

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
    a_rest_and_short_lines(&mut chat)?;
    too_long(&mut chat)
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
    let is_refused = speaker.client.connection.ended().is_some() || !unheard(speaker).is_empty();
    if has_overrun(chat) {
        error.with_mistake("past-the-buffer")
    } else if is_refused {
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

/// Most of a long line comes, and then its rest together with many short lines. All of it is longer than the
/// longest line, and none of the lines is.
fn a_rest_and_short_lines(chat: &mut ChatRun) -> Result<(), CheckError> {
    let index = any_member(chat);
    let (long, fd) = (chat.line(LONGEST - 100), chat.members[index].fd);
    let short: Vec<_> = (0..SHORT_LINES).map(|_| chat.short_line()).collect();
    let (begin, rest) = long.split_at(MOST);
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
        let error = if_interrupted(chat, error);
        with_row_of_long(chat, (index, &long), error)
    })
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

/// A member sends a line without an end, and then its end together with a short line. It must be told or
/// closed. If it stays in the room, all others must get the short line.
fn too_long(chat: &mut ChatRun) -> Result<(), CheckError> {
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
    let told = match connection.ended() {
        Some(_) => Transcript::in_order([disconnected(member.fd)]).or_also(said_after),
        None => Transcript::in_order(said_after),
    };
    if let Err(error) = chat.expect_all(&told, &[]) {
        return Err(with_row(chat, member.fd, &line, error));
    }
    if let Err(wait_error) = handled {
        return Err(not_refused(chat, name, wait_error));
    }
    others_are_served(chat)
}

/// Whether a member was closed, or was sent something.
fn is_refused(member: &Member) -> bool {
    member.client.connection.ended().is_some() || !unheard(member).is_empty()
}

/// Sends as many of the bytes from `from` on as the kernel takes. Returns their number.
fn send_rest(connection: &Client, bytes: &[u8], from: usize) -> usize {
    if from == bytes.len() { 0 } else { connection.send(&bytes[from..]).unwrap_or(0) }
}

/// The member sends the rest of what comes before the end of its line. Returns whether the server has read
/// all of it, and keeps the member. A room need not read on from a member that it has told.
fn takes_the_rest(chat: &mut ChatRun, member: &Member, rest: &[u8]) -> bool {
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
