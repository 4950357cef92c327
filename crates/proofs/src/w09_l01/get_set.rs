//! The criterion of strings and numbers: `get-set`.

use super::diagnosis::if_answered;
use super::draws::Draws;
use super::framing::expect_all;
use super::resp::{Reply, array, bulk, command, error, number, ok};
use super::resp_client::RespClient;
use super::store_run::StoreRun;
use crate::check_context::CheckContext;
use crate::check_error::CheckError;

/// SET, GET, DEL, EXISTS, INCR, APPEND, MGET, MSET, KEYS, DBSIZE and FLUSHDB are answered as Redis
/// answers these commands. Keys and values may have any bytes, and values have from 0 bytes to
/// 1 MiB.
pub(super) fn get_set(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let (mut store, mut draws) = (StoreRun::start(context)?, Draws::new(context, "get-set"));
    let mut client = store.connect()?;
    for part in [strings, numbers, no_numbers, several_keys, any_bytes, patterns, read_late] {
        let from = store.run.step_count();
        part(&mut store, &mut client, &mut draws)?;
        store.merge_steps(from);
    }
    Ok(())
}

fn strings(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    let [color, fresh, nothing, red, blue, more] = draws.words();
    let (other_case, long) = (color.to_uppercase(), format!("{blue}{more}"));
    store.expect_replies(
        client,
        [
            (format!("GET {color}"), Reply::Nil),
            (format!("SET {color} {red}"), ok()),
            (format!("GET {color}"), bulk(&red)),
            (format!("SET {color} {blue}"), ok()),
            (format!("GET {color}"), bulk(&blue)),
            (format!("GET {other_case}"), Reply::Nil),
            (format!("EXISTS {color}"), number(1)),
            (format!("EXISTS {color} {nothing} {color}"), number(2)),
            (format!("APPEND {color} {more}"), length(&long)),
            (format!("GET {color}"), bulk(&long)),
            (format!("APPEND {fresh} {red}"), length(&red)),
            (format!("GET {fresh}"), bulk(&red)),
            (format!("DEL {color} {nothing} {fresh} {color}"), number(2)),
            (format!("DEL {color}"), number(0)),
            (format!("EXISTS {color}"), number(0)),
            (format!("GET {color}"), Reply::Nil),
            // A key may have the name of a command, and the name of a command is no key.
            (format!("MSET DEL {red} EXISTS {blue}"), ok()),
            (format!("EXISTS {nothing}"), number(0)),
            (format!("DEL {nothing}"), number(0)),
            (format!("MGET DEL EXISTS {nothing}"), array([bulk(&red), bulk(&blue), Reply::Nil])),
            ("DEL DEL EXISTS".to_owned(), number(2)),
        ],
    )
}

fn length(text: &str) -> Reply {
    number(text.len() as i64)
}

fn numbers(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    let ([count, other], start) = (draws.words(), draws.number(2..=1_000_000_000));
    let sum = start + 1;
    store.expect_replies(
        client,
        [
            (format!("INCR {count}"), number(1)),
            (format!("INCR {count}"), number(2)),
            (format!("GET {count}"), bulk("2")),
            (format!("SET {count} {start}"), ok()),
            (format!("INCR {count}"), number(sum)),
            (format!("GET {count}"), bulk(sum.to_string())),
            (format!("SET {other} -{sum}"), ok()),
            (format!("INCR {other}"), number(-start)),
            (format!("SET {other} -1"), ok()),
            (format!("INCR {other}"), number(0)),
            (format!("SET {other} 9223372036854775806"), ok()),
            (format!("INCR {other}"), number(i64::MAX)),
            (format!("INCR {other}"), error("ERR")),
            (format!("GET {other}"), bulk("9223372036854775807")),
            (format!("SET {other} -9223372036854775808"), ok()),
            (format!("INCR {other}"), number(i64::MIN + 1)),
            (format!("INCR {count}"), number(sum + 1)),
            (format!("DEL {count} {other}"), number(2)),
        ],
    )
}

