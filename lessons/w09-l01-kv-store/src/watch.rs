//! What epoll watches: the listener and every client, each for what it is waited for.
#![allow(unused, reason = "tasks are still to do")]

use libc::{EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLLIN, EPOLLOUT, c_int, epoll_event};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// Ready descriptors that are reported at a time.
const EVENTS: usize = 512;

/// The listener's number, where a client has its slot.
const LISTENER: u64 = u64::MAX;

/// Whom an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The listening socket.
    Listener,
    /// The client in this slot of the table.
    Client(usize),
}

/// What a client is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// Input.
    pub read: bool,
    /// Room for output.
    pub write: bool,
}

impl Interest {
    /// Input alone: what a client is watched for that is owed nothing.
    pub const READ: Interest = Interest { read: true, write: false };

    /// Level-triggered: what is not dealt with is reported again.
    fn events(self) -> u32 {
        let read = if self.read { EPOLLIN } else { 0 };
        let write = if self.write { EPOLLOUT } else { 0 };
        (read | write) as u32
    }
}

/// The epoll instance, and what each slot's client is waited for, so that the kernel is told of
/// changes alone.
pub struct Watch {
    epoll: OwnedFd,
    events: Vec<epoll_event>,
    interests: Vec<Interest>,
}

impl Watch {
    /// Watches the listener; there is room for a client in each of `slots`.
    ///
    /// # Errors
    /// Those of epoll_create1(2) and epoll_ctl(2).
    pub fn new(listener: &OwnedFd, slots: usize) -> io::Result<Watch> {
        let events = vec![epoll_event { events: 0, u64: 0 }; EVENTS];
        let watch = Watch { epoll: create()?, events, interests: vec![Interest::READ; slots] };
        todo!("Task 1: add the listener to the list as your epoll tracker does")
    }

    /// Watches a client for input. The kernel forgets it when its descriptor is closed (epoll(7),
    /// "Questions and answers").
    ///
    /// # Errors
    /// Those of epoll_ctl(2).
    pub fn add(&mut self, fd: RawFd, slot: usize) -> io::Result<()> {
        self.interests[slot] = Interest::READ;
        todo!("Task 1: add the client to the list as your epoll tracker does")
    }

    /// Watches a client for something else, if it is something else.
    ///
    /// # Errors
    /// Those of epoll_ctl(2).
    pub fn change(&mut self, fd: RawFd, slot: usize, interest: Interest) -> io::Result<()> {
        if self.interests[slot] == interest {
            return Ok(());
        }
        self.interests[slot] = interest;
        todo!("Task 1: change the client's entry as your epoll tracker does")
    }

    /// Sleeps until something is ready, or for `millis` at the most. Answers how many events there
    /// are; a signal counts as none.
    ///
    /// # Errors
    /// Those of epoll_wait(2), but for EINTR.
    pub fn wait(&mut self, millis: Option<i64>) -> io::Result<usize> {
        let timeout = millis.map_or(-1, |millis| c_int::try_from(millis).unwrap_or(c_int::MAX));
        todo!("Task 1: sleep in epoll_wait as your epoll tracker does, but not beyond the timeout")
    }

    /// Whom an event of the last [`Watch::wait`] is about.
    pub fn source(&self, event: usize) -> Source {
        match self.events[event].u64 {
            LISTENER => Source::Listener,
            slot => Source::Client(slot as usize),
        }
    }

    fn control(
        &self,
        operation: c_int,
        fd: RawFd,
        interest: Interest,
        data: u64,
    ) -> io::Result<()> {
        let mut event = epoll_event { events: interest.events(), u64: data };
        // SAFETY: `event` outlives the call.
        let result = unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), operation, fd, &mut event) };
        check(result).map(drop)
    }
}

fn create() -> io::Result<OwnedFd> {
    todo!("Task 1: create the epoll descriptor as your epoll tracker does")
}

fn check(result: c_int) -> io::Result<c_int> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
