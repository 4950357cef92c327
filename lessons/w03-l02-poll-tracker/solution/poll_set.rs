//! The array for poll(2): one entry for the listener and one for each client, and no others.
//!
//! The array is passed to poll through libc, as the kernel sees it. nix has a wrapper, but its
//! `PollFd` borrows the descriptor for as long as the array exists, and a table that owns its
//! descriptors could then close none of them.

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
/// An entry's position differs from its client's slot: the array has no gaps, so a removal moves
/// the last entry to another position, while each client keeps its slot.
pub struct PollSet {
    entries: Vec<pollfd>,
    /// The source of the entry at the same position.
    sources: Vec<Source>,
}

impl PollSet {
    /// Creates the array with one entry: the listener, at position 0.
    pub fn new(listener: &OwnedFd) -> PollSet {
        let entries = vec![pollfd { fd: listener.as_raw_fd(), events: libc::POLLIN, revents: 0 }];
        PollSet { entries, sources: vec![Source::Listener] }
    }

    /// Adds an entry that watches a client for input.
    pub fn add(&mut self, fd: RawFd, slot: usize) {
        // <task 2: add an entry that watches the client for input>
        self.entries.push(pollfd { fd, events: libc::POLLIN, revents: 0 });
        self.sources.push(Source::Client(slot));
        // </task>
    }

    /// Removes the entry at `position`. The last entry moves to that position.
    pub fn remove(&mut self, position: usize) {
        // <task 3: remove the entry, and move the last one to its position>
        self.entries.swap_remove(position);
        self.sources.swap_remove(position);
        // </task>
    }

    /// Sets the events that the entry at `position` is watched for: POLLIN or POLLOUT.
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

    /// Returns the source of the entry at `position` if the last [`PollSet::wait`] has reported it
    /// ready. An error or a hang-up counts as ready: a read then returns the error or 0.
    pub fn ready(&self, position: usize) -> Option<Source> {
        (self.entries[position].revents != 0).then(|| self.sources[position])
    }

    /// All positions, from the last to the first. In this order, the entry that a removal moves is
    /// one that was visited already. The listener comes after all clients.
    pub fn positions(&self) -> Rev<Range<usize>> {
        (0..self.entries.len()).rev()
    }
}
