//! Tests of the limits on the memory that the server uses for a client.

use kv_store::reply::Reply;
use kv_store::service::{FeedResult, Service};
use kv_store::session::Session;

const MEBIBYTE: usize = 1 << 20;

struct Client {
    service: Service,
    session: Session,
    reply: Reply,
}

impl Client {
    fn new(password: Option<&[u8]>) -> Client {
        let mut service = Service::new(password.map(<[u8]>::to_vec));
        let session = service.begin_session();
        Client { service, session, reply: Reply::default() }
    }

    fn feed(&mut self, input: &[u8]) -> FeedResult {
        self.service.feed(&mut self.session, input, &mut self.reply)
    }

    /// Returns the replies to this `input`.
    fn ask(&mut self, input: &[u8]) -> String {
        self.reply.clear();
        assert_eq!(self.feed(input), FeedResult::Done);
        self.reply.bytes().escape_ascii().to_string()
    }

    fn buffer_capacity(&self) -> usize {
        self.session.buffer.as_ref().map_or(0, |buffer| buffer.bytes.capacity())
    }

    fn with_a_large_value() -> Client {
        let mut client = Client::new(None);
        client.feed(format!("*3\r\n$3\r\nSET\r\n$5\r\nlarge\r\n${MEBIBYTE}\r\n").as_bytes());
        client.feed(&vec![b'x'; MEBIBYTE]);
        assert_eq!(client.ask(b"\r\n"), r"+OK\r\n");
        client.reply.clear();
        client
    }
}

#[test]
fn a_whole_command_leaves_no_buffer() {
    let mut client = Client::new(None);
    client.feed(b"*1\r\n$4\r\nPI");
    assert!(client.buffer_capacity() > 0);
    client.feed(b"NG\r\n");
    assert!(client.session.buffer.is_none());
    client.feed(b"PING\r\nPING\r\nPI");
    assert_eq!(client.buffer_capacity(), 2);
}

#[test]
fn an_announced_length_takes_no_memory() {
    let mut client = Client::new(None);
    client.feed(b"*1048576\r\n$536870912\r\n");
    assert!(client.buffer_capacity() < 100);
    assert!(!client.session.close_after_reply);
}

#[test]
fn a_client_before_auth_may_announce_little() {
    let mut client = Client::new(Some(b"secret"));
    assert_eq!(
        client.ask(b"*11\r\n"),
        r"-ERR Protocol error: unauthenticated multibulk length\r\n"
    );
    let mut client = Client::new(Some(b"secret"));
    assert_eq!(
        client.ask(b"*1\r\n$16385\r\n"),
        r"-ERR Protocol error: unauthenticated bulk length\r\n"
    );
}

#[test]
fn a_line_ends_within_64_kib() {
    for start in [&b"x"[..], b"*", b"*1\r\n$"] {
        let mut client = Client::new(None);
        client.feed(start);
        for _ in 0..17 {
            client.feed(&[b'1'; 4096]);
        }
        assert!(client.session.close_after_reply, "{start:?}");
        assert!(client.buffer_capacity() < 128 << 10);
    }
}

#[test]
fn commands_wait_while_the_replies_are_full() {
    let mut client = Client::with_a_large_value();
    assert_eq!(client.feed(&b"GET large\r\n".repeat(100)), FeedResult::Paused);
    assert!(client.reply.bytes().len() < 2 * MEBIBYTE);
    let mut replies = 1;
    client.reply.clear();
    while client.feed(b"") == FeedResult::Paused {
        client.reply.clear();
        replies += 1;
    }
    assert_eq!(replies + usize::from(!client.reply.bytes().is_empty()), 100);
}

#[test]
fn the_replies_to_one_command_are_limited() {
    let mut client = Client::with_a_large_value();
    let command = ["MGET", &" large".repeat(1000), "\r\n"].concat();
    client.feed(command.as_bytes());
    assert!(client.reply.has_overflowed());
    assert!(client.reply.bytes().len() < 18 * MEBIBYTE);
}

/// The limit on the commands of a transaction and on the watched keys, in bytes.
const LIMIT: usize = 1 << 30;
const TOO_LARGE: &str = r"-ERR Protocol error: too big request\r\n";

#[test]
fn the_queue_of_a_transaction_is_limited() {
    let mut client = Client::new(None);
    assert_eq!(client.ask(b"MULTI\r\nPING\r\n"), r"+OK\r\n+QUEUED\r\n");
    let transaction = &mut client.session.transaction;
    assert!((4..200).contains(&transaction.queued_bytes));
    transaction.queued_bytes = LIMIT - 10;
    assert_eq!(client.ask(b"PING\r\nPING\r\n"), TOO_LARGE);
    assert!(client.session.close_after_reply);
}

#[test]
fn the_watched_keys_are_limited_until_the_watch_ends() {
    let mut client = Client::new(None);
    for end in ["UNWATCH", "MULTI\r\nEXEC", "MULTI\r\nDISCARD"] {
        client.ask(b"WATCH a b\r\n");
        assert!(client.session.transaction.watched_bytes > 0);
        client.ask(format!("{end}\r\n").as_bytes());
        assert_eq!(client.session.transaction.watched_bytes, 0, "{end}");
    }
    client.session.transaction.watched_bytes = LIMIT;
    assert_eq!(client.ask(b"WATCH a\r\n"), TOO_LARGE);
    assert!(client.session.close_after_reply);
}
