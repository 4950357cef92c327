//! The criterion of transactions: commands that run all together or not at all.

use super::diagnosis;
use super::resp::{Reply, array, bulk, error, number, ok, simple};
use super::resp_client::RespClient;
use super::store_run::StoreRun;
use crate::check_context::CheckContext;
use crate::check_error::CheckError;

fn queued() -> Reply {
    simple("QUEUED")
}

/// MULTI, EXEC, DISCARD and WATCH: commands are queued and run atomically. EXEC answers EXECABORT
/// after a bad command, and nil if a watched key has changed.
pub(super) fn transaction(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut store = StoreRun::start(context)?;
    let (mut client, mut other) = (store.connect()?, store.connect()?);
    for part in [together, discarded, aborted, watched, unwatched] {
        let from = store.run.step_count();
        part(&mut store, &mut client, &mut other)?;
        store.merge_steps(from);
    }
    store.expect_replies(
        &mut client,
        [("EXEC", error("ERR")), ("DISCARD", error("ERR")), ("PING", simple("PONG"))],
    )
}

/// No other client sees a part of a transaction. If a command fails in EXEC, its error is one of
/// the replies.
fn together(
    store: &mut StoreRun,
    client: &mut RespClient,
    other: &mut RespClient,
) -> Result<(), CheckError> {
    store
        .expect_replies(client, [("SET word abc", ok()), ("GET a", Reply::Nil)])
        .map_err(|error| error.depends_on("get-set"))?;
    store.expect_replies(
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
        .expect_replies(other, [("GET a", Reply::Nil)])
        .map_err(diagnosis::if_answered("runs-at-once"))?;
    store.expect_replies(other, [("SET a 5", ok())])?;
    let replies = [ok(), number(2), error("ERR"), bulk("2")];
    store.expect_replies(client, [("EXEC", array(replies)), ("GET a", bulk("2"))])?;
    store.expect_replies(other, [("GET a", bulk("2"))])?;
    store.expect_replies(client, [("MULTI", ok()), ("EXEC", array([])), ("DEL a word", number(2))])
}

/// DISCARD runs none of the queued commands, and keeps none of them for the next transaction.
fn discarded(
    store: &mut StoreRun,
    client: &mut RespClient,
    _: &mut RespClient,
) -> Result<(), CheckError> {
    let before = [("MULTI", ok()), ("SET a 1", queued()), ("DISCARD", ok()), ("GET a", Reply::Nil)];
    let after = [("MULTI", ok()), ("EXISTS a", queued()), ("EXEC", array([number(0)]))];
    store.expect_replies(client, before)?;
    store.expect_replies(client, after).map_err(diagnosis::if_answered("discard-keeps"))
}

/// If a command cannot be queued, EXEC runs none of the other commands.
fn aborted(
    store: &mut StoreRun,
    client: &mut RespClient,
    _: &mut RespClient,
) -> Result<(), CheckError> {
    for bad in ["GET", "NO-SUCH-COMMAND a"] {
        let from = store.run.step_count();
        let before = [("MULTI", ok()), ("SET a 1", queued()), (bad, error("ERR"))];
        store.expect_replies(client, before)?;
        let exec = [("EXEC", error("EXECABORT")), ("GET a", Reply::Nil)];
        store.expect_replies(client, exec).map_err(diagnosis::if_answered("exec-despite-error"))?;
        store.merge_steps(from);
    }
    Ok(())
}

/// If another client has changed a watched key, EXEC runs nothing and answers nil.
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
        store.expect_replies(client, [("SET a 1", ok()), ("WATCH z a", ok()), ("MULTI", ok())])?;
        store.expect_replies(client, [("SET won me", queued())])?;
        store.expect_replies(other, [(change, answer)])?;
        let exec = [("EXEC", Reply::Nil), ("GET won", Reply::Nil)];
        store.expect_replies(client, exec).map_err(diagnosis::if_answered("watch-ignored"))?;
        store.merge_steps(from);
    }

    // A change that the client itself makes before MULTI counts, too.
    store.expect_replies(client, [("WATCH a", ok()), ("SET a 3", ok()), ("MULTI", ok())])?;
    store.expect_replies(client, [("GET a", queued())])?;
    store
        .expect_replies(client, [("EXEC", Reply::Nil)])
        .map_err(diagnosis::if_answered("watch-others-only"))?;

    // A watched key did not exist, and another client has created it.
    store.expect_replies(client, [("DEL new", number(0)), ("WATCH new", ok()), ("MULTI", ok())])?;
    store.expect_replies(other, [("SET new 1", ok())])?;
    let exec = [("GET a", queued()), ("EXEC", Reply::Nil)];
    store.expect_replies(client, exec).map_err(diagnosis::if_answered("watch-ignored"))
}

/// EXEC, DISCARD and UNWATCH end a watch. A command that reads a watched key does not change it.
fn unwatched(
    store: &mut StoreRun,
    client: &mut RespClient,
    other: &mut RespClient,
) -> Result<(), CheckError> {
    let exec = || [("MULTI", ok()), ("GET a", queued()), ("EXEC", array([bulk("1")]))];
    store.expect_replies(client, [("SET a 1", ok()), ("WATCH a", ok())])?;
    store.expect_replies(other, [("GET a", bulk("1")), ("SET b 9", ok())])?;
    store.expect_replies(client, exec())?;

    store.expect_replies(client, [("WATCH a", ok()), ("SET a 0", ok()), ("UNWATCH", ok())])?;
    store.expect_replies(other, [("SET a 1", ok())])?;
    store.expect_replies(client, exec())?;

    store.expect_replies(client, [("WATCH a", ok()), ("MULTI", ok()), ("DISCARD", ok())])?;
    store.expect_replies(other, [("SET a 1", ok())])?;
    store.expect_replies(client, exec())?;

    let not_inside = [("MULTI", error("ERR")), ("WATCH a", error("ERR")), ("DISCARD", ok())];
    store.expect_replies(client, [("MULTI", ok())].into_iter().chain(not_inside))
}
