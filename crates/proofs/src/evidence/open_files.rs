//! What each descriptor of a server refers to.

use super::network::Network;
use crate::named_client::NamedClient;
use course::report::{Row, Table};
use witness::{Call, Descriptor, Server, Socket, State, Target};

/// The descriptors of a server, except the standard streams.
pub(super) struct OpenFiles<'a> {
    pub(super) files: Vec<(i32, OpenFile<'a>)>,
}

/// What a descriptor refers to.
pub(super) enum OpenFile<'a> {
    /// The socket that clients connect to, with the number of clients in its queue.
    Listener(Socket),
    /// A listener on another port, or at another address. `is_second` is false if nothing listens
    /// on the port that clients connect to.
    OtherListener { socket: Socket, is_second: bool },
    /// The connection of a client that the test run has named. The kernel has no socket for a
    /// connection that was reset.
    Client(&'a NamedClient, Option<Socket>),
    /// The connection of a client without a name, e.g. one of many.
    UnnamedClient(Socket),
    /// A connection that the server has made itself, or a connection to another port.
    OtherConnection(Socket),
    /// A Unix socket. The runtimes of several languages have a pair of them for themselves.
    UnixSocket,
    /// A socket that has no connection: it never had one, or the connection was reset.
    Unconnected,
    /// Any other file, by its kind, e.g. `eventfd`.
    Other(String),
}

/// The maximum number of rows for descriptors that are no TCP sockets. A runtime may have many
/// files open.
pub(super) const MAX_OTHERS: usize = 6;

impl<'a> OpenFiles<'a> {
    pub(super) fn of(
        server: &Server,
        clients: &'a [NamedClient],
        descriptors: &[Descriptor],
    ) -> Self {
        Self::in_network(&Self::network(server, clients), clients, descriptors)
    }

    /// The sockets of the server's network at this moment. Each client gets its inode.
    pub(super) fn network(server: &Server, clients: &[NamedClient]) -> Network {
        // `Server::connection` looks up the client's socket, and stores the socket's inode in the
        // client.
        for client in clients.iter().filter(|client| client.connection.inode().is_none()) {
            let _ = server.connection(&client.connection);
        }
        Network::read(server)
    }

    /// What these descriptors refer to, in a network that was read before. Each client of the network
    /// must have its inode.
    pub(super) fn in_network(
        network: &Network,
        clients: &'a [NamedClient],
        descriptors: &[Descriptor],
    ) -> Self {
        let Network { listener, listeners, sockets, unix } = network;
        let listener = *listener;
        let port = listener.map(|listener| listener.local.port());
        let socket = |inode: u64| {
            let is_it = |socket: &&Socket| socket.inode == inode;
            let client = clients.iter().find(|it| it.connection.inode() == Some(inode));
            let connection = sockets.iter().find(is_it).copied();
            if let Some(listener) = listener.filter(|listener| listener.inode == inode) {
                OpenFile::Listener(listener)
            } else if let Some(other) = listeners.iter().find(is_it) {
                OpenFile::OtherListener { socket: *other, is_second: listener.is_some() }
            } else if let Some(client) = client {
                OpenFile::Client(client, connection)
            } else {
                match connection {
                    Some(socket) if Some(socket.local.port()) == port => {
                        OpenFile::UnnamedClient(socket)
                    }
                    Some(socket) => OpenFile::OtherConnection(socket),
                    None if unix.contains(&inode) => OpenFile::UnixSocket,
                    None => OpenFile::Unconnected,
                }
            }
        };
        let file = |descriptor: &Descriptor| match &descriptor.target {
            Target::Socket(inode) => socket(*inode),
            Target::Other(link) => OpenFile::Other(kind_of(link)),
        };
        let own = descriptors.iter().filter(|descriptor| descriptor.fd > 2);
        Self { files: own.map(|descriptor| (descriptor.fd, file(descriptor))).collect() }
    }

    /// The table of all descriptors. Of many files that are neither sockets nor something to wait
    /// for, only the number is shown.
    pub(super) fn table(&self, is_unwatched: impl Fn(i32) -> bool) -> Table {
        let others = self.files.iter().filter(|(_, file)| matches!(file, OpenFile::Other(_)));
        let count = others.count();
        let shows_others = count <= MAX_OTHERS;
        let shown = self
            .files
            .iter()
            .filter(|(_, file)| shows_others || !matches!(file, OpenFile::Other(_)));
        let row = |(fd, file): &(i32, OpenFile<'_>)| {
            let (state, text) = (file.state(), file.text());
            let wrong = file.is_wrong() || file.is_client() && is_unwatched(*fd);
            Row { wrong, text: format!("{fd:<3} {state:<13}{text}").trim_end().to_owned() }
        };
        let mut rows: Vec<_> = shown.map(row).collect();
        if !shows_others {
            rows.push(Row {
                wrong: false,
                text: format!("and {count} descriptors of other files"),
            });
        }
        Table { title: "the kernel says".to_owned(), rows }
    }

    /// A name for the descriptor that a call waits on, e.g. `client B`.
    pub(super) fn named(&self, call: &Call) -> Option<String> {
        let fd = call.arguments[0] as i32;
        let (_, file) = self.files.iter().find(|(other, _)| *other == fd)?;
        Some(match file {
            OpenFile::Listener(_) => "the listener".to_owned(),
            OpenFile::OtherListener { socket, .. } => {
                format!("which listens on {}", socket.local.port())
            }
            OpenFile::Client(client, _) => format!("client {}", client.name),
            OpenFile::UnnamedClient(_) => "another client".to_owned(),
            OpenFile::OtherConnection(_) | OpenFile::Unconnected => file.text(),
            OpenFile::UnixSocket => "a socketpair".to_owned(),
            OpenFile::Other(kind) => kind.clone(),
        })
    }

