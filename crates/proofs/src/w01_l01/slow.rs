//! A client that reads slowly.

use super::{rows, talk};
use crate::fall::Fall;
use crate::scene::{Blame, Guest, Scene, Stage};
use witness::{Call, Stuck};

/// How much the slow reader sends.
const MUCH: usize = 4 << 20;
const LINE: usize = 64;
/// How much it reads at a time.
const BITE: usize = 4000;
/// How often the server is held up, and how much is read in between.
const PAUSES: usize = 3;
const GULP: usize = 256 << 10;

/// 4 MiB through a slow reader come back whole: short writes are finished.
pub(super) fn every_byte(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.open()?;
    let guest = talk::greeted(&mut scene)?;
    let before = guest.client.received().len();
    let sent = numbered_lines();
    let mut rest = sent.as_slice();
    scene.step(format!("{} sent 4 MiB, and read nothing", guest.name));
    let mut finished = Ok(());
    for pause in 0..PAUSES {
        let calls = held_up(&mut scene, &guest, &mut rest);
        match calls.and_then(|calls| cut_short(&mut scene, &calls, pause == 0)) {
            Ok(()) => sip(&guest, GULP),
            Err(stuck) => {
                finished = Err(stuck);
                break;
            }
        };
    }
    if finished.is_ok() {
        scene.step(format!("{} read on, {BITE} bytes at a time", guest.name));
        finished = read_to_the_end(&mut scene, &guest, &mut rest, before + MUCH);
    }
    let heard = guest.client.received().split_off(before);
    if heard == sent {
        return Ok(());
    }
    Err(bytes_lost(&mut scene, &guest, &sent, &heard, finished.err()))
}

/// No two places in it look alike.
fn numbered_lines() -> Vec<u8> {
    let mut bytes = Vec::with_capacity(MUCH);
    for number in 0..MUCH / LINE {
        let digits = number.to_string();
        bytes.resize(bytes.len() + LINE - 1 - digits.len(), b'.');
        bytes.extend_from_slice(digits.as_bytes());
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

/// A write that waits for room is interrupted, and returns with what it has sent so far.
fn cut_short(scene: &mut Scene, calls: &[Call], is_first: bool) -> Result<(), Stuck> {
    if !rows::writes(calls) {
        return Ok(());
    }
    if is_first {
        scene.step("its write was cut short: the server was stopped and went on, as by Ctrl-Z, fg");
    }
    scene.server.stop()?;
    scene.server.go_on();
    Ok(())
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
    let same = sent.iter().zip(heard).take_while(|(sent, heard)| sent == heard).count();
    let hung_up = guest.client.ended().is_some();
    let blame = Blame {
        id: "bytes-lost",
        mistake: Some(if hung_up { "one-read" } else { "short-write" }),
        summary: format!(
            "Of {MUCH} bytes that {} sent, {} came back, and only the first {same} are as they \
             were.",
            guest.name,
            heard.len()
        ),
        expected: format!("{MUCH} bytes, in their order"),
        observed: match (sent.get(same..same + LINE), heard.get(same..)) {
            (Some(missing), Some([_, ..])) => {
                let there = talk::shown(&heard[same..]);
                format!("byte {same} should begin {}; there is {there}", talk::shown(missing))
            }
            _ => format!("nothing after byte {same}"),
        },
    };
    let fall = rows::fail(scene, stuck, blame);
    if hung_up { fall.blocks("echo") } else { fall }
}
