//! TTL and PTTL: the time that a key has left.

use crate::check_error::CheckError;
use crate::w09_l01::diagnosis::if_answered;
use crate::w09_l01::draws::Draws;
use crate::w09_l01::resp::{Reply, number, ok};
use crate::w09_l01::resp_client::RespClient;
use crate::w09_l01::store_run::StoreRun;
use std::ops::RangeInclusive;
use std::time::Instant;

/// The most by which a store's clock may be wrong, in milliseconds: a store may read its clock once
/// for many commands.
const CLOCK_ERROR: i64 = 100;

/// A key whose expiry is set now.
pub(super) struct Timed<'a> {
    key: &'a str,
    millis: i64,
    since: Instant,
}

impl<'a> Timed<'a> {
    /// The key gets `millis` milliseconds with the next command.
    pub(super) fn new(key: &'a str, millis: i64) -> Self {
        Self { key, millis, since: Instant::now() }
    }

    /// The milliseconds that the key can have left now.
    fn left(&self) -> RangeInclusive<i64> {
        let elapsed = self.since.elapsed().as_millis() as i64;
        self.millis - elapsed - CLOCK_ERROR..=self.millis + CLOCK_ERROR
    }
}

/// Asks with PTTL for the time that the key has left.
pub(super) fn expect_left(
    store: &mut StoreRun,
    client: &mut RespClient,
    timed: &Timed<'_>,
) -> Result<(), CheckError> {
    let wanted = format!("about :{} (the milliseconds left)", timed.millis);
    let is_left = |got: &Reply| matches!(got, Reply::Integer(left) if timed.left().contains(left));
    store.expect_reply_that(client, &[b"PTTL", timed.key.as_bytes()], &wanted, is_left)
}

/// Asks with TTL. The reply is in seconds, rounded to the nearest: 1.4 s are 1, 1.6 s are 2.
fn expect_rounded(
    store: &mut StoreRun,
    client: &mut RespClient,
    timed: &Timed<'_>,
) -> Result<(), CheckError> {
    let rounded = |millis: i64| (millis + 500).div_euclid(1000);
    let wanted =
        format!(":{} ({} ms, rounded to the nearest second)", rounded(timed.millis), timed.millis);
    let is_rounded = |got: &Reply| {
        let left = timed.left();
        let range = rounded(*left.start())..=rounded(*left.end());
        matches!(got, Reply::Integer(seconds) if range.contains(seconds))
    };
    store.expect_reply_that(client, &[b"TTL", timed.key.as_bytes()], &wanted, is_rounded)
}

/// FLUSHDB removes the keys with their expiries: a new key of the same name never expires.
pub(super) fn flushed(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    let ([key, word], seconds) = (draws.words(), draws.number(100..=900));
    store.expect_replies(
        client,
        [
            (format!("SET {key} {word} EX {seconds}"), ok()),
            ("FLUSHDB".to_owned(), ok()),
            (format!("APPEND {key} {word}"), number(word.len() as i64)),
            (format!("TTL {key}"), number(-1)),
            (format!("DEL {key}"), number(1)),
        ],
    )
}

/// TTL and PTTL of a missing key, of a key that never expires, and of a key that expires. INCR and
/// APPEND keep the expiry, and PERSIST removes it.
pub(super) fn time_left(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    let ([key, word], count) = (draws.words(), draws.number(10..=99));
    store.expect_replies(
        client,
        [
            (format!("TTL {key}"), number(-2)),
            (format!("PTTL {key}"), number(-2)),
            (format!("PERSIST {key}"), number(0)),
            (format!("EXPIRE {key} 100"), number(0)),
            (format!("SET {key} {count}"), ok()),
            (format!("TTL {key}"), number(-1)),
            (format!("PTTL {key}"), number(-1)),
            (format!("PERSIST {key}"), number(0)),
        ],
    )?;

    // One time is rounded up, and the other time is rounded down.
    for part in [200..=300, 800..=900] {
        let millis = draws.number(100..=900) * 1000 + draws.number(part);
        let timed = Timed::new(&key, millis);
        store.expect_replies(client, [(format!("PEXPIRE {key} {millis}"), number(1))])?;
        expect_left(store, client, &timed)?;
        expect_rounded(store, client, &timed).map_err(if_answered("ttl-rounding"))?;
    }

    let seconds = draws.number(1000..=9000);
    let timed = Timed::new(&key, seconds * 1000);
    let length = (count + 1).to_string().len() + word.len();
    store.expect_replies(client, [(format!("EXPIRE {key} {seconds}"), number(1))])?;
    store.expect_replies(client, [(format!("INCR {key}"), number(count + 1))])?;
    expect_left(store, client, &timed).map_err(if_answered("change-drops-ttl"))?;
    store.expect_replies(client, [(format!("APPEND {key} {word}"), number(length as i64))])?;
    expect_left(store, client, &timed).map_err(if_answered("change-drops-ttl"))?;
    store.expect_replies(
        client,
        [
            (format!("PERSIST {key}"), number(1)),
            (format!("TTL {key}"), number(-1)),
            (format!("PERSIST {key}"), number(0)),
            (format!("DEL {key}"), number(1)),
        ],
    )
}
