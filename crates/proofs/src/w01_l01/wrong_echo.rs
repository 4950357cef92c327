//! The failure of a server that answers with other bytes, with no bytes, or with an end of the
//! connection.

use super::diagnosis;
use super::received::{bytes_text, received_text, wait_received};
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use witness::{Call, ServerClose, WaitError};

/// The failure of a server whose answer to `sent` is wrong. Before `sent`, the client had received
/// `before` bytes.
pub(super) fn fail(
    run: &mut TestRun,
    client: &NamedClient,
    sent: &[u8],
    before: usize,
    wait_error: Option<WaitError>,
) -> CheckError {
    let name = &client.name;
    let received = client.connection.received().split_off(before);
    let end = client.connection.ended();
    let is_idle = matches!(wait_error, Some(WaitError::Idle { .. }));
    let failure = Failure {
        id: "echo-differs",
        mistake: match end {
            // The server has answered on this connection before, or has answered now.
            Some(_) => (before > 0 || received == sent).then_some("one-read"),
            None if received.is_empty() && is_idle => why_no_answer(run, client, sent),
            None => mistake_of_bytes(sent, &received),
        },
        summary: match end {
            Some(end) => {
                format!("{} of {name}, which had not left.", diagnosis::ended_text(end))
            }
            None if received.is_empty() => {
                format!("{name} sent {}, and nothing came back.", bytes_text(sent))
            }
            None => format!("What came back to {name} is not what it sent."),
        },
        expected: match end {
            Some(_) => format!("{name} receives {}, and stays connected", bytes_text(sent)),
            None => format!("{name} receives {}", bytes_text(sent)),
        },
        observed: match end {
            Some(ServerClose::Closed) => {
                format!("{}, and then an end of file", received_text(client, &received))
            }
            Some(ServerClose::Reset) => {
                format!("{}, and then a reset", received_text(client, &received))
            }
            None => received_text(client, &received),
        },
    };
    diagnosis::fail(run, wait_error, failure)
}

/// The Common Mistakes row of a server that answers `sent` with the bytes `received`.
fn mistake_of_bytes(sent: &[u8], received: &[u8]) -> Option<&'static str> {
    let nul = sent.iter().position(|byte| *byte == 0);
    let stops_at_nul = nul.is_some_and(|at| received == &sent[..at] || received == &sent[..=at]);
    let (long, short) =
        if sent.len() < received.len() { (received, sent) } else { (sent, received) };
    let line_end = long.strip_prefix(short).is_some_and(|rest| matches!(rest, b"\n" | b"\r\n"));
    if stops_at_nul && !received.is_empty() {
        Some("c-string")
    } else if line_end && !received.is_empty() {
        Some("newline")
    } else {
        None
    }
}

/// The row of an idle server that has not answered a message. The client sends another byte, and
/// the server's reaction shows what the server waits for.
fn why_no_answer(run: &mut TestRun, client: &NamedClient, sent: &[u8]) -> Option<&'static str> {
    let calls = run.server.wait_idle().ok()?;
    let asked = diagnosis::bytes_asked(run, client, &calls);
    if calls.iter().any(waits_for_all) {
        return Some("waits-for-more");
    }
    let before = client.connection.received().len();
    run.step(format!("{} sent \"\\n\" to find out what the server waits for", client.name));
    client.connection.send(b"\n").ok()?;
    let _ = wait_received(run, client, before + sent.len() + 1);
    let received = client.connection.received().split_off(before);
    let (name, came) = (&client.name, bytes_text(&received));
    run.rewrite_step(format!("{name} sent \"\\n\" as well, and {came} came back"));
    if !sent.ends_with(b"\n") && received.strip_suffix(b"\n") == Some(sent) {
        return Some("reads-lines");
    }
    // The server reads into the rest of a buffer: it asks for a byte less after each byte.
    let calls = run.server.wait_idle().ok()?;
    let asked_now = diagnosis::bytes_asked(run, client, &calls);
    let fills_buffer = asked.zip(asked_now).is_some_and(|(then, now)| now + 1 == then);
    (received.is_empty() && fills_buffer).then_some("waits-for-more")
}

/// Whether the call returns only when the buffer is full (recv(2), MSG_WAITALL).
fn waits_for_all(call: &Call) -> bool {
    call.name() == "recvfrom" && call.arguments[3] & libc::MSG_WAITALL as u64 != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mistake_is_known_by_what_it_does_to_a_message() {
        assert_eq!(mistake_of_bytes(b"a\0b", b"a"), Some("c-string"));
        assert_eq!(mistake_of_bytes(b"a\0b", b"a\0"), Some("c-string"));
        assert_eq!(mistake_of_bytes(b"a\n", b"a"), Some("newline"));
        assert_eq!(mistake_of_bytes(b"a", b"a\r\n"), Some("newline"));
        assert_eq!(mistake_of_bytes(b"a", b"b"), None);
        assert_eq!(mistake_of_bytes(b"a\0b", b"a\0c"), None);
        assert_eq!(mistake_of_bytes(b"\n", b""), None);
    }
}
