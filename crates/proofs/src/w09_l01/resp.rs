//! The protocol RESP2, as a strict client writes and reads it
//! (<https://redis.io/docs/latest/develop/reference/protocol-spec/>).

use std::fmt;

/// What a server answers to one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// `+OK`
    Simple(Vec<u8>),
    /// `-ERR …`, without its first character.
    Error(Vec<u8>),
    /// `:1`
    Integer(i64),
    /// `$3`, and 3 bytes after it.
    Bulk(Vec<u8>),
    /// `$-1`, or `*-1` in place of an array.
    Nil,
    /// `*2`, and 2 replies after it.
    Array(Vec<Reply>),
}

/// The maximum length of a bulk string in Redis, in bytes (proto-max-bulk-len).
const MAX_LENGTH: i64 = 512 << 20;
/// The maximum depth of nested arrays in a reply. No command of the lesson needs more.
const MAX_DEPTH: usize = 8;

impl Reply {
    /// The reply at the start of `bytes`, and its length. `None` while the reply is incomplete.
    ///
    /// # Errors
    /// Says why these bytes are not the start of a reply.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Reply, usize)>, String> {
        let mut reader = Reader { bytes, at: 0 };
        Ok(reader.reply(MAX_DEPTH)?.map(|reply| (reply, reader.at)))
    }

    /// Whether this reply is the wanted reply. Only the first word of an error is compared, because
    /// the other words are a message for people.
    pub(super) fn matches(&self, wanted: &Reply) -> bool {
        match (self, wanted) {
            (Reply::Error(this), Reply::Error(that)) => first_word(this) == first_word(that),
            (Reply::Array(these), Reply::Array(those)) => {
                these.len() == those.len()
                    && these.iter().zip(those).all(|(this, that)| this.matches(that))
            }
            (this, that) => this == that,
        }
    }
}

impl fmt::Display for Reply {
    /// The reply on one line, similar to what redis-cli shows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Simple(text) => write!(f, "+{}", escaped(text)),
            Reply::Error(text) => write!(f, "-{}", escaped(text)),
            Reply::Integer(number) => write!(f, ":{number}"),
            Reply::Bulk(bytes) => f.write_str(&quoted(bytes)),
            Reply::Nil => f.write_str("nil"),
            Reply::Array(replies) => {
                let shown: Vec<_> = replies.iter().map(Reply::to_string).collect();
                write!(f, "[{}]", shown.join(", "))
            }
        }
    }
}

fn first_word(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == b' ').next().unwrap_or_default()
}

/// A command as a client sends it: an array of bulk strings.
pub(super) fn command(words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend(format!("${}\r\n", word.len()).bytes());
        bytes.extend_from_slice(word);
        bytes.extend(b"\r\n");
    }
    bytes
}

pub(super) fn simple(text: &str) -> Reply {
    Reply::Simple(text.into())
}

pub(super) fn ok() -> Reply {
    simple("OK")
}

/// An error whose first word is `word`.
pub(super) fn error(word: &str) -> Reply {
    Reply::Error(word.into())
}

pub(super) fn number(value: i64) -> Reply {
    Reply::Integer(value)
}

pub(super) fn bulk(bytes: impl AsRef<[u8]>) -> Reply {
    Reply::Bulk(bytes.as_ref().to_vec())
}

pub(super) fn array(replies: impl Into<Vec<Reply>>) -> Reply {
    Reply::Array(replies.into())
}

/// A position in the bytes that have arrived so far.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn reply(&mut self, depth_left: usize) -> Result<Option<Reply>, String> {
        let Some(kind) = self.bytes.get(self.at).copied() else { return Ok(None) };
        if !b"+-:$*".contains(&kind) {
            let first = kind.escape_ascii();
            return Err(format!(
                "begins with '{first}', where a reply begins with one of + - : $ *"
            ));
        }
        let Some(line) = self.line()? else { return Ok(None) };
        let text = line[1..].to_vec();
        match kind {
            b'+' => Ok(Some(Reply::Simple(text))),
            b'-' => Ok(Some(Reply::Error(text))),
            b':' => Ok(Some(Reply::Integer(integer(&text)?))),
            b'$' => self.bulk(integer(&text)?),
            _ => self.array(integer(&text)?, depth_left),
        }
    }

    /// The next line without its end. The end must be CR and LF.
    fn line(&mut self) -> Result<Option<&'a [u8]>, String> {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let Some(end) = end else { return Ok(None) };
        match &rest[end..] {
            [b'\r', b'\n', ..] => {
                self.at += end + 2;
                Ok(Some(&rest[..end]))
            }
            [b'\r'] => Ok(None),
            _ => Err("has a line that does not end with \\r\\n".to_owned()),
        }
    }

    fn bulk(&mut self, length: i64) -> Result<Option<Reply>, String> {
        let length = match length {
            -1 => return Ok(Some(Reply::Nil)),
            0..=MAX_LENGTH => length as usize,
            _ => return Err(format!("announces a string of {length} bytes")),
        };
        let Some(bytes) = self.bytes.get(self.at..self.at + length + 2) else { return Ok(None) };
        let Some(text) = bytes.strip_suffix(b"\r\n") else {
            return Err(format!("has a string whose {length} bytes are not followed by \\r\\n"));
        };
        self.at += bytes.len();
        Ok(Some(Reply::Bulk(text.to_vec())))
    }

    fn array(&mut self, count: i64, depth_left: usize) -> Result<Option<Reply>, String> {
        if count == -1 {
            return Ok(Some(Reply::Nil));
        }
        if !(0..=MAX_LENGTH).contains(&count) || depth_left == 0 {
            return Err(format!("announces an array of {count} replies"));
        }
        let mut replies = Vec::new();
        for _ in 0..count {
            match self.reply(depth_left - 1)? {
                Some(reply) => replies.push(reply),
                None => return Ok(None),
            }
        }
        Ok(Some(Reply::Array(replies)))
    }
}

