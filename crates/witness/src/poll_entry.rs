//! Reads the `pollfd` array of a server from the server's memory.

use crate::event_names::names;
use sandbox::{Call, Process, Unobservable};

/// One entry of the `pollfd` array (poll(2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollEntry {
    /// The descriptor. The kernel skips an entry with a negative descriptor.
    pub fd: i32,
    /// The requested events, e.g. POLLIN.
    pub events: i16,
    /// The events that the last poll has returned.
    pub revents: i16,
}

/// The maximum number of entries that are read.
const MAX_ENTRIES: u64 = 1 << 20;
const ENTRY: usize = 8;

/// Reads the array that `process` has passed to the kernel with `call`, which must be poll(2) or
/// ppoll(2).
pub(crate) fn read(process: Process, call: &Call) -> Result<Vec<PollEntry>, Unobservable> {
    let [address, length, ..] = call.arguments;
    let mut bytes = vec![0; length.min(MAX_ENTRIES) as usize * ENTRY];
    process.read_memory(address, &mut bytes)?;
    let (entries, _) = bytes.as_chunks::<ENTRY>();
    Ok(entries.iter().map(entry).collect())
}

fn entry(&[a, b, c, d, e, f, g, h]: &[u8; ENTRY]) -> PollEntry {
    PollEntry {
        fd: i32::from_ne_bytes([a, b, c, d]),
        events: i16::from_ne_bytes([e, f]),
        revents: i16::from_ne_bytes([g, h]),
    }
}

impl PollEntry {
    /// The names of the requested events, e.g. `POLLIN|POLLOUT`.
    pub fn events(&self) -> String {
        names("POLL", self.events as u16 as u32)
    }

    /// The names of the returned events.
    pub fn revents(&self) -> String {
        names("POLL", self.revents as u16 as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_is_read_from_memory() {
        let slots = [(3, libc::POLLIN, 0), (-1, 0, 0), (7, libc::POLLOUT, libc::POLLHUP)]
            .map(|(fd, events, revents)| libc::pollfd { fd, events, revents });
        let own = Process { pid: std::process::id() as i32 };
        let arguments = [slots.as_ptr() as u64, slots.len() as u64, 0, 0, 0, 0];
        let entries = read(own, &Call { number: libc::SYS_ppoll, arguments }).unwrap();
        assert_eq!(entries.iter().map(|it| it.fd).collect::<Vec<_>>(), [3, -1, 7]);
        assert_eq!((entries[0].events().as_str(), entries[1].events().as_str()), ("POLLIN", "0"));
        assert_eq!(entries[2].revents(), "POLLHUP");
    }

    #[test]
    fn memory_that_is_not_mapped_is_unobservable() {
        let own = Process { pid: std::process::id() as i32 };
        for arguments in [[8, 1, 0, 0, 0, 0], [u64::MAX, u64::MAX, 0, 0, 0, 0]] {
            assert!(read(own, &Call { number: libc::SYS_ppoll, arguments }).is_err());
        }
    }
}
