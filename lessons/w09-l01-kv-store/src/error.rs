//! What a command may answer instead of a result, in Redis's own words.

/// An error reply. It ends a command, never a connection, but for [`Error::Protocol`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The key holds another type than the command is for.
    WrongType,
    /// No 64-bit signed integer in decimal.
    NotAnInteger,
    /// A sum that no 64-bit signed integer holds.
    Overflow,
    /// A decrement whose negation no 64-bit signed integer holds.
    DecrementOverflow,
    /// A count below 0.
    NotPositive,
    /// An expiry in no representable time, for the command of this name.
    ExpireTime(&'static str),
    /// A string that would be longer than any may be.
    TooLong,
    /// Options that do not go together, or that there are not.
    Syntax,
    /// Too few arguments, or too many, for the command of this name.
    Arity(&'static str),
    /// AUTH comes first.
    NoAuth,
    /// AUTH did not succeed.
    WrongPassword,
    /// EXEC after a command that could not be queued.
    ExecAbort,
    /// HELLO with a version that is not spoken here.
    NoProtocol,
    /// What the client sent is no RESP; the connection is of no more use.
    Protocol(Protocol),
    /// Anything else, word for word.
    Other(&'static str),
    /// Anything else that names what the client sent.
    Said(Vec<u8>),
}

/// What is wrong with bytes that should have been a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// A line without an end.
    InlineTooLong,
    /// A quotation mark without its second.
    UnbalancedQuotes,
    /// An array's count without an end.
    CountTooLong,
    /// An array's count that is no number, or too large.
    Count,
    /// A string's length without an end.
    LengthTooLong,
    /// A string's length that is no number, negative or too large.
    Length,
    /// Another byte where a string should begin.
    ExpectedString(u8),
    /// More arguments than a client may send before AUTH.
    GuestCount,
    /// A longer string than a client may send before AUTH.
    GuestLength,
    /// A command that is too large altogether.
    CommandTooLong,
}

impl Error {
    /// The reply, without its first byte and its line break.
    pub fn text(&self) -> Vec<u8> {
        let text = match self {
            Error::WrongType => "WRONGTYPE Operation against a key holding the wrong kind of value",
            Error::NotAnInteger => "ERR value is not an integer or out of range",
            Error::Overflow => "ERR increment or decrement would overflow",
            Error::DecrementOverflow => "ERR decrement would overflow",
            Error::NotPositive => "ERR value is out of range, must be positive",
            Error::TooLong => "ERR string exceeds maximum allowed size (proto-max-bulk-len)",
            Error::Syntax => "ERR syntax error",
            Error::NoAuth => "NOAUTH Authentication required.",
            Error::WrongPassword => "WRONGPASS invalid username-password pair or user is disabled.",
            Error::ExecAbort => "EXECABORT Transaction discarded because of previous errors.",
            Error::NoProtocol => "NOPROTO unsupported protocol version",
            Error::Other(text) => text,
            Error::Said(text) => return text.clone(),
            Error::Protocol(problem) => return problem.text(),
            Error::ExpireTime(name) => &format!("ERR invalid expire time in '{name}' command"),
            Error::Arity(name) => &format!("ERR wrong number of arguments for '{name}' command"),
        };
        text.as_bytes().to_vec()
    }

    /// No command is called `name`; some of its `words` are shown with it.
    pub fn unknown_command<'a>(name: &[u8], words: impl Iterator<Item = &'a [u8]>) -> Error {
        const MOST: usize = 128;
        let mut shown = Vec::new();
        for word in words {
            if shown.len() >= MOST {
                break;
            }
            shown = [&shown, &b"'"[..], start(word, MOST - shown.len()), b"' "].concat();
        }
        let before = b"ERR unknown command '";
        let between = b"', with args beginning with: ";
        Error::Said([&before[..], start(name, MOST), between, &shown].concat())
    }

    /// `command` has no part called `name`.
    pub fn unknown_part(command: &str, name: &[u8]) -> Error {
        let hint = format!("'. Try {command} HELP.");
        Error::said("ERR unknown subcommand '", name, &hint)
    }

    /// A text that names what the client sent.
    pub fn said(before: &str, word: &[u8], after: &str) -> Error {
        let word = start(word, 128);
        Error::Said([before.as_bytes(), word, after.as_bytes()].concat())
    }
}

/// A word as Redis shows it, for which it is a C string: up to its first NUL.
fn start(word: &[u8], most: usize) -> &[u8] {
    let word = word.split(|byte| *byte == 0).next().unwrap_or_default();
    &word[..word.len().min(most)]
}

impl Protocol {
    fn text(self) -> Vec<u8> {
        let text = match self {
            Protocol::InlineTooLong => "too big inline request",
            Protocol::UnbalancedQuotes => "unbalanced quotes in request",
            Protocol::CountTooLong => "too big mbulk count string",
            Protocol::Count => "invalid multibulk length",
            Protocol::LengthTooLong => "too big bulk count string",
            Protocol::Length => "invalid bulk length",
            Protocol::GuestCount => "unauthenticated multibulk length",
            Protocol::GuestLength => "unauthenticated bulk length",
            Protocol::CommandTooLong => "too big request",
            Protocol::ExpectedString(_) => "expected '$', got '",
        };
        let mut text = [b"ERR Protocol error: ", text.as_bytes()].concat();
        if let Protocol::ExpectedString(byte) = self {
            text.extend([byte, b'\'']);
        }
        text
    }
}

impl From<Protocol> for Error {
    fn from(problem: Protocol) -> Self {
        Error::Protocol(problem)
    }
}
