//! Keys whose time is over.

use crate::check_error::CheckError;
use crate::w09_l01::diagnosis::{WRONG_REPLY, if_answered, of_pipeline};
use crate::w09_l01::draws::Draws;
use crate::w09_l01::resp::{Reply, array, bulk, number, ok};
use crate::w09_l01::resp_client::RespClient;
use crate::w09_l01::store_run::StoreRun;
use std::ops::RangeInclusive;
use std::thread;
use std::time::{Duration, Instant};

/// The time between two questions whether a key is gone.
const PAUSE: Duration = Duration::from_millis(1);

/// A key must be gone at most this long after its time, for commands that ask for it.
const MAX_DELAY: Duration = Duration::from_secs(1);

/// DBSIZE must no longer count a key at most this long after the key's time. Redis removes expired
/// keys about ten times a second.
const MAX_COUNTED: Duration = Duration::from_secs(2);

/// The number of keys that expire at the same moment. A store that removes a part of them at a time
/// has not removed all before its next command.
const CROWD: RangeInclusive<i64> = 4000..=5000;

/// The number of commands that ask for one of these keys each.
const ASKED_AT_ONCE: usize = 200;

/// A store that reads its clock once for many commands may expire a key this much too early.
const MARGIN: Duration = Duration::from_millis(10);

/// The longest time that the keys of one attempt get. On a busy machine, shorter times are over
/// before all keys are set.
const LONGEST: Duration = Duration::from_millis(1600);

/// A key that is past its time is gone for every command. A key that got another expiry, or none,
/// stays.
pub(in crate::w09_l01) fn gone_for_every_command(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    let from = store.run.step_count();
    let mut time = Duration::from_millis(draws.number(40..=70) as u64);
    let (keys, last) = loop {
        let (keys, last, since) = (Keys::new(draws), draws.word(), Instant::now());
        let mut lines = keys.lines(time.as_millis());
        // This key gets a longer time. When it is gone, all other keys must be gone, too.
        let last_time = time + Duration::from_millis(20);
        lines.push((format!("SET {last} 1 PX {}", last_time.as_millis()), ok()));
        let set = store.expect_pipeline(client, &lines);
        // If the first key may have expired before the last key was set, a wrong reply proves
        // nothing. Then the check tries again with longer times.
        if has_answered(&set) && since.elapsed() + MARGIN >= time {
            if time >= LONGEST {
                let text = "the machine is too busy to set 40 keys before the first one expires";
                return Err(CheckError::Inconclusive(text.to_owned()));
            }
            *client = store.connect()?;
            store.expect_replies(client, [("FLUSHDB", ok())])?;
            time *= 2;
            continue;
        }
        set?;
        wait_gone(store, client, &last, since, last_time)?;
        break (keys, last);
    };
    store.merge_steps(from);
    store.run.step(format!("all keys with less time than {last} are past their time"));
    keys.expect_gone(store, client)?;
    keys.expect_kept(store, client)?;
    store.expect_replies(client, [("FLUSHDB", ok())])
}

/// Whether every command was answered, even if with a wrong reply.
fn has_answered(result: &Result<(), CheckError>) -> bool {
    match result {
        Ok(()) => true,
        Err(CheckError::Failed(cause)) => cause.id == WRONG_REPLY,
        Err(_) => false,
    }
}

/// Asks for `key` until it is gone. It was set after `since`, and its time is `time`.
pub(in crate::w09_l01) fn wait_gone(
    store: &mut StoreRun,
    client: &mut RespClient,
    key: &str,
    since: Instant,
    time: Duration,
) -> Result<(), CheckError> {
    let from = store.run.step_count();
    loop {
        let is_late = since.elapsed() >= time + MAX_DELAY;
        let got =
            store.request(client, &[b"EXISTS", key.as_bytes()], ":0, when its time is over")?;
        let is_early = since.elapsed() < time / 2;
        let millis = time.as_millis();
        match got {
            Reply::Integer(0) if !is_early => return Ok(()),
            Reply::Integer(1) if !is_late => store.run.merge_steps(
                from,
                format!("{} asked EXISTS {key} until its {millis} ms were over", client.name()),
            ),
            Reply::Integer(1) => {
                let request = format!("EXISTS {key}, a second after its {millis} ms,");
                return Err(store.wrong_reply(&request, ":0", &got, Some("never-expires")));
            }
            got => {
                let request = format!("EXISTS {key}, before half of its {millis} ms were over,");
                return Err(store.wrong_reply(&request, ":1", &got, None));
            }
        }
        thread::sleep(PAUSE);
    }
}

