//! A member that is behind, and reads later.

use super::catching_up::catch_up;
use super::falling_behind::{expect_kept, fall_behind, fall_behind_by};
use super::{
    SPEAKER, delayed, expect_asleep, join_slow, late_again, many_lines, nearly_64_kib,
    speaks_behind,
};
use crate::chat::chat_run::{ChatRun, said};
use crate::chat::one_wakeup::{if_interrupted, while_paused};
use crate::chat::transcript::Transcript;
use crate::check_error::CheckError;
use crate::shared::WaitCall;
use crate::shared::departure::Departure;
use course::report::Cause;
use std::collections::HashSet;

/// The length of the speaker's lines.
const LINE: usize = 512;
/// The length of a line that is said alone, so that only one write can be short.
const LONG_LINE: usize = 16 << 10;
/// The number of bytes that the member reads at a time.
const READ: usize = 64 << 10;
/// The index of a member that came before the slow one, and does not speak.
const EARLIER: usize = SPEAKER + 1;

/// A member reads nothing until it is behind by nearly 64 KiB, and then reads everything.
/// On epoll, the server reads from the member meanwhile.
pub(super) fn check(chat: &mut ChatRun, wait: WaitCall) -> Result<(), CheckError> {
    let slow = join_slow(chat)?;
    let name = chat.members[slow].client.name.clone();
    fall_behind(chat, slow, LINE)?;
    expect_asleep(chat, &name, "does not read")?;
    expect_kept(chat, slow, "does not read")?;
    nearly_64_kib::check(chat, slow)?;

    if wait == WaitCall::Epoll {
        speaks_behind::expect_heard(chat, slow)?;
    }

    // The member reads a part again and again. While it is behind, another one leaves, who came before.
    let mut is_flushed = late_again::check(chat, slow)?;
    is_flushed &= many_lines::check(chat, slow)?;
    let left = chat.members[EARLIER].client.name.clone();
    let told = chat.leave(EARLIER, Departure::Close);
    told.map_err(|error| delayed(chat, &name, error).depends_on("join-leave"))?;
    let slow = slow - 1;
    // If the server does not go to sleep now, its list still has the one who left.
    let asleep = expect_asleep(chat, &name, "does not read");
    asleep.map_err(|error| error.depends_on("watch-set"))?;
    let is_listed_twice = has_two_entries(chat);

    // Meanwhile another client comes. The member reads everything, and is served as before.
    chat.join().map_err(|error| delayed(chat, &name, error))?;
    chat.run.step(format!("{name} read everything"));
    let caught_up = catch_up(chat, slow, &name);
    caught_up.map_err(|error| match is_flushed {
        true => with_the_one_who_left(&left, &name, error),
        false => error,
    })?;
    let asleep = expect_asleep(chat, &name, "has read everything");
    asleep.map_err(|error| match is_listed_twice {
        true => error.depends_on("watch-set"),
        false => error,
    })?;
    for index in [SPEAKER, slow] {
        let line = chat.short_line();
        chat.say(index, &line).map_err(|error| error.with_mistake("never-flushed"))?;
    }
    behind_once(chat, slow, &name)?;
    behind_by_much(chat, slow, &name)?;
    speaks_behind::expect_flushed(chat, slow, &name)?;
    emptied_by_a_line(chat, slow, &name)?;
    late_again::leave_behind(chat)
}

/// One write to the slow member is short, and nothing more is said. When the member reads, it gets the
/// rest.
fn behind_once(chat: &mut ChatRun, slow: usize, name: &str) -> Result<(), CheckError> {
    chat.members[slow].reads = false;
    fall_behind_by(chat, slow, LONG_LINE, 1).map_err(|error| error.depends_on("long-lines"))?;
    chat.run.step(format!("{name} read everything"));
    catch_up(chat, slow, name)?;
    expect_asleep(chat, name, "has read everything")
}

/// Much output is pending for the slow member, and nothing more is said. When the member reads, it gets all of
/// it. A room that sends a part of it may not wait for the next line before it sends the rest.
fn behind_by_much(chat: &mut ChatRun, slow: usize, name: &str) -> Result<(), CheckError> {
    chat.members[slow].reads = false;
    fall_behind(chat, slow, LINE)?;
    chat.run.step(format!("{name} read everything"));
    catch_up(chat, slow, name)?;
    expect_asleep(chat, name, "has read everything")
}

/// A little output is pending for the slow member. In one wake-up, its connection has room and a line
/// comes for it. The room may send what is pending together with the line, or because of the room in the
/// connection. In both cases nothing is pending afterwards, and the server sleeps.
fn emptied_by_a_line(chat: &mut ChatRun, slow: usize, name: &str) -> Result<(), CheckError> {
    chat.members[slow].reads = false;
    fall_behind_by(chat, slow, LINE, 1)?;
    let (line, speaker) = (chat.short_line(), chat.members[SPEAKER].clone());
    let connection = chat.members[slow].client.connection.clone();
    let text = format!("{name} read everything, and {} sent a line", speaker.client.name);
    let done = while_paused(chat, &text, |chat| {
        // What the kernels hold comes although the server is paused.
        let _ = chat.run.server.wait_for(|now| {
            let has_read = connection.read_some(READ) > 0;
            let unread = now.connection(&connection)?.map_or(0, |it| it.unacknowledged);
            Ok((!has_read && unread == 0 && connection.unread() == 0).then_some(()))
        });
        let _ = speaker.client.connection.send(&line);
        Ok(())
    });
    let heard = done.and_then(|()| {
        chat.expect_all(&Transcript::in_order([said(speaker.fd, &line)]), &[SPEAKER])
    });
    heard.map_err(|error| {
        let error = if_interrupted(chat, error);
        delayed(chat, name, error)
    })?;
    catch_up(chat, slow, name)?;
    expect_asleep(chat, name, "has read everything")
}

/// Whether the `pollfd` array has a descriptor twice.
fn has_two_entries(chat: &ChatRun) -> bool {
    let array = chat.run.server.poll_entries().ok().flatten().unwrap_or_default();
    let mut seen = HashSet::new();
    array.iter().any(|entry| entry.fd >= 0 && !seen.insert(entry.fd))
}

/// Adds to an error that output was sent later until the member `left` has left, and not after that.
fn with_the_one_who_left(left: &str, name: &str, error: CheckError) -> CheckError {
    let is_missing = |cause: &Cause| {
        cause.id == "lines-missing" && cause.mistake.as_deref() == Some("never-flushed")
    };
    if !matches!(&error, CheckError::Failed(cause) if is_missing(cause)) {
        return error;
    }
    let summary = format!(
        "{left} left while output was pending for {name}. Before that, the server sent {name} what was \
         pending. After that, {name} has read, and did not get all lines."
    );
    error.with_row("never-flushed", summary)
}
