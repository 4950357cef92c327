//! The error replies, in the words of Redis.

/// An error reply. It ends a command. Only [`Error::Protocol`] ends the connection too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The key holds a value of another type than the command works on.
    WrongType,
    /// An argument or a value is not a 64-bit signed integer in decimal.
    NotAnInteger,
    /// A sum does not fit into a 64-bit signed integer.
    Overflow,
    /// The negative of a decrement does not fit into a 64-bit signed integer.
    DecrementOverflow,
    /// A count is below 0.
    NotPositive,
    /// The command of this name got an expiry that is not positive, or too far in the future.
    ExpireTime(&'static str),
    /// A string would be longer than the limit.
    TooLong,
    /// The command has no such option, or its options exclude each other.
    Syntax,
    /// The command of this name got too few or too many arguments.
    Arity(&'static str),
    /// The client must send AUTH first.
    NoAuth,
    /// AUTH or HELLO gave a wrong username or password.
    WrongPassword,
    /// EXEC refuses, for a command could not be queued.
    ExecAbort,
    /// HELLO asked for a protocol version that this server does not have.
    NoProtocol,
    /// The input is not RESP. The connection is closed, for the next command cannot be found.
    Protocol(ProtocolError),
    /// Any other error, by its text.
    Other(&'static str),
    /// Any other error whose text quotes the client's input.
    OtherBytes(Vec<u8>),
}

/// What is wrong with input that should have been a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtocolError {
    /// A command on a line has no line break within the limit.
    InlineTooLong,
    /// A quotation mark is not closed, or is closed within a word.
    UnbalancedQuotes,
    /// An array's count has no line break within the limit.
    CountTooLong,
    /// An array's count is not a number, or is too large.
    Count,
    /// A string's length has no line break within the limit.
    LengthTooLong,
    /// A string's length is not a number, is negative, or is too large.
    Length,
    /// Another byte stands where the `$` of a string should be.
    ExpectedString(u8),
    /// The array has more strings than a client may send before AUTH.
    UnauthenticatedCount,
    /// The string is longer than a client may send before AUTH.
    UnauthenticatedLength,
    /// The whole command is too large.
    CommandTooLong,
}

impl Error {
    /// The text of the reply, without its first byte `-` and its line break.
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
            Error::OtherBytes(text) => return text.clone(),
            Error::Protocol(problem) => return problem.text(),
            Error::ExpireTime(name) => &format!("ERR invalid expire time in '{name}' command"),
            Error::Arity(name) => &format!("ERR wrong number of arguments for '{name}' command"),
        };
        text.as_bytes().to_vec()
    }

    /// There is no command `name`. The text quotes some of the arguments.
    pub fn unknown_command<'a>(name: &[u8], args: impl Iterator<Item = &'a [u8]>) -> Error {
        const MAX_SHOWN: usize = 128;
        let mut shown = Vec::new();
        for arg in args {
            if shown.len() >= MAX_SHOWN {
                break;
            }
            shown = [&shown, &b"'"[..], start(arg, MAX_SHOWN - shown.len()), b"' "].concat();
        }
        let before = b"ERR unknown command '";
        let between = b"', with args beginning with: ";
        Error::OtherBytes([&before[..], start(name, MAX_SHOWN), between, &shown].concat())
    }

    /// `command` has no subcommand `name`.
    pub fn unknown_subcommand(command: &str, name: &[u8]) -> Error {
        let hint = format!("'. Try {command} HELP.");
        Error::with_input("ERR unknown subcommand '", name, &hint)
    }

    /// A text that quotes an argument of the client.
    pub fn with_input(before: &str, arg: &[u8], after: &str) -> Error {
        let arg = start(arg, 128);
        Error::OtherBytes([before.as_bytes(), arg, after.as_bytes()].concat())
    }
}

/// The start of an argument, `most` bytes of it. Redis prints arguments as C strings, and so only up
/// to the first NUL.
fn start(arg: &[u8], most: usize) -> &[u8] {
    let arg = arg.split(|byte| *byte == 0).next().unwrap_or_default();
    &arg[..arg.len().min(most)]
}

impl ProtocolError {
    fn text(self) -> Vec<u8> {
        let text = match self {
            ProtocolError::InlineTooLong => "too big inline request",
            ProtocolError::UnbalancedQuotes => "unbalanced quotes in request",
            ProtocolError::CountTooLong => "too big mbulk count string",
            ProtocolError::Count => "invalid multibulk length",
            ProtocolError::LengthTooLong => "too big bulk count string",
            ProtocolError::Length => "invalid bulk length",
            ProtocolError::UnauthenticatedCount => "unauthenticated multibulk length",
            ProtocolError::UnauthenticatedLength => "unauthenticated bulk length",
            ProtocolError::CommandTooLong => "too big request",
            ProtocolError::ExpectedString(_) => "expected '$', got '",
        };
        let mut text = [b"ERR Protocol error: ", text.as_bytes()].concat();
        if let ProtocolError::ExpectedString(byte) = self {
            text.extend([byte, b'\'']);
        }
        text
    }
}

impl From<ProtocolError> for Error {
    fn from(problem: ProtocolError) -> Self {
        Error::Protocol(problem)
    }
}
