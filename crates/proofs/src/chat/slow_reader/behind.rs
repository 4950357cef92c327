//! A member that is behind, and reads later.

use super::falling_behind::{dropped, expect_kept, fall_behind, fall_behind_by};
use super::{SPEAKER, delayed, expect_asleep, join_slow, late_again, many_lines};
use crate::chat::chat_run::hearing::unheard;
use crate::chat::chat_run::{ChatRun, Member, said};
use crate::chat::one_wakeup::{if_interrupted, while_paused};
use crate::chat::transcript::{Progress, Transcript, common};
use crate::check_error::{CheckError, Failure};
use crate::shared::departure::Departure;
use crate::shared::{WaitCall, diagnosis};
use course::report::Cause;
use std::collections::HashSet;
use witness::WaitError;

/// The length of the speaker's lines.
const LINE: usize = 512;
/// The length of a line that is said alone, so that only one write can be short.
const LONG_LINE: usize = 16 << 10;
/// The number of bytes that the member reads at a time.
const READ: usize = 64 << 10;
/// The index of a member that came before the slow one, and does not speak.
const EARLIER: usize = SPEAKER + 1;
/// The number of bytes that show a place in the speaker's text: its name, and some letters.
const SAMPLE: usize = 24;

/// A member reads nothing until it is behind by nearly 64 KiB, and then reads everything.
/// On epoll, the server reads from the member meanwhile.
pub(super) fn check(chat: &mut ChatRun, wait: WaitCall) -> Result<(), CheckError> {
    let slow = join_slow(chat)?;
    let name = chat.members[slow].client.name.clone();
    fall_behind(chat, slow, LINE)?;
    expect_asleep(chat, &name, "does not read")?;
    expect_kept(chat, slow, "does not read")?;

    if wait == WaitCall::Epoll {
        speak_behind(chat, slow)?;
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

/// The slow member, for which output is pending, says something. All others must get it.
fn speak_behind(chat: &mut ChatRun, slow: usize) -> Result<(), CheckError> {
    let line = chat.short_line();
    let Err(error) = chat.say(slow, &line) else { return Ok(()) };
    let member = &chat.members[slow];
    let connection = &member.client.connection;
    let is_unread = chat.run.server.connection(connection)?.is_some_and(|it| it.unread > 0);
    let entries = chat.run.server.epoll_entries()?.unwrap_or_default();
    let entry = entries.iter().find(|entry| Some(entry.inode) == connection.inode());
    let is_for_output = entry.is_some_and(|it| it.has(libc::EPOLLOUT) && !it.has(libc::EPOLLIN));
    if !(is_unread && is_for_output) {
        return Err(error);
    }
    let summary = format!(
        "Output is pending for {}, and the server does not read from it: its entry is for output \
         alone.",
        member.client.name
    );
    Err(error.with_row("output-instead-of-input", summary))
}

/// The slow member reads. It must get all lines that it is owed.
pub(super) fn catch_up(chat: &mut ChatRun, slow: usize, name: &str) -> Result<(), CheckError> {
    let member = &mut chat.members[slow];
    member.reads = true;
    let owed = std::mem::take(&mut member.owed);
    let transcript = Transcript::in_order(owed);
    let member = member.clone();
    let read = chat.run.server.wait_for(|_| {
        let has_ended = member.client.connection.ended().is_some();
        let is_incomplete =
            matches!(transcript.compare(&unheard(&member)), Progress::Incomplete(_));
        Ok((has_ended || !is_incomplete).then_some(()))
    });
    let received = unheard(&member);
    let progress = transcript.compare(&received);
    if progress == Progress::Complete {
        chat.members[slow].heard += received.len();
        return Ok(());
    }
    if member.client.connection.ended().is_some() && !matches!(read, Err(WaitError::Ended(_))) {
        return Err(dropped(chat, slow, "has read late"));
    }
    let missing = matches!(progress, Progress::Incomplete(_));
    let difference = Difference::find(&transcript, &received);
    let is_again = difference.as_ref().is_some_and(Difference::comes_again);
    let wait_error = read.err().unwrap_or(WaitError::Idle { calls: Vec::new() });
    let is_idle = matches!(wait_error, WaitError::Idle { .. });
    let is_overtaken = !is_again && difference.is_some_and(|it| it.is_late());
    let row = match (is_again, is_overtaken) {
        (true, _) => Some("rest-sent-twice"),
        (_, true) => None,
        _ => Some(row_of_missing(chat, &member, &transcript, missing && is_idle)),
    };
    let total: usize = transcript.lines().map(Vec::len).sum();
    let failure = Failure {
        id: if is_again { "bytes-twice" } else { "lines-missing" },
        mistake: diagnosis::of(&chat.run, &wait_error)
            .filter(|row| *row != "always-writable")
            .or(row),
        summary: if is_again {
            format!("{name} has read late, and got bytes that it had got already a second time.")
        } else if is_overtaken {
            format!("{name} has read late, and newer bytes came before older ones.")
        } else if missing {
            format!("{name} has read late, and did not get all lines.")
        } else {
            format!("{name} has read late, and bytes are missing between those that it got.")
        },
        expected: format!("{name} gets all {total} bytes that were said"),
        observed: format!("{} bytes: {}", received.len(), state_of(&wait_error)),
    };
    Err(chat.run.fail(wait_error, failure))
}

/// The bytes that a member has got, and the text that it is owed, which differ from `at` on. No two lines
/// are equal, so [`SAMPLE`] bytes are in one place of the text only.
struct Difference<'a> {
    text: Vec<u8>,
    received: &'a [u8],
    at: usize,
}

impl<'a> Difference<'a> {
    /// `None` if the received bytes are right so far.
    fn find(owed: &Transcript, received: &'a [u8]) -> Option<Self> {
        let Progress::Wrong { at: line_start, .. } = owed.compare(received) else { return None };
        let text: Vec<u8> = owed.lines().flatten().copied().collect();
        let at = line_start + common(&text[line_start..], &received[line_start..]);
        Some(Self { text, received, at })
    }

    /// Whether bytes that have come already come again where the received bytes are wrong.
    fn comes_again(&self) -> bool {
        // The bytes that come again begin before the difference.
        let came = &self.text[..self.text.len().min(self.at + SAMPLE - 1)];
        self.received[self.at..].first_chunk::<SAMPLE>().is_some_and(|wrong| has(came, wrong))
    }

    /// Whether the bytes that should stand where the received bytes are wrong come later.
    fn is_late(&self) -> bool {
        let later = &self.received[self.at..];
        self.text[self.at..].first_chunk::<SAMPLE>().is_some_and(|right| has(later, right))
    }
}

fn has(bytes: &[u8], sample: &[u8; SAMPLE]) -> bool {
    bytes.windows(SAMPLE).any(|part| part == sample)
}

/// The row of a member that did not get all lines. If nothing else comes by itself (`is_idle`), a line
/// is said. A server that has stored what is missing sends it before this line.
fn row_of_missing(
    chat: &mut ChatRun,
    member: &Member,
    owed: &Transcript,
    is_idle: bool,
) -> &'static str {
    let later = is_idle.then(|| {
        let line = chat.short_line();
        chat.send(SPEAKER, &line);
        let _ = chat.run.server.wait_asleep();
        said(chat.members[SPEAKER].fd, &line)
    });
    let received = unheard(member);
    let Progress::Wrong { at, .. } = owed.compare(&received) else { return "never-flushed" };
    // After the lines that are right, a whole line has come, or the rest of a line is missing.
    let next = received[at..].split_inclusive(|byte| *byte == b'\n').next();
    match owed.lines().chain(&later).any(|line| Some(line.as_slice()) == next) {
        true => "new-lines-lost",
        false => "short-write-lost",
    }
}

fn state_of(wait_error: &WaitError) -> String {
    match wait_error {
        WaitError::Idle { .. } => "the server is idle".to_owned(),
        other => other.to_string(),
    }
}
