//! WATCH: EXEC runs nothing if a watched key was touched since.

use super::{Pair, queued};
use crate::check_error::CheckError;
use crate::w09_l01::diagnosis::if_answered;
use crate::w09_l01::expiry::wait_gone;
use crate::w09_l01::resp::{Reply, array, bulk, error, number, ok};
use std::time::{Duration, Instant};

/// Commands that touch the watched key `a`, and the row of a server that does not notice it.
struct Touch {
    row: Option<&'static str>,
    /// The state of the key before WATCH.
    before: Vec<(String, Reply)>,
    /// What the other client sends after WATCH.
    touch: Vec<(String, Reply)>,
}

/// If a watched key was touched, EXEC runs nothing and answers nil.
pub(super) fn touched(pair: &mut Pair) -> Result<(), CheckError> {
    let [a, b, word] = pair.draws.words();
    let (old, new) = (pair.draws.number(10..=99), pair.draws.number(100..=999));
    let is_set = || vec![(format!("SET {a} {old}"), ok())];
    let touch = |row, before, touch| Touch { row: Some(row), before, touch };

    // A new value first: a server that misses this change misses every change.
    let set = touch("watch-ignored", is_set(), vec![(format!("SET {a} {new}"), ok())]);
    expect_nil(pair, &a, &set)?;
    let mut set_again = [
        touch("watch-compares", is_set(), vec![(format!("SET {a} {old}"), ok())]),
        touch(
            "watch-compares",
            is_set(),
            vec![(format!("SET {a} {new}"), ok()), (format!("SET {a} {old}"), ok())],
        ),
        touch(
            "watch-compares",
            is_set(),
            vec![(format!("DEL {a}"), number(1)), (format!("SET {a} {old}"), ok())],
        ),
    ];
    let timed = || vec![(format!("SET {a} {old} EX 500"), ok())];
    let mut expiries = [
        touch("watch-misses-expire", is_set(), vec![(format!("EXPIRE {a} {new}"), number(1))]),
        touch("watch-misses-expire", is_set(), vec![(format!("PEXPIRE {a} {new}00"), number(1))]),
        touch("watch-misses-expire", timed(), vec![(format!("PERSIST {a}"), number(1))]),
        touch("watch-misses-expire", is_set(), vec![(format!("EXPIRE {a} 0"), number(1))]),
    ];
    let length = old.to_string().len() + word.len();
    let mut others = vec![
        touch(
            "watch-ignored",
            is_set(),
            vec![(format!("APPEND {a} {word}"), number(length as i64))],
        ),
        touch("watch-ignored", is_set(), vec![(format!("INCR {a}"), number(old + 1))]),
        touch("watch-ignored", is_set(), vec![(format!("DEL {a}"), number(1))]),
        touch("watch-ignored", is_set(), vec![(format!("MSET {b} {new} {a} {new}"), ok())]),
        touch("watch-ignored", is_set(), vec![("FLUSHDB".to_owned(), ok())]),
        touch("watch-ignored", vec![], vec![(format!("SET {a} {new}"), ok())]),
    ];
    // A server that compares values misses an expiry, too. Therefore these changes come first.
    // This write adds nothing, and counts all the same. No row names this fault.
    let append = vec![(format!("APPEND {a} "), number(old.to_string().len() as i64))];
    let mut empty = [Touch { row: None, before: is_set(), touch: append }];
    for group in [&mut set_again[..], &mut expiries, &mut others, &mut empty] {
        pair.draws.shuffle(group);
        for touch in group {
            expect_nil(pair, &a, touch)?;
        }
    }

    // A change that the client itself makes before MULTI counts, too.
    pair.expect([
        (format!("WATCH {a}"), ok()),
        (format!("SET {a} {new}"), ok()),
        ("MULTI".to_owned(), ok()),
        (format!("GET {a}"), queued()),
    ])?;
    pair.expect([("EXEC", Reply::Nil)]).map_err(if_answered("watch-others-only"))?;

    // A second WATCH of the same key does not forget a change since the first.
    pair.expect([(format!("WATCH {a}"), ok())])?;
    pair.expect_from_other([(format!("SET {a} {new}"), ok())])?;
    pair.expect([
        (format!("WATCH {b} {a}"), ok()),
        ("MULTI".to_owned(), ok()),
        (format!("GET {a}"), queued()),
        ("EXEC".to_owned(), Reply::Nil),
    ])
}

