//! Replies in RESP (<https://redis.io/docs/latest/develop/reference/protocol-spec/>), version 2 and
//! version 3.

use crate::error::Error;

/// If the replies have at least this number of bytes, they are sent before the next command runs.
const FULL: usize = 1 << 20;

/// The limit on the replies in bytes. If the replies exceed this limit, further replies are
/// discarded, and the client is disconnected. The value that exceeds the limit is still written
/// completely.
const MAX_REPLY: usize = 16 << 20;

/// The replies to one client that were not sent yet.
#[derive(Debug, Default)]
pub struct Reply {
    bytes: Vec<u8>,
    overflowed: bool,
    version: Version,
}

/// The version of RESP that a client has chosen with HELLO.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// The version that every new connection has.
    #[default]
    Resp2 = 2,
    /// Version 3 has maps, and one nil for all types.
    Resp3 = 3,
}

impl Reply {
    /// The bytes of the replies.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the replies must be sent before the next command runs.
    pub fn is_full(&self) -> bool {
        self.bytes.len() >= FULL
    }

    /// Whether replies were discarded because the output exceeded `MAX_REPLY`.
    pub fn has_overflowed(&self) -> bool {
        self.overflowed
    }

    /// Removes all replies. If the buffer has more than `FULL` bytes, its memory beyond `FULL`
    /// bytes is freed.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(FULL);
        self.overflowed = false;
    }

    /// Sets the version of RESP for all later replies.
    pub fn set_version(&mut self, version: Version) {
        self.version = version;
    }

    /// Writes `+OK`.
    pub fn ok(&mut self) {
        self.simple("OK");
    }

    /// Writes a simple string: text on one line.
    pub fn simple(&mut self, text: &str) {
        self.write(&[b"+", text.as_bytes(), b"\r\n"]);
    }

    /// Writes an error. The text may quote the client's input. Therefore each line break in the
    /// text is replaced by a blank.
    pub fn error(&mut self, error: &Error) {
        let is_break = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let mut text = error.text();
        while text.pop_if(|byte| is_break(byte)).is_some() {}
        text.iter_mut().filter(|byte| is_break(byte)).for_each(|byte| *byte = b' ');
        self.write(&[b"-", &text, b"\r\n"]);
    }

    /// Writes an integer.
    pub fn integer(&mut self, value: i64) {
        self.write(&[b":", itoa::Buffer::new().format(value).as_bytes(), b"\r\n"]);
    }

    /// Writes a bulk string, which may contain any bytes.
    pub fn bulk(&mut self, value: &[u8]) {
        let mut digits = itoa::Buffer::new();
        self.write(&[b"$", digits.format(value.len()).as_bytes(), b"\r\n", value, b"\r\n"]);
    }

    /// Writes a bulk string, or nil for `None`.
    pub fn bulk_or_nil(&mut self, value: Option<&[u8]>) {
        match value {
            Some(value) => self.bulk(value),
            None => self.nil(),
        }
    }

    /// Writes nil in place of a bulk string.
    pub fn nil(&mut self) {
        self.write_nil(b"$-1\r\n");
    }

    /// Writes nil in place of an array.
    pub fn nil_array(&mut self) {
        self.write_nil(b"*-1\r\n");
    }

    fn write_nil(&mut self, resp2: &[u8]) {
        self.write(&[if self.version == Version::Resp3 { b"_\r\n" } else { resp2 }]);
    }

    /// Writes the header of an array. `count` replies must follow.
    pub fn array(&mut self, count: usize) {
        self.write_header(b"*", count);
    }

    /// Writes the header of a map. `count` keys must follow, and each key must be followed by its
    /// value.
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