/// Strings that Redis does not accept as numbers, although many languages do. INCR replies with an
/// error and leaves the string as it was.
fn no_numbers(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    let ([key, word], digits) = (draws.words(), draws.number(10..=999));
    // A server that counts any text as a number fails at the first strings.
    let mut words = vec![word.clone(), format!("{digits}{word}"), format!("{digits}.5")];
    let mut beyond = vec!["9223372036854775808".to_owned(), "-9223372036854775809".to_owned()];
    let mut loose = vec![
        format!(" {digits}"),
        format!("{digits} "),
        format!("+{digits}"),
        format!("0{digits}"),
        format!("{digits}\n"),
        "-0".to_owned(),
    ];
    for group in [&mut words, &mut beyond, &mut loose] {
        draws.shuffle(group);
    }
    let of_row = |group: Vec<String>, row| group.into_iter().map(move |text| (text, row));
    let strings = of_row(words, Some("incr-words"))
        .chain(of_row(vec![String::new()], None))
        .chain(of_row(beyond, None))
        .chain(of_row(loose, Some("loose-numbers")));
    for (text, mistake) in strings {
        store.expect_reply(client, &[b"SET", key.as_bytes(), text.as_bytes()], ok())?;
        // A server that has stored another string has another fault.
        store.expect_replies(client, [(format!("GET {key}"), bulk(&text))])?;
        store
            .expect_replies(client, [(format!("INCR {key}"), error("ERR"))])
            .map_err(if_answered(mistake))?;
        store.expect_replies(client, [(format!("GET {key}"), bulk(&text))])?;
    }
    Ok(())
}

fn several_keys(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    let ([a, b, nothing], [one, two, three]) = (draws.words::<3>(), draws.words::<3>());
    store.expect_replies(
        client,
        [
            (format!("MSET {a} {one} {b} {two} {a} {three}"), ok()),
            (format!("MGET {a} {b}"), array([bulk(&three), bulk(&two)])),
            (format!("MGET {b} {nothing} {b}"), array([bulk(&two), Reply::Nil, bulk(&two)])),
            (format!("MSET {a} {one} {b}"), error("ERR")),
            (format!("GET {a}"), bulk(&three)),
            (format!("DEL {a} {b}"), number(2)),
        ],
    )
}

/// Keys and values may have any bytes. A value may have from 0 bytes to 1 MiB. A length counts
/// bytes, not characters.
fn any_bytes(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    let all: Vec<u8> = (0..=255).collect();
    let (short, middle) = (draws.size(1..=100), draws.size(10_000..=100_000));
    let values = [
        b"".to_vec(),
        b"\0".to_vec(),
        [draws.word().as_bytes(), b"\0", draws.word().as_bytes()].concat(),
        b"\r\n".to_vec(),
        b"+OK\r\n$3\r\n".to_vec(),
        all,
        draws.bytes(short),
        draws.bytes(middle),
        draws.bytes(LARGE),
    ];
    let keys = [draws.word().into_bytes(), [b"\0\r\n \xff", draws.word().as_bytes()].concat()];
    for value in &values {
        for key in &keys {
            store.expect_reply(client, &[b"SET", key, value], ok())?;
            store.expect_reply(client, &[b"GET", key], bulk(value))?;
        }
    }
    store.expect_reply(client, &[b"DEL", &keys[0], &keys[1]], number(2))?;

    // A key may be long. Two long keys that differ only at their ends are different keys.
    let (start, length_of_key) = (draws.word(), draws.size(600..=5000));
    let long = format!("{start}{}", draws.letters(length_of_key));
    let [one, two] = [1, 2].map(|end| format!("{long}{end}"));
    store.expect_replies(
        client,
        [
            (format!("MSET {one} 1 {two} 2"), ok()),
            (format!("MGET {one} {two} {long}"), array([bulk("1"), bulk("2"), Reply::Nil])),
            (format!("DEL {one} {two}"), number(2)),
        ],
    )?;

    // Each of these characters has two bytes in UTF-8.
    let (key, accents) = (draws.word(), "é".repeat(draws.size(5..=50)));
    let whole = format!("{accents}{accents}");
    store.expect_reply(client, &[b"SET", key.as_bytes(), accents.as_bytes()], ok())?;
    let append: [&[u8]; 3] = [b"APPEND", key.as_bytes(), accents.as_bytes()];
    store
        .expect_reply(client, &append, length(&whole))
        .map_err(if_answered("counts-characters"))?;
    store.expect_reply(client, &[b"GET", key.as_bytes()], bulk(&whole))
}

