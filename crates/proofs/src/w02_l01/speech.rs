//! What a client says, and what must come back: letters in the other case, all else as it was.

use super::evidence;
use crate::fall::Fall;
use crate::scene::{Blame, Guest, Scene};
use witness::Stuck;

/// Something to say.
pub(super) struct Speech<'a> {
    /// As the story tells it.
    pub(super) told: &'a str,
    pub(super) bytes: &'a [u8],
    /// The most that is sent at a time.
    pub(super) piece: usize,
}

impl<'a> Speech<'a> {
    /// A few words, sent at once.
    pub(super) fn words(told: &'a str, bytes: &'a [u8]) -> Self {
        Speech { told, bytes, piece: bytes.len() }
    }
}

/// The client says it all, and has its answer.
pub(super) fn say(scene: &mut Scene, guest: &Guest, speech: &Speech<'_>) -> Result<(), Fall> {
    scene.step(format!("{} sent {}", guest.name, speech.told));
    let (client, wanted) = (guest.client.clone(), flipped(speech.bytes));
    let from = client.received().len();
    let mut left = speech.bytes;
    let done = scene.server.until(|_| {
        while let Some(piece) = left.chunks(speech.piece).next() {
            match client.send(piece) {
                Ok(count @ 1..) => left = &left[count..],
                _ => break,
            }
        }
        let ended = client.ended().is_some();
        let answer = &client.received()[from..];
        let known = ended || answer.len() >= wanted.len() || !wanted.starts_with(answer);
        Ok(known.then_some(()))
    });
    let answer = client.received().split_off(from);
    if answer == wanted {
        return Ok(());
    }
    Err(misheard(scene, guest, speech, &answer, done.err()))
}

/// What this server must answer.
pub(super) fn flipped(bytes: &[u8]) -> Vec<u8> {
    let flip = |byte: &u8| if byte.is_ascii_alphabetic() { byte ^ 0x20 } else { *byte };
    bytes.iter().map(flip).collect()
}

fn misheard(
    scene: &mut Scene,
    guest: &Guest,
    speech: &Speech<'_>,
    answer: &[u8],
    stuck: Option<Stuck>,
) -> Fall {
    let name = &guest.name;
    let wanted = flipped(speech.bytes);
    let at = answer.iter().zip(&wanted).take_while(|(got, wanted)| got == wanted).count();
    let spoke_before = guest.client.received().len() > answer.len();
    let (mistake, summary) = match (speech.bytes.get(at).copied(), answer.get(at).copied()) {
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
        (Some(_), None) if guest.client.ended().is_some() => (
            spoke_before.then_some("answers-once"),
            format!("{name} was let go before it had its whole answer."),
        ),
        (Some(_), None) => (
            spoke_before.then_some("answers-once"),
            format!("{name} had {at} bytes of its answer, and the rest never came."),
        ),
    };
    let blame = Blame {
        id: "wrong-answer",
        mistake,
        summary,
        expected: format!("{} bytes: {}", wanted.len(), from(&wanted, at)),
        observed: format!("{} bytes: {}", answer.len(), from(answer, at)),
    };
    evidence::fail(scene, stuck, blame)
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
