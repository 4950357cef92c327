//! The error replies, with the same texts as in Redis.

/// The error of a command, which is sent as the reply. Only [`Error::Protocol`] also ends the
/// connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The value of the key has another type than the command needs.
    WrongType,
    /// An argument or a value is not a 64-bit signed integer in decimal.
    NotAnInteger,
    /// A sum does not fit into a 64-bit signed integer.
    Overflow,
    /// The negated decrement does not fit into a 64-bit signed integer.
    DecrementOverflow,
    /// A count is negative or not an integer.
    NotPositive,
    /// The command with this name got an expiry time that is not positive, or that is too far in
    /// the future.
    ExpireTime(&'static str),
    /// A string would be longer than the limit.
    TooLong,
    /// The command does not have this option, or two of its options exclude each other.
    Syntax,
    /// The command with this name got too few or too many arguments.
    Arity(&'static str),
    /// The client must send AUTH first.
    NoAuth,
    /// AUTH or HELLO gave a wrong username or password.
    WrongPassword,
    /// EXEC runs no command, because a command could not be queued.
    ExecAbort,
    /// HELLO asked for a protocol version that this server does not support.
    NoProtocol,
    /// The input is not RESP. The connection is closed, because the start of the next command
    /// cannot be found.
    Protocol(ProtocolError),
    /// Any other error, with this text.
    Other(&'static str),
    /// Any other error, with a text that quotes the client's input.
    OtherBytes(Vec<u8>),
}

/// The reason why the input is not a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtocolError {
    /// An inline command has no line break within the limit.
    InlineTooLong,
    /// A quotation mark is not closed, or is closed within a word.
    UnbalancedQuotes,
    /// The count of an array has no line break within the limit.
    CountTooLong,
    /// The count of an array is not a number, or is too large.
    Count,
    /// The length of a string has no line break within the limit.
    LengthTooLong,
    /// The length of a string is not a number, is negative, or is too large.
    Length,
    /// The first byte of a string is this byte instead of `$`.
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

    /// The error for an unknown command. The text quotes `name` and some of the arguments.
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

    /// The error for a subcommand `name` that `command` does not have.
    pub fn unknown_subcommand(command: &str, name: &[u8]) -> Error {
        let hint = format!("'. Try {command} HELP.");
        Error::with_input("ERR unknown subcommand '", name, &hint)
    }

    /// An error whose text quotes an argument of the client.
    pub fn with_input(before: &str, arg: &[u8], after: &str) -> Error {
        let arg = start(arg, 128);
        Error::OtherBytes([before.as_bytes(), arg, after.as_bytes()].concat())
    }
}

/// At most `most` bytes from the start of an argument. Redis prints arguments as C strings, so the
/// result ends before the first NUL.
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
