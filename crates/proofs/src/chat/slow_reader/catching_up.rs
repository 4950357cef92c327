//! A member that was behind reads everything.

mod edge;

use super::SPEAKER;
use super::falling_behind::dropped;
use crate::chat::chat_run::hearing::unheard;
use crate::chat::chat_run::{ChatRun, Member, said};
use crate::chat::transcript::{Progress, Transcript, common};
use crate::check_error::{CheckError, Failure};
use crate::shared::diagnosis;
use witness::WaitError;

/// The number of bytes that show a place in the speaker's text: its name, and some letters.
const SAMPLE: usize = 24;

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
    let is_overtaken = !is_again && difference.as_ref().is_some_and(Difference::is_late);
    let same = difference.map_or(0, |it| it.at);
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
        expected: match is_overtaken {
            true => format!("{name} gets all bytes in the order in which they were said"),
            false => format!("{name} gets all {total} bytes that were said"),
        },
        observed: match is_overtaken {
            true => format!("in another order from byte {} on", same + 1),
            false => format!("{} bytes: {}", received.len(), state_of(&wait_error)),
        },
    };
    let error = chat.run.fail(wait_error, failure);
    Err(if missing && is_idle { edge::if_missed(chat, &member, error) } else { error })
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
    if at == owed.lines().map(Vec::len).sum::<usize>() {
        return "never-flushed"; // all of it has come before this line
    }
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
