//! The criterion of a client that requests many replies and does not read them.

use super::resp::{bulk, command, ok, simple};
use super::resp_client::RespClient;
use super::store_run::{StoreRun, memory};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};

/// The size of the value, in bytes.
const VALUE: usize = 1 << 20;
/// The number of times that the client asks for the value.
const REQUESTS: usize = 200;
/// The maximum memory that the server may use for the client's replies, in bytes.
const MAX_MEMORY: u64 = 64 << 20;

/// A client that never reads does not delay the other clients, and the server's memory grows by at
/// most 64 MiB.
pub(super) fn slow_reader(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut store = StoreRun::start(context)?;
    let (mut slow, mut other) = (store.connect()?, store.connect()?);

    // Store the value, and measure the server's memory before the requests.
    let value = vec![b'v'; VALUE];
    let depends_on_get_set = |error: CheckError| error.depends_on("get-set");
    store
        .expect_reply(&mut other, &[b"SET", b"large", &value], ok())
        .map_err(depends_on_get_set)?;
    store
        .expect_reply(&mut other, &[b"GET", b"large"], bulk(&value))
        .map_err(depends_on_get_set)?;
    expect_served(&mut store, &mut slow)?;
    let before = memory(&store.run.server)?;

    // The client asks for 200 MiB and reads nothing. The other client must still be served.
    let name = slow.name();
    store.run.step(format!("{name} sent GET large {REQUESTS} times, and reads nothing"));
    slow.send(&command(&[b"GET", b"large"]).repeat(REQUESTS));
    expect_served(&mut store, &mut other)?;
    let _ = store.run.check_alive();
    expect_bounded_memory(&mut store, before)?;
    expect_served(&mut store, &mut other)?;

    // The client resets its connection before it has read its replies.
    store.run.step(format!("{} reset its connection", slow.name()));
    slow.named.connection.reset();
    store.expect_alive("reset-ends-server")?;
    expect_served(&mut store, &mut other)
}

fn expect_served(store: &mut StoreRun, client: &mut RespClient) -> Result<(), CheckError> {
    store.expect_replies(client, [("PING", simple("PONG")), ("SET color red", ok())])?;
    store.expect_replies(client, [("GET color", bulk("red"))])
}

fn expect_bounded_memory(store: &mut StoreRun, before: u64) -> Result<(), CheckError> {
    let grown = memory(&store.run.server)?.saturating_sub(before);
    if grown <= MAX_MEMORY {
        return Ok(());
    }
    Err(store.run.fail_now(Failure {
        id: "unbounded-output",
        mistake: Some("unbounded-output"),
        summary: format!(
            "For a client that reads nothing, the server keeps {} MiB of replies.",
            grown >> 20
        ),
        expected: format!("at most {} MiB more than before", MAX_MEMORY >> 20),
        observed: format!("{} MiB more", grown >> 20),
    }))
}
