//! Checks that every sequence of commands gets the same replies as from Redis, byte for byte.
//!
//! The tests need redis-server. If redis-server is not installed, the tests print that they are
//! skipped, and pass.

use kv_store::reply::Reply;
use kv_store::service::Service;
use kv_store::session::Session;
use proptest::prelude::*;
use proptest::sample::select;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

type Words = Vec<Vec<u8>>;

/// The number of clients of each server: with two clients, one client can change a key that the
/// other client watches.
const CLIENTS: usize = 2;

#[test]
fn every_reply_is_that_of_redis() {
    let Some(redis) = Redis::start(&[]) else {
        return eprintln!("skipped: redis-server is not installed");
    };
    compare(&redis, None, &prop::collection::vec(step(), 1..60));
}

#[test]
fn every_reply_is_that_of_redis_with_a_password() {
    let Some(redis) = Redis::start(&["--requirepass", "secret"]) else {
        return eprintln!("skipped: redis-server is not installed");
    };
    let secret = Some(b"secret".to_vec());
    compare(&redis, secret, &prop::collection::vec(prop_oneof![login(), step()], 1..30));
}

#[test]
fn malformed_input_is_refused_as_redis_refuses_it() {
    let Some(redis) = Redis::start(&[]) else {
        return eprintln!("skipped: redis-server is not installed");
    };
    for input in MALFORMED {
        let mut theirs = Vec::new();
        let mut client = redis.connect();
        client.write_all(input).unwrap();
        client.read_to_end(&mut theirs).unwrap();

        let mut service = Service::new(None);
        let (mut session, mut reply) = (service.begin_session(), Reply::default());
        service.feed(&mut session, input, &mut reply);
        assert_eq!(shown(reply.bytes()), shown(&theirs), "{}", shown(input));
        assert!(session.close_after_reply);
    }
}

const MALFORMED: [&[u8]; 12] = [
    b"*1\r\n$-5\r\nPING\r\n",
    b"*one\r\n",
    b"*01\r\n",
    b"*2147483648\r\n",
    b"*1\r\n:4\r\nPING\r\n",
    b"*1\r\n*1\r\n$4\r\nPING\r\n",
    b"*1\r\n$four\r\n",
    b"*1\r\n$536870913\r\n",
    b"*1\r\n$99999999999999999999\r\n",
    b"ECHO \"a\r\n",
    b"ECHO 'a'b\r\n",
    b"PING\r\n*0\r\n*-1\r\n\r\n*1\r\n$4\r\nQUIT\r\nPING\r\n",
];

fn compare(redis: &Redis, password: Option<Vec<u8>>, steps: &impl Strategy<Value = Vec<Step>>) {
    let config = ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() };
    proptest!(config, |(steps in steps)| {
        let mut theirs = redis.clients(password.as_deref());
        let mut service = Service::new(password.clone());
        let mut ours: Vec<_> = (0..CLIENTS).map(|_| service.begin_session()).collect();
        for (client, words) in steps {
            let expected = ask_redis(&mut theirs[client], &words);
            let got = ask(&mut service, &mut ours[client], &words);
            prop_assert_eq!(shown(&got), shown(&expected), "{:?}", shown(&encode(&words)));
        }
    });
}

type Step = (usize, Words);

/// One of a few keys. Because there are only a few keys, commands often use the same key.
fn key() -> impl Strategy<Value = Vec<u8>> {
    select(vec![&b"a"[..], b"b", b"list", b"\r\n\0", b"", b"hello"]).prop_map(<[u8]>::to_vec)
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    let chosen = [
        &b""[..],
        b"0",
        b"1",
        b"-1",
        b"007",
        b"+1",
        b" 1",
        b"1.5",
        b"9223372036854775807",
        b"-9223372036854775808",
        b"9223372036854775808",
        b"word",
        b"\0\xff\r\n",
        b"300",
        b"100000",
        b"nx",
        b"XX",
        b"get",
        b"EX",
        b"px",
        b"KEEPTTL",
        b"gt",
        b"LT",
        b"*",
        b"h?llo",
        b"[^a]",
        b"[a-b]*",
        b"\\a",
        b"[",
        b"[^",
        b"[]",
        b"a*b",
    ];
    let chosen = select(chosen.to_vec()).prop_map(<[u8]>::to_vec);
    prop_oneof![4 => chosen, 1 => prop::collection::vec(any::<u8>(), 0..8)]
}

fn step() -> impl Strategy<Value = Step> {
    (0..CLIENTS, prop_oneof![12 => command(), 3 => set(), 3 => expire(), 1 => nonsense()])
}

/// Commands whose replies depend only on the keys, not on the current time. Commands with a time
/// get times far in the future.
const NAMES: [&str; 47] = [
    "ping", "Echo", "GET", "SET", "SETNX", "GETSET", "MGET", "MSET", "APPEND", "STRLEN", "INCR",
    "DECR", "INCRBY", "DECRBY", "DEL", "EXISTS", "TYPE", "DBSIZE", "FLUSHDB", "FLUSHALL", "EXPIRE",
    "PEXPIRE", "TTL", "PERSIST", "SETEX", "PSETEX", "LPUSH", "RPUSH", "LPOP", "RPOP", "LLEN",
    "LRANGE", "MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH", "EXEC", "MULTI", "WATCH", "SET",
    "SET", "GET", "EXPIRE", "KEYS", "SELECT", "RESET",
];

