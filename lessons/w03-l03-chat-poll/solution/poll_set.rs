//! How this room waits: the array for poll(2), with one entry for the listener and one entry for
//! each member, and no other entries.

use chat_room::wait::{Event, Interest, Source, Wait};
use libc::{c_short, nfds_t, pollfd};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// The `pollfd` array, with the source of each entry, and the position of each slot's entry.
///
/// The array has no gaps: a removal moves the last entry to another position. The three fields
/// change together, so that each of them tells the truth about the other two.
pub struct PollSet {
    entries: Vec<pollfd>,
    /// The source of each entry: `sources[i]` belongs to `entries[i]`.
    sources: Vec<Source>,
    /// The position of each slot's entry. The value for a slot without a member has no meaning.
    positions: Vec<usize>,
}

impl Wait for PollSet {
    fn new(listener: &OwnedFd) -> io::Result<PollSet> {
        let entries = vec![pollfd { fd: listener.as_raw_fd(), events: libc::POLLIN, revents: 0 }];
        Ok(PollSet { entries, sources: vec![Source::Listener], positions: Vec::new() })
    }

    fn add(&mut self, fd: RawFd, slot: usize) -> io::Result<()> {
        // <task 2: add an entry that waits for input, and store its position>
        if self.positions.len() <= slot {
            self.positions.resize(slot + 1, 0);
        }
        self.positions[slot] = self.entries.len();
        self.entries.push(pollfd { fd, events: libc::POLLIN, revents: 0 });
        self.sources.push(Source::Member(slot));
        Ok(())
        // </task>
    }

    fn set_interest(&mut self, _fd: RawFd, slot: usize, interest: Interest) -> io::Result<()> {
        // <task 4: change the events of the member's entry>
        self.entries[self.positions[slot]].events = events_of(interest);
        Ok(())
        // </task>
    }

    fn remove(&mut self, _fd: RawFd, slot: usize) -> io::Result<()> {
        // <task 2: remove the entry, move the last one there, and store its position>
        let position = self.positions[slot];
        self.entries.swap_remove(position);
        self.sources.swap_remove(position);
        if let Some(Source::Member(moved)) = self.sources.get(position) {
            self.positions[*moved] = position;
        }
        Ok(())
        // </task>
    }

    fn wait(&mut self, events: &mut Vec<Event>) -> io::Result<()> {
        self.sleep()?;
        events.clear();
        for (entry, source) in self.entries.iter().zip(&self.sources) {
            if entry.revents != 0 {
                events.push(event_of(*source, entry.revents));
            }
        }
        Ok(())
    }
}

impl PollSet {
    /// Sleeps until an entry is ready. After a signal, poll is called again (poll(2), EINTR).
    fn sleep(&mut self) -> io::Result<()> {
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
}

/// The events of poll(2) for an entry.
fn events_of(interest: Interest) -> c_short {
    match interest {
        Interest::Input => libc::POLLIN,
        Interest::InputAndOutput => libc::POLLIN | libc::POLLOUT,
    }
}

/// What poll has reported about an entry. POLLERR and POLLHUP come without being asked for, alone or
/// with other events (poll(2)): the next read returns the error or 0.
fn event_of(source: Source, revents: c_short) -> Event {
    let writable = revents & libc::POLLOUT != 0;
    Event { source, readable: revents & !libc::POLLOUT != 0, writable }
}
