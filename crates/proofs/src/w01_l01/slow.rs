//! A client that reads slowly.

use super::{rows, talk};
use crate::fall::Fall;
use crate::scene::{Blame, Guest, Scene, Stage};
use witness::{Call, Stuck};

/// How much the slow reader sends.
const MUCH: usize = 4 << 20;
/// The length of a line: no piece of a power of two, or of a segment, ends where one does.
const LINE: usize = 61;
/// How much it reads at a time.
const BITE: usize = 4000;
/// How much it reads before it looks whether the server can go on.
const GULP: usize = 64 << 10;
/// How often a write is interrupted, at the most: one that has sent nothing yet starts again.
const CUTS: usize = 16;

/// 4 MiB through a slow reader come back whole: short writes are finished.
pub(super) fn every_byte(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.open()?;
    let guest = talk::greeted_over_ethernet(&mut scene)?;
    let before = guest.client.received().len();
    let sent = numbered_lines();
    let read = slowly(&mut scene, &guest, &sent, before + MUCH);
    let heard = guest.client.received().split_off(before);
    if heard == sent {
        return Ok(());
    }
    Err(bytes_lost(&mut scene, &guest, &sent, &heard, read.err()))
}

/// Holds the server up again and again, and then reads until `total` bytes have come in all.
fn slowly(scene: &mut Scene, guest: &Guest, sent: &[u8], total: usize) -> Result<(), Stuck> {
    let mut rest = sent;
    scene.step(format!("{} sent 4 MiB, and read nothing", guest.name));
    let mut waits = held_up(scene, guest, &mut rest)?;
    if rows::writes(&waits) {
        scene.step("its write was cut short: the server was stopped and went on, as by Ctrl-Z, fg");
    }
    for _ in 0..CUTS {
        let before = waits;
        if !rows::writes(&before) {
            break;
        }
        scene.server.stop()?;
        scene.server.go_on()?;
        waits = held_up(scene, guest, &mut rest)?;
        if sends_the_rest(&before, &waits) {
            break;
        }
        sip(guest, GULP);
    }
    scene.step(format!("{} read on, {BITE} bytes at a time", guest.name));
    read_to_the_end(scene, guest, &mut rest, total)
}

/// No two places in it look alike; the last line is as long as is left.
fn numbered_lines() -> Vec<u8> {
    let mut bytes = Vec::with_capacity(MUCH);
    let lines = MUCH / LINE;
    for number in 0..lines {
        bytes.extend_from_slice(number.to_string().as_bytes());
        let end = if number + 1 == lines { MUCH } else { number * LINE + LINE };
        bytes.resize(end - 1, b'.');
        bytes.push(b'\n');
    }
    bytes
}

/// Waits until the server can go no further, sending what it takes meanwhile: where it is then.
fn held_up(scene: &mut Scene, guest: &Guest, rest: &mut &[u8]) -> Result<Vec<Call>, Stuck> {
    let never = scene.server.until(|_| {
        send_some(guest, rest);
        Ok(None::<Vec<Call>>)
    });
    match never {
        Err(Stuck::Quiet { calls }) => Ok(calls),
        other => other,
    }
}

/// Whether a thread was in a write, and now is in one that goes on in the middle of the same bytes.
fn sends_the_rest(before: &[Call], after: &[Call]) -> bool {
    let bytes =
        |call: &Call| (call.arguments[1], call.arguments[1].wrapping_add(call.arguments[2]));
    before.iter().zip(after).any(|(before, after)| {
        let ((from, to), (next, end)) = (bytes(before), bytes(after));
        rows::writes(&[*after]) && from < next && end == to
    })
}

fn read_to_the_end(
    scene: &mut Scene,
    guest: &Guest,
    rest: &mut &[u8],
    total: usize,
) -> Result<(), Stuck> {
    let mut heard = guest.client.received().len();
    scene.server.until(|_| {
        send_some(guest, rest);
        let more = sip(guest, GULP);
        heard += more;
        let over = heard >= total || (more == 0 && guest.client.ended().is_some());
        Ok(over.then_some(()))
    })
}

fn send_some(guest: &Guest, rest: &mut &[u8]) {
    let taken = guest.client.send(rest).unwrap_or(0);
    *rest = &rest[taken..];
}

/// Reads in bites, as long as there is something, up to `limit` bytes: how many it were.
fn sip(guest: &Guest, limit: usize) -> usize {
    let bites = (0..limit.div_ceil(BITE)).map(|_| guest.client.read_some(BITE));
    bites.take_while(|length| *length > 0).sum()
}

fn bytes_lost(
    scene: &mut Scene,
    guest: &Guest,
    sent: &[u8],
    heard: &[u8],
    stuck: Option<Stuck>,
) -> Fall {
    let hung_up = guest.client.ended().is_some();
    let blame = Blame {
        id: "bytes-lost",
        mistake: Some(if hung_up { "one-read" } else { "short-write" }),
        summary: format!("Of 4 MiB that {} sent, not every byte came back.", guest.name),
        expected: format!("{MUCH} bytes, in their order"),
        observed: format!("{} bytes; {}", heard.len(), difference(sent, heard)),
    };
    let fall = rows::fail(scene, stuck, blame);
    if hung_up { fall.blocks("echo") } else { fall }
}

/// Where the two part, for a sentence.
fn difference(sent: &[u8], heard: &[u8]) -> String {
    let same = sent.iter().zip(heard).take_while(|(sent, heard)| sent == heard).count();
    let next = &heard[same..heard.len().min(same + LINE)];
    if next.is_empty() {
        return format!("nothing comes after byte {same}");
    }
    match sent[same..].windows(next.len()).position(|place| place == next) {
        Some(lost) => format!("after byte {same}, {lost} are missing"),
        None => format!("after byte {same} comes {}", talk::shown(next)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_an_end_and_a_stranger_are_told_apart() {
        let sent = numbered_lines();
        let heard = [&sent[..2 * LINE], &sent[4 * LINE..]].concat();
        assert_eq!(difference(&sent, &heard), "after byte 122, 122 are missing");
        assert_eq!(difference(&sent, &sent[..100]), "nothing comes after byte 100");
        let heard = [&sent[..100], b"?"].concat();
        assert_eq!(difference(&sent, &heard), "after byte 100 comes \"?\"");
    }
}
