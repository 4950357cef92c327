//! The array for poll(2): one entry for the listener and one entry for each client, and no other
//! entries.
//!
//! The array is passed to poll through libc, in the form in which the kernel reads the array. nix
//! has a wrapper for poll, but a `PollFd` of nix borrows its descriptor for as long as the array
//! exists. The table owns the descriptors, and it could not close a borrowed descriptor.
#![allow(unused, reason = "tasks are still to do")]

use libc::{c_short, nfds_t, pollfd};
use std::io;
use std::iter::Rev;
use std::ops::Range;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// The owner of an entry's descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The listener.
    Listener,
    /// The client in this slot of the table.
    Client(usize),
}

/// The `pollfd` array, with the source of each entry.
///
/// The position of an entry can differ from the slot of the entry's client. The array has no gaps,
/// so a removal moves the last entry to another position. Each client keeps its slot.
pub struct PollSet {
    entries: Vec<pollfd>,
    /// The source of each entry: `sources[i]` belongs to `entries[i]`.
    sources: Vec<Source>,
}

impl PollSet {
    /// Creates the array with one entry: the listener, at position 0.
    pub fn new(listener: &OwnedFd) -> PollSet {
        let entries = vec![pollfd { fd: listener.as_raw_fd(), events: libc::POLLIN, revents: 0 }];
        PollSet { entries, sources: vec![Source::Listener] }
    }

    /// Adds an entry that waits for input from a client.
    pub fn add(&mut self, fd: RawFd, slot: usize) {
        todo!("Task 2: add an entry that waits for input from the client")
    }

    /// Removes the entry at `position`. The last entry moves to this position.
    pub fn remove(&mut self, position: usize) {
        todo!("Task 3: remove the entry, and move the last one to its position")
    }

    /// Sets the events that the entry at `position` waits for: POLLIN or POLLOUT.
    pub fn set_events(&mut self, position: usize, events: c_short) {
        self.entries[position].events = events;
    }

    /// Sleeps until an entry is ready. poll is level-triggered: an entry that is still ready is
    /// reported again by the next call.
    ///
    /// # Errors
    /// The errors of poll(2), except EINTR: after a signal, poll is called again.
    pub fn wait(&mut self) -> io::Result<()> {
        let count = self.entries.len() as nfds_t;
        loop {
            // SAFETY: `entries` has `count` entries, and is mutably borrowed during the call.
            if unsafe { libc::poll(self.entries.as_mut_ptr(), count, -1) } >= 0 {
                return Ok(());
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }

    /// Returns the source of the entry at `position` if the last [`PollSet::wait`] has reported
    /// this entry as ready. An error or a hang-up counts as ready: the next read returns the error
    /// or 0.
    pub fn ready(&self, position: usize) -> Option<Source> {
        (self.entries[position].revents != 0).then(|| self.sources[position])
    }

    /// All positions, from the last to the first. A removal moves the last entry of the array, and
    /// in this order the last entry was already visited. The listener is visited after all clients.
    pub fn positions(&self) -> Rev<Range<usize>> {
        (0..self.entries.len()).rev()
    }
}
