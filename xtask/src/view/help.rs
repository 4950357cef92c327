//! The keys and the columns, in words.

use crate::key_line::key_line;
use terminal::show::{Line, hanging};

/// A key with its word in the line of keys, and what it does.
struct Key {
    key: &'static str,
    word: &'static str,
    text: &'static str,
}

const fn key(key: &'static str, word: &'static str, text: &'static str) -> Key {
    Key { key, word, text }
}

/// The keys of a lesson with a server.
const FOR_SERVERS: [Key; 10] = [
    key("n", "new", "opens a client: A, B … 1 to 9 and the arrows choose one, marked ›"),
    key("↵", "line", "Enter begins a line; the next Enter sends it as this client"),
    key("h", "half-close", "shuts down its sending side (FIN); it can still receive"),
    key("r", "reset", "resets its connection (RST)"),
    key("c", "close", "closes its connection (FIN)"),
    key("f", "fill", "opens clients until the table is full"),
    key("s", "stop", "stops the server (SIGSTOP), and continues it (SIGCONT)"),
    key("e", "error", "makes its next accept fail (EMFILE), or its next fork (EAGAIN)"),
    key("?", "keys", "shows this page"),
    key("q", "quit", "quits, and ends the server"),
];

/// The keys of a lesson with a client. The user plays the server.
const FOR_CLIENTS: [Key; 9] = [
    key("n", "new", "starts the client again, after it has ended"),
    key("↵", "line", "Enter begins a line; the next Enter types it for the client"),
    key("a", "answer", "sends back what the client has sent, as an echo server does"),
    key("h", "half-close", "shuts down the sending side of your end (FIN)"),
    key("r", "reset", "resets the connection (RST)"),
    key("c", "close", "closes your end of the connection (FIN)"),
    key("s", "stop", "stops the client (SIGSTOP), and continues it (SIGCONT)"),
    key("?", "keys", "shows this page"),
    key("q", "quit", "quits, and ends the client"),
];

const COLUMNS: [(&str, &str); 6] = [
    ("state", "the socket's state in the kernel (RFC 9293, section 3.3.2)"),
    ("slot", "the client's slot in the server's log"),
    ("unread", "bytes that the server has not read; EOF is the end of file"),
    ("unsent", "written bytes that the other side has not acknowledged"),
    (
        "asks …",
        "the entry in the pollfd array, read from the running server; for epoll, the entry in the \
         kernel's interest list",
    ),
    ("▸", "the server sleeps, and the kernel, the entry or the log disagree"),
];

/// The column in which the explanations begin.
const INDENT: usize = 9;

/// The lines of the help.
pub(super) fn lines(width: usize, plays_server: bool) -> Vec<Line> {
    let lines_of = |word: &str, text: &str| {
        hanging(Line::new().to(1).strong(word), INDENT, text, width - INDENT, Line::plain)
    };
    let keys = keys_of(plays_server).iter().flat_map(|it| lines_of(it.key, it.text));
    let columns = COLUMNS.iter().flat_map(|(word, text)| lines_of(word, text));
    keys.chain([Line::new()]).chain(columns).collect()
}

/// The line of keys.
pub(super) fn keys(width: usize, plays_server: bool) -> Line {
    key_line(keys_of(plays_server).iter().map(|it| (it.key, it.word)), width)
}

fn keys_of(plays_server: bool) -> &'static [Key] {
    if plays_server { &FOR_CLIENTS } else { &FOR_SERVERS }
}