fn command() -> impl Strategy<Value = Words> {
    let words = prop_oneof![key(), value()];
    let loose = prop::collection::vec(words, 0..4);
    (select(&NAMES[..]), key(), loose).prop_filter_map("KEYS needs a pattern", |parts| {
        let (name, key, rest) = parts;
        let mut words = vec![name.as_bytes().to_vec()];
        match name {
            "MULTI" | "DISCARD" | "UNWATCH" | "DBSIZE" | "RESET" => {}
            // Now and then EXEC gets an argument, which is wrong.
            "EXEC" => words.extend(rest.into_iter().skip(2).take(1)),
            "KEYS" => words.push(rest.first()?.clone()),
            "SELECT" => words.push(b"0".to_vec()),
            "FLUSHDB" | "FLUSHALL" => words.extend(rest.into_iter().take(1)),
            _ => words.extend([vec![key], rest].concat()),
        }
        Some(words)
    })
}

/// SET with up to three options that are sometimes right, and sometimes repeated or wrong.
fn set() -> impl Strategy<Value = Words> {
    let options = ["NX", "xx", "GET", "KEEPTTL", "EX 100", "EX 200", "px 300000", "EX 0", "EX"];
    let options = prop::collection::vec(select(options.to_vec()), 0..4);
    (key(), value(), options).prop_map(|(key, value, options)| {
        let options = options.iter().flat_map(|option| option.split(' ')).map(Vec::from);
        [b"SET".to_vec(), key, value].into_iter().chain(options).collect()
    })
}

/// EXPIRE with up to two conditions. Two times are hardly ever the same: the replies would depend on
/// milliseconds.
fn expire() -> impl Strategy<Value = Words> {
    let conditions = prop::collection::vec(select(vec!["NX", "XX", "gt", "LT"]), 0..3);
    let times = (1..100_000_000i64).prop_map(|time: i64| if time % 10 == 0 { -time } else { time });
    (key(), times, conditions).prop_map(|(key, time, conditions): (_, i64, Vec<&str>)| {
        let conditions = conditions.into_iter().map(Vec::from);
        [b"EXPIRE".to_vec(), key, time.to_string().into_bytes()]
            .into_iter()
            .chain(conditions)
            .collect()
    })
}

fn nonsense() -> impl Strategy<Value = Words> {
    let name = select(vec!["nothing", "GETS", "", "no such"]).prop_map(Vec::from);
    (name, prop::collection::vec("[a-z ]{0,60}".prop_map(String::into_bytes), 0..5))
        .prop_map(|(name, rest)| [vec![name], rest].concat())
}

fn login() -> impl Strategy<Value = Step> {
    let words = select(vec![
        "AUTH secret",
        "AUTH default secret",
        "AUTH nobody secret",
        "AUTH guess",
        "AUTH",
        "AUTH a b c",
        "RESET",
        "HELLO 9",
        "HELLO x",
        "NOTHING",
        "GET",
        "MULTI",
        "EXEC",
    ]);
    (0..CLIENTS, words.prop_map(|line| line.split(' ').map(Vec::from).collect()))
}

fn encode(words: &Words) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend(format!("${}\r\n", word.len()).into_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

fn ask(service: &mut Service, session: &mut Session, words: &Words) -> Vec<u8> {
    let mut reply = Reply::default();
    service.tick();
    service.feed(session, &encode(words), &mut reply);
    in_order(words, reply.bytes().to_vec())
}

fn ask_redis(client: &mut TcpStream, words: &Words) -> Vec<u8> {
    client.write_all(&encode(words)).unwrap();
    let (mut reply, mut buffer) = (Vec::new(), [0; 4096]);
    while length(&reply) != Some(reply.len()) {
        let count = client.read(&mut buffer).unwrap();
        assert_ne!(count, 0, "redis-server closed the connection");
        reply.extend_from_slice(&buffer[..count]);
    }
    in_order(words, reply)
}

/// The length of the reply at the start of `bytes`; `None` if the reply is incomplete.
fn length(bytes: &[u8]) -> Option<usize> {
    let line = bytes.windows(2).position(|two| two == b"\r\n")? + 2;
    let number = || str::from_utf8(&bytes[1..line - 2]).unwrap().parse::<i64>().unwrap();
    match bytes[0] {
        b'$' if number() >= 0 => {
            Some(line + number() as usize + 2).filter(|end| *end <= bytes.len())
        }
        b'*' => (0..number()).try_fold(line, |at, _| Some(at + length(&bytes[at..])?)),
        _ => Some(line),
    }
}

/// Sorts the bytes of a reply to KEYS, whose order is not defined.
fn in_order(words: &Words, reply: Vec<u8>) -> Vec<u8> {
    if !words[0].eq_ignore_ascii_case(b"KEYS") {
        return reply;
    }
    let mut sorted = reply;
    sorted.sort_unstable();
    sorted
}

fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

/// A redis-server for one test. The process is killed at the end of the test.
struct Redis {
    process: Child,
    port: u16,
}

impl Redis {
    fn start(options: &[&str]) -> Option<Redis> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        let process = command.args(options).stdout(Stdio::null()).spawn().ok()?;
        let redis = Redis { process, port };
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::yield_now();
        }
        Some(redis)
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).unwrap()
    }

    /// Connects clients that have not sent AUTH. The store is empty.
    fn clients(&self, password: Option<&[u8]>) -> Vec<TcpStream> {
        let mut cleaner = self.connect();
        if let Some(password) = password {
            ask_redis(&mut cleaner, &vec![b"AUTH".to_vec(), password.to_vec()]);
        }
        assert_eq!(ask_redis(&mut cleaner, &vec![b"FLUSHALL".to_vec()]), b"+OK\r\n");
        (0..CLIENTS).map(|_| self.connect()).collect()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
