//! The criterion of transactions: commands that run all together or not at all.

mod atomic;
mod sessions;
mod watch;

use super::diagnosis;
use super::draws::Draws;
use super::resp::{Reply, array, bulk, error, number, ok, simple};
use super::resp_client::RespClient;
use super::store_run::StoreRun;
use crate::check_context::CheckContext;
use crate::check_error::CheckError;

fn queued() -> Reply {
    simple("QUEUED")
}

/// A store with two clients.
struct Pair {
    store: StoreRun,
    draws: Draws,
    /// The client that sends the transactions.
    client: RespClient,
    /// Another client, which looks at the keys and changes them meanwhile.
    other: RespClient,
}

impl Pair {
    fn expect<T: AsRef<str>>(
        &mut self,
        lines: impl IntoIterator<Item = (T, Reply)>,
    ) -> Result<(), CheckError> {
        self.store.expect_replies(&mut self.client, lines)
    }

    fn expect_from_other<T: AsRef<str>>(
        &mut self,
        lines: impl IntoIterator<Item = (T, Reply)>,
    ) -> Result<(), CheckError> {
        self.store.expect_replies(&mut self.other, lines)
    }
}

/// MULTI, EXEC, DISCARD, WATCH and UNWATCH: commands are queued for one client, and run atomically.
/// EXEC answers EXECABORT after a bad command, and nil if a watched key was touched.
pub(super) fn transaction(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let (mut store, draws) = (StoreRun::start(context)?, Draws::new(context, "transaction"));
    let (client, other) = (store.connect()?, store.connect()?);
    let mut pair = Pair { store, draws, client, other };
    let parts = [
        together,
        discarded,
        aborted,
        watch::touched,
        watch::expired,
        watch::not_touched,
        sessions::not_inherited,
        atomic::atomic,
        many_commands,
    ];
    for part in parts {
        let from = pair.store.run.step_count();
        part(&mut pair)?;
        pair.store.merge_steps(from);
    }
    pair.expect([("EXEC", error("ERR")), ("DISCARD", error("ERR")), ("PING", simple("PONG"))])
}

/// The commands of a transaction run at EXEC, and not before. If a command fails in EXEC, its error
/// is one of the replies.
fn together(pair: &mut Pair) -> Result<(), CheckError> {
    let ([a, word, text], start) = (pair.draws.words(), pair.draws.number(10..=99));
    pair.expect([(format!("SET {word} {text}"), ok()), (format!("GET {a}"), Reply::Nil)])
        .map_err(|error| error.depends_on("get-set"))?;
    pair.expect([
        ("MULTI".to_owned(), ok()),
        (format!("SET {a} {start}"), queued()),
        (format!("INCR {a}"), queued()),
        (format!("INCR {word}"), queued()),
        (format!("GET {a}"), queued()),
    ])?;
    // The other client has no transaction. Its commands run at once.
    pair.expect_from_other([(format!("GET {a}"), Reply::Nil)])
        .map_err(diagnosis::if_answered("runs-at-once"))?;
    pair.expect_from_other([(format!("SET {a} {text}"), ok())])?;
    let sum = (start + 1).to_string();
    let replies = [ok(), number(start + 1), error("ERR"), bulk(&sum)];
    pair.expect([("EXEC".to_owned(), array(replies)), (format!("GET {a}"), bulk(&sum))])?;
    pair.expect_from_other([(format!("GET {a}"), bulk(&sum))])?;
    pair.expect([("MULTI", ok()), ("EXEC", array([]))])
}

/// A transaction may have more than a thousand commands.
fn many_commands(pair: &mut Pair) -> Result<(), CheckError> {
    let ([a], count) = (pair.draws.words(), pair.draws.number(1200..=1500));
    let replies: Vec<_> = (1..=count).map(number).collect();
    let mut lines = vec![("MULTI".to_owned(), ok())];
    lines.extend((0..count).map(|_| (format!("INCR {a}"), queued())));
    lines.push(("EXEC".to_owned(), array(replies)));
    pair.store.expect_pipeline(&mut pair.client, &lines).map_err(diagnosis::of_pipeline)?;
    pair.expect([(format!("GET {a}"), bulk(count.to_string()))])
}

/// DISCARD runs none of the queued commands, and keeps none of them for the next transaction.
fn discarded(pair: &mut Pair) -> Result<(), CheckError> {
    let [a] = pair.draws.words();
    pair.expect([
        ("MULTI".to_owned(), ok()),
        (format!("SET {a} 1"), queued()),
        ("DISCARD".to_owned(), ok()),
        (format!("GET {a}"), Reply::Nil),
    ])?;
    pair.expect([
        ("MULTI".to_owned(), ok()),
        (format!("EXISTS {a}"), queued()),
        ("EXEC".to_owned(), array([number(0)])),
    ])
    .map_err(diagnosis::if_answered("discard-keeps"))
}

/// If a command cannot be queued, EXEC runs none of the other commands.
fn aborted(pair: &mut Pair) -> Result<(), CheckError> {
    let [a, word] = pair.draws.words();
    for bad in ["GET".to_owned(), format!("{word} {a}"), format!("SET {a}")] {
        let from = pair.store.run.step_count();
        pair.expect([
            ("MULTI".to_owned(), ok()),
            (format!("SET {a} 1"), queued()),
            (bad, error("ERR")),
            (format!("SET {a} 2"), queued()),
        ])?;
        pair.expect([("EXEC".to_owned(), error("EXECABORT")), (format!("GET {a}"), Reply::Nil)])
            .map_err(diagnosis::if_answered("exec-despite-error"))?;
        pair.store.merge_steps(from);
    }
    // After DISCARD, the bad command does not abort the next transaction.
    pair.expect([("MULTI", ok()), ("GET", error("ERR")), ("DISCARD", ok())])?;
    // The next transaction is not affected.
    pair.expect([("MULTI", ok()), ("PING", queued()), ("EXEC", array([simple("PONG")]))])?;

    let not_inside = [("MULTI", error("ERR")), ("WATCH a", error("ERR")), ("DISCARD", ok())];
    pair.expect([("MULTI", ok())].into_iter().chain(not_inside))
}