/// Watches `a`, lets the other client touch it, and checks that EXEC answers nil.
fn expect_nil(pair: &mut Pair, a: &str, touch: &Touch) -> Result<(), CheckError> {
    let [second, won] = pair.draws.words();
    let from = pair.store.run.step_count();
    pair.expect([("FLUSHDB", ok())])?;
    pair.expect(touch.before.iter().cloned())?;
    pair.expect([(format!("WATCH {second} {a}"), ok()), ("MULTI".to_owned(), ok())])?;
    pair.expect([(format!("SET {won} 1"), queued())])?;
    pair.expect_from_other(touch.touch.iter().cloned())?;
    pair.expect([("EXEC".to_owned(), Reply::Nil), (format!("GET {won}"), Reply::Nil)])
        .map_err(if_answered(touch.row))?;
    pair.store.merge_steps(from);
    Ok(())
}

/// If a watched key expires, EXEC answers nil, although no command has touched the key.
pub(super) fn expired(pair: &mut Pair) -> Result<(), CheckError> {
    let [a, later, won] = pair.draws.words();
    let mut time = Duration::from_millis(pair.draws.number(30..=50) as u64);
    loop {
        let since = Instant::now();
        let millis = time.as_millis();
        pair.expect([(format!("SET {a} 1 PX {millis}"), ok()), (format!("WATCH {a}"), ok())])?;
        // If the key may have expired before WATCH, try again with a longer time.
        if since.elapsed() * 2 > time && time < Duration::from_secs(2) {
            pair.expect([("UNWATCH", ok())])?;
            time *= 2;
            continue;
        }
        pair.expect([("MULTI".to_owned(), ok()), (format!("SET {won} 1"), queued())])?;
        let last = time + Duration::from_millis(20);
        let set = format!("SET {later} 1 PX {}", last.as_millis());
        let set_since = Instant::now();
        pair.expect_from_other([(set, ok())])?;
        wait_gone(&mut pair.store, &mut pair.other, &later, set_since, last)?;
        return pair
            .expect([("EXEC".to_owned(), Reply::Nil), (format!("GET {won}"), Reply::Nil)])
            .map_err(if_answered("watch-misses-time"));
    }
}

/// EXEC, DISCARD and UNWATCH end a watch, whatever they answer. A command that reads a watched key does not touch it.
pub(super) fn not_touched(pair: &mut Pair) -> Result<(), CheckError> {
    let ([a, b], value) = (pair.draws.words(), pair.draws.number(10..=99));
    let exec = || {
        [
            ("MULTI".to_owned(), ok()),
            (format!("GET {a}"), queued()),
            ("EXEC".to_owned(), array([bulk(value.to_string())])),
        ]
    };
    let set = || [(format!("SET {a} {value}"), ok())];
    let watch = || [(format!("WATCH {a}"), ok())];
    pair.expect(set().into_iter().chain(watch()))?;
    pair.expect_from_other([
        (format!("GET {a}"), bulk(value.to_string())),
        (format!("EXISTS {a}"), number(1)),
        (format!("TTL {a}"), number(-1)),
        (format!("SET {b} 9"), ok()),
        // NX prevents the change.
        (format!("SET {a} 9 NX"), Reply::Nil),
        ("SET WATCH 9".to_owned(), ok()),
    ])?;
    pair.expect(exec())?;

    pair.expect(watch())?;
    pair.expect([(format!("SET {a} 0"), ok()), ("UNWATCH".to_owned(), ok())])?;
    pair.expect_from_other(set())?;
    pair.expect(exec())?;

    pair.expect(watch())?;
    pair.expect([("MULTI", ok()), ("DISCARD", ok())])?;
    pair.expect_from_other(set())?;
    pair.expect(exec())?;

    // The last EXEC has ended the watch.
    pair.expect_from_other(set())?;
    pair.expect(exec())?;

    // An EXEC that is refused because of a bad command ends the watch, too.
    pair.expect(watch())?;
    pair.expect([("MULTI", ok()), ("GET", error("ERR")), ("EXEC", error("EXECABORT"))])?;
    pair.expect_from_other(set())?;
    pair.expect(exec())
}