/// DBSIZE soon stops counting keys that are past their time, although no command asks for them.
pub(in crate::w09_l01) fn not_counted(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    let ([kept, value], count) = (draws.words(), draws.number(2..=6));
    let time = Duration::from_millis(draws.number(20..=40) as u64);
    let mut lines = vec![("FLUSHDB".to_owned(), ok()), (format!("SET {kept} {value}"), ok())];
    for _ in 0..count {
        lines.push((format!("SET {} {value} PX {}", draws.word(), time.as_millis()), ok()));
    }
    // A time of 0 removes the key, also if no command asks for it.
    let removed = draws.word();
    lines.push((format!("SET {removed} {value}"), ok()));
    lines.push((format!("EXPIRE {removed} 0"), number(1)));
    store.expect_pipeline(client, &lines)?;
    let (since, from) = (Instant::now(), store.run.step_count());
    loop {
        let is_late = since.elapsed() >= time + MAX_COUNTED;
        let got = store.request(client, &[b"DBSIZE"], ":1, soon after the other keys expire")?;
        match got {
            Reply::Integer(1) => break,
            Reply::Integer(2..) if !is_late => store
                .run
                .merge_steps(from, format!("{} asked DBSIZE again and again", client.name())),
            got => {
                let request = format!(
                    "DBSIZE, {} s after the time of {} keys,",
                    MAX_COUNTED.as_secs(),
                    count + 1
                );
                let row = matches!(got, Reply::Integer(2..)).then_some("never-removed");
                return Err(store.wrong_reply(&request, ":1", &got, row));
            }
        }
        thread::sleep(PAUSE);
    }
    store.expect_replies(client, [(format!("GET {kept}"), bulk(value))])
}

/// When the server goes on after a pause, thousands of keys are past their time at the same moment.
/// All of them are gone for the next commands. Each command asks for keys of its own, so that no
/// other command has removed them.
pub(in crate::w09_l01) fn gone_all_at_once(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    let (name, value, count) = (draws.word(), draws.number(10..=99), draws.number(CROWD));
    let time = Duration::from_millis(draws.number(100..=130) as u64);
    let key = |number: i64| format!("{name}-{number}");
    let set = |number| (format!("SET {} {value} PX {}", key(number), time.as_millis()), ok());
    store.expect_pipeline(client, &(0..count).map(set).collect::<Vec<_>>()).map_err(of_pipeline)?;

    let paused = Instant::now();
    store.run.step("the server was stopped (SIGSTOP), until all keys were past their time");
    if store.run.server.pause().is_err() {
        return Ok(()); // the program has ended, which another criterion explains
    }
    thread::sleep((time + PAUSE).saturating_sub(paused.elapsed()));
    let mut numbers: Vec<_> = (0..count).collect();
    draws.shuffle(&mut numbers);
    let mut lines: Vec<_> =
        numbers.iter().take(ASKED_AT_ONCE).map(|&it| ask(it, &key(it))).collect();
    draws.shuffle(&mut lines);
    store.send_pipeline(client, &lines)?;
    store.run.step("the server was continued (SIGCONT)");
    if store.run.server.resume().is_err() {
        return Ok(());
    }
    store.expect_answers(client, &lines).map_err(if_answered("never-expires"))
}

/// One of the commands that must not see `key` after its time, and its reply. Different numbers give
/// different commands.
fn ask(number_of_key: i64, key: &str) -> (String, Reply) {
    match number_of_key % 10 {
        0 => (format!("EXISTS {key}"), number(0)),
        1 => (format!("TTL {key}"), number(-2)),
        2 => (format!("DEL {key}"), number(0)),
        3 => (format!("MGET {key}"), array([Reply::Nil])),
        4 => (format!("INCR {key}"), number(1)),
        5 => (format!("APPEND {key} 1"), number(1)),
        6 => (format!("SET {key} 1 NX"), ok()),
        7 => (format!("SET {key} 1 XX"), Reply::Nil),
        8 => (format!("EXPIRE {key} 100"), number(0)),
        _ => (format!("GET {key}"), Reply::Nil),
    }
}

/// The keys of one attempt.
struct Keys {
    /// The start of all keys that must expire.
    gone: String,
    /// The start of all keys that must stay.
    kept: String,
    value: String,
}

impl Keys {
    fn new(draws: &mut Draws) -> Self {
        let [gone, kept, value] = draws.words();
        Self { gone, kept, value }
    }

