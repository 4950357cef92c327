//! Reads an epoll interest list of a server (proc_pid_fdinfo(5)).

use crate::event_names::names;
use sandbox::{Call, Process, Target, Unobservable};

/// One entry of an epoll interest list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpollEntry {
    /// The descriptor with which the file was added. The server may have closed this descriptor and
    /// may use its number for another file.
    pub fd: i32,
    /// The requested events, e.g. EPOLLIN, and flags such as EPOLLET (epoll_ctl(2)).
    pub events: u32,
    /// The data that the server receives with each event.
    pub data: u64,
    /// The inode of the registered file. For a socket, this is the inode in [`Target::Socket`].
    pub inode: u64,
}

/// The deepest nesting of epoll descriptors that the kernel permits (epoll_ctl(2), ELOOP).
const MAX_NESTING: usize = 5;

/// Reads the entries of an epoll descriptor of `process`, and of the epoll descriptors that are
/// nested in this descriptor.
pub(crate) fn read(process: Process, epoll: i32) -> Result<Vec<EpollEntry>, Unobservable> {
    let mut list = Vec::new();
    let mut nested = vec![epoll];
    for _ in 0..MAX_NESTING {
        let mut found = Vec::new();
        for epoll in nested {
            found.extend(entries(&process.fdinfo(epoll)?.unwrap_or_default()));
        }
        let epolls = epolls(process, &found)?;
        nested = found.iter().map(|entry| entry.fd).filter(|fd| epolls.contains(fd)).collect();
        list.extend(found.into_iter().filter(|entry| !epolls.contains(&entry.fd)));
        if nested.is_empty() {
            break;
        }
    }
    list.sort_by_key(|entry| entry.fd);
    Ok(list)
}

/// The descriptors of the entries that are epoll descriptors themselves.
fn epolls(process: Process, entries: &[EpollEntry]) -> Result<Vec<i32>, Unobservable> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let is_epoll =
        |target: &Target| matches!(target, Target::Other(name) if name.contains("[eventpoll]"));
    let open = process.descriptors()?.into_iter();
    Ok(open.filter(|it| is_epoll(&it.target)).map(|it| it.fd).collect())
}

/// Reads the events that epoll_wait has returned. `count` is the result of epoll_wait. Each event
/// has its data.
pub(crate) fn returned(
    process: Process,
    call: &Call,
    count: i64,
) -> Result<Vec<(u32, u64)>, Unobservable> {
    const EVENT: usize = size_of::<libc::epoll_event>();
    const DATA: usize = std::mem::offset_of!(libc::epoll_event, u64);
    let mut bytes = vec![0; count.clamp(0, MAX_EVENTS) as usize * EVENT];
    process.read_memory(call.arguments[1], &mut bytes)?;
    let event = |bytes: &[u8]| {
        let events = u32::from_ne_bytes(*bytes.first_chunk()?);
        Some((events, u64::from_ne_bytes(*bytes[DATA..].first_chunk()?)))
    };
    Ok(bytes.chunks_exact(EVENT).filter_map(event).collect())
}

/// The maximum number of events that are read.
const MAX_EVENTS: i64 = 64;

fn entries(fdinfo: &str) -> impl Iterator<Item = EpollEntry> {
    fdinfo.lines().filter_map(entry)
}

/// Parses `tfd: 5 events: 19 data: 5 pos:0 ino:61af sdev:7`. The first number is decimal, the other
/// numbers are hexadecimal.
fn entry(line: &str) -> Option<EpollEntry> {
    let rest = line.strip_prefix("tfd:")?;
    let value = |name: &str| rest.split_once(name)?.1.split_whitespace().next();
    let hex = |name| u64::from_str_radix(value(name)?, 16).ok();
    Some(EpollEntry {
        fd: rest.split_whitespace().next()?.parse().ok()?,
        events: hex("events:")? as u32,
        data: hex("data:")?,
        inode: hex("ino:")?,
    })
}

impl EpollEntry {
    /// The names of the requested events and flags, e.g. `EPOLLIN|EPOLLET`.
    pub fn events(&self) -> String {
        // The kernel adds these two events to every entry, even if the server does not request them
        // (epoll_ctl(2)).
        let implied = (libc::EPOLLERR | libc::EPOLLHUP) as u32;
        names("EPOLL", self.events & !implied)
    }

    /// The names of events that epoll_wait has reported, e.g. `EPOLLIN|EPOLLHUP`.
    pub fn reported(events: u32) -> String {
        names("EPOLL", events)
    }

    /// Whether at least one of these events is requested.
    pub fn has(&self, events: i32) -> bool {
        self.events & events as u32 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::unistd::dup;
    use proptest::prelude::*;
    use std::io;
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
    use std::os::unix::net::UnixStream;

    fn epoll() -> OwnedFd {
        // SAFETY: the call takes a number; nothing else owns the new descriptor.
        unsafe { OwnedFd::from_raw_fd(libc::epoll_create1(libc::EPOLL_CLOEXEC)) }
    }

    fn add(epoll: &OwnedFd, file: &impl AsRawFd, events: i32, data: u64) {
        let mut event = libc::epoll_event { events: events as u32, u64: data };
        let (epoll, file) = (epoll.as_raw_fd(), file.as_raw_fd());
        // SAFETY: the event is a local variable.
        let added = unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, file, &mut event) };
        assert_eq!(added, 0, "{}", io::Error::last_os_error());
    }

    fn list(epoll: &OwnedFd) -> Vec<EpollEntry> {
        let own = Process { pid: std::process::id() as i32 };
        read(own, epoll.as_raw_fd()).unwrap()
    }

    #[test]
    fn the_interest_list_is_read() {
        let (epoll, (socket, _peer)) = (epoll(), UnixStream::pair().unwrap());
        assert_eq!(list(&epoll), []);
        add(&epoll, &socket, libc::EPOLLIN | libc::EPOLLET, u64::MAX);
        let list = list(&epoll);
        assert_eq!((list[0].fd, list[0].data), (socket.as_raw_fd(), u64::MAX));
        assert_eq!(list[0].events(), "EPOLLIN|EPOLLET");
        assert!(list[0].has(libc::EPOLLET) && !list[0].has(libc::EPOLLOUT));
    }

    #[test]
    fn an_entry_remains_while_a_duplicate_of_its_descriptor_is_open() {
        let (epoll, (socket, _peer)) = (epoll(), UnixStream::pair().unwrap());
        add(&epoll, &socket, libc::EPOLLIN, 7);
        let before = list(&epoll);
        let kept = dup(&socket).unwrap();
        drop(socket);
        assert_eq!(list(&epoll), before);
        drop(kept);
        assert_eq!(list(&epoll), []);
    }

    #[test]
    fn a_nested_list_is_read_too() {
        let (outer, inner, (socket, _peer)) = (epoll(), epoll(), UnixStream::pair().unwrap());
        add(&inner, &socket, libc::EPOLLIN, 1);
        add(&outer, &inner, libc::EPOLLIN, 2);
        let fds: Vec<_> = list(&outer).iter().map(|entry| entry.fd).collect();
        assert_eq!(fds, [socket.as_raw_fd()]);
    }

    proptest! {
        #[test]
        fn no_line_makes_the_parser_panic(line in ".*") {
            let _ = entry(&line);
            let _ = entry(&format!("tfd:{line}"));
        }
    }
}
