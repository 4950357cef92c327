//! The bytes that a client sends, and the answer that it must receive: upper case becomes lower
//! case and the reverse, and all other bytes stay as they are.

use super::process_evidence;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use witness::WaitError;

/// Bytes to send.
pub(super) struct Exchange<'a> {
    /// The name of the bytes in a step.
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    /// The maximum number of bytes that are sent with one call.
    pub(super) chunk: usize,
}

impl<'a> Exchange<'a> {
    /// A few bytes that are sent with one call.
    pub(super) fn at_once(text: &'a str, bytes: &'a [u8]) -> Self {
        Exchange { text, bytes, chunk: bytes.len() }
    }
}

/// The client sends all bytes, and must receive the right answer.
pub(super) fn expect_answer(
    run: &mut TestRun,
    client: &NamedClient,
    exchange: &Exchange<'_>,
) -> Result<(), CheckError> {
    run.step(format!("{} sent {}", client.name, exchange.text));
    let (connection, wanted) = (client.connection.clone(), flipped(exchange.bytes));
    let from = connection.received().len();
    let mut left = exchange.bytes;
    let done = run.server.wait_for(|_| {
        // Send as many bytes as the connection accepts now.
        while let Some(chunk) = left.chunks(exchange.chunk).next() {
            match connection.send(chunk) {
                Ok(count @ 1..) => left = &left[count..],
                _ => break,
            }
        }
        // Stop waiting at a whole answer, at a wrong byte, or at the end of the connection.
        let has_ended = connection.ended().is_some();
        let answer = &connection.received()[from..];
        let is_known = has_ended || answer.len() >= wanted.len() || !wanted.starts_with(answer);
        Ok(is_known.then_some(()))
    });
    let answer = connection.received().split_off(from);
    if answer == wanted {
        return Ok(());
    }
    Err(wrong_answer(run, client, exchange, &answer, done.err()))
}

/// What the server must answer.
pub(super) fn flipped(bytes: &[u8]) -> Vec<u8> {
    let flip = |byte: &u8| if byte.is_ascii_alphabetic() { byte ^ 0x20 } else { *byte };
    bytes.iter().map(flip).collect()
}

fn wrong_answer(
    run: &mut TestRun,
    client: &NamedClient,
    exchange: &Exchange<'_>,
    answer: &[u8],
    wait_error: Option<WaitError>,
) -> CheckError {
    let name = &client.name;
    let wanted = flipped(exchange.bytes);
    let at = answer.iter().zip(&wanted).take_while(|(got, wanted)| got == wanted).count();
    let was_answered_before = client.connection.received().len() > answer.len();
    let answers_once = was_answered_before.then_some("answers-once");
    let (mistake, summary) = match (exchange.bytes.get(at).copied(), answer.get(at).copied()) {
        (None, _) => (None, too_many_bytes(client)),
        (Some(sent), Some(got)) => wrong_byte(name, sent, got),
        (Some(0), None) => (
            Some("stops-at-nul"),
            format!("{name}'s answer ends where a NUL byte belongs, and the rest is missing."),
        ),
        (Some(0xff), None) => (
            Some("ignores-eof"),
            format!("{name}'s answer ends where byte 0xff belongs, which is no EOF but a byte."),
        ),
        (Some(_), None) if client.connection.ended().is_some() => {
            (answers_once, closed_too_early(client))
        }
        (Some(_), None) => (
            answers_once,
            format!("{name} received {at} bytes of its answer, and the rest never came."),
        ),
    };
    let failure = Failure {
        id: "wrong-answer",
        mistake,
        summary,
        expected: format!("{} bytes: {}", wanted.len(), excerpt(&wanted, at)),
        observed: format!("{} bytes: {}", answer.len(), excerpt(answer, at)),
    };
    process_evidence::fail(run, wait_error, failure)
}

/// The summary of a server that answers more bytes than were sent.
pub(super) fn too_many_bytes(client: &NamedClient) -> String {
    format!("{} received more bytes than it had sent.", client.name)
}

/// The summary of a server that closes a connection before the whole answer is sent.
pub(super) fn closed_too_early(client: &NamedClient) -> String {
    format!("{}'s connection was closed before it had received its whole answer.", client.name)
}

fn wrong_byte(name: &str, sent: u8, got: u8) -> (Option<&'static str>, String) {
    let (sent_text, got_text) = (sent.escape_ascii(), got.escape_ascii());
    if sent.is_ascii_alphabetic() && got == sent {
        return (
            Some("one-way"),
            format!("{name} sent '{sent_text}', and it came back unchanged."),
        );
    }
    let is_blind_flip = !sent.is_ascii_alphabetic() && got == sent ^ 0x20;
    let text = format!("{name} sent '{sent_text}', and '{got_text}' came back.");
    (is_blind_flip.then_some("flips-everything"), text)
}

/// A few of the bytes around the first wrong byte.
fn excerpt(bytes: &[u8], at: usize) -> String {
    let first = at.saturating_sub(8).min(bytes.len());
    let last = (at + 8).min(bytes.len());
    let (before, after) =
        (if first > 0 { "…" } else { "" }, if last < bytes.len() { "…" } else { "" });
    format!("{before}\"{}\"{after}", bytes[first..last].escape_ascii())
}
