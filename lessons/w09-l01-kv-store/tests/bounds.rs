//! What a client may make the server keep, and what it may not.

use kv_store::reply::Reply;
use kv_store::service::{Fed, Service};
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
        let session = service.greet();
        Client { service, session, reply: Reply::default() }
    }

    fn feed(&mut self, input: &[u8]) -> Fed {
        self.service.feed(&mut self.session, input, &mut self.reply)
    }

    /// The replies to `input` alone.
    fn ask(&mut self, input: &[u8]) -> String {
        self.reply.clear();
        assert_eq!(self.feed(input), Fed::All);
        self.reply.bytes().escape_ascii().to_string()
    }

    fn kept(&self) -> usize {
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
fn a_whole_command_leaves_nothing_behind() {
    let mut client = Client::new(None);
    client.feed(b"*1\r\n$4\r\nPI");
    assert!(client.kept() > 0);
    client.feed(b"NG\r\n");
    assert!(client.session.buffer.is_none());
    client.feed(b"PING\r\nPING\r\nPI");
    assert_eq!(client.kept(), 2);
}

#[test]
fn what_is_announced_takes_no_room() {
    let mut client = Client::new(None);
    client.feed(b"*1048576\r\n$536870912\r\n");
    assert!(client.kept() < 100);
    assert!(!client.session.closing);
}

#[test]
fn a_guest_may_announce_what_a_password_needs() {
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
        assert!(client.session.closing, "{start:?}");
        assert!(client.kept() < 128 << 10);
    }
}

#[test]
fn commands_wait_when_replies_have_piled_up() {
    let mut client = Client::with_a_large_value();
    assert_eq!(client.feed(&b"GET large\r\n".repeat(100)), Fed::Paused);
    assert!(client.reply.bytes().len() < 2 * MEBIBYTE);
    let mut replies = 1;
    client.reply.clear();
    while client.feed(b"") == Fed::Paused {
        client.reply.clear();
        replies += 1;
    }
    assert_eq!(replies + usize::from(!client.reply.bytes().is_empty()), 100);
}

#[test]
fn one_command_cannot_ask_for_everything() {
    let mut client = Client::with_a_large_value();
    let command = ["MGET", &" large".repeat(1000), "\r\n"].concat();
    client.feed(command.as_bytes());
    assert!(client.reply.has_overflowed());
    assert!(client.reply.bytes().len() < 18 * MEBIBYTE);
}
