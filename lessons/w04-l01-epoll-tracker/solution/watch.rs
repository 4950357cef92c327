//! The interest list, which the kernel keeps: the listener and every client, and no one else.

use libc::{c_int, epoll_event};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// Whom an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The listening socket.
    Listener,
    /// The client in this slot of the table.
    Client(usize),
}

/// The listener's note in the list; a client's is its slot, and no table has so many.
const LISTENER: u64 = u64::MAX;

/// Events that one wait reports at the most. What does not fit is reported by the next.
const EVENTS: usize = 256;

/// An epoll descriptor, and what it reported last.
///
/// The kernel keeps a note of 64 bits with each entry and gives it back with each event: the slot.
pub struct Watch {
    epoll: OwnedFd,
    events: Box<[epoll_event; EVENTS]>,
    /// How many of `events` the last wait filled in.
    ready: usize,
}

impl Watch {
    /// Watches the listener alone.
    ///
    /// # Errors
    /// Those of epoll_create1(2) and epoll_ctl(2).
    pub fn new(listener: &OwnedFd) -> io::Result<Watch> {
        // <task 1: create the epoll descriptor, and add the listener to its list>
        // SAFETY: takes a number.
        let epoll = check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        // SAFETY: the kernel has just made this descriptor, and nobody else knows of it.
        let epoll = unsafe { OwnedFd::from_raw_fd(epoll) };
        let watch = Watch { epoll, events: Box::new([NO_EVENT; EVENTS]), ready: 0 };
        watch.control(libc::EPOLL_CTL_ADD, listener.as_raw_fd(), input(LISTENER))?;
        Ok(watch)
        // </task>
    }

    /// Adds a client to the list, for input.
    ///
    /// # Errors
    /// Those of epoll_ctl(2): EEXIST when the list has it already.
    pub fn add(&self, fd: RawFd, slot: usize) -> io::Result<()> {
        // <task 2: add the client to the list for input, with its slot for a note>
        self.control(libc::EPOLL_CTL_ADD, fd, input(slot as u64))
        // </task>
    }

    /// Watches a client for room to send, and no longer for input.
    ///
    /// # Errors
    /// Those of epoll_ctl(2).
    pub fn wait_for_room(&self, fd: RawFd, slot: usize) -> io::Result<()> {
        // <task 3: change the client's entry to room for output>
        self.control(libc::EPOLL_CTL_MOD, fd, output(slot as u64))
        // </task>
    }

    /// Watches a client for input again.
    ///
    /// # Errors
    /// Those of epoll_ctl(2).
    pub fn wait_for_input(&self, fd: RawFd, slot: usize) -> io::Result<()> {
        // <task 3: change the client's entry back to input>
        self.control(libc::EPOLL_CTL_MOD, fd, input(slot as u64))
        // </task>
    }

    /// Takes a client off the list, while its descriptor is still open.
    ///
    /// # Errors
    /// Those of epoll_ctl(2): ENOENT when the list does not have it.
    pub fn remove(&self, fd: RawFd) -> io::Result<()> {
        // <task 3: take the client off the list>
        self.control(libc::EPOLL_CTL_DEL, fd, NO_EVENT)
        // </task>
    }

    /// Sleeps until something on the list is ready; how many events there are. Level-triggered:
    /// what is not dealt with is reported again.
    ///
    /// # Errors
    /// Those of epoll_wait(2), but for EINTR, after which it sleeps on.
    pub fn wait(&mut self) -> io::Result<usize> {
        loop {
            match self.wait_once() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                waited => return waited,
            }
        }
    }

    fn wait_once(&mut self) -> io::Result<usize> {
        // <task 1: sleep in epoll_wait, and note how many events there are>
        let (epoll, room) = (self.epoll.as_raw_fd(), EVENTS as c_int);
        // SAFETY: `events` has room for that many, and nothing else touches them meanwhile.
        let count = unsafe { libc::epoll_wait(epoll, self.events.as_mut_ptr(), room, -1) };
        self.ready = check(count)? as usize;
        Ok(self.ready)
        // </task>
    }

    /// Whom the event at `index` of the last [`Watch::wait`] is about. An error or a hang-up is an
    /// event too: to read is how to learn which.
    pub fn source(&self, index: usize) -> Source {
        match self.events[..self.ready][index].u64 {
            LISTENER => Source::Listener,
            slot => Source::Client(slot as usize),
        }
    }

    /// Adds to the list, changes it, or takes from it (epoll_ctl(2)).
    fn control(&self, operation: c_int, fd: RawFd, mut event: epoll_event) -> io::Result<()> {
        // SAFETY: the kernel reads one event, which is a local.
        check(unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), operation, fd, &mut event) })?;
        Ok(())
    }
}

const NO_EVENT: epoll_event = epoll_event { events: 0, u64: 0 };

/// Readiness for input: bytes, a connection, an end of file.
fn input(note: u64) -> epoll_event {
    epoll_event { events: libc::EPOLLIN as u32, u64: note }
}

/// Readiness for output.
fn output(note: u64) -> epoll_event {
    epoll_event { events: libc::EPOLLOUT as u32, u64: note }
}

fn check(result: c_int) -> io::Result<c_int> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
