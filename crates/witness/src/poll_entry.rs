//! What a server has asked `poll` to watch, read from the server's memory.

use sandbox::{Call, Process, Unobservable};

/// One entry of the `pollfd` array (poll(2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollEntry {
    /// The descriptor. The kernel skips negative ones.
    pub fd: i32,
    /// The events that are waited for, e.g. POLLIN.
    pub events: i16,
    /// The events that the last poll returned.
    pub revents: i16,
}

/// The longest array that is read.
const MAX_ENTRIES: u64 = 1 << 20;
const ENTRY: usize = 8;

/// The array that `process` has handed to the kernel with `call`, which must be poll(2) or
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
    /// The events by name, e.g. `POLLIN|POLLOUT`.
    pub fn events(&self) -> String {
        names(self.events)
    }

    /// The returned events by name.
    pub fn revents(&self) -> String {
        names(self.revents)
    }
}

fn names(bits: i16) -> String {
    const NAMES: [(i16, &str); 8] = [
        (libc::POLLIN, "POLLIN"),
        (libc::POLLPRI, "POLLPRI"),
        (libc::POLLOUT, "POLLOUT"),
        (libc::POLLERR, "POLLERR"),
        (libc::POLLHUP, "POLLHUP"),
        (libc::POLLNVAL, "POLLNVAL"),
        (libc::POLLRDNORM, "POLLRDNORM"),
        (libc::POLLRDHUP, "POLLRDHUP"),
    ];
    let set: Vec<_> =
        NAMES.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| *name).collect();
    if set.is_empty() { "0".to_owned() } else { set.join("|") }
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
        let watched = read(own, &Call { number: libc::SYS_poll, arguments }).unwrap();
        assert_eq!(watched.iter().map(|it| it.fd).collect::<Vec<_>>(), [3, -1, 7]);
        assert_eq!((watched[0].events().as_str(), watched[1].events().as_str()), ("POLLIN", "0"));
        assert_eq!(watched[2].revents(), "POLLHUP");
    }

    #[test]
    fn memory_that_is_not_there_is_unseen() {
        let own = Process { pid: std::process::id() as i32 };
        for arguments in [[8, 1, 0, 0, 0, 0], [u64::MAX, u64::MAX, 0, 0, 0, 0]] {
            assert!(read(own, &Call { number: libc::SYS_poll, arguments }).is_err());
        }
    }
}
