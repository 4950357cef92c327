//! The evidence of a failure: a table of the server's sockets, and beside it a table of the
//! descriptors that the server waits for.

use crate::named_client::NamedClient;
use course::report::{Row, Table};
use witness::{Descriptor, EpollEntry, PollEntry, Server, Socket, State, Target, WaitError};

/// The tables that show the present state of the server. There are no tables for a server that has
/// ended.
pub(crate) fn tables(
    server: &Server,
    clients: &[NamedClient],
    wait_error: &WaitError,
) -> Vec<Table> {
    if server.exit().is_some() {
        return Vec::new();
    }
    let Ok(descriptors) = server.descriptors() else { return Vec::new() };
    // A busy server does not wait in poll or epoll_wait now. The sample has the entries of its last
    // wait.
    let (watched, interests, reported, is_busy) = match wait_error {
        WaitError::Spinning(sample) => (
            sample.poll_entries.clone(),
            sample.epoll_entries.clone(),
            sample.events.as_slice(),
            true,
        ),
        _ => {
            let (watched, interests) = (server.poll_entries(), server.epoll_entries());
            (watched.ok().flatten(), interests.ok().flatten(), &[][..], false)
        }
    };
    let owners = SocketOwners::of(server, clients, &descriptors);
    let is_unwatched = |fd: i32| match (&watched, &interests) {
        (Some(array), _) => !array.iter().any(|entry| entry.fd == fd),
        (None, Some(list)) => !list.iter().any(|entry| entry.fd == fd),
        (None, None) => false,
    };
    let mut tables = vec![owners.sockets(is_unwatched)];
    if let Some(watched) = &watched {
        tables.push(owners.poll_array(watched, &descriptors, is_busy));
    } else if let Some(interests) = &interests {
        tables.push(owners.interest_list(interests, &descriptors, reported));
    }
    tables
}

/// What each socket of the server is connected to.
struct SocketOwners<'a> {
    listener: Option<(i32, Socket)>,
    /// Every other socket: its descriptor, its client if the test run has named one, and its state.
    /// The state is `None` if the kernel has no TCP connection for the socket any more.
    others: Vec<(i32, Option<&'a NamedClient>, Option<Socket>)>,
    /// The number of clients in the listener's queue.
    queued: u32,
}

impl<'a> SocketOwners<'a> {
    fn of(server: &Server, clients: &'a [NamedClient], descriptors: &[Descriptor]) -> Self {
        let listening = server.listener().ok().flatten();
        let all_listeners = server.listeners().unwrap_or_default();
        // `Server::connection` looks up the client's socket, and stores the socket's inode in the
        // client.
        for client in clients.iter().filter(|client| client.connection.inode().is_none()) {
            let _ = server.connection(&client.connection);
        }
        let mut owners = Self { listener: None, others: Vec::new(), queued: 0 };
        owners.queued = listening.map_or(0, |socket| socket.unread);
        for descriptor in descriptors {
            let Target::Socket(inode) = descriptor.target else { continue };
            if let Some(socket) = listening.filter(|socket| socket.inode == inode) {
                owners.listener = Some((descriptor.fd, socket));
                continue;
            }
            let client = clients.iter().find(|client| client.connection.inode() == Some(inode));
            let socket = match client {
                Some(client) => server.connection(&client.connection).ok().flatten(),
                None => all_listeners.iter().find(|socket| socket.inode == inode).copied(),
            };
            owners.others.push((descriptor.fd, client, socket));
        }
        owners
    }

    fn sockets(&self, is_unwatched: impl Fn(i32) -> bool) -> Table {
        let listener = self.listener.iter().map(|(fd, socket)| {
            let queue = match self.queued {
                0 => String::new(),
                count => format!(", {count} not accepted"),
            };
            let text = format!("{}{queue}", socket.local);
            (*fd, socket_row(*fd, "LISTEN", &text, self.queued > 0))
        });
        let others = self.others.iter().map(|(fd, client, socket)| {
            let is_gone = socket
                .is_none_or(|it| it.state != State::Established && !self.is_second_listener(&it));
            let state = match (client, socket) {
                (_, Some(socket)) => socket.state.name(),
                (Some(_), None) => "CLOSED",
                (None, None) => "",
            };
            let text = owner(*client, *socket, is_gone);
            (*fd, socket_row(*fd, state, &text, is_gone || is_unwatched(*fd)))
        });
        let mut rows: Vec<_> = listener.chain(others).collect();
        rows.sort_by_key(|(fd, _)| *fd);
        Table {
            title: "the kernel says".to_owned(),
            rows: rows.into_iter().map(|(_, row)| row).collect(),
        }
    }

