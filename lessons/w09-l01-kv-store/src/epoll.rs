//! The interest list: the listener and every client, each with the events that the server waits
//! for.
#![allow(unused, reason = "tasks are still to do")]

use libc::{EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLLIN, EPOLLOUT, c_int, epoll_event};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// The maximum number of events that one call of epoll_wait returns. The next call returns the
/// other events.
const MAX_EVENTS: usize = 512;

/// The `epoll_data` of the listener. A client's `epoll_data` is its slot, which is always smaller.
const LISTENER: u64 = u64::MAX;

/// The socket that an event belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The listening socket.
    Listener,
    /// The client in this slot of the table.
    Client(usize),
}

/// The events of a client that the server waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// Input (EPOLLIN).
    pub read: bool,
    /// Room for output (EPOLLOUT).
    pub write: bool,
}

impl Interest {
    /// Only input, for a client without pending output.
    pub const READ: Interest = Interest { read: true, write: false };

    /// The event mask for epoll_ctl(2). The events are level-triggered: if input is not read, the
    /// next wait reports it again.
    fn events(self) -> u32 {
        let read = if self.read { EPOLLIN } else { 0 };
        let write = if self.write { EPOLLOUT } else { 0 };
        (read | write) as u32
    }
}

/// The epoll descriptor, and the present interest in the client of each slot. With these interests,
/// epoll_ctl is called only when an interest changes.
pub struct Epoll {
    fd: OwnedFd,
    events: Vec<epoll_event>,
    interests: Vec<Interest>,
}

impl Epoll {
    /// Creates the interest list for up to `slots` clients, and adds the listener to the list.
    ///
    /// # Errors
    /// The errors of epoll_create1(2) and epoll_ctl(2).
    pub fn new(listener: &OwnedFd, slots: usize) -> io::Result<Epoll> {
        let events = vec![epoll_event { events: 0, u64: 0 }; MAX_EVENTS];
        let epoll = Epoll { fd: create()?, events, interests: vec![Interest::READ; slots] };
        todo!("Task 1: add the listener to the list as your epoll tracker does")
    }

    /// Adds a client to the list, for input. The kernel removes the entry when the last descriptor
    /// of the connection is closed (epoll(7), "Questions and answers").
    ///
    /// # Errors
    /// The errors of epoll_ctl(2).
    pub fn add(&mut self, fd: RawFd, slot: usize) -> io::Result<()> {
        self.interests[slot] = Interest::READ;
        todo!("Task 2: add the client to the list as your epoll tracker does")
    }

    /// Sets the interest in a client. Calls epoll_ctl only if the interest changes.
    ///
    /// # Errors
    /// The errors of epoll_ctl(2).
    pub fn change(&mut self, fd: RawFd, slot: usize, interest: Interest) -> io::Result<()> {
        if self.interests[slot] == interest {
            return Ok(());
        }
        self.interests[slot] = interest;
        todo!("Task 2: change the client's entry as your epoll tracker does")
    }

    /// Sleeps until a socket is ready, but at most `millis` milliseconds. If `millis` is `None`,
    /// there is no time-out. Returns the number of events, which is 0 after a time-out or a signal.
    ///
    /// # Errors
    /// The errors of epoll_wait(2), except EINTR.
    pub fn wait(&mut self, millis: Option<i64>) -> io::Result<usize> {
        let timeout = millis.map_or(-1, |millis| c_int::try_from(millis).unwrap_or(c_int::MAX));
        todo!("Task 1: sleep in epoll_wait as your epoll tracker does, but not beyond the timeout")
    }

    /// The socket that an event of the last [`Epoll::wait`] belongs to.
    pub fn source(&self, event: usize) -> Source {
        match self.events[event].u64 {
            LISTENER => Source::Listener,
            slot => Source::Client(slot as usize),
        }
    }

    /// Adds an entry to the list, or changes it (epoll_ctl(2)).
    fn control(
        &self,
        operation: c_int,
        fd: RawFd,
        interest: Interest,
        data: u64,
    ) -> io::Result<()> {
        let mut event = epoll_event { events: interest.events(), u64: data };
        // SAFETY: the kernel only reads `event`, and `event` outlives the call.
        let result = unsafe { libc::epoll_ctl(self.fd.as_raw_fd(), operation, fd, &mut event) };
        check(result).map(drop)
    }
}

/// Creates an epoll descriptor, which is close-on-exec.
fn create() -> io::Result<OwnedFd> {
    todo!("Task 1: create the epoll descriptor as your epoll tracker does")
}

/// Returns the result of a system call, or the error in errno if the call has failed.
fn check(result: c_int) -> io::Result<c_int> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
