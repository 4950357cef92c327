//! Waits for what members receive, and says what is wrong with it.

use super::{ChatRun, Member};
use crate::chat::transcript::{Progress, Transcript, common, without_number};
use crate::check_error::{CheckError, Failure};
use crate::shared::diagnosis;
use crate::shared::watch_entries::ignored_error;
use witness::{Call, WaitError};

/// The maximum number of bytes that a step or a failure quotes.
const MAX_QUOTED: usize = 60;
/// The number of bytes after which a line that ends too early was cut to the size of a buffer.
const MIN_CUT: usize = 100;

/// Each member, named by its index, must receive the lines of its transcript, and nothing else.
pub(in crate::chat) fn expect(
    chat: &mut ChatRun,
    wanted: &[(usize, Transcript)],
) -> Result<(), CheckError> {
    let members = chat.members.clone();
    let mut lengths = vec![None; wanted.len()];
    let heard = chat.run.server.wait_for(|_| {
        let mut is_complete = true;
        for ((index, transcript), length) in wanted.iter().zip(&mut lengths) {
            let received = unheard(&members[*index]);
            if *length == Some(received.len()) {
                continue;
            }
            match transcript.compare(&received) {
                Progress::Complete => *length = Some(received.len()),
                Progress::Incomplete(_) => is_complete = false,
                Progress::Wrong { .. } => return Ok(Some(())),
            }
        }
        Ok(is_complete.then_some(()))
    });
    // Look again: more may have come. Something wrong says more than something that is missing.
    let look = |(index, transcript): &(usize, Transcript)| {
        let received = unheard(&members[*index]);
        (*index, transcript.compare(&received), received)
    };
    let looks: Vec<_> = wanted.iter().map(look).collect();
    for (index, progress, received) in &looks {
        if let Progress::Wrong { at, wanted } = progress {
            return Err(misheard(chat, *index, wanted, (received, *at)));
        }
    }
    for (index, progress, received) in &looks {
        match progress {
            Progress::Incomplete(line) => {
                let has_line = |bytes: &[u8]| bytes.windows(line.len()).any(|part| part == line);
                let has_heard =
                    |other: &(usize, Progress, Vec<u8>)| other.0 != *index && has_line(&other.2);
                let others_have_heard = looks.iter().any(has_heard);
                return Err(not_heard(chat, *index, line, others_have_heard, heard.err()));
            }
            _ => chat.members[*index].heard += received.len(),
        }
    }
    Ok(())
}

/// The bytes that a member has received, and that were not compared yet.
pub(in crate::chat) fn unheard(member: &Member) -> Vec<u8> {
    member.client.connection.received_from(member.heard)
}

/// Whether the server sleeps in a poll with a single entry, although it has a listener and members, and
/// a member does not read. The kernel may find room for this member soon afterwards, so that the server
/// goes on before its array is read.
fn waits_for_one(chat: &ChatRun, calls: &[Call]) -> bool {
    let mut waits = calls.iter().filter(|call| call.waits_for_readiness());
    let is_single = |call: &Call| call.is_poll() && call.arguments[1] == 1;
    waits.next().is_some_and(is_single)
        && waits.next().is_none()
        && chat.members.iter().any(|member| !member.reads)
}