    /// Whether `socket` is a second listener, on the same port at another address.
    fn is_second_listener(&self, socket: &Socket) -> bool {
        let port = self.listener.map(|(_, listener)| listener.local.port());
        socket.state == State::Listen && Some(socket.local.port()) == port
    }

    /// The table of the `pollfd` array. If the server is busy, the table also shows the events that
    /// poll has reported.
    fn poll_array(
        &self,
        watched: &[PollEntry],
        descriptors: &[Descriptor],
        is_busy: bool,
    ) -> Table {
        let rows = watched.iter().enumerate().map(|(index, entry)| {
            let is_repeated = watched.iter().filter(|other| other.fd == entry.fd).count() > 1;
            let wakes_server = is_busy && entry.revents != 0;
            let is_misplaced = is_repeated || !self.may_be_watched(entry.fd, descriptors);
            let wrong = entry.fd >= 0 && (wakes_server || is_misplaced);
            let reported =
                if wakes_server { format!(" → {}", entry.revents()) } else { String::new() };
            let position = format!("[{index}]");
            let text = format!("{position:<5}{:<4}{}{reported}", entry.fd, entry.events());
            Row { wrong, text }
        });
        let title = if is_busy {
            "the server asks poll for → poll reports"
        } else {
            "the server asks poll for"
        };
        Table { title: title.to_owned(), rows: rows.collect() }
    }

    /// The table of the epoll interest list. If the server is busy, the table also shows the events
    /// that epoll_wait reports again and again.
    fn interest_list(
        &self,
        list: &[EpollEntry],
        descriptors: &[Descriptor],
        reported: &[(u32, u64)],
    ) -> Table {
        let rows = list.iter().map(|entry| {
            let target = descriptors.iter().find(|it| it.fd == entry.fd).map(|it| &it.target);
            let is_repeated = match target {
                Some(Target::Socket(_)) => {
                    list.iter().filter(|it| it.inode == entry.inode).count() > 1
                }
                _ => false,
            };
            let is_other_file =
                matches!(target, Some(Target::Socket(inode)) if *inode != entry.inode);
            let event = reported.iter().find(|(_, data)| *data == entry.data);
            let events = event.map_or(String::new(), |(events, _)| {
                format!(" → {}", EpollEntry { events: *events, ..*entry }.events())
            });
            let wrong = event.is_some()
                || is_other_file
                || is_repeated
                || !self.may_be_watched(entry.fd, descriptors);
            Row { wrong, text: format!("{:<4}{}{events}", entry.fd, entry.events()) }
        });
        let title = match reported {
            [] => "the interest list",
            _ => "the interest list → epoll reports",
        };
        Table { title: title.to_owned(), rows: rows.collect() }
    }

    /// Whether a server may wait for this descriptor. A server may wait for the listener, for a
    /// client that is connected, and for a file that is not a socket.
    fn may_be_watched(&self, fd: i32, descriptors: &[Descriptor]) -> bool {
        let open = descriptors.iter().find(|descriptor| descriptor.fd == fd);
        match open.map(|descriptor| &descriptor.target) {
            None => false,
            Some(Target::Other(_)) => true,
            Some(Target::Socket(_)) => self.others.iter().all(|(other, _, socket)| {
                *other != fd || socket.is_some_and(|socket| socket.state == State::Established)
            }),
        }
    }
}

/// What a socket that is not the main listener is connected to.
fn owner(client: Option<&NamedClient>, socket: Option<Socket>, is_gone: bool) -> String {
    let mut text = match (client, socket) {
        (Some(client), _) => format!("client {}", client.name),
        (None, Some(listener)) => listener.local.to_string(),
        (None, None) => "another socket".to_owned(),
    };
    if is_gone && client.is_some() {
        text += ", has left";
    }
    if let Some(unread @ 1..) = socket.filter(|_| !is_gone).map(|socket| socket.unread) {
        text += &format!(", {unread} bytes unread");
    }
    text
}

fn socket_row(fd: i32, state: &str, text: &str, wrong: bool) -> Row {
    Row { wrong, text: format!("{fd:<4}{state:<13}{text}") }
}
