//! What `?` shows: the keys and the columns.

use terminal::show::Line;

const KEYS: [(&str, &str); 10] = [
    ("n", "opens a client: A, B …"),
    ("1-9 ↑ ↓", "choose a client, which is marked ›"),
    ("Enter", "sends a line as this client; Esc goes back"),
    ("h", "shuts down its sending side (FIN); it can still receive"),
    ("r · c", "resets (RST) · closes (FIN) its connection"),
    ("f", "opens clients until the table is full"),
    ("s", "stops the server (SIGSTOP), or continues it (SIGCONT)"),
    ("e", "makes the next accept (or fork) of the server fail"),
    ("q", "quits, and ends the server"),
    ("", ""),
];

const COLUMNS: [(&str, &str); 7] = [
    ("state", "the state of the socket in the kernel (RFC 9293)"),
    ("slot", "the slot in the server's log"),
    ("unread", "bytes that the server has not read; EOF: and an end of file"),
    ("unsent", "written bytes that the client's kernel has not acknowledged"),
    ("asks …", "the entry of the array or list, read from the running server"),
    ("▸", "the kernel, the entry and the log disagree: a fault, unless the"),
    ("", "server is about to do something"),
];

/// The lines of the help.
pub(super) fn lines() -> Vec<Line> {
    let line = |(word, text): &(&str, &str)| Line::new().strong(word).to(9).plain(text);
    KEYS.iter().chain(&COLUMNS).map(line).collect()
}

/// The line of keys. If it has no room, only the letters.
pub(super) fn keys(width: usize) -> Line {
    const WORDS: [(&str, &str); 10] = [
        ("n", "new"),
        ("↵", "line"),
        ("h", "half-close"),
        ("r", "reset"),
        ("c", "close"),
        ("f", "fill"),
        ("s", "stop"),
        ("e", "fault"),
        ("?", "keys"),
        ("q", "quit"),
    ];
    let joined = |beside: fn(&str) -> String, gap: &str| {
        WORDS.iter().enumerate().fold(Line::new(), |line, (index, (key, word))| {
            let line = if index == 0 { line } else { line.faint(gap) };
            line.strong(key).faint(&beside(word))
        })
    };
    let with_words = |word: &str| format!(" {word}");
    let wide = joined(with_words, " · ");
    let narrow = joined(with_words, " ");
    [wide, narrow]
        .into_iter()
        .find(|line| line.width() <= width)
        .unwrap_or_else(|| joined(|_| String::new(), " · "))
}
