//! The descriptors of a running server, each beside its entry in the array or list that the server
//! waits with.

use super::network::Network;
use super::open_files::{MAX_OTHERS, OpenFile, OpenFiles};
use super::takes_descriptor;
use crate::named_client::NamedClient;
use std::collections::BTreeMap;
use witness::{Call, Descriptor, EpollEntry, PollEntry, Socket, State, Thread};

/// A descriptor of a process, or a connection that has no descriptor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// The descriptor; `None` for a connection that has no descriptor.
    pub fd: Option<i32>,
    /// The state of a socket, e.g. `CLOSE_WAIT`. Empty for other files.
    pub state: &'static str,
    /// What the file is, e.g. `client A, has left`.
    pub name: String,
    /// The slot that the server has logged for the client.
    pub slot: Option<usize>,
    /// What the server has not read, e.g. `6`, or `6+EOF`.
    pub unread: Option<String>,
    /// The number of written bytes that the client has not acknowledged.
    pub unsent: Option<u32>,
    /// The entry of the pollfd array or the interest list, e.g. `[1] POLLIN`.
    pub entry: Option<String>,
    /// Whether the row shows a fault: the kernel, the entry and the log disagree.
    pub wrong: bool,
}

/// What a process waits with.
#[derive(Default)]
pub(crate) enum Waits {
    /// Neither poll nor epoll, or the process is not waiting now.
    #[default]
    Nothing,
    /// The pollfd array.
    Poll(Vec<PollEntry>),
    /// The interest lists.
    Epoll(Vec<EpollEntry>),
}

/// The part of a process in its server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The process serves all clients.
    Whole,
    /// The process listens, and its children serve the clients.
    Parent,
    /// The process serves a client, and does not listen.
    Child,
}

/// The descriptors of one process.
pub(crate) struct LiveFiles<'a> {
    files: OpenFiles<'a>,
    descriptors: &'a [Descriptor],
}

impl<'a> LiveFiles<'a> {
    pub(crate) fn new(
        network: &Network,
        clients: &'a [NamedClient],
        descriptors: &'a [Descriptor],
    ) -> Self {
        Self { files: OpenFiles::in_network(network, clients, descriptors), descriptors }
    }

    /// One row for each descriptor, and one for each entry whose descriptor is not open. `slots` has
    /// the slot of each descriptor for which the server has logged one.
    pub(crate) fn rows(
        &self,
        part: Part,
        waits: &Waits,
        slots: &BTreeMap<i32, usize>,
    ) -> Vec<FileRow> {
        let is_other = |file: &OpenFile<'_>| matches!(file, OpenFile::Other(_));
        let hides_others =
            self.files.files.iter().filter(|(_, file)| is_other(file)).count() > MAX_OTHERS;
        let shown = self.files.files.iter().filter(|(_, file)| !hides_others || !is_other(file));
        let mut rows: Vec<_> =
            shown.map(|(fd, file)| self.row(*fd, file, part, waits, slots)).collect();
        let is_open = |fd| self.files.files.iter().any(|(open, _)| *open == fd);
        let mut closed: Vec<_> = waits.descriptors();
        closed.extend(slots.keys());
        closed.retain(|fd| *fd >= 0 && !is_open(*fd));
        closed.sort_unstable();
        closed.dedup();
        rows.extend(closed.into_iter().map(|fd| self.closed(fd, waits, slots)));
        rows.sort_by_key(|row| row.fd);
        rows
    }

    fn row(
        &self,
        fd: i32,
        file: &OpenFile<'_>,
        part: Part,
        waits: &Waits,
        slots: &BTreeMap<i32, usize>,
    ) -> FileRow {
        let entry = self.entry(fd, waits);
        let is_unwatched = !matches!(waits, Waits::Nothing) && entry.is_none();
        let is_in_wrong_process = match part {
            Part::Whole => false,
            Part::Parent => file.is_client(),
            Part::Child => matches!(file, OpenFile::Listener(_)),
        };
        let has_queue = matches!(file, OpenFile::Listener(socket) if socket.unread > 0);
        let wrong = file.has_left()
            || file.is_client() && is_unwatched
            || has_queue && !matches!(waits, Waits::Nothing)
            || is_in_wrong_process
            || entry.as_ref().is_some_and(|entry| entry.is_wrong);
        let counts = file.socket().filter(|socket| socket.state != State::Listen);
        FileRow {
            fd: Some(fd),
            state: file.state(),
            name: name(file),
            slot: slots.get(&fd).copied(),
            unread: counts.map(unread),
            unsent: counts.map(|socket| socket.unacknowledged),
            entry: entry.map(|entry| entry.text),
            wrong,
        }
    }

    /// The row of a descriptor that is not open.
    fn closed(&self, fd: i32, waits: &Waits, slots: &BTreeMap<i32, usize>) -> FileRow {
        FileRow {
            fd: Some(fd),
            state: "not open",
            name: String::new(),
            slot: slots.get(&fd).copied(),
            unread: None,
            unsent: None,
            entry: self.entry(fd, waits).map(|entry| entry.text),
            wrong: true,
        }
    }

