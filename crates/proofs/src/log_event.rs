//! The log lines of the contract, as types. The contract is the log format that the lessons ask of
//! a server.

use witness::Line;

/// A log line with one of the contract's tags. A value that is missing or not a number is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogEvent {
    Accept { fd: Option<i32>, slot: Option<usize> },
    Disconnect { fd: Option<i32>, slot: Option<usize> },
    Reject,
    Fork { pid: Option<i32> },
    Reap { pid: Option<i32>, status: Option<i32>, signal: Option<i32> },
}

impl LogEvent {
    /// The event that a line reports. `None` for a line that has no tag, another tag or `[START]`.
    pub(crate) fn of(line: &Line) -> Option<Self> {
        let number = |key: &str| line.value(key).and_then(|number| number.parse().ok());
        let (fd, pid) = (number("fd"), number("pid"));
        let slot = line.value("slot").and_then(|number| number.parse().ok());
        match line.tag()? {
            "ACCEPT" => Some(LogEvent::Accept { fd, slot }),
            "DISCONNECT" => Some(LogEvent::Disconnect { fd, slot }),
            "REJECT" => Some(LogEvent::Reject),
            "FORK" => Some(LogEvent::Fork { pid }),
            "REAP" => {
                let (status, signal) = (number("status"), number("signal"));
                Some(LogEvent::Reap { pid, status, signal })
            }
            _ => None,
        }
    }
}

/// Whether the contract defines the line. A program may log any other lines, too.
pub(crate) fn is_contract_line(line: &Line) -> bool {
    matches!(line.tag(), Some("START" | "ACCEPT" | "DISCONNECT" | "REJECT" | "FORK" | "REAP"))
        || ClientEvent::of(line).is_some()
}

/// A log line of a client. The text is what follows the words of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientEvent<'a> {
    Attempting(&'a str),
    Connected(&'a str),
    /// The text between the quotation marks, if there are any.
    Sent(&'a str),
    Received(&'a str),
}

impl<'a> ClientEvent<'a> {
    /// The event that a line reports. A prompt without a newline may be before the event.
    pub(crate) fn of(line: &'a Line) -> Option<Self> {
        let (_, event) = line.text.split_once("[client] ")?;
        let quoted = |rest: &'a str| {
            rest.strip_prefix('\'').and_then(|it| it.strip_suffix('\'')).unwrap_or(rest)
        };
        if let Some(address) = event.strip_prefix("attempting connection to ") {
            Some(ClientEvent::Attempting(address))
        } else if let Some(address) = event.strip_prefix("connected to ") {
            Some(ClientEvent::Connected(address))
        } else if let Some(text) = event.strip_prefix("sent ") {
            Some(ClientEvent::Sent(quoted(text)))
        } else {
            event.strip_prefix("received ").map(|text| ClientEvent::Received(quoted(text)))
        }
    }
}
