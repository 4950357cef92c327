//! The evidence: connections as the kernel has them, and beside them what the server watches.

use crate::scene::{Guest, Scene};
use course::report::{Row, Table};
use witness::{Descriptor, Interest, Socket, State, Stuck, Target, Watched};

/// Both tables at this moment; a server that has ended has none.
pub(crate) fn of(scene: &Scene, stuck: &Stuck) -> Vec<Table> {
    if scene.server.exit().is_some() {
        return Vec::new();
    }
    let Ok(descriptors) = scene.server.descriptors() else { return Vec::new() };
    let spins = matches!(stuck, Stuck::Spinning(_));
    let watched = match stuck {
        Stuck::Spinning(strobe) => strobe.watched.clone(),
        _ => scene.server.watched().ok().flatten(),
    };
    let interests = match stuck {
        Stuck::Spinning(strobe) => strobe.interests.clone(),
        _ => scene.server.interests().ok().flatten(),
    };
    let told = if let Stuck::Spinning(strobe) = stuck { strobe.told.as_slice() } else { &[] };
    let people = People::of(scene, &descriptors);
    let unwatched = |fd: i32| match (&watched, &interests) {
        (Some(array), _) => !array.iter().any(|entry| entry.fd == fd),
        (None, Some(list)) => !list.iter().any(|entry| entry.fd == fd),
        (None, None) => false,
    };
    let mut tables = vec![people.connections(unwatched)];
    if let Some(watched) = &watched {
        tables.push(people.watch_set(watched, &descriptors, spins));
    } else if let Some(interests) = &interests {
        tables.push(people.interest_list(interests, &descriptors, told));
    }
    tables
}

/// Who is behind each socket of the server.
struct People<'a> {
    listener: Option<(i32, Socket)>,
    clients: Vec<(i32, Option<&'a Guest>, Option<Socket>)>,
    waiting: u32,
}

impl<'a> People<'a> {
    fn of(scene: &'a Scene, descriptors: &[Descriptor]) -> Self {
        let listening = scene.server.listener().ok().flatten();
        let elsewhere = scene.server.listeners().unwrap_or_default();
        for guest in scene.guests.iter().filter(|guest| guest.client.inode().is_none()) {
            // To look it up is what makes its inode known.
            let _ = scene.server.connection(&guest.client);
        }
        let mut people = Self { listener: None, clients: Vec::new(), waiting: 0 };
        people.waiting = listening.map_or(0, |socket| socket.unread);
        for descriptor in descriptors {
            let Target::Socket(inode) = descriptor.target else { continue };
            if let Some(socket) = listening.filter(|socket| socket.inode == inode) {
                people.listener = Some((descriptor.fd, socket));
                continue;
            }
            let guest = scene.guests.iter().find(|guest| guest.client.inode() == Some(inode));
            let socket = match guest {
                Some(guest) => scene.server.connection(&guest.client).ok().flatten(),
                None => elsewhere.iter().find(|socket| socket.inode == inode).copied(),
            };
            people.clients.push((descriptor.fd, guest, socket));
        }
        people
    }

    fn connections(&self, unwatched: impl Fn(i32) -> bool) -> Table {
        let mut rows = Vec::new();
        if let Some((fd, socket)) = &self.listener {
            let queue = match self.waiting {
                0 => String::new(),
                count => format!(", {count} not accepted"),
            };
            rows.push((
                *fd,
                row(*fd, "LISTEN", &format!("{}{queue}", socket.local), self.waiting > 0),
            ));
        }
        for (fd, guest, socket) in &self.clients {
            let state = socket.map_or("CLOSED", |socket| socket.state.name());
            let other = self.listener.map(|(_, listener)| listener.local.port());
            let listens = |socket: &Socket| {
                socket.state == State::Listen && Some(socket.local.port()) == other
            };
            let gone = socket.is_none_or(|it| it.state != State::Established && !listens(&it));
            let mut who = match (guest, socket) {
                (Some(guest), _) => guest.name.clone(),
                (None, Some(listener)) => listener.local.to_string(),
                (None, None) => "a socket".to_owned(),
            };
            if gone && guest.is_some() {
                who += ", gone";
            }
            if let Some(unread @ 1..) = socket.filter(|_| !gone).map(|socket| socket.unread) {
                who += &format!(", {unread} bytes unread");
            }
            rows.push((*fd, row(*fd, state, &who, gone || unwatched(*fd))));
        }
        rows.sort_by_key(|(fd, _)| *fd);
        Table {
            title: "the kernel says".to_owned(),
            rows: rows.into_iter().map(|(_, row)| row).collect(),
        }
    }

    /// While the server sleeps, what the kernel found last is of no interest; while it spins, that
    /// is what keeps it awake.
    fn watch_set(&self, watched: &[Watched], descriptors: &[Descriptor], spins: bool) -> Table {
        let rows = watched.iter().enumerate().map(|(index, entry)| {
            let repeated = watched.iter().filter(|other| other.fd == entry.fd).count() > 1;
            let awakes = spins && entry.revents != 0;
            let misplaced = repeated || !self.may_watch(entry.fd, descriptors);
            let wrong = entry.fd >= 0 && (awakes || misplaced);
            let found = if awakes { format!(" → {}", entry.revents()) } else { String::new() };
            let text =
                format!("{:<5}{:<4}{}{}", format!("[{index}]"), entry.fd, entry.events(), found);
            Row { wrong, text }
        });
        let title =
            if spins { "the server asks poll for → is told" } else { "the server asks poll for" };
        Table { title: title.to_owned(), rows: rows.collect() }
    }

    /// The interest list; beside an entry that keeps the server awake, what it is told.
    fn interest_list(
        &self,
        list: &[Interest],
        descriptors: &[Descriptor],
        told: &[(u32, u64)],
    ) -> Table {
        let rows = list.iter().map(|entry| {
            let target = descriptors.iter().find(|it| it.fd == entry.fd).map(|it| &it.target);
            let repeated = match target {
                Some(Target::Socket(_)) => {
                    list.iter().filter(|it| it.inode == entry.inode).count() > 1
                }
                _ => false,
            };
            let moved = matches!(target, Some(Target::Socket(inode)) if *inode != entry.inode);
            let event = told.iter().find(|(_, data)| *data == entry.data);
            let found = event.map_or(String::new(), |(events, _)| {
                format!(" → {}", Interest { events: *events, ..*entry }.events())
            });
            let wrong =
                event.is_some() || moved || repeated || !self.may_watch(entry.fd, descriptors);
            Row { wrong, text: format!("{:<4}{}{found}", entry.fd, entry.events()) }
        });
        let title =
            if told.is_empty() { "the interest list" } else { "the interest list → is told" };
        Table { title: title.to_owned(), rows: rows.collect() }
    }

    /// The listener, a client that is here, or something that is no client at all.
    fn may_watch(&self, fd: i32, descriptors: &[Descriptor]) -> bool {
        let open = descriptors.iter().find(|descriptor| descriptor.fd == fd);
        match open.map(|descriptor| &descriptor.target) {
            None => false,
            Some(Target::Other(_)) => true,
            Some(Target::Socket(_)) => self.clients.iter().all(|(client, _, socket)| {
                *client != fd || socket.is_some_and(|socket| socket.state == State::Established)
            }),
        }
    }
}

fn row(fd: i32, state: &str, who: &str, wrong: bool) -> Row {
    Row { wrong, text: format!("{fd:<4}{state:<13}{who}") }
}
