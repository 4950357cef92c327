//! Why an answer is wrong.

use super::message::{Exchange, flipped};
use super::process_evidence;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use witness::WaitError;

/// The number of bytes after which a server that collects bytes has filled its buffer.
const MORE: usize = 64 << 10;

/// The failure of a server whose `answer` to `exchange` is not the right one.
pub(crate) fn explain(
    run: &mut TestRun,
    client: &NamedClient,
    exchange: &Exchange,
    answer: &[u8],
    wait_error: Option<WaitError>,
) -> CheckError {
    // A child may close its connection first, and print the reason when it ends.
    let _ = run.at_rest();
    let name = &client.name;
    let wanted = flipped(&exchange.bytes);
    let at = answer.iter().zip(&wanted).take_while(|(got, wanted)| got == wanted).count();
    let (mistake, summary) = match (exchange.bytes.get(at).copied(), answer.get(at).copied()) {
        (None, _) => (None, too_many_bytes(client)),
        (Some(sent), Some(got)) => wrong_byte(name, sent, got),
        (Some(_), None) if client.connection.ended().is_none() && at == 0 => {
            unanswered(run, client, exchange, wait_error.as_ref())
        }
        (Some(0), None) => (
            Some("stops-at-nul"),
            format!("{name}'s answer ends where a NUL byte belongs, and the rest is missing."),
        ),
        (Some(0xff), None) => (
            Some("eof-byte"),
            format!("{name} sent the byte 0xff, and its answer ends before it: 0xff is not EOF."),
        ),
        (Some(_), None) => missing_bytes(run, client, answer),
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
pub(crate) fn too_many_bytes(client: &NamedClient) -> String {
    format!("{} received more bytes than it had sent.", client.name)
}

/// A byte that came back is not the right one.
fn wrong_byte(name: &str, sent: u8, got: u8) -> (Option<&'static str>, String) {
    let (sent_text, got_text) = (sent.escape_ascii(), got.escape_ascii());
    if sent.is_ascii_alphabetic() && got == sent {
        let is_one_way = sent.is_ascii_uppercase().then_some("one-way");
        return (is_one_way, format!("{name} sent '{sent_text}', and it came back unchanged."));
    }
    let is_blind_flip = !sent.is_ascii_alphabetic() && got == sent ^ 0x20;
    let text = format!("{name} sent '{sent_text}', and '{got_text}' came back.");
    (is_blind_flip.then_some("flips-everything"), text)
}

/// The answer is right so far, and the rest never came.
fn missing_bytes(
    run: &TestRun,
    client: &NamedClient,
    answer: &[u8],
) -> (Option<&'static str>, String) {
    let name = &client.name;
    let earlier = client.connection.received().len() - answer.len();
    match (client.connection.ended(), earlier, answer.len()) {
        // A child that ends with an error has not chosen to answer once.
        (Some(_), ..) if let Some(message) = run.trace_message() => (
            None,
            format!(
                "{name}'s connection was closed before it had received its whole answer. Printed \
                 on standard error: {message}"
            ),
        ),
        (Some(_), 1.., 0) => (
            Some("answers-once"),
            format!("{name} was answered before; then its connection was closed, unanswered."),
        ),
        (Some(_), ..) => (
            None,
            format!("{name}'s connection was closed before it had received its whole answer."),
        ),
        (None, _, count) => {
            (None, format!("{name} received {count} bytes of its answer, and the rest never came."))
        }
    }
}

/// Nothing came back, and the connection is open. The client sends a newline, and then many bytes,
/// to learn whether the server waits for one of them.
fn unanswered(
    run: &mut TestRun,
    client: &NamedClient,
    exchange: &Exchange,
    wait_error: Option<&WaitError>,
) -> (Option<&'static str>, String) {
    let (name, sent) = (&client.name, exchange.bytes.len());
    let is_idle = matches!(wait_error, Some(WaitError::Idle { .. }));
    if is_idle && !exchange.bytes.ends_with(b"\n") {
        run.step(format!("{name} sent \"\\n\", to see whether an answer comes then"));
        if is_answered_after(run, client, b"\n") {
            let text = format!("{name} sent {sent} bytes, and was answered only after a newline.");
            return (Some("reads-lines"), text);
        }
    }
    if is_idle {
        run.step(format!("{name} sent {MORE} bytes more, to see whether an answer comes then"));
        if is_answered_after(run, client, &[b'1'; MORE]) {
            let text = format!("{name} sent {sent} bytes, and was answered only after many more.");
            return (Some("waits-for-more"), text);
        }
    }
    (None, format!("{name} sent {sent} bytes, and nothing came back."))
}

/// Whether the server sends something after the client has sent these bytes as well.
fn is_answered_after(run: &mut TestRun, client: &NamedClient, bytes: &[u8]) -> bool {
    let connection = &client.connection;
    let before = connection.received().len();
    let mut left = bytes;
    let answered = run.server.wait_for(|_| {
        left = &left[connection.send(left).unwrap_or(0)..];
        Ok((connection.received().len() > before).then_some(()))
    });
    answered.is_ok()
}

/// A few of the bytes around the first wrong byte.
fn excerpt(bytes: &[u8], at: usize) -> String {
    let first = at.saturating_sub(8).min(bytes.len());
    let last = (at + 8).min(bytes.len());
    let (before, after) =
        (if first > 0 { "…" } else { "" }, if last < bytes.len() { "…" } else { "" });
    format!("{before}\"{}\"{after}", bytes[first..last].escape_ascii())
}
