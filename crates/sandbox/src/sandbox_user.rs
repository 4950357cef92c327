//! The user of an untrusted program. The user has the id 1000 inside the sandbox, and another id on
//! this machine.

use nix::unistd::{Gid, Uid, fchown, getegid, geteuid};
use std::fs;
use std::io;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, Ordering};

/// The user and group id inside the sandbox.
pub(crate) const INSIDE: u32 = 1000;

/// User ids that no distribution and no user database assigns to a user (systemd's UIDS-GIDS.md,
/// "unused", 1879048192 and up).
const UNUSED_UIDS: Range<u32> = 0x7000_0000..0x7ff0_0000;

/// The user id and group id with which an untrusted program runs on this machine.
///
/// If the observer is an ordinary user, the program runs as this user, because only root can choose
/// another user. If the observer is root, the program does not run as root, because the kernel does
/// not limit the number of root's processes (setrlimit(2), RLIMIT_NPROC). Each program that root
/// observes has a different id. The kernel limits the number of pipes, epoll registrations and
/// other objects for each user, and one sandbox must not use up the objects of another sandbox.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SandboxUser {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Whether the program can leave the observer's groups (user_namespaces(7), "setgroups").
    pub(crate) leaves_groups: bool,
}

impl SandboxUser {
    pub(crate) fn new() -> Self {
        if geteuid().is_root()
            && let Some(uid) = unused_uid()
        {
            return Self { uid, gid: uid, leaves_groups: true };
        }
        Self { uid: geteuid().as_raw(), gid: getegid().as_raw(), leaves_groups: false }
    }

    /// Maps this user to the user [`INSIDE`] in the user namespace of process `pid`.
    pub(crate) fn map(self, pid: i32) -> io::Result<()> {
        if !self.leaves_groups {
            fs::write(format!("/proc/{pid}/setgroups"), "deny")?;
        }
        fs::write(format!("/proc/{pid}/uid_map"), format!("{INSIDE} {} 1\n", self.uid))?;
        fs::write(format!("/proc/{pid}/gid_map"), format!("{INSIDE} {} 1\n", self.gid))
    }

    /// Allows the program to open this stream again through `/dev/stdout` or `/proc/self/fd`.
    pub(crate) fn chown_stream(self, stream: &OwnedFd) -> io::Result<()> {
        if self.leaves_groups {
            fchown(stream, Some(Uid::from_raw(self.uid)), Some(Gid::from_raw(self.gid)))?;
        }
        Ok(())
    }
}

/// An unused user id, which differs at each call; `None` if this user namespace maps only root.
fn unused_uid() -> Option<u32> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed) % 64 + std::process::id().wrapping_mul(64);
    let range = unused_uids()?;
    Some(range.start + next % (range.end - range.start))
}

/// The unused user ids; `None` if this user namespace maps only root.
pub(crate) fn unused_uids() -> Option<Range<u32>> {
    let users = mapped(&fs::read_to_string("/proc/self/uid_map").ok()?);
    let groups = mapped(&fs::read_to_string("/proc/self/gid_map").ok()?);
    let (from, to) = (users.0.max(groups.0).max(1), users.1.min(groups.1));
    let is_whole_range = from <= UNUSED_UIDS.start && UNUSED_UIDS.end <= to;
    // A container has fewer ids, and its own users have low ids. Therefore the upper half of the
    // ids is used.
    let half = from + to.checked_sub(from)? / 2;
    let range = if is_whole_range { UNUSED_UIDS } else { half..to };
    (!range.is_empty()).then_some(range)
}

/// The longest range of ids in `map`, which has the format of `/proc/PID/uid_map`
/// (user_namespaces(7)).
fn mapped(map: &str) -> (u32, u32) {
    let ranges = map.lines().filter_map(|line| {
        let mut numbers = line.split_whitespace().map(|word| word.parse::<u32>().ok());
        let (first, length) = (numbers.next()??, numbers.nth(1)??);
        Some((first, first.saturating_add(length)))
    });
    ranges.max_by_key(|(first, end)| end - first).unwrap_or((0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_range_of_a_map_is_found() {
        assert_eq!(mapped("         0          0 4294967295\n"), (0, u32::MAX));
        assert_eq!(mapped("0 1000 1\n1 100000 65536\n"), (1, 65_537));
        assert_eq!(mapped(""), (0, 0));
    }

    #[test]
    fn two_users_have_different_ids() {
        if geteuid().is_root() {
            let [one, other] = [SandboxUser::new(), SandboxUser::new()];
            assert!(one.uid != 0 && one.uid != other.uid, "{one:?} {other:?}");
        }
    }
}
