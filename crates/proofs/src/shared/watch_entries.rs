//! The descriptors that a server waits for. This module gives the entries of the `pollfd` array and
//! of the epoll interest list the same form.

use super::wait_call::WaitCall;
use crate::named_client::NamedClient;
use witness::{Descriptor, EpollEntry, PollEntry, Server, SyscallSample, Target, Unobservable};

/// One entry of the `pollfd` array or of the epoll interest list.
#[derive(Clone, Debug)]
pub(crate) struct WatchEntry {
    /// The descriptor's number when the entry was added.
    pub(crate) fd: i32,
    pub(crate) file: WatchedFile,
    /// Whether the server waits for input.
    pub(crate) for_input: bool,
    /// Whether each event disarms the entry (epoll_ctl(2), EPOLLONESHOT).
    pub(crate) oneshot: bool,
}

impl WatchEntry {
    /// Whether the server waits for a hang-up or an error of the descriptor, and not for input. The
    /// kernel always reports these two (poll(2), epoll_ctl(2)).
    pub(crate) fn waits_for_hangup(&self) -> bool {
        !self.for_input && !self.oneshot
    }
}

/// The file that an entry refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WatchedFile {
    /// A socket, by its inode.
    Socket(u64),
    /// A pipe, an eventfd or a timer, which the server uses for itself.
    Other,
    /// The descriptor is closed.
    Closed,
}

/// The entries that the server waits for in the call `wait`. `None` if the server does not sleep in
/// this call now.
pub(crate) fn current_entries(
    server: &Server,
    clients: &[NamedClient],
    wait: WaitCall,
) -> Result<Option<Vec<WatchEntry>>, Unobservable> {
    let watched = if wait == WaitCall::Epoll { None } else { server.poll_entries()? };
    let interests = if wait == WaitCall::Poll { None } else { server.epoll_entries()? };
    entries(server, clients, watched, interests)
}

/// The entries that a server in a busy loop has last waited for.
pub(crate) fn sampled_entries(
    sample: &SyscallSample,
    server: &Server,
    clients: &[NamedClient],
) -> Result<Option<Vec<WatchEntry>>, Unobservable> {
    entries(server, clients, sample.poll_entries.clone(), sample.epoll_entries.clone())
}

fn entries(
    server: &Server,
    clients: &[NamedClient],
    watched: Option<Vec<PollEntry>>,
    interests: Option<Vec<EpollEntry>>,
) -> Result<Option<Vec<WatchEntry>>, Unobservable> {
    let open = server.descriptors()?;
    Ok(match (watched, interests) {
        (Some(array), _) => Some(of_poll(&array, &open)),
        (_, Some(list)) => Some(of_epoll(&list, &open, clients)),
        _ => None,
    })
}

/// poll(2) ignores entries with a negative descriptor, and so does this function.
fn of_poll(array: &[PollEntry], open: &[Descriptor]) -> Vec<WatchEntry> {
    let entry = |it: &PollEntry| {
        let file = match open.iter().find(|descriptor| descriptor.fd == it.fd) {
            Some(Descriptor { target: Target::Socket(inode), .. }) => WatchedFile::Socket(*inode),
            Some(_) => WatchedFile::Other,
            None => WatchedFile::Closed,
        };
        let for_input = it.events & (libc::POLLIN | libc::POLLRDNORM) != 0;
        WatchEntry { fd: it.fd, file, for_input, oneshot: false }
    };
    array.iter().filter(|it| it.fd >= 0).map(entry).collect()
}

/// An entry of the interest list refers to an open file (epoll(7)). The entry keeps the number of
/// the descriptor with which the file was added.
fn of_epoll(list: &[EpollEntry], open: &[Descriptor], clients: &[NamedClient]) -> Vec<WatchEntry> {
    let is_socket = |inode: u64| {
        open.iter().any(|descriptor| descriptor.target == Target::Socket(inode))
            || clients.iter().any(|client| client.connection.inode() == Some(inode))
    };
    let entry = |it: &EpollEntry| WatchEntry {
        fd: it.fd,
        file: if is_socket(it.inode) { WatchedFile::Socket(it.inode) } else { WatchedFile::Other },
        for_input: it.has(libc::EPOLLIN | libc::EPOLLRDNORM),
        oneshot: it.has(libc::EPOLLONESHOT),
    };
    list.iter().map(entry).collect()
}

/// The events that poll reports for the descriptor again and again, if they contain an error or a
/// hang-up beside POLLIN, and the server makes no call on this descriptor. A server that compares
/// `revents` with POLLIN does not notice such events.
pub(crate) fn ignored_error(sample: &SyscallSample, fd: i32) -> Option<String> {
    let entry = sample.poll_entries.iter().flatten().find(|entry| entry.fd == fd)?;
    let is_error = entry.revents & (libc::POLLERR | libc::POLLHUP) != 0;
    let is_used = sample
        .calls
        .iter()
        .any(|(call, _)| !call.waits_for_readiness() && call.arguments[0] as i32 == fd);
    let is_ignored = is_error && entry.revents & libc::POLLIN != 0 && !is_used;
    is_ignored.then(|| entry.revents())
}
