//! The keys and the columns, in words.

use terminal::show::Line;

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

const COLUMNS: [(&str, &str); 7] = [
    ("state", "the socket's state in the kernel (RFC 9293, section 3.3.2)"),
    ("slot", "the client's slot in the server's log"),
    ("unread", "bytes that the server has not read; EOF is the end of file"),
    ("unsent", "written bytes that the other side has not acknowledged"),
    ("asks …", "the entry in the pollfd array, read from the running server;"),
    ("", "for epoll, the entry in the interest list of the kernel"),
    ("▸", "the server sleeps, and the kernel, the entry or the log disagree"),
];

/// The lines of the help.
pub(super) fn lines(plays_server: bool) -> Vec<Line> {
    let line = |word: &str, text: &str| Line::new().to(1).strong(word).to(9).plain(text);
    let mut lines: Vec<_> = keys_of(plays_server).iter().map(|it| line(it.key, it.text)).collect();
    lines.push(Line::new());
    lines.extend(COLUMNS.iter().map(|(word, text)| line(word, text)));
    lines
}

/// The line of keys. If it has no room, only the letters.
pub(super) fn keys(width: usize, plays_server: bool) -> Line {
    let joined = |has_words: bool, gap: &str| {
        keys_of(plays_server).iter().enumerate().fold(Line::new(), |line, (index, it)| {
            let line = if index == 0 { line } else { line.faint(gap) };
            let line = line.strong(it.key);
            if has_words { line.faint(" ").faint(it.word) } else { line }
        })
    };
    let [wide, narrow, letters] = [joined(true, " · "), joined(true, "  "), joined(false, " · ")];
    [wide, narrow].into_iter().find(|line| line.width() <= width).unwrap_or(letters)
}

fn keys_of(plays_server: bool) -> &'static [Key] {
    if plays_server { &FOR_CLIENTS } else { &FOR_SERVERS }
}
