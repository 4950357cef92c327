//! Replies as RESP writes them (<https://redis.io/docs/latest/develop/reference/protocol-spec/>):
//! version 2, and what differs in version 3.

use crate::Error;

/// Replies beyond this many bytes wait until the client has read some.
const PAUSE: usize = 1 << 20;

/// Replies beyond this many bytes are given up, and the client with them. One value may go beyond.
const LIMIT: usize = 16 << 20;

/// The replies that are still to be sent to one client.
#[derive(Debug, Default)]
pub struct Reply {
    bytes: Vec<u8>,
    overflowed: bool,
    version: Version,
}

/// What a client understands; it says so with HELLO.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// As every connection begins.
    #[default]
    Resp2 = 2,
    /// One nil for all types, and maps.
    Resp3 = 3,
}

impl Reply {
    /// What has been written.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it is time to send, before more is written.
    pub fn is_full(&self) -> bool {
        self.bytes.len() >= PAUSE
    }

    /// Whether replies were given up, for there were too many.
    pub fn has_overflowed(&self) -> bool {
        self.overflowed
    }

    /// Begins again, with no more memory than replies usually take.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(PAUSE);
        self.overflowed = false;
    }

    /// Writes the replies that follow for a client that understands `version`.
    pub fn speak(&mut self, version: Version) {
        self.version = version;
    }

    /// `+OK`
    pub fn ok(&mut self) {
        self.simple("OK");
    }

    /// A simple string: text on one line.
    pub fn simple(&mut self, text: &str) {
        self.parts(&[b"+", text.as_bytes(), b"\r\n"]);
    }

    /// An error. It is one line, whatever the client had in its words.
    pub fn error(&mut self, error: &Error) {
        let is_break = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let mut text = error.text();
        while text.pop_if(|byte| is_break(byte)).is_some() {}
        text.iter_mut().filter(|byte| is_break(byte)).for_each(|byte| *byte = b' ');
        self.parts(&[b"-", &text, b"\r\n"]);
    }

    /// An integer.
    pub fn integer(&mut self, value: i64) {
        self.parts(&[b":", itoa::Buffer::new().format(value).as_bytes(), b"\r\n"]);
    }

    /// A bulk string: any bytes.
    pub fn bulk(&mut self, value: &[u8]) {
        let mut digits = itoa::Buffer::new();
        self.parts(&[b"$", digits.format(value.len()).as_bytes(), b"\r\n", value, b"\r\n"]);
    }

    /// A bulk string that is there, or nil.
    pub fn bulk_or_nil(&mut self, value: Option<&[u8]>) {
        match value {
            Some(value) => self.bulk(value),
            None => self.nil(),
        }
    }

    /// The bulk string that is none.
    pub fn nil(&mut self) {
        self.none(b"$-1\r\n");
    }

    /// The array that is none.
    pub fn nil_array(&mut self) {
        self.none(b"*-1\r\n");
    }

    fn none(&mut self, resp2: &[u8]) {
        self.parts(&[if self.version == Version::Resp3 { b"_\r\n" } else { resp2 }]);
    }

    /// The head of an array: that many replies follow.
    pub fn array(&mut self, count: usize) {
        self.head(b"*", count);
    }

    /// The head of a map: that many keys and values follow, in turn.
    pub fn map(&mut self, count: usize) {
        match self.version {
            Version::Resp2 => self.head(b"*", 2 * count),
            Version::Resp3 => self.head(b"%", count),
        }
    }

    fn head(&mut self, kind: &[u8], count: usize) {
        self.parts(&[kind, itoa::Buffer::new().format(count).as_bytes(), b"\r\n"]);
    }

    fn parts(&mut self, parts: &[&[u8]]) {
        if self.bytes.len() > LIMIT {
            self.overflowed = true;
            return;
        }
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
    }
}
