//! The criterion that lines come out as they were sent, however their bytes come.

mod blanks;
mod every_byte;

use super::chat_run::hearing::{quoted, unheard};
use super::chat_run::{ChatRun, Member, disconnected, said};
use super::one_wakeup::{if_interrupted, while_paused};
use super::transcript::Transcript;
use crate::check_context::CheckContext;
use crate::check_error::CheckError;
use crate::shared::departure::Departure;
use crate::shared::few_slots::expect_slots;

/// Characters that end a line for `splitlines` of Python and for functions like it: CR, vertical tab,
/// form feed, file, group and record separator, next line (U+0085), line and paragraph separator.
const LINE_ENDS: [&str; 9] =
    ["\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\u{85}", "\u{2028}", "\u{2029}"];

/// The length of the words between these characters, with the character. The line is short.
const WORD: usize = 12;

/// A line in pieces is one line, and several lines in one read are several. What follows the last
/// newline waits. Every byte but the newline is passed on as it came: CR, NUL, and bytes that are no
/// ASCII. Nothing but a newline ends a line. A last line without a newline is passed on with one or
/// dropped, and is never merged with another line.
pub(crate) fn framing(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut chat = ChatRun::start_with_members(context, "framing", 3)?;
    if chat.members.len() < 2 {
        return expect_slots(&chat.run, 2, "what a member receives");
    }
    several_in_one_read(&mut chat)?;
    one_in_pieces(&mut chat)?;
    byte_at_a_time(&mut chat)?;
    any_bytes(&mut chat)?;
    other_line_ends(&mut chat)?;
    every_byte::check(&mut chat)?;
    empty_lines(&mut chat)?;
    blanks::check(&mut chat)?;
    half_lines_of_two(&mut chat)?;
    for departure in [Departure::Close, Departure::HalfClose] {
        last_line_without_newline(&mut chat, departure)?;
        half_line_at_once(&mut chat, departure)?;
    }
    Ok(())
}

/// Several lines and the beginning of another one come in one read. The rest comes later.
fn several_in_one_read(chat: &mut ChatRun) -> Result<(), CheckError> {
    let lines: Vec<_> = (0..chat.random.usize(3..=6)).map(|_| chat.short_line()).collect();
    let last = chat.short_line();
    let (begin, rest) = cut(chat, &last);
    chat.send(0, &[lines.concat(), begin.clone()].concat());
    let fd = chat.members[0].fd;
    let heard = chat.expect_all(&Transcript::in_order(lines.iter().map(|it| said(fd, it))), &[0]);
    heard.map_err(|error| with_row_of_first_read(chat, &lines, error))?;
    expect_nothing_yet(chat, 0, &begin)?;
    say_rest(chat, 0, &rest, &last)
}

/// Adds the row of a room that has received several lines in one read, and has not passed on each of
/// them.
fn with_row_of_first_read(chat: &ChatRun, lines: &[Vec<u8>], error: CheckError) -> CheckError {
    let fd = chat.members[0].fd;
    let as_one = said(fd, &lines[..2].concat());
    let heard: Vec<_> = chat.members[1..].iter().map(unheard).collect();
    if heard.iter().any(|bytes| bytes.starts_with(&as_one)) {
        error.with_mistake("read-is-line")
    } else if heard.iter().all(|bytes| *bytes == said(fd, &lines[0])) {
        error.with_mistake("first-line-only")
    } else {
        error
    }
}

/// One line comes in two to four reads.
fn one_in_pieces(chat: &mut ChatRun) -> Result<(), CheckError> {
    let line = chat.line(100);
    let mut rest = line.clone();
    for _ in 0..chat.random.usize(1..=3) {
        if rest.len() < 2 {
            break;
        }
        let (begin, end) = cut(chat, &rest);
        chat.send(0, &begin);
        expect_nothing_yet(chat, 0, &begin)?;
        rest = end;
    }
    say_rest(chat, 0, &rest, &line)
}

/// A line and its CR LF come a byte at a time.
fn byte_at_a_time(chat: &mut ChatRun) -> Result<(), CheckError> {
    let mut line = chat.line(6);
    line.insert(5, b'\r');
    let name = chat.members[0].client.name.clone();
    chat.run.step(format!("{name} sent {}, a byte at a time", quoted(&line)));
    for byte in &line[..line.len() - 1] {
        chat.send_silently(0, &[*byte]);
        expect_nothing_yet(chat, 0, &[*byte])?;
    }
    chat.send_silently(0, b"\n");
    chat.expect_all(&Transcript::in_order([said(chat.members[0].fd, &line)]), &[0])
}

