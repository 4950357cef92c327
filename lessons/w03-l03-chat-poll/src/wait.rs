//! What the chat room needs from poll or from epoll.

use std::io;
use std::os::fd::{OwnedFd, RawFd};

/// The socket that an event belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The listening socket.
    Listener,
    /// The member in this slot of the table.
    Member(usize),
}

/// What the kernel has reported about one socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The socket.
    pub source: Source,
    /// Whether a read or an accept would return at once: with bytes, with a client, with an end of
    /// file, or with an error.
    pub readable: bool,
    /// Whether the kernel has room for output.
    pub writable: bool,
}

/// The events that a member's entry waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Input only: no output is pending.
    Input,
    /// Input, and room for pending output.
    InputAndOutput,
}

/// A list of sockets, and a call that sleeps until one of them is ready.
///
/// The list contains the listener and every member, and no other descriptors.
pub trait Wait: Sized {
    /// Creates the list with one entry: the listener.
    ///
    /// # Errors
    /// The errors of the system call that creates the list.
    fn new(listener: &OwnedFd) -> io::Result<Self>;

    /// Adds an entry that waits for input from a member.
    ///
    /// # Errors
    /// The errors of the system call that adds the entry.
    fn add(&mut self, fd: RawFd, slot: usize) -> io::Result<()>;

    /// Changes what a member's entry waits for.
    ///
    /// # Errors
    /// The errors of the system call that changes the entry.
    fn set_interest(&mut self, fd: RawFd, slot: usize, interest: Interest) -> io::Result<()>;

    /// Removes a member's entry. The descriptor must still be open.
    ///
    /// # Errors
    /// The errors of the system call that removes the entry.
    fn remove(&mut self, fd: RawFd, slot: usize) -> io::Result<()>;

    /// Sleeps until a socket is ready. Replaces the content of `events` with one event for each
    /// socket that is ready.
    ///
    /// # Errors
    /// The errors of the system call that waits, except EINTR: after a signal, it is called again.
    fn wait(&mut self, events: &mut Vec<Event>) -> io::Result<()>;
}
