//! What a client says, and what it hears.

use super::diagnosis;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use witness::{Server, Stuck};

/// What a client sends comes back byte for byte, NUL bytes and several messages included.
pub(super) fn echo(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let client = arrives(&mut run)?;
    let every_value: Vec<u8> = (0..=255).collect();
    let messages: [&[u8]; 5] =
        [b"hello\n", b"no end of line", b"before\0after\0", &every_value, b"x"];
    for message in messages {
        comes_back(&mut run, &client, message)?;
    }
    Ok(())
}

/// A new client connects. A server that listens no more has closed its listener.
pub(super) fn arrives(run: &mut TestRun) -> Result<NamedClient, CheckError> {
    run.connect().map_err(closed)
}

fn closed(error: CheckError) -> CheckError {
    match error.independent() {
        CheckError::Failed(mut cause) => {
            cause.mistake = Some("closes-listener".to_owned());
            CheckError::Failed(cause).depends_on("next-client")
        }
        other => other,
    }
}

/// A client that is being served: it has said hello, and heard it.
pub(super) fn greeted(run: &mut TestRun) -> Result<NamedClient, CheckError> {
    let client = arrives(run)?;
    says_hello(run, client)
}

/// The same, for one that the server cannot write much to while it does not read.
pub(super) fn greeted_over_ethernet(run: &mut TestRun) -> Result<NamedClient, CheckError> {
    let client = run.connect_with(Server::connect_over_ethernet).map_err(closed)?;
    says_hello(run, client)
}

fn says_hello(run: &mut TestRun, client: NamedClient) -> Result<NamedClient, CheckError> {
    comes_back(run, &client, b"hello\n").map_err(|error| error.depends_on("echo"))?;
    Ok(client)
}

/// A client sends a message, and hears it.
pub(super) fn comes_back(
    run: &mut TestRun,
    client: &NamedClient,
    message: &[u8],
) -> Result<(), CheckError> {
    let before = client.connection.received().len();
    run.step(format!("{} sent {}", client.name, shown(message)));
    let _ = client.connection.send(message);
    let heard_all = hears(run, client, before + message.len());
    // What is added to an answer comes after it.
    let wait_error = heard_all.and_then(|()| run.check_alive()).err();
    let heard = client.connection.received().split_off(before);
    if heard == message {
        return Ok(());
    }
    Err(misheard(run, client, message, &heard, wait_error))
}

/// Waits until a client has heard `total` bytes in all, or will hear no more.
pub(super) fn hears(run: &mut TestRun, client: &NamedClient, total: usize) -> Result<(), Stuck> {
    let connection = &client.connection;
    run.server.until(|_| {
        let over = connection.received().len() >= total || connection.ended().is_some();
        Ok(over.then_some(()))
    })
}

/// The failure of a server that answers with something else, or nothing.
pub(super) fn misheard(
    run: &mut TestRun,
    client: &NamedClient,
    sent: &[u8],
    heard: &[u8],
    wait_error: Option<Stuck>,
) -> CheckError {
    let name = &client.name;
    let hung_up = client.connection.ended().is_some();
    let failure = Failure {
        id: "echo-differs",
        mistake: if hung_up { Some("one-read") } else { explained(sent, heard) },
        summary: match heard {
            _ if hung_up => format!("The server hung up on {name}, who had not left."),
            [] => format!("{name} sent {}, and nothing came back.", shown(sent)),
            _ => format!("What came back to {name} is not what it sent."),
        },
        expected: format!("{name} receives {}", shown(sent)),
        observed: format!("{name} received {}", shown(heard)),
    };
    diagnosis::fail(run, wait_error, failure)
}

/// The Common Mistakes row that makes `heard` of `sent`.
fn explained(sent: &[u8], heard: &[u8]) -> Option<&'static str> {
    let nul = sent.iter().position(|byte| *byte == 0);
    let stops_at_nul = nul.is_some_and(|at| heard == &sent[..at] || heard == &sent[..=at]);
    let (long, short) = if sent.len() < heard.len() { (heard, sent) } else { (sent, heard) };
    let line_end = long.strip_prefix(short).is_some_and(|rest| matches!(rest, b"\n" | b"\r\n"));
    if stops_at_nul {
        Some("c-string")
    } else if line_end {
        Some("newline")
    } else if heard.is_empty() {
        Some(if sent.ends_with(b"\n") { "waits-for-more" } else { "reads-lines" })
    } else {
        None
    }
}

/// Bytes for a sentence: as they are, or how many.
pub(super) fn shown(bytes: &[u8]) -> String {
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
    fn each_habit_is_told_by_what_it_makes_of_a_message() {
        assert_eq!(explained(b"a\0b", b"a"), Some("c-string"));
        assert_eq!(explained(b"a\0b", b"a\0"), Some("c-string"));
        assert_eq!(explained(b"a\n", b"a"), Some("newline"));
        assert_eq!(explained(b"a", b"a\r\n"), Some("newline"));
        assert_eq!(explained(b"a\n", b""), Some("waits-for-more"));
        assert_eq!(explained(b"a", b""), Some("reads-lines"));
        assert_eq!(explained(b"a", b"b"), None);
        assert_eq!(explained(b"a\0b", b"a\0c"), None);
    }
}
