//! Compares the entries that a server passes to the kernel with the listener and the clients.

use super::{AcceptedClient, Change};
use crate::named_client::NamedClient;
use crate::shared::WaitCall;
use crate::shared::watch_entries::{WatchEntry, WatchedFile};
use witness::{Server, Target, Unobservable};

/// The entries that a server should have: its listener, and each client of `live`.
pub(super) struct Expected<'a> {
    pub(super) server: &'a Server,
    /// All clients, also those that have left.
    pub(super) clients: &'a [NamedClient],
    /// The clients that are connected, in the order in which they came.
    pub(super) live: &'a [AcceptedClient],
    pub(super) wait: WaitCall,
    pub(super) change: Change,
    pub(super) capacity: usize,
}

/// A difference between the entries and the expected entries.
pub(super) struct Difference {
    pub(super) mistake: Option<&'static str>,
    pub(super) summary: String,
    /// The other criterion that checks for this difference, if there is one.
    pub(super) depends_on: Option<&'static str>,
}

/// The criterion that checks in which call the server sleeps.
pub(super) fn criterion_of_call(wait: WaitCall) -> &'static str {
    if wait == WaitCall::Epoll { "epoll" } else { "idle" }
}

impl Expected<'_> {
    pub(super) fn difference(
        &self,
        entries: &[WatchEntry],
    ) -> Result<Option<Difference>, Unobservable> {
        if let Some(found) = self.not_once(entries)? {
            return Ok(Some(found));
        }
        Ok(self.stale(entries).or_else(|| self.not_for_input(entries)))
    }

    /// Finds a listener or a connected client that has no entry, or more than one entry.
    pub(super) fn not_once(
        &self,
        entries: &[WatchEntry],
    ) -> Result<Option<Difference>, Unobservable> {
        for (index, (client, fd)) in self.live.iter().enumerate() {
            let is_newest = index + 1 == self.live.len();
            match count_of(entries, client.connection.inode()) {
                1 => {}
                0 => return Ok(Some(self.missing(&client.name, *fd, is_newest))),
                _ => return Ok(Some(self.repeated(&client.name, *fd))),
            }
        }
        self.listener_not_once(entries)
    }

    /// A connected client that has no entry.
    fn missing(&self, name: &str, fd: i32, is_newest: bool) -> Difference {
        let is_epoll = self.wait == WaitCall::Epoll;
        if self.server.descriptors().is_ok_and(|open| open.iter().all(|it| it.fd != fd)) {
            let summary =
                format!("The server closed descriptor {fd} of {name}, which has not left.");
            return Difference { mistake: None, summary, depends_on: None };
        }
        let mistake = match self.change {
            Change::Came if is_newest => Some("not-added"),
            Change::Left if !is_epoll => Some("wrong-entry-removed"),
            _ => None,
        };
        let list = if is_epoll { "on the interest list" } else { "in the array" };
        let summary = format!("{name} is connected to descriptor {fd}, which is not {list}.");
        Difference { mistake, summary, depends_on: self.asked_by_epoll() }
    }

    /// A connected client that has more than one entry.
    fn repeated(&self, name: &str, fd: i32) -> Difference {
        let is_epoll = self.wait == WaitCall::Epoll;
        let list = if is_epoll { "on the interest list" } else { "in the array" };
        let summary = format!("{name}, descriptor {fd}, is {list} more than once.");
        Difference { mistake: Some("watched-twice"), summary, depends_on: self.asked_by_epoll() }
    }

    fn listener_not_once(
        &self,
        entries: &[WatchEntry],
    ) -> Result<Option<Difference>, Unobservable> {
        let Some(socket) = self.server.listener()? else { return Ok(None) };
        let is_epoll = self.wait == WaitCall::Epoll;
        let count = count_of(entries, Some(socket.inode));
        // Several threads may each have the listener on an interest list (epoll_ctl(2),
        // EPOLLEXCLUSIVE).
        if count == 1 || count > 1 && is_epoll {
            return Ok(None);
        }
        // The criterion `capacity` asks what a server does whose table is full.
        if count == 0 && self.live.len() >= self.capacity {
            return Ok(None);
        }
        let open = self.server.descriptors()?;
        let fd = open.iter().find(|it| it.target == Target::Socket(socket.inode)).map(|it| it.fd);
        let fd = fd.map_or("?".to_owned(), |fd| fd.to_string());
        let list = if is_epoll { "on the interest list" } else { "in the array" };
        let times = if count == 0 { "not" } else { "more than once" };
        Ok(Some(Difference {
            mistake: None,
            summary: format!("The listener, descriptor {fd}, is {times} {list}."),
            depends_on: self.asked_by_epoll(),
        }))
    }

    /// The criterion `epoll`, if the lesson has it: it checks that each connection is on the
    /// interest list once.
    fn asked_by_epoll(&self) -> Option<&'static str> {
        (self.wait == WaitCall::Epoll).then_some("epoll")
    }

    /// Finds an entry that refers to a client that has left, or to a closed descriptor.
    fn stale(&self, entries: &[WatchEntry]) -> Option<Difference> {
        let has_left = |entry: &&WatchEntry| match entry.file {
            WatchedFile::Closed => true,
            WatchedFile::Other => false,
            file => !self.is_live(file) && self.clients.iter().any(|client| owns(client, file)),
        };
        let entry = entries.iter().find(has_left)?;
        let state = match entry.file {
            WatchedFile::Closed => "it is closed",
            _ => "its client has left",
        };
        let is_epoll = self.wait == WaitCall::Epoll;
        let list = if is_epoll { "interest list" } else { "array" };
        let mistake = if is_epoll { "stale-entry" } else { "stale-pollfd" };
        let summary = format!("The {list} still has descriptor {}, and {state}.", entry.fd);
        // If the client's descriptor is still open, the server has not noticed that it left.
        let is_open = self.server.descriptors().is_ok_and(|open| {
            let is_it = |target: &Target| match target {
                Target::Socket(inode) => entry.file == WatchedFile::Socket(*inode),
                Target::Other(_) => false,
            };
            open.iter().any(|descriptor| descriptor.fd == entry.fd && is_it(&descriptor.target))
        });
        Some(Difference { mistake: (!is_open).then_some(mistake), summary, depends_on: None })
    }

    /// Finds the entry of a connected client that does not wait for input.
    fn not_for_input(&self, entries: &[WatchEntry]) -> Option<Difference> {
        let mut live = entries.iter().filter(|entry| self.is_live(entry.file));
        let entry = live.find(|entry| !entry.for_input)?;
        let summary = format!("The server does not wait for input on descriptor {}.", entry.fd);
        let mistake = entry.oneshot.then_some("oneshot-not-armed");
        Some(Difference { mistake, summary, depends_on: None })
    }

    fn is_live(&self, file: WatchedFile) -> bool {
        self.live.iter().any(|(client, _)| owns(client, file))
    }
}

fn owns(client: &NamedClient, file: WatchedFile) -> bool {
    client.connection.inode().map(WatchedFile::Socket) == Some(file)
}

fn count_of(entries: &[WatchEntry], inode: Option<u64>) -> usize {
    let file = inode.map(WatchedFile::Socket);
    entries.iter().filter(|entry| Some(entry.file) == file).count()
}
