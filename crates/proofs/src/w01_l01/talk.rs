//! What a client says, and what it hears.

use super::rows;
use crate::fall::Fall;
use crate::scene::{Blame, Guest, Scene, Stage};
use witness::{Server, Stuck};

/// What a client sends comes back byte for byte, NUL bytes and several messages included.
pub(super) fn echo(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.open()?;
    let guest = arrives(&mut scene)?;
    let every_value: Vec<u8> = (0..=255).collect();
    let messages: [&[u8]; 5] =
        [b"hello\n", b"no end of line", b"before\0after\0", &every_value, b"x"];
    for message in messages {
        comes_back(&mut scene, &guest, message)?;
    }
    Ok(())
}

/// A new client connects. A server that listens no more has closed its listener.
pub(super) fn arrives(scene: &mut Scene) -> Result<Guest, Fall> {
    scene.connect().map_err(closed)
}

fn closed(fall: Fall) -> Fall {
    match fall.alone() {
        Fall::Failed(mut cause) => {
            cause.mistake = Some("closes-listener".to_owned());
            Fall::Failed(cause).blocks("next-client")
        }
        other => other,
    }
}

/// A client that is being served: it has said hello, and heard it.
pub(super) fn greeted(scene: &mut Scene) -> Result<Guest, Fall> {
    let guest = arrives(scene)?;
    says_hello(scene, guest)
}

/// The same, for one that the server cannot write much to while it does not read.
pub(super) fn greeted_over_ethernet(scene: &mut Scene) -> Result<Guest, Fall> {
    let guest = scene.connect_by(Server::connect_over_ethernet).map_err(closed)?;
    says_hello(scene, guest)
}

fn says_hello(scene: &mut Scene, guest: Guest) -> Result<Guest, Fall> {
    comes_back(scene, &guest, b"hello\n").map_err(|fall| fall.blocks("echo"))?;
    Ok(guest)
}

/// A client sends a message, and hears it.
pub(super) fn comes_back(scene: &mut Scene, guest: &Guest, message: &[u8]) -> Result<(), Fall> {
    let before = guest.client.received().len();
    scene.step(format!("{} sent {}", guest.name, shown(message)));
    let _ = guest.client.send(message);
    let heard_all = hears(scene, guest, before + message.len());
    // What is added to an answer comes after it.
    let stuck = heard_all.and_then(|()| scene.still_runs()).err();
    let heard = guest.client.received().split_off(before);
    if heard == message {
        return Ok(());
    }
    Err(misheard(scene, guest, message, &heard, stuck))
}

/// Waits until a client has heard `total` bytes in all, or will hear no more.
pub(super) fn hears(scene: &mut Scene, guest: &Guest, total: usize) -> Result<(), Stuck> {
    let client = &guest.client;
    scene.server.until(|_| {
        let over = client.received().len() >= total || client.ended().is_some();
        Ok(over.then_some(()))
    })
}

/// The failure of a server that answers with something else, or nothing.
pub(super) fn misheard(
    scene: &mut Scene,
    guest: &Guest,
    sent: &[u8],
    heard: &[u8],
    stuck: Option<Stuck>,
) -> Fall {
    let name = &guest.name;
    let hung_up = guest.client.ended().is_some();
    let blame = Blame {
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
    rows::fail(scene, stuck, blame)
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
