//! Replies in RESP (<https://redis.io/docs/latest/develop/reference/protocol-spec/>), version 2 and
//! version 3.

use crate::error::Error;

/// From this many bytes on, the replies are sent before the next command runs.
const FULL: usize = 1 << 20;

/// Beyond this many bytes nothing more is written, and the client is disconnected. The value that
/// crosses the limit is still written whole.
const MAX_REPLY: usize = 16 << 20;

/// The replies to one client that are not sent yet.
#[derive(Debug, Default)]
pub struct Reply {
    bytes: Vec<u8>,
    overflowed: bool,
    version: Version,
}

/// The version of RESP that a client has chosen with HELLO.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// The version of every new connection.
    #[default]
    Resp2 = 2,
    /// There are maps, and one nil for all types.
    Resp3 = 3,
}

impl Reply {
    /// The bytes that have been written.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the replies must be sent before the next command runs.
    pub fn is_full(&self) -> bool {
        self.bytes.len() >= FULL
    }

    /// Whether replies were left out because they exceeded the limit.
    pub fn has_overflowed(&self) -> bool {
        self.overflowed
    }

    /// Removes all replies, and frees memory beyond what replies usually need.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(FULL);
        self.overflowed = false;
    }

    /// Writes the following replies in this version of RESP.
    pub fn set_version(&mut self, version: Version) {
        self.version = version;
    }

    /// `+OK`
    pub fn ok(&mut self) {
        self.simple("OK");
    }

    /// A simple string: text on one line.
    pub fn simple(&mut self, text: &str) {
        self.write(&[b"+", text.as_bytes(), b"\r\n"]);
    }

    /// An error. Line breaks in its text, which may quote the client's input, become blanks.
    pub fn error(&mut self, error: &Error) {
        let is_break = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let mut text = error.text();
        while text.pop_if(|byte| is_break(byte)).is_some() {}
        text.iter_mut().filter(|byte| is_break(byte)).for_each(|byte| *byte = b' ');
        self.write(&[b"-", &text, b"\r\n"]);
    }

    /// An integer.
    pub fn integer(&mut self, value: i64) {
        self.write(&[b":", itoa::Buffer::new().format(value).as_bytes(), b"\r\n"]);
    }

    /// A bulk string, which may contain any bytes.
    pub fn bulk(&mut self, value: &[u8]) {
        let mut digits = itoa::Buffer::new();
        self.write(&[b"$", digits.format(value.len()).as_bytes(), b"\r\n", value, b"\r\n"]);
    }

    /// A bulk string, or nil for `None`.
    pub fn bulk_or_nil(&mut self, value: Option<&[u8]>) {
        match value {
            Some(value) => self.bulk(value),
            None => self.nil(),
        }
    }

    /// Nil in place of a bulk string.
    pub fn nil(&mut self) {
        self.write_nil(b"$-1\r\n");
    }

    /// Nil in place of an array.
    pub fn nil_array(&mut self) {
        self.write_nil(b"*-1\r\n");
    }

    fn write_nil(&mut self, resp2: &[u8]) {
        self.write(&[if self.version == Version::Resp3 { b"_\r\n" } else { resp2 }]);
    }

    /// The header of an array. This many replies must follow.
    pub fn array(&mut self, count: usize) {
        self.write_header(b"*", count);
    }

    /// The header of a map. This many keys must follow, each with its value after it.
    pub fn map(&mut self, count: usize) {
        match self.version {
            Version::Resp2 => self.write_header(b"*", 2 * count),
            Version::Resp3 => self.write_header(b"%", count),
        }
    }

    fn write_header(&mut self, kind: &[u8], count: usize) {
        self.write(&[kind, itoa::Buffer::new().format(count).as_bytes(), b"\r\n"]);
    }

    fn write(&mut self, parts: &[&[u8]]) {
        if self.bytes.len() > MAX_REPLY {
            self.overflowed = true;
            return;
        }
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
    }
}