/// KEYS, DBSIZE and FLUSHDB.
fn patterns(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    // All keys begin with the same drawn word.
    let it = draws.word();
    let mut names = ["hello", "hallo", "hxllo", "hllo", "heeello", "h*llo", "aab", "abcbc"];
    draws.shuffle(&mut names);
    let pairs: Vec<_> = names.iter().map(|name| format!("{it}{name} 1")).collect();
    store.expect_replies(
        client,
        [
            ("FLUSHDB".to_owned(), ok()),
            ("DBSIZE".to_owned(), number(0)),
            ("KEYS *".to_owned(), array([])),
            (format!("MSET {}", pairs.join(" ")), ok()),
            ("DBSIZE".to_owned(), number(8)),
        ],
    )?;
    // In "aab" and "abcbc", the text after the star begins more than once.
    let mut patterns: [(String, &[&str]); 11] = [
        ("*".to_owned(), &["aab", "abcbc", "h*llo", "hallo", "heeello", "hello", "hllo", "hxllo"]),
        (format!("{it}hello?"), &[]),
        (format!("{it}h?llo"), &["h*llo", "hallo", "hello", "hxllo"]),
        (format!("{it}h*llo"), &["h*llo", "hallo", "heeello", "hello", "hllo", "hxllo"]),
        (format!("{it}h[ae]llo"), &["hallo", "hello"]),
        (format!("{it}h[^e]llo"), &["h*llo", "hallo", "hxllo"]),
        (format!("{it}h[a-f]llo"), &["hallo", "hello"]),
        (format!("{it}h\\*llo"), &["h*llo"]),
        (format!("{it}hello"), &["hello"]),
        (format!("{it}*ab"), &["aab"]),
        (format!("{it}a*b*c"), &["abcbc"]),
    ];
    draws.shuffle(&mut patterns);
    for (pattern, names) in patterns {
        let wanted: Vec<_> = names.iter().map(|name| bulk(format!("{it}{name}"))).collect();
        let text = format!("{}, in any order", array(wanted.clone()));
        let in_order = |got: &Reply| matches!(got, Reply::Array(keys) if sorted(keys) == wanted);
        store.expect_reply_that(client, &[b"KEYS", pattern.as_bytes()], &text, in_order)?;
    }
    line_breaks(store, client, &it)?;
    many_keys(store, client, draws)?;
    store.expect_replies(
        client,
        [
            ("FLUSHDB".to_owned(), ok()),
            (format!("GET {it}hello"), Reply::Nil),
            ("DBSIZE".to_owned(), number(0)),
        ],
    )
}

/// A line break in a key is a byte like any other: a star takes it in, and a pattern without it does
/// not match.
fn line_breaks(store: &mut StoreRun, client: &mut RespClient, it: &str) -> Result<(), CheckError> {
    let key = format!("{it}\nend\n");
    store.expect_reply(client, &[b"SET", key.as_bytes(), b"1"], ok())?;
    for (pattern, is_found) in [(format!("{it}?end*"), true), (format!("{it}?end"), false)] {
        let found = if is_found { vec![bulk(&key)] } else { Vec::new() };
        store.expect_reply(client, &[b"KEYS", pattern.as_bytes()], array(found))?;
    }
    Ok(())
}

/// KEYS looks at all keys, also at thousands.
fn many_keys(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    let (name, end) = (draws.word(), draws.number(10..=99));
    let pairs: Vec<_> = (1000..3000).map(|number| format!("{name}-{number} 1")).collect();
    store.expect_pipeline(client, &[(format!("MSET {}", pairs.join(" ")), ok())])?;
    let wanted: Vec<_> = (10..30).map(|start| bulk(format!("{name}-{start}{end}"))).collect();
    let text = format!("{}, in any order", array(wanted.clone()));
    let pattern = format!("{name}-??{end}");
    let is_right = |got: &Reply| matches!(got, Reply::Array(keys) if sorted(keys) == wanted);
    store.expect_reply_that(client, &[b"KEYS", pattern.as_bytes()], &text, is_right)
}

fn sorted(replies: &[Reply]) -> Vec<Reply> {
    let mut sorted = replies.to_vec();
    sorted.sort_by_key(Reply::to_string);
    sorted
}

/// The size of one reply. All replies together are larger than the kernel's buffers (tcp(7),
/// tcp_wmem: 4 MiB), and smaller than the memory that a store may use.
const LARGE: usize = 1 << 20;
const LARGE_REPLIES: usize = 8;

/// One small write asks for many large replies. The client reads them late: only after the server
/// has filled the kernel's buffers.
fn read_late(
    store: &mut StoreRun,
    client: &mut RespClient,
    draws: &mut Draws,
) -> Result<(), CheckError> {
    let (key, value) = (draws.word(), draws.bytes(LARGE));
    store.expect_reply(client, &[b"SET", key.as_bytes(), &value], ok())?;
    let name = client.name();
    store.run.step(format!("{name} sent GET {key} {LARGE_REPLIES} times, and read late"));
    client.send(&command(&[b"GET", key.as_bytes()]).repeat(LARGE_REPLIES));
    store.wait_read(client)?;
    let _ = store.run.check_alive();
    expect_all(store, client, &vec![bulk(value); LARGE_REPLIES])
}
