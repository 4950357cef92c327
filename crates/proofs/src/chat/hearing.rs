//! Waits for what members receive, and says what is wrong with it.

use super::chat_run::{ChatRun, Member};
use super::transcript::{Progress, Transcript, common};
use crate::check_error::{CheckError, Failure};
use crate::shared::diagnosis;
use witness::WaitError;

/// The maximum number of bytes that a step or a failure quotes.
const MAX_QUOTED: usize = 60;

/// Each member, named by its index, must receive the lines of its transcript, and nothing else.
pub(super) fn expect(chat: &mut ChatRun, wanted: &[(usize, Transcript)]) -> Result<(), CheckError> {
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
    for (index, transcript) in wanted {
        let received = unheard(&chat.members[*index]);
        match transcript.compare(&received) {
            Progress::Complete => chat.members[*index].heard += received.len(),
            Progress::Incomplete(line) => return Err(not_heard(chat, *index, &line, heard.err())),
            Progress::Wrong { at, wanted } => {
                return Err(misheard(chat, *index, &wanted, &received[at..]));
            }
        }
    }
    Ok(())
}

/// The bytes that a member has received, and that were not compared yet.
pub(super) fn unheard(member: &Member) -> Vec<u8> {
    member.client.connection.received_from(member.heard)
}

/// The failure of a room that has not sent a line to a member.
fn not_heard(
    chat: &mut ChatRun,
    index: usize,
    line: &[u8],
    wait_error: Option<WaitError>,
) -> CheckError {
    let member = chat.members[index].clone();
    let name = &member.client.name;
    let is_closed = member.client.connection.ended().is_some();
    let received = unheard(&member);
    // The wait may have ended because another member has received something wrong.
    let wait_error = wait_error.unwrap_or(WaitError::Idle { calls: Vec::new() });
    let has_ended = matches!(wait_error, WaitError::Ended(_));
    let missing = match kind_of(line) {
        Kind::Joined => Some("join-not-announced"),
        Kind::Left => Some("leave-not-announced"),
        Kind::Said => None,
    };
    let missing = missing.filter(|_| received.is_empty() && !is_closed);
    let failure = Failure {
        id: if is_closed { "member-closed" } else { "line-missing" },
        mistake: diagnosis::of(&chat.run, &wait_error).or(missing),
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

/// The failure of a room that has sent something else than it should. `received` begins where the
/// difference is: in the place of `wanted`, which is empty if nothing more was to come.
fn misheard(chat: &mut ChatRun, index: usize, wanted: &[u8], received: &[u8]) -> CheckError {
    let member = chat.members[index].clone();
    let name = &member.client.name;
    let own = format!("user {}: ", member.fd);
    let is_own = received.starts_with(own.as_bytes());
    let mistake = if is_own { Some("echoes-to-sender") } else { row_of(wanted, received) };
    let summary = match mistake {
        Some("echoes-to-sender") => format!("{name} was sent a line of its own."),
        Some("nul-sent") => format!("{name} was sent a NUL byte that nobody had sent."),
        Some("wrong-name") => format!("{name} was told of another user than the one it is about."),
        Some("cut-line") => {
            format!("{name} was sent a line that ends after {} bytes.", common(wanted, received))
        }
        _ if wanted.is_empty() => format!("{name} was sent something that it should not get."),
        _ => format!("{name} was sent another line than expected."),
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

/// The row that the difference between two lines shows by itself.
fn row_of(wanted: &[u8], received: &[u8]) -> Option<&'static str> {
    let same = common(wanted, received);
    if received.get(same) == Some(&0) && wanted.get(same) != Some(&0) {
        return Some("nul-sent");
    }
    let (wanted_rest, received_rest) = (without_number(wanted)?, without_number(received)?);
    let line_end = received_rest.iter().position(|byte| *byte == b'\n');
    let received_line = &received_rest[..line_end.map_or(received_rest.len(), |at| at + 1)];
    if wanted_rest == received_line && wanted != received {
        return Some("wrong-name");
    }
    // Everything is right up to a newline that comes too early.
    let is_cut = same >= 100 && received.get(same) == Some(&b'\n');
    is_cut.then_some("cut-line")
}

/// What follows the number in a line that begins with `user N`.
fn without_number(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"user ")?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'-').count();
    (digits > 0).then(|| &rest[digits..])
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

/// Bytes as text for a sentence. Of a long text, the beginning and the length.
pub(super) fn quoted(bytes: &[u8]) -> String {
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
            (&b"user 5 disconnected\n"[..], &b"user 5 disconnected\n\0"[..], None),
            (b"user 6: hello\n", b"\0user 6: hello\n", Some("nul-sent")),
            (b"user 6: hello\n", b"user 6: hello\0\n", Some("nul-sent")),
            (b"user 6: he\0lo\n", b"user 6: he\n", None),
            (b"user 5 disconnected\n", b"user 0 disconnected\n", Some("wrong-name")),
            (b"user 5 disconnected\n", b"user 5 joined the chat room\n", None),
            (b"user 5: a\n", b"user 6: b\n", None),
            (&said, &cut, Some("cut-line")),
        ] {
            let shown = (quoted(wanted), quoted(received));
            let received = received.strip_prefix(wanted).unwrap_or(received);
            let wanted = if received == b"\0" { b"" } else { wanted };
            let row = if received == b"\0" { Some("nul-sent") } else { row };
            assert_eq!(row_of(wanted, received), row, "{shown:?}");
        }
    }
}
