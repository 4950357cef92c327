//! The interest list in the kernel: the listener and every client, and no other descriptors.
//!
//! The calls go through libc, as poll does in the poll tracker. libc shows `struct epoll_event` in
//! the form in which the kernel reads it: a bit mask, and 64 bits of user data.

use libc::{c_int, epoll_event};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// The socket that an event belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The listening socket.
    Listener,
    /// The client in this slot of the table.
    Client(usize),
}

/// The `epoll_data` of the listener. A client's `epoll_data` is its slot, which is always smaller.
const LISTENER: u64 = u64::MAX;

/// The maximum number of events that one call of epoll_wait returns. The next call returns the
/// other events.
const MAX_EVENTS: usize = 256;

/// An epoll descriptor, and the events of the last [`Epoll::wait`].
///
/// The kernel stores 64 bits of user data (`epoll_data`) with each entry, and returns them with
/// each event of the entry. The data of a client is its slot.
pub struct Epoll {
    fd: OwnedFd,
    events: Box<[epoll_event; MAX_EVENTS]>,
    /// The number of elements of `events` that the last wait has written.
    count: usize,
}

impl Epoll {
    /// Creates the interest list, and adds the listener to the list.
    ///
    /// # Errors
    /// The errors of epoll_create1(2) and epoll_ctl(2).
    pub fn new(listener: &OwnedFd) -> io::Result<Epoll> {
        // <task 1: create the epoll descriptor, and add the listener to its list>
        // SAFETY: the call takes no pointers.
        let fd = check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        // SAFETY: the kernel has just created this descriptor, and nothing else owns it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        let epoll = Epoll { fd, events: Box::new([NO_EVENT; MAX_EVENTS]), count: 0 };
        epoll.control(libc::EPOLL_CTL_ADD, listener.as_raw_fd(), input(LISTENER))?;
        Ok(epoll)
        // </task>
    }

    /// Adds a client to the list. epoll then reports input from the client.
    ///
    /// # Errors
    /// The errors of epoll_ctl(2), such as EEXIST if the client is already on the list.
    pub fn add(&self, fd: RawFd, slot: usize) -> io::Result<()> {
        // <task 2: add the client to the list for input, with its slot as data>
        self.control(libc::EPOLL_CTL_ADD, fd, input(slot as u64))
        // </task>
    }

    /// Changes a client's entry: epoll reports room for output, and no longer input.
    ///
    /// # Errors
    /// The errors of epoll_ctl(2).
    pub fn watch_for_output(&self, fd: RawFd, slot: usize) -> io::Result<()> {
        // <task 3: change the client's entry to output>
        self.control(libc::EPOLL_CTL_MOD, fd, output(slot as u64))
        // </task>
    }

    /// Changes a client's entry back: epoll reports input, and no longer room for output.
    ///
    /// # Errors
    /// The errors of epoll_ctl(2).
    pub fn watch_for_input(&self, fd: RawFd, slot: usize) -> io::Result<()> {
        // <task 3: change the client's entry back to input>
        self.control(libc::EPOLL_CTL_MOD, fd, input(slot as u64))
        // </task>
    }

    /// Removes a client from the list. The client's descriptor must still be open.
    ///
    /// # Errors
    /// The errors of epoll_ctl(2), such as ENOENT if the client is not on the list.
    pub fn remove(&self, fd: RawFd) -> io::Result<()> {
        // <task 3: remove the client from the list>
        self.control(libc::EPOLL_CTL_DEL, fd, NO_EVENT)
        // </task>
    }

    /// Sleeps until a socket on the list is ready. Returns the number of events. The list is
    /// level-triggered: if input is not read, the next wait reports it again.
    ///
    /// # Errors
    /// The errors of epoll_wait(2), except EINTR: after a signal, epoll_wait is called again.
    pub fn wait(&mut self) -> io::Result<usize> {
        loop {
            match self.wait_once() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                waited => return waited,
            }
        }
    }

    fn wait_once(&mut self) -> io::Result<usize> {
        // <task 1: sleep in epoll_wait, and store the number of events>
        let (fd, room) = (self.fd.as_raw_fd(), MAX_EVENTS as c_int);
        // SAFETY: `events` has `room` elements, and is borrowed until the call returns.
        let count = unsafe { libc::epoll_wait(fd, self.events.as_mut_ptr(), room, -1) };
        self.count = check(count)? as usize;
        Ok(self.count)
        // </task>
    }

    /// The socket of the event at `index` of the last [`Epoll::wait`]. An error or a hang-up is
    /// also an event: the next read from the socket returns the error or 0.
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

/// The argument for EPOLL_CTL_DEL, and the initial value of each element of `events`.
const NO_EVENT: epoll_event = epoll_event { events: 0, u64: 0 };

/// An entry for EPOLLIN: bytes, a new connection, or an end of file.
fn input(data: u64) -> epoll_event {
    epoll_event { events: libc::EPOLLIN as u32, u64: data }
}

/// An entry for EPOLLOUT: the kernel has room for output.
fn output(data: u64) -> epoll_event {
    epoll_event { events: libc::EPOLLOUT as u32, u64: data }
}

/// Returns the result of a system call, or the error in errno if the call has failed.
fn check(result: c_int) -> io::Result<c_int> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
