//! What a client says, and what must come back: letters in the other case, all else as it was.

use super::process_evidence;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use witness::Stuck;

/// Something to say.
pub(super) struct Exchange<'a> {
    /// As the story tells it.
    pub(super) told: &'a str,
    pub(super) bytes: &'a [u8],
    /// The most that is sent at a time.
    pub(super) piece: usize,
}

impl<'a> Exchange<'a> {
    /// A few words, sent at once.
    pub(super) fn words(told: &'a str, bytes: &'a [u8]) -> Self {
        Exchange { told, bytes, piece: bytes.len() }
    }
}

/// The client says it all, and has its answer.
pub(super) fn send_and_expect(
    run: &mut TestRun,
    client: &NamedClient,
    exchange: &Exchange<'_>,
) -> Result<(), CheckError> {
    run.step(format!("{} sent {}", client.name, exchange.told));
    let (connection, wanted) = (client.connection.clone(), flipped(exchange.bytes));
    let from = connection.received().len();
    let mut left = exchange.bytes;
    let done = run.server.until(|_| {
        while let Some(piece) = left.chunks(exchange.piece).next() {
            match connection.send(piece) {
                Ok(count @ 1..) => left = &left[count..],
                _ => break,
            }
        }
        let ended = connection.ended().is_some();
        let answer = &connection.received()[from..];
        let known = ended || answer.len() >= wanted.len() || !wanted.starts_with(answer);
        Ok(known.then_some(()))
    });
    let answer = connection.received().split_off(from);
    if answer == wanted {
        return Ok(());
    }
    Err(misheard(run, client, exchange, &answer, done.err()))
}

/// What this server must answer.
pub(super) fn flipped(bytes: &[u8]) -> Vec<u8> {
    let flip = |byte: &u8| if byte.is_ascii_alphabetic() { byte ^ 0x20 } else { *byte };
    bytes.iter().map(flip).collect()
}

fn misheard(
    run: &mut TestRun,
    client: &NamedClient,
    exchange: &Exchange<'_>,
    answer: &[u8],
    wait_error: Option<Stuck>,
) -> CheckError {
    let name = &client.name;
    let wanted = flipped(exchange.bytes);
    let at = answer.iter().zip(&wanted).take_while(|(got, wanted)| got == wanted).count();
    let spoke_before = client.connection.received().len() > answer.len();
    let (mistake, summary) = match (exchange.bytes.get(at).copied(), answer.get(at).copied()) {
        (None, _) => (None, format!("{name} was sent more than it had said.")),
        (Some(sent), Some(got)) => wrong_byte(name, sent, got),
        (Some(0), None) => (
            Some("stops-at-nul"),
            format!("{name}'s answer ends where a NUL byte belongs, and the rest is missing."),
        ),
        (Some(0xff), None) => (
            Some("ignores-eof"),
            format!("{name}'s answer ends where byte 0xff belongs, which is no EOF but a byte."),
        ),
        (Some(_), None) if client.connection.ended().is_some() => (
            spoke_before.then_some("answers-once"),
            format!("{name} was let go before it had its whole answer."),
        ),
        (Some(_), None) => (
            spoke_before.then_some("answers-once"),
            format!("{name} had {at} bytes of its answer, and the rest never came."),
        ),
    };
    let failure = Failure {
        id: "wrong-answer",
        mistake,
        summary,
        expected: format!("{} bytes: {}", wanted.len(), from(&wanted, at)),
        observed: format!("{} bytes: {}", answer.len(), from(answer, at)),
    };
    process_evidence::fail(run, wait_error, failure)
}

fn wrong_byte(name: &str, sent: u8, got: u8) -> (Option<&'static str>, String) {
    let (sent_text, got_text) = (sent.escape_ascii(), got.escape_ascii());
    if sent.is_ascii_alphabetic() && got == sent {
        return (
            Some("one-way"),
            format!("{name} sent '{sent_text}', and it came back as it was."),
        );
    }
    let by_blind_flip = !sent.is_ascii_alphabetic() && got == sent ^ 0x20;
    let text = format!("{name} sent '{sent_text}', and '{got_text}' came back.");
    (by_blind_flip.then_some("flips-everything"), text)
}

/// A few of the bytes around the first that is wrong.
fn from(bytes: &[u8], at: usize) -> String {
    let first = at.saturating_sub(8).min(bytes.len());
    let last = (at + 8).min(bytes.len());
    let (before, after) =
        (if first > 0 { "…" } else { "" }, if last < bytes.len() { "…" } else { "" });
    format!("{before}\"{}\"{after}", bytes[first..last].escape_ascii())
}
