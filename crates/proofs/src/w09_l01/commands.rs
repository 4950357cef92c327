//! The criteria of single commands: `ping` and `get-set`.

use super::diagnosis;
use super::resp::{Reply, array, bulk, error, number, ok, quoted, simple};
use super::resp_client::RespClient;
use super::store_run::StoreRun;
use crate::check_context::CheckContext;
use crate::check_error::CheckError;
use std::thread;
use std::time::{Duration, Instant};

/// PING and ECHO are answered, both as inline commands and as arrays.
pub(super) fn ping(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut store = StoreRun::start(context)?;
    let mut client = store.connect()?;
    store.expect_replies(
        &mut client,
        [("PING", simple("PONG")), ("PING hello", bulk("hello")), ("ECHO hello", bulk("hello"))],
    )?;
    let cased = [("ping", simple("PONG")), ("Echo hello", bulk("hello"))];
    store.expect_replies(&mut client, cased).map_err(diagnosis::if_answered("upper-case-only"))?;

    // An argument may be empty, and may have any bytes.
    store.expect_reply(&mut client, &[b"ECHO", b""], bulk(""))?;
    store.expect_reply(&mut client, &[b"ECHO", b"\r\n\0\xff"], bulk(b"\r\n\0\xff"))?;

    let inline = [
        ("PING\r\n", simple("PONG")),
        ("  ECHO   hello \r\n", bulk("hello")),
        ("PING\n", simple("PONG")),
    ];
    for (line, wanted) in inline {
        expect_inline(&mut store, &mut client, line, &wanted)
            .map_err(|error| error.with_mistake("arrays-only"))?;
    }
    store.expect_replies(&mut client, [("PING", simple("PONG"))])
}

/// Sends an inline command, as a person types it into nc(1).
fn expect_inline(
    store: &mut StoreRun,
    client: &mut RespClient,
    line: &str,
    wanted: &Reply,
) -> Result<(), CheckError> {
    store.send(client, line.as_bytes())?;
    store.expect_next_reply(client, &quoted(line.as_bytes()), wanted)
}

/// SET, GET, DEL, EXISTS, INCR, APPEND, EXPIRE, TTL, MGET, MSET, KEYS, DBSIZE and FLUSHDB are
/// answered as Redis answers these commands. Keys and values may have any bytes, and values have
/// from 0 bytes to 1 MiB.
pub(super) fn get_set(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut store = StoreRun::start(context)?;
    let mut client = store.connect()?;
    store
        .expect_replies(&mut client, [("SET mortal yes", ok()), ("EXPIRE mortal 1", number(1))])?;
    let due = Instant::now() + SECOND;

    // Check the other commands before the key `mortal` expires.
    for part in [strings, numbers, several_keys, any_bytes, times] {
        let from = store.run.step_count();
        part(&mut store, &mut client)?;
        store.merge_steps(from);
    }
    expect_expired(&mut store, &mut client, due)?;
    patterns(&mut store, &mut client)
}

fn strings(store: &mut StoreRun, client: &mut RespClient) -> Result<(), CheckError> {
    store.expect_replies(
        client,
        [
            ("GET color", Reply::Nil),
            ("SET color red", ok()),
            ("GET color", bulk("red")),
            ("SET color blue", ok()),
            ("GET color", bulk("blue")),
            ("GET COLOR", Reply::Nil),
            ("EXISTS color", number(1)),
            ("EXISTS color nothing color", number(2)),
            ("APPEND color berry", number(9)),
            ("GET color", bulk("blueberry")),
            ("APPEND fresh start", number(5)),
            ("GET fresh", bulk("start")),
            ("DEL color nothing fresh color", number(2)),
            ("DEL color", number(0)),
            ("EXISTS color", number(0)),
            ("GET color", Reply::Nil),
        ],
    )
}

fn numbers(store: &mut StoreRun, client: &mut RespClient) -> Result<(), CheckError> {
    store.expect_replies(
        client,
        [
            ("INCR count", number(1)),
            ("INCR count", number(2)),
            ("GET count", bulk("2")),
            ("SET count -1", ok()),
            ("INCR count", number(0)),
            ("SET count 9223372036854775806", ok()),
            ("INCR count", number(i64::MAX)),
            ("INCR count", error("ERR")),
            ("GET count", bulk("9223372036854775807")),
            ("SET count word", ok()),
            ("INCR count", error("ERR")),
            ("SET count 1.5", ok()),
            ("INCR count", error("ERR")),
            ("SET count 9223372036854775808", ok()),
            ("INCR count", error("ERR")),
            ("DEL count", number(1)),
        ],
    )
}

fn several_keys(store: &mut StoreRun, client: &mut RespClient) -> Result<(), CheckError> {
    store.expect_replies(
        client,
        [
            ("MSET a 1 b 2 a 3", ok()),
            ("MGET a b", array([bulk("3"), bulk("2")])),
            ("MGET b nothing b", array([bulk("2"), Reply::Nil, bulk("2")])),
            ("MSET a 4 b", error("ERR")),
            ("GET a", bulk("3")),
            ("DEL a b", number(2)),
        ],
    )
}