fn integer(digits: &[u8]) -> Result<i64, String> {
    let number = std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok());
    number.ok_or_else(|| format!("has {} where a number belongs", quoted(digits)))
}

/// A command as text, in the form in which a person types a command.
pub(super) fn command_text(words: &[&[u8]]) -> String {
    let is_plain = |word: &[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_graphic);
    let words = words.iter().map(|word| match word {
        word if is_plain(word) && word.len() <= 40 => word.escape_ascii().to_string(),
        word => quoted(word),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Formats bytes as printable text. Of many bytes, the first bytes and the number of bytes are
/// shown.
pub(super) fn quoted(bytes: &[u8]) -> String {
    const LONGEST: usize = 72;
    let mut text = String::new();
    for byte in bytes {
        if text.len() >= LONGEST {
            return format!("\"{text}…\" ({} bytes)", bytes.len());
        }
        text.push_str(&escaped(&[*byte]));
    }
    format!("\"{text}\"")
}

/// Bytes as text. A byte that is no printable character is replaced by an escape.
fn escaped(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string().replace("\\'", "'")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(bytes: &[u8]) -> Reply {
        let (reply, length) = Reply::parse(bytes).unwrap().unwrap();
        assert_eq!(length, bytes.len());
        reply
    }

    #[test]
    fn each_kind_of_reply_is_parsed() {
        assert_eq!(whole(b"+OK\r\n"), ok());
        assert_eq!(whole(b"-ERR no\r\n"), error("ERR no"));
        assert_eq!(whole(b":-7\r\n"), number(-7));
        assert_eq!(whole(b"$0\r\n\r\n"), bulk(""));
        assert_eq!(whole(b"$4\r\n\0\r\n\xff\r\n"), bulk(b"\0\r\n\xff"));
        assert_eq!((whole(b"$-1\r\n"), whole(b"*-1\r\n")), (Reply::Nil, Reply::Nil));
        assert_eq!(whole(b"*2\r\n:1\r\n*0\r\n"), array([number(1), array([])]));
    }

    #[test]
    fn an_incomplete_reply_is_none() {
        let reply = b"*2\r\n$4\r\na\r\nb\r\n-ERR no\r\n";
        for end in 0..reply.len() {
            assert_eq!(Reply::parse(&reply[..end]), Ok(None), "{end}");
        }
        assert_eq!(Reply::parse(b"+OK\r\n+OK\r\n"), Ok(Some((ok(), 5))));
    }

    #[test]
    fn bytes_that_are_no_reply_are_refused() {
        for bytes in [
            &b"OK\r\n"[..],
            b"+OK\n",
            b"+a\rb\r\n",
            b":\r\n",
            b":1.5\r\n",
            b"$-2\r\n",
            b"$3\r\nabcd\r\n",
            b"$536870913\r\n",
            b"*-2\r\n",
            b"*1\r\n\r\n",
        ] {
            assert!(Reply::parse(bytes).is_err(), "{}", bytes.escape_ascii());
        }
        assert!(Reply::parse(&b"*1\r\n".repeat(100_000)).is_err());
    }

    #[test]
    fn errors_are_compared_by_their_first_word() {
        assert!(error("ERR unknown command").matches(&error("ERR")));
        assert!(!error("WRONGTYPE that is a list").matches(&error("ERR")));
        assert!(array([error("ERR a"), ok()]).matches(&array([error("ERR b"), ok()])));
        assert!(!array([ok()]).matches(&array([ok(), ok()])));
        assert!(!bulk("OK").matches(&ok()));
    }

    #[test]
    fn a_command_is_an_array_of_bulk_strings() {
        assert_eq!(command(&[b"GET", b"a\r\nb"]), b"*2\r\n$3\r\nGET\r\n$4\r\na\r\nb\r\n");
    }

    proptest! {
        #[test]
        fn parsing_ends_for_any_bytes(bytes: Vec<u8>) {
            let _ = Reply::parse(&bytes);
        }

        #[test]
        fn any_command_is_parsed_as_an_array(words: Vec<Vec<u8>>) {
            let slices: Vec<_> = words.iter().map(Vec::as_slice).collect();
            let wanted = array(words.iter().map(bulk).collect::<Vec<_>>());
            prop_assert_eq!(whole(&command(&slices)), wanted);
        }
    }
}