/// Lines with characters that end a line elsewhere, and not in the room.
fn other_line_ends(chat: &mut ChatRun) -> Result<(), CheckError> {
    for ends in [&LINE_ENDS[..1], &LINE_ENDS[1..]] {
        let mut line = chat.line(WORD);
        line.pop();
        for end in ends {
            line.extend_from_slice(end.as_bytes());
            line.extend(chat.line(WORD));
            line.pop();
        }
        line.push(b'\n');
        let heard = chat.say(0, &line);
        heard.map_err(|error| with_line_end(chat, &line, error))?;
    }
    Ok(())
}

/// Says that a room has ended a line at a character that is no newline, if this is so. No row is about
/// this.
fn with_line_end(chat: &ChatRun, line: &[u8], mut error: CheckError) -> CheckError {
    let fd = chat.members[0].fd;
    let cut = chat.members[1..].iter().find_map(|member| {
        let heard = unheard(member);
        let end = LINE_ENDS.iter().find(|end| ends_at(&heard, fd, line, end.as_bytes()))?;
        Some((&member.client.name, end))
    });
    if let (Some((name, end)), CheckError::Failed(cause)) = (cut, &mut error)
        && cause.exit.is_none()
    {
        cause.mistake = None;
        cause.summary = format!(
            "{name} was sent a line that ends at the character {}, which is in the middle of the \
             line that was sent.",
            quoted(end.as_bytes())
        );
    }
    error
}

/// Whether `heard` has the line only up to `end`, with it or without it. A newline comes then, or the
/// speaker's name again.
fn ends_at(heard: &[u8], fd: i32, line: &[u8], end: &[u8]) -> bool {
    let Some(at) = line.windows(end.len()).position(|bytes| bytes == end) else { return false };
    [at, at + end.len()].iter().any(|cut| {
        let rest = heard.strip_prefix(said(fd, &line[..*cut]).as_slice());
        rest.is_some_and(|rest| rest.starts_with(b"\n") || rest.starts_with(&said(fd, b"")))
    })
}

/// Lines that other programs take for commands or for the end of the input.
const NO_COMMANDS: [&[u8]; 6] =
    [b"/quit\n", b"/nick you\n", b"quit\n", b"exit\n", b"\x04\n", b".\n"];

/// Lines with CR LF, with NUL bytes, with bytes that are no ASCII, and words that are no commands here.
fn any_bytes(chat: &mut ChatRun) -> Result<(), CheckError> {
    let words: Vec<_> = (0..6).map(|_| chat.short_line()).collect();
    let word = |index: usize| &words[index][..words[index].len() - 1];
    let lines = [
        [word(0), b"\r\n"].concat(),
        [word(1), b"\0", word(2), b"\n"].concat(),
        [b"\0", word(3), b"\0\0\n"].concat(),
        [word(4), "é€😀\n".as_bytes()].concat(),
        [word(5), b" %s%n %d\\ \x80\xff\x1b\n"].concat(),
    ];
    for line in lines {
        chat.say(0, &line)?;
    }
    NO_COMMANDS.iter().try_for_each(|line| chat.say(0, line))
}

/// Empty lines: one that comes alone, several together, and some after another line.
fn empty_lines(chat: &mut ChatRun) -> Result<(), CheckError> {
    let line = chat.short_line();
    for bytes in [b"\n".to_vec(), b"\n\n".to_vec(), [&line[..], b"\n\n"].concat()] {
        chat.send(0, &bytes);
        let fd = chat.members[0].fd;
        let lines = bytes.split_inclusive(|byte| *byte == b'\n').map(|line| said(fd, line));
        let lines: Vec<_> = lines.collect();
        let heard = chat.expect_all(&Transcript::in_order(lines.clone()), &[0]);
        heard.map_err(|error| {
            let wanted: usize = lines.iter().map(Vec::len).sum();
            let last = chat.members[1..].iter().map(unheard).max_by_key(Vec::len);
            let is_fewer = last.is_some_and(|bytes| bytes.len() < wanted);
            if is_fewer { error.with_mistake("empty-line-lost") } else { error }
        })?;
    }
    Ok(())
}

