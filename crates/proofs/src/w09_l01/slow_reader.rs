//! A client that asks for more than it reads.

use super::memory;
use super::resp::{bulk, command, ok, simple};
use super::resp_client::RespClient;
use super::store_run::StoreRun;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};

const VALUE: usize = 1 << 20;
const ASKED: usize = 200;
/// What the server may keep for it, in bytes.
const BOUND: u64 = 64 << 20;

/// A client that never reads neither stalls the others nor grows the server by more than 64 MiB.
pub(super) fn slow_reader(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut store = StoreRun::open(context)?;
    let (mut slow, mut other) = (store.client()?, store.client()?);
    let value = vec![b'v'; VALUE];
    let stands_on = |error: CheckError| error.depends_on("get-set");
    store.expect(&mut other, &[b"SET", b"large", &value], ok()).map_err(stands_on)?;
    store.expect(&mut other, &[b"GET", b"large"], bulk(&value)).map_err(stands_on)?;
    served(&mut store, &mut slow)?;
    let before = memory(&store.run.server)?;

    let name = &slow.named.name;
    store.run.step(format!("{name} sent GET large {ASKED} times, and reads nothing"));
    slow.send(&command(&[b"GET", b"large"]).repeat(ASKED));
    served(&mut store, &mut other)?;
    let _ = store.run.check_alive();
    bounded(&mut store, before)?;
    served(&mut store, &mut other)?;

    store.run.step(format!("{} reset its connection", slow.named.name));
    slow.named.connection.reset();
    store.survives("reset-ends-server")?;
    served(&mut store, &mut other)
}

/// Somebody else asks, and is answered meanwhile.
fn served(store: &mut StoreRun, other: &mut RespClient) -> Result<(), CheckError> {
    store.dialogue(other, [("PING", simple("PONG")), ("SET color red", ok())])?;
    store.dialogue(other, [("GET color", bulk("red"))])
}

fn bounded(store: &mut StoreRun, before: u64) -> Result<(), CheckError> {
    let grown = memory(&store.run.server)?.saturating_sub(before);
    if grown <= BOUND {
        return Ok(());
    }
    Err(store.run.fail_now(Failure {
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
