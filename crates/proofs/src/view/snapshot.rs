//! What is seen of a running server at one moment, as plain rows.

use crate::evidence::FileRow;

/// What is seen of a running server at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// How far the server is.
    pub phase: Phase,
    /// Whether every process of the server is stopped (SIGSTOP).
    pub is_stopped: bool,
    /// What the server waits with.
    pub waits_with: WaitsWith,
    /// The processes of the server. The first one listens.
    pub processes: Vec<ProcessRow>,
    /// The connections to which no process has a descriptor.
    pub without_descriptor: Vec<FileRow>,
    /// The clients of the view, in the order in which they were opened.
    pub clients: Vec<ClientRow>,
    /// The call that will fail, e.g. `the next accept fails with EMFILE`.
    pub fault: Option<String>,
    /// What could not be seen, and why.
    pub problems: Vec<String>,
}

/// How far a server is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// No process listens on the server's port.
    #[default]
    NotListening,
    /// Clients can connect, or the program is a client and runs.
    Listening,
    /// The program has ended; the text says how.
    Ended(String),
}

/// What a server waits for its clients with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WaitsWith {
    /// Neither poll nor epoll.
    #[default]
    Neither,
    /// poll(2), with a pollfd array.
    Poll,
    /// epoll_wait(2), with an interest list.
    Epoll,
}

/// A process of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessRow {
    /// The process id, as the process itself has it.
    pub pid: i32,
    /// Whether the process is a child of the process that listens.
    pub is_child: bool,
    /// Whether the process has ended and was not waited for.
    pub is_zombie: bool,
    /// What its threads do, e.g. `asleep in poll on 3, 4`. Threads that do the same share one text,
    /// which has their number.
    pub threads: Vec<(String, usize)>,
    /// Its descriptors, except the standard streams.
    pub files: Vec<FileRow>,
}

/// A client of the view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRow {
    /// The client's name: A, B …
    pub name: String,
    /// What has happened to the connection, e.g. `half-closed`. Empty for a connection that is open.
    pub state: &'static str,
    /// Whether the client can still do something: it has neither closed nor reset its connection.
    pub is_open: bool,
    /// The number of bytes that the client has sent.
    pub sent: u64,
    /// The number of bytes that the client has received.
    pub received: u64,
    /// The last lines that the client has received, oldest first. The last one may have no newline
    /// yet.
    pub lines: Vec<String>,
}

/// A line that the server has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogLine {
    /// To standard output.
    Stdout(String),
    /// To standard error.
    Stderr(String),
}