/// The failure of a room that has not sent a line to a member.
fn not_heard(
    chat: &mut ChatRun,
    index: usize,
    line: &[u8],
    others_have_heard: bool,
    wait_error: Option<WaitError>,
) -> CheckError {
    let member = chat.members[index].clone();
    let name = &member.client.name;
    let is_closed = member.client.connection.ended().is_some();
    let received = unheard(&member);
    // The wait may have ended because another member has received something wrong.
    let wait_error = wait_error.unwrap_or(WaitError::Idle { calls: Vec::new() });
    let has_ended = matches!(wait_error, WaitError::Ended(_));
    let missing = match (&wait_error, kind_of(line)) {
        (WaitError::Ended(_), _) => chat.row_of_end,
        _ if is_closed => None,
        (WaitError::Spinning(sample), Kind::Left) => {
            let number = number_of(line).unwrap_or(-1);
            ignored_error(sample, number).map(|_| "compares-revents")
        }
        (WaitError::Idle { calls }, _) if waits_for_one(chat, calls) => Some("waits-for-slow"),
        (WaitError::Idle { .. }, kind) => match kind {
            Kind::Said if received.len() >= MIN_CUT && !received.contains(&b'\n') => {
                Some("cut-line")
            }
            Kind::Said if line.get(received.len()) == Some(&0) => Some("nul-ends-line"),
            _ if others_have_heard => Some("member-left-out"),
            Kind::Joined => Some("join-not-announced"),
            Kind::Left => Some("leave-not-announced"),
            Kind::Said => None,
        },
        _ => None,
    };
    let failure = Failure {
        id: if is_closed { "member-closed" } else { "line-missing" },
        mistake: diagnosis::of(&chat.run, &wait_error)
            .or_else(|| diagnosis::of_event(&chat.run, &wait_error))
            .or(missing),
        summary: match (has_ended, is_closed) {
            (true, _) => format!("The server ended, and {name} did not get {}.", quoted(line)),
            (_, true) => format!("The server closed the connection of {name}, which had not left."),
            _ => format!("{name} did not get {}.", quoted(line)),
        },
        expected: format!("{name} gets {}", quoted(line)),
        observed: match (&wait_error, received.is_empty()) {
            (WaitError::Idle { .. }, true) => format!("{name} got nothing, and the server is idle"),
            (WaitError::Idle { .. }, false) => {
                format!("{name} got {}, and the server is idle", quoted(&received))
            }
            _ => wait_error.to_string(),
        },
    };
    chat.run.fail(wait_error, failure)
}

/// The failure of a room that has sent something else than it should. The difference is at the position
/// `at` of the bytes `unheard`: in the place of `wanted`, which is empty if nothing more was to come.
fn misheard(
    chat: &mut ChatRun,
    index: usize,
    wanted: &[u8],
    (unheard, at): (&[u8], usize),
) -> CheckError {
    let member = chat.members[index].clone();
    let received = &unheard[at..];
    let name = &member.client.name;
    let own = format!("user {}: ", member.fd);
    let is_own = received.starts_with(own.as_bytes());
    let mistake = match row_of(wanted, received) {
        _ if is_own => Some("echoes-to-sender"),
        None if was_heard_before(&member, unheard, at) => Some("sent-twice"),
        row => row,
    };
    let summary = match mistake {
        Some("echoes-to-sender") => format!("{name} was sent a line of its own."),
        Some("sent-twice") => format!("{name} was sent the same line twice."),
        Some("nul-sent") => format!("{name} was sent a NUL byte that nobody had sent."),
        Some("nul-ends-line") => format!("{name} was sent a line only up to its NUL byte."),
        Some("cr-removed") => format!("{name} was sent a line without the CR that it had."),
        Some("wrong-name") => format!("{name} was sent a line that names the wrong user."),
        Some("cut-line") => {
            format!("{name} was sent a line that ends after {} bytes.", common(wanted, received))
        }
        _ if wanted.is_empty() => format!("{name} was sent something that it should not get."),
        _ if common(wanted, received) < MAX_QUOTED / 2 => format!(
            "{name} was sent {}, where {} belongs.",
            quoted(first_line(received)),
            quoted(first_line(wanted))
        ),
        _ => format!("{name} was sent another line than expected, after the same beginning."),
    };
    let expected = match wanted {
        [] => format!("{name} gets nothing more"),
        wanted => format!("{name} gets {}", quoted(wanted)),
    };
    let observed = format!("{name} got {}", quoted(received));
    let failure = Failure { id: "wrong-line", mistake, summary, expected, observed };
    let error = chat.run.fail_now(failure);
    if is_own { error.depends_on("not-to-sender") } else { error }
}

