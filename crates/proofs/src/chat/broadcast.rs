//! The criteria of who receives a line.

use super::chat_run::{ChatRun, joined, said};
use super::transcript::Transcript;
use super::{last_lines, one_wakeup};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::shared::departure::Departure;
use crate::shared::few_slots::expect_slots;

/// The number of members.
const MEMBERS: usize = 5;
/// The number of members that send at the same time, and the number of lines that each of them
/// sends.
const SPEAKERS: usize = 3;
const LINES: usize = 40;

/// A line reaches every other member once, whole, and in the sender's order. The lines of members
/// that send at the same time do not mix within a line.
pub(crate) fn broadcast(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut chat = ChatRun::start_with_members(context, "broadcast", MEMBERS)?;
    everybody_speaks(&mut chat)?;

    // The same when members have left and another one has come.
    for position in [0, 1] {
        if chat.members.len() > 2 {
            let left = chat.leave(position, Departure::Close);
            left.map_err(|error| error.depends_on("join-leave"))?;
            everybody_speaks(&mut chat)?;
        }
    }
    chat.fill_up(MEMBERS)?;

    // One leaves, and others speak, in one wake-up. The server handles the one who leaves before the
    // others, between them, or after them.
    for _ in 0..MEMBERS - 1 {
        one_wakeup::one_leaves_and_two_speak(&mut chat, 0)?;
        chat.fill_up(MEMBERS)?;
    }
    everybody_speaks(&mut chat)?;

    // A member speaks and leaves, in one wake-up.
    last_lines::speak_and_leave(&mut chat, MEMBERS)?;

    speak_together(&mut chat)?;
    chat.expect_silence(&chat.everybody())?;
    expect_slots(&chat.run, 4, "whether a line reaches every other member")
}

/// Each member sends a line, in any order. All others must receive it.
///
/// A member in the middle is the first. If the server sends a line only to those before or behind the
/// sender, somebody hears this line, and somebody does not.
fn everybody_speaks(chat: &mut ChatRun) -> Result<(), CheckError> {
    let mut order = chat.everybody();
    let middle = order.remove(order.len() / 2);
    chat.random.shuffle(&mut order);
    order.insert(0, middle);
    for index in order {
        let line = chat.short_line();
        chat.say(index, &line)?;
    }
    Ok(())
}

/// Some members send lines at the same time, in pieces that end in the middle of lines.
fn speak_together(chat: &mut ChatRun) -> Result<(), CheckError> {
    let speakers: Vec<_> = chat.everybody().into_iter().take(SPEAKERS).collect();
    let lines: Vec<Vec<_>> = speakers
        .iter()
        .map(|_| {
            let lengths: Vec<_> = (0..LINES).map(|_| chat.random.usize(10..200)).collect();
            lengths.into_iter().map(|length| chat.line(length)).collect()
        })
        .collect();
    let names: Vec<_> = speakers.iter().map(|it| chat.members[*it].client.name.clone()).collect();
    let names = names.join(", ");
    chat.run.step(format!("{names} sent {LINES} lines each, at the same time, in pieces"));
    send_in_turns(chat, &speakers, &lines);

    let fds: Vec<_> = speakers.iter().map(|index| chat.members[*index].fd).collect();
    let wanted: Vec<_> = chat
        .everybody()
        .into_iter()
        .map(|index| {
            let others = speakers.iter().zip(&fds).zip(&lines).filter(|((by, _), _)| **by != index);
            let sequences = others.map(|((_, fd), lines)| {
                lines.iter().map(|line| said(*fd, line)).collect::<Vec<_>>()
            });
            (index, Transcript::mixed(sequences))
        })
        .collect();
    // What a room does with several lines in one read is the question of another criterion.
    chat.expect(&wanted).map_err(|error| error.depends_on("framing"))
}

/// Sends a piece of the lines of one speaker, then a piece of another one, and so on.
fn send_in_turns(chat: &mut ChatRun, speakers: &[usize], lines: &[Vec<Vec<u8>>]) {
    let mut left: Vec<_> =
        speakers.iter().zip(lines).map(|(index, lines)| (*index, lines.concat())).collect();
    while !left.is_empty() {
        let turn = chat.random.usize(..left.len());
        let (index, bytes) = &mut left[turn];
        let index = *index;
        let size = chat.random.usize(1..=150).min(bytes.len());
        let piece: Vec<_> = bytes.drain(..size).collect();
        if bytes.is_empty() {
            left.remove(turn);
        }
        chat.send_silently(index, &piece);
    }
}

/// A member hears nothing that is about itself: not its own coming, and not its own lines.
pub(crate) fn not_to_sender(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut chat = ChatRun::start_with_members(context, "not-to-sender", 1)?;
    // A member that is alone.
    let line = chat.short_line();
    chat.send(0, &line);
    chat.expect_silence(&[0]).map_err(CheckError::independent)?;

    while chat.members.len() < chat.run.capacity.min(3) {
        chat.join().map_err(|error| error.depends_on("join-leave"))?;
    }
    for index in chat.everybody() {
        expect_own_coming_unheard(&mut chat, index)?;
    }
    for index in chat.everybody() {
        // One line, and then several lines at once.
        let line = chat.short_line();
        let others = chat.say(index, &line).map_err(depends_on_broadcast);
        expect_silence_of(&mut chat, index)?;
        others?;
        let lines = [chat.short_line(), chat.short_line(), chat.short_line()];
        chat.send(index, &lines.concat());
        let fd = chat.members[index].fd;
        let transcript = Transcript::in_order(lines.map(|line| said(fd, &line)));
        let others = chat.expect_all(&transcript, &[index]).map_err(depends_on_broadcast);
        expect_silence_of(&mut chat, index)?;
        others?;
    }
    Ok(())
}

fn depends_on_broadcast(error: CheckError) -> CheckError {
    error.depends_on("broadcast")
}

/// The member must not have received any of its own lines.
fn expect_silence_of(chat: &mut ChatRun, index: usize) -> Result<(), CheckError> {
    chat.expect_silence(&[index]).map_err(CheckError::independent)
}

/// The member must not have been told of its own coming.
fn expect_own_coming_unheard(chat: &mut ChatRun, index: usize) -> Result<(), CheckError> {
    let member = chat.members[index].clone();
    let (name, own) = (&member.client.name, joined(member.fd));
    let received = member.client.connection.received();
    if !received.windows(own.len()).any(|bytes| bytes == own) {
        return Ok(());
    }
    let failure = Failure {
        id: "hears-itself",
        mistake: Some("echoes-to-sender"),
        summary: format!("{name} was told that it has come itself."),
        expected: format!("the others are told that {name} has come"),
        observed: format!("{name} got {}", super::chat_run::hearing::quoted(&own)),
    };
    Err(chat.run.fail_now(failure))
}