    /// The entries for a descriptor.
    fn entry(&self, fd: i32, waits: &Waits) -> Option<Entry> {
        let entries: Vec<_> = match waits {
            Waits::Nothing => Vec::new(),
            Waits::Poll(array) => array
                .iter()
                .enumerate()
                .filter(|(_, entry)| entry.fd == fd)
                .map(|(index, entry)| Entry {
                    text: format!("[{index}] {}", entry.events()),
                    is_wrong: self.files.is_misplaced(entry, array),
                })
                .collect(),
            Waits::Epoll(list) => list
                .iter()
                .filter(|entry| entry.fd == fd)
                .map(|entry| Entry {
                    text: entry.events(),
                    is_wrong: self.files.is_misregistered(entry, list, self.descriptors),
                })
                .collect(),
        };
        entries.into_iter().reduce(|one, other| Entry {
            text: format!("{} {}", one.text, other.text),
            is_wrong: one.is_wrong || other.is_wrong,
        })
    }

    /// What a thread of the process does, e.g. `asleep in read on 5, client A`.
    pub(crate) fn thread_text(&self, thread: &Thread, waits: &Waits) -> String {
        match thread.call {
            _ if thread.zombie => "has ended, and was not waited for (zombie)".to_owned(),
            _ if thread.stopped => "stopped (SIGSTOP)".to_owned(),
            None => "running".to_owned(),
            Some(call) => format!("asleep in {}", self.call_text(&call, waits)),
        }
    }

    fn call_text(&self, call: &Call, waits: &Waits) -> String {
        let name = call.name();
        let time_out = match call.timeout() {
            Some(millis @ 0..) => format!(", time-out {millis} ms"),
            _ => String::new(),
        };
        if call.is_poll() {
            let waited = match waits {
                Waits::Poll(_) => waits.descriptors(),
                _ => Vec::new(),
            };
            let waited: Vec<_> = waited.iter().filter(|fd| **fd >= 0).map(i32::to_string).collect();
            return match waited.is_empty() {
                true => format!("{name}{time_out}"),
                false => format!("{name} on {}{time_out}", waited.join(", ")),
            };
        }
        let fd = call.arguments[0] as i32;
        let file = match fd {
            _ if !takes_descriptor(call) && !call.is_epoll() => None,
            0 => Some("standard input".to_owned()),
            1 => Some("standard output".to_owned()),
            2 => Some("standard error".to_owned()),
            _ => self.files.named(call),
        };
        match file {
            Some(file) => format!("{name} on {fd}, {file}{time_out}"),
            None => format!("{name}{time_out}"),
        }
    }
}

/// An entry of a pollfd array or an interest list.
struct Entry {
    text: String,
    is_wrong: bool,
}

impl Waits {
    /// The descriptors of the entries.
    fn descriptors(&self) -> Vec<i32> {
        match self {
            Waits::Nothing => Vec::new(),
            Waits::Poll(array) => array.iter().map(|entry| entry.fd).collect(),
            Waits::Epoll(list) => list.iter().map(|entry| entry.fd).collect(),
        }
    }
}

/// The row of a client's connection to which no process has a descriptor. `None` for a connection
/// that has ended for both sides.
pub(crate) fn without_descriptor(client: &NamedClient, socket: &Socket) -> Option<FileRow> {
    if matches!(socket.state, State::TimeWait | State::Closed) {
        return None;
    }
    // Until accept(2) has returned it, a connection has no descriptor.
    let is_waiting =
        matches!(socket.state, State::SynReceived | State::Established | State::CloseWait);
    let note = if is_waiting { "not accepted" } else { "closed by the server" };
    Some(FileRow {
        fd: None,
        state: socket.state.name(),
        name: format!("client {}, {note}", client.name),
        slot: None,
        unread: Some(unread(socket)),
        unsent: Some(socket.unacknowledged),
        entry: None,
        wrong: false,
    })
}

/// What a file is. The number of unread bytes has a column of its own.
fn name(file: &OpenFile<'_>) -> String {
    match file {
        OpenFile::Client(client, _) => {
            let has_closed = client.connection.has_left();
            let leaving = match file.leaving_text(has_closed) {
                // The name of the key that does so.
                text if !text.is_empty() && !has_closed => ", half-closed",
                text => text,
            };
            format!("client {}{leaving}", client.name)
        }
        OpenFile::UnnamedClient(socket) => format!("{}{}", socket.peer, file.leaving_text(true)),
        _ => file.text(),
    }
}

/// The number of bytes that the server has not read. The kernel counts an end of file as one byte.
fn unread(socket: &Socket) -> String {
    let has_end = matches!(socket.state, State::CloseWait | State::LastAck | State::Closing);
    match (socket.unread, has_end) {
        (1, true) => "EOF".to_owned(),
        (count @ 2.., true) => format!("{}+EOF", count - 1),
        (count, _) => count.to_string(),
    }
}