/// Whether a member has received the line at position `at` of the bytes `unheard` before. No two lines
/// of members are equal.
fn was_heard_before(member: &Member, unheard: &[u8], at: usize) -> bool {
    let Some(end) = unheard[at..].iter().position(|byte| *byte == b'\n') else { return false };
    let line = &unheard[at..=at + end];
    let mut earlier = member.client.connection.received();
    earlier.truncate(member.heard + at);
    matches!(kind_of(line), Kind::Said) && earlier.windows(line.len()).any(|bytes| bytes == line)
}

/// The row that the difference between two lines shows by itself.
fn row_of(wanted: &[u8], received: &[u8]) -> Option<&'static str> {
    let same = common(wanted, received);
    match (wanted.get(same), received.get(same)) {
        (Some(0), Some(b'\n')) => return Some("nul-ends-line"),
        (Some(b'\r'), Some(b'\n')) if wanted.get(same + 1) == Some(&b'\n') => {
            return Some("cr-removed");
        }
        (wanted, Some(0)) if wanted != Some(&0) => return Some("nul-sent"),
        (Some(128..), Some(_)) | (Some(_), Some(128..)) => return Some("changes-bytes"),
        _ => {}
    }
    let (wanted_rest, received_rest) = (without_number(wanted)?, without_number(received)?);
    let line_end = received_rest.iter().position(|byte| *byte == b'\n');
    let received_line = &received_rest[..line_end.map_or(received_rest.len(), |at| at + 1)];
    if wanted_rest == received_line && wanted != received {
        return Some("wrong-name");
    }
    // Everything is right up to a newline that comes too early.
    let is_cut = same >= MIN_CUT && received.get(same) == Some(&b'\n');
    is_cut.then_some("cut-line")
}

/// The number in a line that begins with `user N`.
fn number_of(line: &[u8]) -> Option<i32> {
    let rest = line.strip_prefix(b"user ")?;
    let digits = &rest[..rest.len() - without_number(line)?.len()];
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// What a line of the room is about.
enum Kind {
    Joined,
    Left,
    Said,
}

fn kind_of(line: &[u8]) -> Kind {
    match without_number(line) {
        Some(b" joined the chat room\n") => Kind::Joined,
        Some(b" disconnected\n") => Kind::Left,
        _ => Kind::Said,
    }
}

/// The first line of `bytes`, with its newline. All of them, if they have no newline.
fn first_line(bytes: &[u8]) -> &[u8] {
    bytes.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default()
}

/// Bytes as text for a sentence. Of a long text, the beginning and the length.
pub(in crate::chat) fn quoted(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(MAX_QUOTED)];
    let more = if shown.len() < bytes.len() {
        format!("… ({} bytes)", bytes.len())
    } else {
        String::new()
    };
    format!("\"{}\"{more}", shown.escape_ascii().to_string().replace("\\x00", "\\0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_named_only_for_the_difference_that_shows_it() {
        let said = [b"user 5: ".as_slice(), &[b'x'; 300], b"\n"].concat();
        let cut = [&said[..200], b"\n"].concat();
        for (wanted, received, row) in [
            (&b""[..], &b"\0"[..], Some("nul-sent")),
            (b"user 6: hello\n", b"\0user 6: hello\n", Some("nul-sent")),
            (b"user 6: hello\n", b"user 6: hello\0\n", Some("nul-sent")),
            (b"user 6: he\0lo\n", b"user 6: he\n", Some("nul-ends-line")),
            (b"user 6: he\r\n", b"user 6: he\n", Some("cr-removed")),
            (b"user 6: h\re\n", b"user 6: h\nuser 6: e\n", None),
            (b"user 6: \xff\n", b"user 6: ?\n", Some("changes-bytes")),
            (b"user 5 disconnected\n", b"user 0 disconnected\n", Some("wrong-name")),
            (b"user 5 disconnected\n", b"user 5 joined the chat room\n", None),
            (b"user 5: a\n", b"user 6: b\n", None),
            (&said, &cut, Some("cut-line")),
        ] {
            assert_eq!(row_of(wanted, received), row, "{} {}", quoted(wanted), quoted(received));
        }
    }
}
