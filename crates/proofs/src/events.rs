//! The log lines of the contract, typed.

use witness::Line;

/// What a line with one of the contract's tags says. A value that is missing or no number is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Accept { fd: Option<i32>, slot: Option<usize> },
    Disconnect { fd: Option<i32>, slot: Option<usize> },
    Reject,
    Fork { pid: Option<i32> },
}

impl Event {
    pub(crate) fn of(line: &Line) -> Option<Self> {
        let fd = line.value("fd").and_then(|number| number.parse().ok());
        let pid = line.value("pid").and_then(|number| number.parse().ok());
        let slot = line.value("slot").and_then(|number| number.parse().ok());
        match line.tag()? {
            "ACCEPT" => Some(Event::Accept { fd, slot }),
            "DISCONNECT" => Some(Event::Disconnect { fd, slot }),
            "REJECT" => Some(Event::Reject),
            "FORK" => Some(Event::Fork { pid }),
            _ => None,
        }
    }
}

/// Whether a line is one of the contract's, and not the author's own.
pub(crate) fn is_contract(line: &Line) -> bool {
    matches!(line.tag(), Some("START" | "ACCEPT" | "DISCONNECT" | "REJECT" | "FORK"))
}