/// Keys and values may have any bytes. A value may have from 0 bytes to 1 MiB.
fn any_bytes(store: &mut StoreRun, client: &mut RespClient) -> Result<(), CheckError> {
    let all: Vec<u8> = (0..=255).collect();
    let long = all.repeat(4096);
    for value in [&b""[..], b"\0", b"a\0b", b"\r\n", b"+OK\r\n$3\r\n", &all, &long[1..], &long] {
        for key in [&b"key"[..], b"a\0\r\nb \xff"] {
            store.expect_reply(client, &[b"SET", key, value], ok())?;
            store.expect_reply(client, &[b"GET", key], bulk(value))?;
        }
    }
    store.expect_reply(client, &[b"DEL", b"a"], number(0))?;
    store.expect_reply(client, &[b"DEL", b"key", b"a\0\r\nb \xff"], number(2))
}

const SECOND: Duration = Duration::from_secs(1);
/// A server whose clock counts whole seconds may expire a key this much later than asked.
const MAX_DELAY: Duration = Duration::from_millis(1100);

fn times(store: &mut StoreRun, client: &mut RespClient) -> Result<(), CheckError> {
    let left = "a number from 90 to 100";
    let is_left = |got: &Reply| matches!(got, Reply::Integer(90..=100));
    store.expect_replies(
        client,
        [
            ("TTL key", number(-2)),
            ("EXPIRE key 100", number(0)),
            ("SET key value", ok()),
            ("TTL key", number(-1)),
            ("EXPIRE key 100", number(1)),
        ],
    )?;
    store.expect_reply_that(client, &[b"TTL", b"key"], left, is_left)?;
    store.expect_replies(client, [("APPEND key s", number(6)), ("GET key", bulk("values"))])?;
    store.expect_reply_that(client, &[b"TTL", b"key"], left, is_left)?;
    store.expect_replies(
        client,
        [
            ("SET key value", ok()),
            ("TTL key", number(-1)),
            ("EXPIRE key 0", number(1)),
            ("GET key", Reply::Nil),
            ("SET key value", ok()),
            ("EXPIRE key -1", number(1)),
            ("EXISTS key", number(0)),
            ("TTL key", number(-2)),
            ("SET key 1", ok()),
            ("EXPIRE key soon", error("ERR")),
            ("EXPIRE key 100", number(1)),
            ("INCR key", number(2)),
        ],
    )?;
    store.expect_reply_that(client, &[b"TTL", b"key"], left, is_left)
}

/// Checks that the key `mortal` has expired. Its time to live was one second, and no command has
/// used the key since then.
fn expect_expired(
    store: &mut StoreRun,
    client: &mut RespClient,
    due: Instant,
) -> Result<(), CheckError> {
    store.run.step("the key mortal was to expire after a second, which is over");
    // When a key expires, the server does nothing that can be observed. Therefore the check waits
    // for the clock.
    thread::sleep(due.saturating_duration_since(Instant::now()));
    loop {
        let (from, is_late) = (store.run.step_count(), Instant::now() >= due + MAX_DELAY);
        match store.request(client, &[b"GET", b"mortal"], "nil")? {
            Reply::Bulk(_) if !is_late => store.merge_steps(from),
            Reply::Nil => return Ok(()),
            got => return Err(store.wrong_reply("GET mortal", "nil", &got, Some("never-expires"))),
        }
    }
}

fn patterns(store: &mut StoreRun, client: &mut RespClient) -> Result<(), CheckError> {
    store.expect_replies(
        client,
        [
            ("FLUSHDB", ok()),
            ("DBSIZE", number(0)),
            ("KEYS *", array([])),
            ("MSET hello 1 hallo 2 hxllo 3 hllo 4 heeello 5 h*llo 6", ok()),
            ("DBSIZE", number(6)),
        ],
    )?;
    let patterns: [(&[u8], &[&str]); 7] = [
        (b"*", &["h*llo", "hallo", "heeello", "hello", "hllo", "hxllo"]),
        (b"h?llo", &["h*llo", "hallo", "hello", "hxllo"]),
        (b"h*llo", &["h*llo", "hallo", "heeello", "hello", "hllo", "hxllo"]),
        (b"h[ae]llo", &["hallo", "hello"]),
        (b"h[^e]llo", &["h*llo", "hallo", "hxllo"]),
        (b"h[a-f]llo", &["hallo", "hello"]),
        (b"h\\*llo", &["h*llo"]),
    ];
    for (pattern, keys) in patterns {
        let wanted: Vec<_> = keys.iter().map(bulk).collect();
        let text = format!("{}, in any order", array(wanted.clone()));
        let in_order = |got: &Reply| matches!(got, Reply::Array(keys) if sorted(keys) == wanted);
        store.expect_reply_that(client, &[b"KEYS", pattern], &text, in_order)?;
    }
    store.expect_replies(
        client,
        [("FLUSHDB", ok()), ("GET hello", Reply::Nil), ("DBSIZE", number(0))],
    )
}

fn sorted(replies: &[Reply]) -> Vec<Reply> {
    let mut sorted = replies.to_vec();
    sorted.sort_by_key(Reply::to_string);
    sorted
}