    /// Whether a server may wait for this descriptor. A server may wait for a listener, for a
    /// client that is connected, and for a file of its own.
    pub(super) fn may_be_watched(&self, fd: i32) -> bool {
        let file = self.files.iter().find(|(other, _)| *other == fd);
        file.is_some_and(|(_, file)| !file.has_left())
    }
}

impl OpenFile<'_> {
    pub(super) fn socket(&self) -> Option<&Socket> {
        match self {
            OpenFile::Listener(socket)
            | OpenFile::OtherListener { socket, .. }
            | OpenFile::UnnamedClient(socket)
            | OpenFile::OtherConnection(socket) => Some(socket),
            OpenFile::Client(_, socket) => socket.as_ref(),
            OpenFile::UnixSocket | OpenFile::Unconnected | OpenFile::Other(_) => None,
        }
    }

    pub(super) fn is_client(&self) -> bool {
        matches!(self, OpenFile::Client(..) | OpenFile::UnnamedClient(_))
    }

    /// Whether the file is the connection of a client that has left. The kernel has moved such a
    /// connection to one of these states, or has removed it after a reset.
    pub(super) fn has_left(&self) -> bool {
        let is_ended = |socket: &Socket| {
            matches!(socket.state, State::CloseWait | State::LastAck | State::Closing)
        };
        match self {
            OpenFile::Client(client, socket) => {
                let has_ended = socket.as_ref().is_none_or(is_ended);
                has_ended && (client.connection.has_left() || socket.is_none())
            }
            OpenFile::UnnamedClient(socket) => is_ended(socket),
            _ => false,
        }
    }

    /// Whether the row shows a fault.
    fn is_wrong(&self) -> bool {
        let has_queue = matches!(self, OpenFile::Listener(socket) if socket.unread > 0);
        has_queue || self.has_left()
    }

    pub(super) fn state(&self) -> &'static str {
        match self {
            OpenFile::Client(_, None) => "CLOSED",
            OpenFile::UnixSocket => "socketpair",
            OpenFile::Unconnected => "socket",
            _ => self.socket().map_or("", |socket| socket.state.name()),
        }
    }

    pub(super) fn text(&self) -> String {
        match self {
            OpenFile::Listener(socket) => match socket.unread {
                0 => socket.local.to_string(),
                queued => format!("{}, {queued} not accepted", socket.local),
            },
            OpenFile::OtherListener { socket, is_second } => {
                let second = if *is_second { ", a second listener" } else { "" };
                format!("{}{second}", socket.local)
            }
            OpenFile::Client(client, socket) => {
                let leaving = self.leaving_text(client.connection.has_left());
                format!("client {}{leaving}{}", client.name, unread_text(socket.as_ref()))
            }
            OpenFile::UnnamedClient(socket) => {
                format!("another client{}{}", self.leaving_text(true), unread_text(Some(socket)))
            }
            OpenFile::OtherConnection(socket) => format!("a connection to {}", socket.peer),
            OpenFile::Unconnected => "without a connection".to_owned(),
            OpenFile::UnixSocket => String::new(),
            OpenFile::Other(kind) => kind.clone(),
        }
    }

    /// What a client has done to end its connection.
    pub(super) fn leaving_text(&self, has_closed: bool) -> &'static str {
        let state = self.socket().map(|socket| socket.state);
        match (self.has_left(), state) {
            (true, _) => ", has left",
            (false, Some(State::CloseWait)) if !has_closed => ", shut down its sending side",
            _ => "",
        }
    }
}

/// How many bytes the server has not read. The kernel counts an end of file as one byte.
fn unread_text(socket: Option<&Socket>) -> String {
    let Some(socket) = socket else { return String::new() };
    let has_end = matches!(socket.state, State::CloseWait | State::LastAck | State::Closing);
    match (socket.unread, has_end) {
        (0, _) => String::new(),
        (1, true) => ", end of file not read".to_owned(),
        (count, true) => format!(", {} bytes and end of file not read", count - 1),
        (count, false) => format!(", {count} bytes not read"),
    }
}

/// The kind of a file, from its link in `/proc/PID/fd` (proc_pid_fd(5)).
fn kind_of(link: &str) -> String {
    let kinds = [
        ("anon_inode:[eventpoll]", "epoll"),
        ("anon_inode:[eventfd]", "eventfd"),
        ("anon_inode:[timerfd]", "timerfd"),
        ("anon_inode:[signalfd]", "signalfd"),
        ("anon_inode:inotify", "inotify"),
        ("anon_inode:[io_uring]", "io_uring"),
        ("pipe:", "pipe"),
        ("/dev/pts", "terminal"),
    ];
    match kinds.iter().find(|(start, _)| link.starts_with(start)) {
        Some((_, kind)) => kind.to_string(),
        None => format!("file {link}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_by_their_kind() {
        assert_eq!(kind_of("anon_inode:[eventpoll]"), "epoll");
        assert_eq!(kind_of("anon_inode:[signalfd]"), "signalfd");
        assert_eq!(kind_of("pipe:[1234]"), "pipe");
        assert_eq!(kind_of("/dev/null"), "file /dev/null");
    }
}