/// Two members have each sent the beginning of a line. The rests come in the other order.
fn half_lines_of_two(chat: &mut ChatRun) -> Result<(), CheckError> {
    let [one, two] = [chat.short_line(), chat.short_line()];
    let ((one_begin, one_rest), (two_begin, two_rest)) = (cut(chat, &one), cut(chat, &two));
    chat.send(0, &one_begin);
    expect_nothing_yet(chat, 0, &one_begin)?;
    chat.send(1, &two_begin);
    expect_nothing_yet(chat, 1, &two_begin)?;
    say_rest(chat, 1, &two_rest, &two)?;
    say_rest(chat, 0, &one_rest, &one)
}

/// A member leaves in the middle of a line. The next client may get the same slot and the same
/// descriptor number: its first line must not begin with these bytes.
fn last_line_without_newline(chat: &mut ChatRun, departure: Departure) -> Result<(), CheckError> {
    let last = chat.members.len() - 1;
    let line = chat.short_line();
    let half = &line[..line.len() - 1];
    chat.send(last, half);
    expect_nothing_yet(chat, last, half)?;
    let left = chat.members.remove(last);
    chat.run.step(format!("{} {}", left.client.name, departure.text()));
    departure.apply(&left.client.connection);
    let gone = Transcript::in_order([disconnected(left.fd)]);
    chat.expect_all(&gone.or_also([said(left.fd, &line)]), &[])?;

    first_line_of_next(chat, &left, half)
}

/// A member sends a line and the beginning of another one, and leaves at once.
fn half_line_at_once(chat: &mut ChatRun, departure: Departure) -> Result<(), CheckError> {
    let (line, next) = (chat.short_line(), chat.short_line());
    let half = &next[..next.len() - 1];
    let Some(left) = chat.members.pop() else { return Ok(()) };
    let bytes = [&line, half].concat();
    let text = format!("{} sent {}, and {}", left.client.name, quoted(&bytes), departure.text());
    while_paused(chat, &text, |_| {
        let _ = left.client.connection.send(&bytes);
        departure.apply(&left.client.connection);
        Ok(())
    })?;
    let told = Transcript::in_order([said(left.fd, &line), disconnected(left.fd)]);
    let heard = chat.expect_all(&told.or_also([said(left.fd, &next)]), &[]);
    heard.map_err(|error| if_interrupted(chat, error))?;
    first_line_of_next(chat, &left, half)
}

/// The client that comes after a member has left in the middle of a line, `half`, says something. It
/// must not begin with these bytes.
fn first_line_of_next(chat: &mut ChatRun, left: &Member, half: &[u8]) -> Result<(), CheckError> {
    let next = chat.join().map_err(|error| error.depends_on("join-leave"))?;
    let (name, fd) = (chat.members[next].client.name.clone(), chat.members[next].fd);
    let (merged, line) = (said(fd, half), chat.short_line());
    let heard = chat.say(next, &line);
    let is_merged = chat.members.iter().any(|member| unheard(member).starts_with(&merged));
    heard.map_err(|error| match is_merged {
        true => {
            let summary = format!(
                "{} left in the middle of a line. The first line of {name}, who came next, begins \
                 with these bytes.",
                left.client.name
            );
            error.with_row("merged-line", summary)
        }
        false => error,
    })
}

/// Cuts a text into two parts, each with at least one byte.
fn cut(chat: &mut ChatRun, text: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let at = chat.random.usize(1..text.len());
    (text[..at].to_vec(), text[at..].to_vec())
}

/// A line that is not complete is passed on to nobody. `piece` is what the member has sent last.
fn expect_nothing_yet(chat: &mut ChatRun, index: usize, piece: &[u8]) -> Result<(), CheckError> {
    let silence = chat.expect_silence(&chat.everybody());
    let passed_on = said(chat.members[index].fd, piece);
    let is_passed_on = chat.members.iter().any(|member| unheard(member).starts_with(&passed_on));
    silence.map_err(|error| if is_passed_on { error.with_mistake("read-is-line") } else { error })
}

/// A member sends the rest of a line, and all others must receive the whole line.
fn say_rest(chat: &mut ChatRun, index: usize, rest: &[u8], line: &[u8]) -> Result<(), CheckError> {
    let heard = chat.say_rest(index, rest, line);
    let only_rest = said(chat.members[index].fd, rest);
    let is_rest = chat.members.iter().any(|member| unheard(member).starts_with(&only_rest));
    heard.map_err(|error| if is_rest { error.with_mistake("rest-forgotten") } else { error })
}
