//! What happened in a run, in order: what its clients did, and which system calls the program made.

mod chart;
pub mod repetition;
mod text;

pub use chart::{Chart, Column, Row, Sleep};
use std::time::Duration;

/// The lanes of a run, and its events.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// One lane for each client, process and thread.
    pub lanes: Vec<Lane>,
    /// The events, in the order in which they were seen.
    pub events: Vec<Event>,
    /// The process of the program that was started last; 0 before the first start.
    pub process: i32,
}

/// A client, a process or a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// `A`, `server`, `child 1`, `thread 2`.
    pub name: String,
    /// What it is.
    pub kind: LaneKind,
}

/// What a lane shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneKind {
    /// A client of the check. For a client under test, a server's end of a connection.
    Client,
    /// The first thread of a process of the program.
    Process,
    /// Another thread of the program.
    Thread,
}

/// Something that has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The time since the run began.
    pub at: Duration,
    /// The number of the lane. `None` for an event of the check.
    pub lane: Option<usize>,
    /// What has happened.
    pub what: What,
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The check begins its next step.
    Step(String),
    /// The program was executed.
    Started,
    /// The client has connected to the program.
    Connected,
    /// The program under test is a client, and a server of the check has accepted its connection.
    Accepted,
    /// The client has sent these bytes.
    Sent(Vec<u8>),
    /// The client has received these bytes.
    Received(Vec<u8>),
    /// The client has shut down its sending side.
    HalfClosed,
    /// The client has closed its connection.
    Closed,
    /// The client has reset its connection.
    Reset,
    /// The client has seen the end of its connection: a FIN, or a RST.
    SawEnd {
        /// Whether it was a RST.
        is_reset: bool,
    },
    /// A system call has returned.
    Call(Call),
    /// The process or thread has begun.
    Began {
        /// The number of the lane that has created it.
        by: usize,
    },
    /// The process or thread has ended, e.g. `status 1` or `SIGKILL`.
    Ended(String),
    /// The program has received a signal, e.g. `SIGCHLD`.
    Signal(String),
    /// The check has sent a signal to the process, e.g. `SIGSTOP`.
    Signalled(String),
    /// The check makes the next call of the kind that it looks at fail with this error, e.g. `EMFILE`.
    Fault(String),
    /// The following calls were not recorded, because there were too many.
    Full,
}

/// A system call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name, e.g. `recvfrom`.
    pub name: &'static str,
    /// What it does.
    pub kind: CallKind,
    /// Its arguments as a person reads them, e.g. `5, client A` or `[3 POLLIN, 5 POLLIN]`.
    pub arguments: String,
    /// Its result: a number or the name of an error. Empty if it has not returned.
    pub result: String,
    /// Whether it has returned an error.
    pub failed: bool,
    /// How long it has lasted. The thread may have slept meanwhile.
    pub lasted: Duration,
    /// The number of the client's lane, if the call is about a client's connection.
    pub client: Option<usize>,
    /// The first bytes that were read or written.
    pub bytes: Vec<u8>,
}

/// What a system call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// It creates the listener.
    Listen,
    /// It accepts a client, or connects.
    Accept,
    /// It reads from a connection or from a file.
    Read,
    /// It writes to a connection.
    Write,
    /// It writes to standard output or to standard error.
    Print,
    /// It closes a descriptor or one side of a connection.
    Close,
    /// It waits until a descriptor is ready, or until the time is over.
    Wait,
    /// It changes an epoll interest list.
    Watch,
    /// It is about processes, threads or signals.
    Process,
    /// It is about memory, files and settings.
    Other,
}

/// A call that lasts at least this long has slept.
const SLEEP: Duration = Duration::from_micros(500);

impl Call {
    /// Whether the thread has slept in the call.
    pub fn has_slept(&self) -> bool {
        self.lasted >= SLEEP
    }

    /// The call as a line: `read(5, client A) = 5`.
    pub fn text(&self) -> String {
        match self.result.as_str() {
            "" => format!("{}({})", self.name, self.arguments),
            result => format!("{}({}) = {result}", self.name, self.arguments),
        }
    }
}

impl Timeline {
    /// The number of steps.
    pub fn steps(&self) -> usize {
        self.events.iter().filter(|event| matches!(event.what, What::Step(_))).count()
    }

    /// The lane of an event.
    pub fn lane(&self, event: &Event) -> Option<&Lane> {
        event.lane.and_then(|number| self.lanes.get(number))
    }
}

/// Bytes as text between quotation marks, at most about `most` characters. The number of all bytes
/// follows if some are left out.
pub fn quoted(bytes: &[u8], most: usize) -> String {
    let text = bytes.escape_ascii().to_string();
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("\"{}\"… ({} bytes)", &text[..end], bytes.len()),
        None => format!("\"{text}\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_bytes_are_cut() {
        assert_eq!(quoted(b"a\n\xff", 10), r#""a\n\xff""#);
        assert_eq!(quoted(b"hello, world", 5), r#""hello"… (12 bytes)"#);
    }
}