    /// The commands that set the keys, and their replies. `time` is the time of each key that
    /// expires, in milliseconds.
    fn lines(&self, time: u128) -> Vec<(String, Reply)> {
        let Self { gone, kept, value } = self;
        let length = |text: &str| number((text.len() * 2) as i64);
        let mut lines = vec![
            // FLUSHDB removes the expiry of a key as well as the key.
            (format!("SET {kept}-flushed {value} PX {time}"), ok()),
            ("FLUSHDB".to_owned(), ok()),
            (format!("SET {kept}-flushed {value}"), ok()),
        ];
        // Keys for one command each.
        for command in ASKED {
            lines.push((format!("SET {gone}-{command} 5 PX {time}"), ok()));
        }
        lines.extend([
            // These changes do not touch the expiry.
            (format!("SET {gone}-keepttl {value} PX {time}"), ok()),
            (format!("SET {gone}-keepttl {value} KEEPTTL"), ok()),
            (format!("SET {gone}-changed 5 PX {time}"), ok()),
            (format!("INCR {gone}-changed"), number(6)),
            (format!("SET {gone}-longer {value} PX {time}"), ok()),
            (format!("APPEND {gone}-longer {value}"), length(value)),
            (format!("SET {gone}-sooner {value} EX 100"), ok()),
            (format!("PEXPIRE {gone}-sooner {time}"), number(1)),
            // These changes remove the expiry, or replace it by a later one.
            (format!("SET {kept}-set {value} PX {time}"), ok()),
            (format!("SET {kept}-set {value}"), ok()),
            (format!("SET {kept}-mset {value} PX {time}"), ok()),
            (format!("MSET {kept}-mset {value}"), ok()),
            (format!("SET {kept}-del {value} PX {time}"), ok()),
            (format!("DEL {kept}-del"), number(1)),
            (format!("SET {kept}-del {value}"), ok()),
            (format!("SET {kept}-persist {value} PX {time}"), ok()),
            (format!("PERSIST {kept}-persist"), number(1)),
            (format!("SET {kept}-expire {value} PX {time}"), ok()),
            (format!("EXPIRE {kept}-expire 100"), number(1)),
        ]);
        lines
    }

    fn expect_gone(&self, store: &mut StoreRun, client: &mut RespClient) -> Result<(), CheckError> {
        let Self { gone, value, .. } = self;
        store
            .expect_replies(
                client,
                [
                    (format!("GET {gone}-get"), Reply::Nil),
                    (format!("EXISTS {gone}-exists"), number(0)),
                    (format!("TTL {gone}-ttl"), number(-2)),
                    (format!("PTTL {gone}-pttl"), number(-2)),
                    (format!("INCR {gone}-incr"), number(1)),
                    (format!("APPEND {gone}-append {value}"), number(value.len() as i64)),
                    (format!("MGET {gone}-mget"), array([Reply::Nil])),
                    (format!("DEL {gone}-del"), number(0)),
                    (format!("EXPIRE {gone}-expire 100"), number(0)),
                    (format!("PERSIST {gone}-persist"), number(0)),
                    (format!("SET {gone}-nx {value} NX"), ok()),
                    (format!("SET {gone}-xx {value} XX"), Reply::Nil),
                    (format!("GET {gone}-keepttl"), Reply::Nil),
                    (format!("GET {gone}-sooner"), Reply::Nil),
                ],
            )
            .map_err(if_answered("never-expires"))?;
        store
            .expect_replies(
                client,
                [
                    (format!("GET {gone}-changed"), Reply::Nil),
                    (format!("GET {gone}-longer"), Reply::Nil),
                ],
            )
            .map_err(if_answered("change-drops-ttl"))?;
        // KEYS last, and with keys of its own: it may remove all keys that are past their time.
        store
            .expect_replies(client, [(format!("KEYS {gone}-listed*"), array([]))])
            .map_err(if_answered("keys-shows-expired"))?;
        // The new values of these keys do not expire.
        let new =
            [(format!("TTL {gone}-incr"), number(-1)), (format!("TTL {gone}-nx"), number(-1))];
        store.expect_replies(client, new)
    }

    fn expect_kept(&self, store: &mut StoreRun, client: &mut RespClient) -> Result<(), CheckError> {
        let Self { kept, value, .. } = self;
        for change in ["set", "mset", "del", "persist", "expire", "flushed"] {
            store
                .expect_replies(client, [(format!("GET {kept}-{change}"), bulk(value))])
                .map_err(if_answered("dies-of-old-ttl"))?;
        }
        Ok(())
    }
}

/// The commands, and SET's options, that must not see a key after its time.
const ASKED: [&str; 13] = [
    "get", "exists", "ttl", "pttl", "incr", "append", "mget", "del", "expire", "persist", "nx",
    "xx", "listed",
];
