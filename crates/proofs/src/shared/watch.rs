//! What a server has asked the kernel to watch, whichever call it asked with.

use super::wait::Wait;
use crate::scene::Guest;
use witness::{Descriptor, Interest, Server, Strobe, Target, Unseen, Watched};

/// One entry of the `pollfd` array or of the interest list.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The descriptor's number when it was added.
    pub(crate) fd: i32,
    pub(crate) file: File,
    /// Whether it is watched for input.
    pub(crate) hears: bool,
    /// Whether it is to be armed anew after each event (epoll_ctl(2), EPOLLONESHOT).
    pub(crate) once: bool,
}

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum File {
    /// A socket, by its inode.
    Socket(u64),
    /// A pipe, an eventfd, a timer: the server's own affair.
    Other,
    /// Nothing any more.
    Closed,
}

/// What the server watches while it sleeps in `wait`; `None` while it does not.
pub(crate) fn entries(
    server: &Server,
    guests: &[Guest],
    wait: Wait,
) -> Result<Option<Vec<Entry>>, Unseen> {
    let watched = if wait == Wait::Epoll { None } else { server.watched()? };
    let interests = if wait == Wait::Poll { None } else { server.interests()? };
    typed(server, guests, watched, interests)
}

/// What a server that never sleeps watched last.
pub(crate) fn entries_of(
    strobe: &Strobe,
    server: &Server,
    guests: &[Guest],
) -> Result<Option<Vec<Entry>>, Unseen> {
    typed(server, guests, strobe.watched.clone(), strobe.interests.clone())
}

fn typed(
    server: &Server,
    guests: &[Guest],
    watched: Option<Vec<Watched>>,
    interests: Option<Vec<Interest>>,
) -> Result<Option<Vec<Entry>>, Unseen> {
    let open = server.descriptors()?;
    Ok(match (watched, interests) {
        (Some(array), _) => Some(of_poll(&array, &open)),
        (_, Some(list)) => Some(of_epoll(&list, &open, guests)),
        _ => None,
    })
}

/// Negative descriptors are left out, as poll(2) does.
fn of_poll(array: &[Watched], open: &[Descriptor]) -> Vec<Entry> {
    let entry = |it: &Watched| {
        let file = match open.iter().find(|descriptor| descriptor.fd == it.fd) {
            Some(Descriptor { target: Target::Socket(inode), .. }) => File::Socket(*inode),
            Some(_) => File::Other,
            None => File::Closed,
        };
        let hears = it.events & (libc::POLLIN | libc::POLLRDNORM) != 0;
        Entry { fd: it.fd, file, hears, once: false }
    };
    array.iter().filter(|it| it.fd >= 0).map(entry).collect()
}

/// The list knows the file itself, whatever has become of the number.
fn of_epoll(list: &[Interest], open: &[Descriptor], guests: &[Guest]) -> Vec<Entry> {
    let is_socket = |inode: u64| {
        open.iter().any(|descriptor| descriptor.target == Target::Socket(inode))
            || guests.iter().any(|guest| guest.client.inode() == Some(inode))
    };
    let entry = |it: &Interest| Entry {
        fd: it.fd,
        file: if is_socket(it.inode) { File::Socket(it.inode) } else { File::Other },
        hears: it.has(libc::EPOLLIN | libc::EPOLLRDNORM),
        once: it.has(libc::EPOLLONESHOT),
    };
    list.iter().map(entry).collect()
}
