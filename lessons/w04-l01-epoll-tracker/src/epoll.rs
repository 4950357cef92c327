//! The interest list, which the kernel keeps: the listener and every client, and nothing else.
//!
//! The calls go through libc, as poll does in the poll tracker, so that `struct epoll_event` is seen
//! as it is: a bit mask, and 64 bits of the program's own.
#![allow(unused, reason = "tasks are still to do")]

use libc::{c_int, epoll_event};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// The socket that an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The listening socket.
    Listener,
    /// The client in this slot of the table.
    Client(usize),
}

/// The `epoll_data` of the listener. A client's `epoll_data` is its slot, which is always smaller.
const LISTENER: u64 = u64::MAX;

/// The most events that one call of epoll_wait reports. The next call reports the others.
const MAX_EVENTS: usize = 256;

/// An epoll descriptor, and the events of the last wait.
///
/// The kernel keeps 64 bits of data with each entry, and returns these with each event. The data of
/// a client is its slot.
pub struct Epoll {
    fd: OwnedFd,
    events: Box<[epoll_event; MAX_EVENTS]>,
    /// The number of `events` that the last wait filled in.
    count: usize,
}

impl Epoll {
    /// Creates the interest list, and adds the listener to it.
    ///
    /// # Errors
    /// Those of epoll_create1(2) and epoll_ctl(2).
    pub fn new(listener: &OwnedFd) -> io::Result<Epoll> {
        todo!("Task 1: create the epoll descriptor, and add the listener to its list")
    }

    /// Adds a client to the list, for input.
    ///
    /// # Errors
    /// Those of epoll_ctl(2): EEXIST when the list has it already.
    pub fn add(&self, fd: RawFd, slot: usize) -> io::Result<()> {
        todo!("Task 2: add the client to the list for input, with its slot as data")
    }

    /// Watches a client for room for output, and no longer for input.
    ///
    /// # Errors
    /// Those of epoll_ctl(2).
    pub fn watch_for_output(&self, fd: RawFd, slot: usize) -> io::Result<()> {
        todo!("Task 3: change the client's entry to output")
    }

    /// Watches a client for input again.
    ///
    /// # Errors
    /// Those of epoll_ctl(2).
    pub fn watch_for_input(&self, fd: RawFd, slot: usize) -> io::Result<()> {
        todo!("Task 3: change the client's entry back to input")
    }

    /// Removes a client from the list. Its descriptor must still be open.
    ///
    /// # Errors
    /// Those of epoll_ctl(2): ENOENT when the list does not have it.
    pub fn remove(&self, fd: RawFd) -> io::Result<()> {
        todo!("Task 3: remove the client from the list")
    }

    /// Sleeps until a socket on the list is ready. Returns the number of events. The list is
    /// level-triggered: input that is not read is reported again.
    ///
    /// # Errors
    /// Those of epoll_wait(2), except EINTR, after which the wait starts again.
    pub fn wait(&mut self) -> io::Result<usize> {
        loop {
            match self.wait_once() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                waited => return waited,
            }
        }
    }

    fn wait_once(&mut self) -> io::Result<usize> {
        todo!("Task 1: sleep in epoll_wait, and note the number of events")
    }

    /// The socket that the event at `index` of the last [`Epoll::wait`] is about. An error or a hang-up
    /// is an event too; the next read of the socket tells which.
    pub fn source(&self, index: usize) -> Source {
        match self.events[..self.count][index].u64 {
            LISTENER => Source::Listener,
            slot => Source::Client(slot as usize),
        }
    }

    /// Adds an entry to the list, changes it or removes it (epoll_ctl(2)).
    fn control(&self, operation: c_int, fd: RawFd, mut event: epoll_event) -> io::Result<()> {
        // SAFETY: the kernel only reads `event`, which is a local variable.
        check(unsafe { libc::epoll_ctl(self.fd.as_raw_fd(), operation, fd, &mut event) })?;
        Ok(())
    }
}

/// For EPOLL_CTL_DEL, and for the places that a wait has not filled in.
const NO_EVENT: epoll_event = epoll_event { events: 0, u64: 0 };

/// Watches for input: bytes, a connection, or an end of file.
fn input(data: u64) -> epoll_event {
    epoll_event { events: libc::EPOLLIN as u32, u64: data }
}

/// Watches for room for output.
fn output(data: u64) -> epoll_event {
    epoll_event { events: libc::EPOLLOUT as u32, u64: data }
}

/// The result of a system call, or the error in errno.
fn check(result: c_int) -> io::Result<c_int> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
