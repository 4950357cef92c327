//! A client that asks for more than it reads.

use super::caller::Caller;
use super::memory;
use super::resp::{bulk, command, ok, simple};
use super::store::Store;
use crate::fall::Fall;
use crate::scene::{Blame, Stage};

const VALUE: usize = 1 << 20;
const ASKED: usize = 200;
/// What the server may keep for it, in bytes.
const BOUND: u64 = 64 << 20;

/// A client that never reads neither stalls the others nor grows the server by more than 64 MiB.
pub(super) fn slow_reader(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut store = Store::open(stage)?;
    let (mut slow, mut other) = (store.caller()?, store.caller()?);
    let value = vec![b'v'; VALUE];
    let stands_on = |fall: Fall| fall.blocks("get-set");
    store.expect(&mut other, &[b"SET", b"large", &value], ok()).map_err(stands_on)?;
    store.expect(&mut other, &[b"GET", b"large"], bulk(&value)).map_err(stands_on)?;
    served(&mut store, &mut slow)?;
    let before = memory(&store.scene.server)?;

    let name = &slow.guest.name;
    store.scene.step(format!("{name} sent GET large {ASKED} times, and reads nothing"));
    slow.send(&command(&[b"GET", b"large"]).repeat(ASKED));
    served(&mut store, &mut other)?;
    let _ = store.scene.still_runs();
    bounded(&mut store, before)?;
    served(&mut store, &mut other)?;

    store.scene.step(format!("{} reset its connection", slow.guest.name));
    slow.guest.client.reset();
    store.survives("reset-ends-server")?;
    served(&mut store, &mut other)
}

/// Somebody else asks, and is answered meanwhile.
fn served(store: &mut Store, other: &mut Caller) -> Result<(), Fall> {
    store.dialogue(other, [("PING", simple("PONG")), ("SET color red", ok())])?;
    store.dialogue(other, [("GET color", bulk("red"))])
}

fn bounded(store: &mut Store, before: u64) -> Result<(), Fall> {
    let grown = memory(&store.scene.server)?.saturating_sub(before);
    if grown <= BOUND {
        return Ok(());
    }
    Err(store.scene.refute(Blame {
        id: "unbounded-output",
        mistake: Some("unbounded-output"),
        summary: format!(
            "For a client that reads nothing, the server keeps {} MiB of replies.",
            grown >> 20
        ),
        expected: format!("at most {} MiB more than before", BOUND >> 20),
        observed: format!("{} MiB more", grown >> 20),
    }))
}
