//! Commands that happen together or not at all.

use super::diagnosis;
use super::resp::{Reply, array, bulk, error, number, ok, simple};
use super::resp_client::RespClient;
use super::store_run::StoreRun;
use crate::check_context::CheckContext;
use crate::check_error::CheckError;

fn queued() -> Reply {
    simple("QUEUED")
}

/// MULTI, EXEC, DISCARD, WATCH: queued, atomic, EXECABORT after a bad command, nil when a watched
/// key changed.
pub(super) fn transaction(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut store = StoreRun::open(context)?;
    let (mut client, mut other) = (store.client()?, store.client()?);
    for chapter in [together, discarded, aborted, watched, unwatched] {
        let from = store.run.step_count();
        chapter(&mut store, &mut client, &mut other)?;
        store.settle(from);
    }
    store.dialogue(
        &mut client,
        [("EXEC", error("ERR")), ("DISCARD", error("ERR")), ("PING", simple("PONG"))],
    )
}

/// Nobody sees a part of it, and an error at run time is one of its replies.
fn together(
    store: &mut StoreRun,
    client: &mut RespClient,
    other: &mut RespClient,
) -> Result<(), CheckError> {
    store
        .dialogue(client, [("SET word abc", ok()), ("GET a", Reply::Nil)])
        .map_err(|error| error.depends_on("get-set"))?;
    store.dialogue(
        client,
        [
            ("MULTI", ok()),
            ("SET a 1", queued()),
            ("INCR a", queued()),
            ("INCR word", queued()),
            ("GET a", queued()),
        ],
    )?;
    store
        .dialogue(other, [("GET a", Reply::Nil)])
        .map_err(diagnosis::if_answered("runs-at-once"))?;
    store.dialogue(other, [("SET a 5", ok())])?;
    let replies = [ok(), number(2), error("ERR"), bulk("2")];
    store.dialogue(client, [("EXEC", array(replies)), ("GET a", bulk("2"))])?;
    store.dialogue(other, [("GET a", bulk("2"))])?;
    store.dialogue(client, [("MULTI", ok()), ("EXEC", array([])), ("DEL a word", number(2))])
}

fn discarded(
    store: &mut StoreRun,
    client: &mut RespClient,
    _: &mut RespClient,
) -> Result<(), CheckError> {
    let before = [("MULTI", ok()), ("SET a 1", queued()), ("DISCARD", ok()), ("GET a", Reply::Nil)];
    let after = [("MULTI", ok()), ("EXISTS a", queued()), ("EXEC", array([number(0)]))];
    store.dialogue(client, before)?;
    store.dialogue(client, after).map_err(diagnosis::if_answered("discard-keeps"))
}

/// A command that cannot be queued: none of the others runs.
fn aborted(
    store: &mut StoreRun,
    client: &mut RespClient,
    _: &mut RespClient,
) -> Result<(), CheckError> {
    for bad in ["GET", "NO-SUCH-COMMAND a"] {
        let from = store.run.step_count();
        let before = [("MULTI", ok()), ("SET a 1", queued()), (bad, error("ERR"))];
        store.dialogue(client, before)?;
        let exec = [("EXEC", error("EXECABORT")), ("GET a", Reply::Nil)];
        store.dialogue(client, exec).map_err(diagnosis::if_answered("exec-despite-error"))?;
        store.settle(from);
    }
    Ok(())
}

/// A watched key that somebody has changed since: nothing runs, and EXEC answers nil.
fn watched(
    store: &mut StoreRun,
    client: &mut RespClient,
    other: &mut RespClient,
) -> Result<(), CheckError> {
    let changes = [
        ("SET a 2", ok()),
        ("APPEND a 2", number(2)),
        ("INCR a", number(2)),
        ("DEL a", number(1)),
        ("EXPIRE a 0", number(1)),
        ("MSET b 1 a 2", ok()),
        ("FLUSHDB", ok()),
    ];
    for (change, answer) in changes {
        let from = store.run.step_count();
        store.dialogue(client, [("SET a 1", ok()), ("WATCH z a", ok()), ("MULTI", ok())])?;
        store.dialogue(client, [("SET won me", queued())])?;
        store.dialogue(other, [(change, answer)])?;
        let exec = [("EXEC", Reply::Nil), ("GET won", Reply::Nil)];
        store.dialogue(client, exec).map_err(diagnosis::if_answered("watch-ignored"))?;
        store.settle(from);
    }
    // A change of one's own before MULTI counts as well; one that EXEC makes does not.
    store.dialogue(client, [("WATCH a", ok()), ("SET a 3", ok()), ("MULTI", ok())])?;
    store.dialogue(client, [("GET a", queued())])?;
    store
        .dialogue(client, [("EXEC", Reply::Nil)])
        .map_err(diagnosis::if_answered("watch-others-only"))?;
    // A key that was not there, and is now.
    store.dialogue(client, [("DEL new", number(0)), ("WATCH new", ok()), ("MULTI", ok())])?;
    store.dialogue(other, [("SET new 1", ok())])?;
    let exec = [("GET a", queued()), ("EXEC", Reply::Nil)];
    store.dialogue(client, exec).map_err(diagnosis::if_answered("watch-ignored"))
}

/// EXEC, DISCARD and UNWATCH end a watch, and reading changes nothing.
fn unwatched(
    store: &mut StoreRun,
    client: &mut RespClient,
    other: &mut RespClient,
) -> Result<(), CheckError> {
    let exec = || [("MULTI", ok()), ("GET a", queued()), ("EXEC", array([bulk("1")]))];
    store.dialogue(client, [("SET a 1", ok()), ("WATCH a", ok())])?;
    store.dialogue(other, [("GET a", bulk("1")), ("SET b 9", ok())])?;
    store.dialogue(client, exec())?;

    store.dialogue(client, [("WATCH a", ok()), ("SET a 0", ok()), ("UNWATCH", ok())])?;
    store.dialogue(other, [("SET a 1", ok())])?;
    store.dialogue(client, exec())?;

    store.dialogue(client, [("WATCH a", ok()), ("MULTI", ok()), ("DISCARD", ok())])?;
    store.dialogue(other, [("SET a 1", ok())])?;
    store.dialogue(client, exec())?;

    let not_inside = [("MULTI", error("ERR")), ("WATCH a", error("ERR")), ("DISCARD", ok())];
    store.dialogue(client, [("MULTI", ok())].into_iter().chain(not_inside))
}
