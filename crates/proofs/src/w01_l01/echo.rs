//! The criterion that a client receives what it has sent.

use super::diagnosis;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use witness::{Server, WaitError};

/// A client receives exactly the bytes that it has sent, also for NUL bytes and for several
/// messages.
pub(super) fn echo(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let client = connect(&mut run)?;
    let every_value: Vec<u8> = (0..=255).collect();
    let messages: [&[u8]; 5] =
        [b"hello\n", b"no end of line", b"before\0after\0", &every_value, b"x"];
    for message in messages {
        expect_echo(&mut run, &client, message)?;
    }
    Ok(())
}

/// Connects a new client. If no socket listens, the server has closed its listener.
pub(super) fn connect(run: &mut TestRun) -> Result<NamedClient, CheckError> {
    run.connect().map_err(explain_closed_listener)
}

fn explain_closed_listener(error: CheckError) -> CheckError {
    match error.independent() {
        CheckError::Failed(mut cause) => {
            cause.mistake = Some("closes-listener".to_owned());
            CheckError::Failed(cause).depends_on("next-client")
        }
        other => other,
    }
}

/// Connects a client, and checks that the server serves this client: the client sends "hello" and
/// must receive "hello".
pub(super) fn connect_served(run: &mut TestRun) -> Result<NamedClient, CheckError> {
    let client = connect(run)?;
    expect_hello(run, client)
}

/// Does the same over a connection that accepts few bytes from the server while the client does not
/// read.
pub(super) fn connect_served_over_ethernet(run: &mut TestRun) -> Result<NamedClient, CheckError> {
    let connected = run.connect_with(Server::connect_over_ethernet);
    expect_hello(run, connected.map_err(explain_closed_listener)?)
}

fn expect_hello(run: &mut TestRun, client: NamedClient) -> Result<NamedClient, CheckError> {
    expect_echo(run, &client, b"hello\n").map_err(|error| error.depends_on("echo"))?;
    Ok(client)
}

/// A client sends a message, and must receive the same bytes.
pub(super) fn expect_echo(
    run: &mut TestRun,
    client: &NamedClient,
    message: &[u8],
) -> Result<(), CheckError> {
    let before = client.connection.received().len();
    run.step(format!("{} sent {}", client.name, bytes_text(message)));
    let _ = client.connection.send(message);
    let received_all = wait_received(run, client, before + message.len());
    // Wait until the server is idle. If the server adds bytes to its answer, these bytes are then
    // sent.
    let wait_error = received_all.and_then(|()| run.check_alive()).err();
    let received = client.connection.received().split_off(before);
    if received == message {
        return Ok(());
    }
    Err(wrong_echo(run, client, message, &received, wait_error))
}

/// Waits until a client has received `total` bytes, or its connection has ended.
pub(super) fn wait_received(
    run: &mut TestRun,
    client: &NamedClient,
    total: usize,
) -> Result<(), WaitError> {
    let connection = &client.connection;
    run.server.wait_for(|_| {
        let is_done = connection.received().len() >= total || connection.ended().is_some();
        Ok(is_done.then_some(()))
    })
}

/// The failure of a server that answers with other bytes, or with no bytes.
pub(super) fn wrong_echo(
    run: &mut TestRun,
    client: &NamedClient,
    sent: &[u8],
    received: &[u8],
    wait_error: Option<WaitError>,
) -> CheckError {
    let name = &client.name;
    let has_ended = client.connection.ended().is_some();
    let failure = Failure {
        id: "echo-differs",
        mistake: if has_ended { Some("one-read") } else { mistake_behind(sent, received) },
        summary: match received {
            _ if has_ended => {
                format!("The server closed the connection of {name}, which had not left.")
            }
            [] => format!("{name} sent {}, and nothing came back.", bytes_text(sent)),
            _ => format!("What came back to {name} is not what it sent."),
        },
        expected: format!("{name} receives {}", bytes_text(sent)),
        observed: received_text(client, received),
    };
    diagnosis::fail(run, wait_error, failure)
}

/// The Common Mistakes row of a server that answers `sent` with `received`.
fn mistake_behind(sent: &[u8], received: &[u8]) -> Option<&'static str> {
    let nul = sent.iter().position(|byte| *byte == 0);
    let stops_at_nul = nul.is_some_and(|at| received == &sent[..at] || received == &sent[..=at]);
    let (long, short) =
        if sent.len() < received.len() { (received, sent) } else { (sent, received) };
    let line_end = long.strip_prefix(short).is_some_and(|rest| matches!(rest, b"\n" | b"\r\n"));
    if stops_at_nul {
        Some("c-string")
    } else if line_end {
        Some("newline")
    } else if received.is_empty() {
        Some(if sent.ends_with(b"\n") { "waits-for-more" } else { "reads-lines" })
    } else {
        None
    }
}

/// What a client has received, as text for a failure.
pub(super) fn received_text(client: &NamedClient, received: &[u8]) -> String {
    format!("{} received {}", client.name, bytes_text(received))
}

/// Formats bytes for a sentence. Few bytes are shown in full. Of many bytes, the number and the
/// first bytes are shown.
pub(super) fn bytes_text(bytes: &[u8]) -> String {
    match bytes {
        [] => "nothing".to_owned(),
        [_, ..] if bytes.len() <= 32 => format!("\"{}\"", bytes.escape_ascii()),
        _ => format!("{} bytes, \"{}…\"", bytes.len(), bytes[..16].escape_ascii()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mistake_is_known_by_what_it_does_to_a_message() {
        assert_eq!(mistake_behind(b"a\0b", b"a"), Some("c-string"));
        assert_eq!(mistake_behind(b"a\0b", b"a\0"), Some("c-string"));
        assert_eq!(mistake_behind(b"a\n", b"a"), Some("newline"));
        assert_eq!(mistake_behind(b"a", b"a\r\n"), Some("newline"));
        assert_eq!(mistake_behind(b"a\n", b""), Some("waits-for-more"));
        assert_eq!(mistake_behind(b"a", b""), Some("reads-lines"));
        assert_eq!(mistake_behind(b"a", b"b"), None);
        assert_eq!(mistake_behind(b"a\0b", b"a\0c"), None);
    }
}
