//! How this room waits: the interest list of epoll(7), with one entry for the listener and one entry
//! for each member, and no other entries.

use chat_room::wait::{Event, Interest, Source, Wait};
use libc::{c_int, epoll_event};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// The `epoll_data` of the listener. A member's `epoll_data` is its slot, which is always smaller.
const LISTENER: u64 = u64::MAX;

/// The maximum number of events that one call of epoll_wait returns. The next call returns the
/// other events.
const MAX_EVENTS: usize = 256;

/// An epoll descriptor, and the array for the events of one wait.
///
/// The interest list is in the kernel. Each entry has a mask of events, and 64 bits of user data
/// (`epoll_data`), which the kernel returns with each event of the entry.
pub struct Epoll {
    fd: OwnedFd,
    ready: Box<[epoll_event; MAX_EVENTS]>,
}

impl Wait for Epoll {
    fn new(listener: &OwnedFd) -> io::Result<Epoll> {
        // <task 1: create the epoll descriptor, and add the listener to its list>
        // SAFETY: the call takes no pointers.
        let fd = check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        // SAFETY: the kernel has just created this descriptor, and nothing else owns it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        let epoll = Epoll { fd, ready: Box::new([NO_EVENT; MAX_EVENTS]) };
        let entry = epoll_event { events: mask(Interest::Input), u64: LISTENER };
        epoll.control(libc::EPOLL_CTL_ADD, listener.as_raw_fd(), entry)?;
        Ok(epoll)
        // </task>
    }

    fn add(&mut self, fd: RawFd, slot: usize) -> io::Result<()> {
        // <task 2: add an entry that waits for input, with the slot as its data>
        let entry = epoll_event { events: mask(Interest::Input), u64: slot as u64 };
        self.control(libc::EPOLL_CTL_ADD, fd, entry)
        // </task>
    }

    fn set_interest(&mut self, fd: RawFd, slot: usize, interest: Interest) -> io::Result<()> {
        // <task 4: change the entry's mask, and keep its data>
        // EPOLL_CTL_MOD replaces the data as well as the mask (epoll_ctl(2)).
        let entry = epoll_event { events: mask(interest), u64: slot as u64 };
        self.control(libc::EPOLL_CTL_MOD, fd, entry)
        // </task>
    }

    fn remove(&mut self, fd: RawFd, _slot: usize) -> io::Result<()> {
        // <task 3: remove the entry>
        self.control(libc::EPOLL_CTL_DEL, fd, NO_EVENT)
        // </task>
    }

    /// The entries are level-triggered: as long as a member has unread bytes, or room for output
    /// that it waits for, each wait reports it again. So the room may read once for each event.
    fn wait(&mut self, events: &mut Vec<Event>) -> io::Result<()> {
        let count = self.sleep()?;
        events.clear();
        events.extend(self.ready[..count].iter().map(event_of));
        Ok(())
    }
}

impl Epoll {
    /// Sleeps until an entry is ready, and returns the number of events in `ready`. After a signal,
    /// epoll_wait is called again (epoll_wait(2), EINTR).
    fn sleep(&mut self) -> io::Result<usize> {
        loop {
            match self.sleep_once() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                slept => return slept,
            }
        }
    }

    fn sleep_once(&mut self) -> io::Result<usize> {
        // <task 1: sleep in epoll_wait, and return the number of events>
        let (fd, room) = (self.fd.as_raw_fd(), MAX_EVENTS as c_int);
        // SAFETY: `ready` has `room` elements, and is mutably borrowed during the call.
        let count = unsafe { libc::epoll_wait(fd, self.ready.as_mut_ptr(), room, -1) };
        Ok(check(count)? as usize)
        // </task>
    }

    /// Adds an entry to the list, changes it or removes it (epoll_ctl(2)).
    fn control(&self, operation: c_int, fd: RawFd, mut entry: epoll_event) -> io::Result<()> {
        // SAFETY: the kernel only reads `entry`, which is a local variable.
        check(unsafe { libc::epoll_ctl(self.fd.as_raw_fd(), operation, fd, &mut entry) })?;
        Ok(())
    }
}

/// The argument for EPOLL_CTL_DEL, and the initial value of each element of `ready`.
const NO_EVENT: epoll_event = epoll_event { events: 0, u64: 0 };

/// The mask of an entry. The kernel adds EPOLLERR and EPOLLHUP to every mask (epoll_ctl(2)).
fn mask(interest: Interest) -> u32 {
    match interest {
        Interest::Input => libc::EPOLLIN as u32,
        Interest::InputAndOutput => {
            // <task 4: input, and room for output>
            (libc::EPOLLIN | libc::EPOLLOUT) as u32
            // </task>
        }
    }
}

/// What epoll has reported about an entry: its data says which entry it is.
fn event_of(ready: &epoll_event) -> Event {
    // <task 2: find the source in the data; EPOLLERR and EPOLLHUP are a reason to read>
    let source = match ready.u64 {
        LISTENER => Source::Listener,
        slot => Source::Member(slot as usize),
    };
    // EPOLLERR and EPOLLHUP come without being asked for, alone or with other events: the next read
    // returns the error or 0.
    let output = libc::EPOLLOUT as u32;
    let (readable, writable) = (ready.events & !output != 0, ready.events & output != 0);
    Event { source, readable, writable }
    // </task>
}

/// Returns the result of a system call, or the error in errno if the call has failed.
fn check(result: c_int) -> io::Result<c_int> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
