//! The array that `poll` is given: the listener and every client, and no one else.

use libc::{c_short, nfds_t, pollfd};
use std::io;
use std::iter::Rev;
use std::ops::Range;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// Whom an entry stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The listening socket.
    Listener,
    /// The client in this slot of the table.
    Client(usize),
}

/// The `pollfd` array, and beside each entry whom it stands for.
///
/// An entry's position is not its client's slot: a removal moves the last entry into the gap, so
/// that the array has no holes, while a client keeps its slot.
pub struct PollSet {
    entries: Vec<pollfd>,
    sources: Vec<Source>,
}

impl PollSet {
    /// Watches the listener alone, at position 0.
    pub fn new(listener: &OwnedFd) -> PollSet {
        let entries = vec![pollfd { fd: listener.as_raw_fd(), events: libc::POLLIN, revents: 0 }];
        PollSet { entries, sources: vec![Source::Listener] }
    }

    /// Watches a client for input.
    pub fn add(&mut self, fd: RawFd, slot: usize) {
        // <task 2: watch the client for input>
        self.entries.push(pollfd { fd, events: libc::POLLIN, revents: 0 });
        self.sources.push(Source::Client(slot));
        // </task>
    }

    /// Forgets the entry at `position`; the last one takes its place.
    pub fn remove(&mut self, position: usize) {
        // <task 3: let the last entry take the place of this one>
        self.entries.swap_remove(position);
        self.sources.swap_remove(position);
        // </task>
    }

    /// Watches the entry at `position` for `events`: POLLIN, POLLOUT.
    pub fn set_events(&mut self, position: usize, events: c_short) {
        self.entries[position].events = events;
    }

    /// Sleeps until an entry is ready. Level-triggered: what is not dealt with is reported again.
    ///
    /// # Errors
    /// Those of poll(2), but for EINTR, after which it sleeps on.
    pub fn wait(&mut self) -> io::Result<()> {
        let count = self.entries.len() as nfds_t;
        loop {
            // SAFETY: `entries` holds `count` entries, and nothing else touches them meanwhile.
            if unsafe { libc::poll(self.entries.as_mut_ptr(), count, -1) } >= 0 {
                return Ok(());
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }

    /// Whom the entry at `position` stands for, if the last [`PollSet::wait`] found it ready. An
    /// error or a hang-up counts: to read is how to learn which.
    pub fn ready(&self, position: usize) -> Option<Source> {
        (self.entries[position].revents != 0).then(|| self.sources[position])
    }

    /// The positions, from the last to the first: an entry that a removal moves was visited
    /// already, and the listener comes after every client.
    pub fn positions(&self) -> Rev<Range<usize>> {
        (0..self.entries.len()).rev()
    }
}
