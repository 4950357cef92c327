//! A user id that no other run uses, for as long as the run lasts.

use nix::unistd::{Gid, Uid, fchown};
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// A user id of this machine that no other run uses.
#[derive(Debug)]
pub(crate) struct LeasedUid {
    pub(crate) uid: u32,
    /// The kernel releases the lock when this process ends, even if it is killed (flock(2)).
    _lock: File,
}

/// The most runs, over all observers of this machine, that can have a user id at the same time.
const MAX_RUNS: u32 = 256;
/// Folders for the lock files, in which only root can make files.
const FOLDERS: [&str; 3] = ["/run/sockproof", "/var/run/sockproof", "/tmp/sockproof-users"];

impl LeasedUid {
    /// Takes the first id of `users` that no other run has.
    pub(crate) fn new(users: Range<u32>) -> io::Result<Self> {
        let folder = folder()?;
        for uid in users.take(MAX_RUNS as usize) {
            let lock = File::create(folder.join(uid.to_string()))?;
            match lock.try_lock() {
                Ok(()) => return Ok(Self { uid, _lock: lock }),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Err(io::Error::other(format!("{MAX_RUNS} programs already run as users of their own")))
    }

    /// Lets the user open this stream once more, by `/dev/stdout` or `/proc/self/fd` (fchown(2)).
    pub(crate) fn chown_stream(&self, stream: &OwnedFd) -> io::Result<()> {
        fchown(stream, Some(Uid::from_raw(self.uid)), Some(Gid::from_raw(self.uid)))?;
        Ok(())
    }
}

fn folder() -> io::Result<PathBuf> {
    let mut refused = io::ErrorKind::NotFound.into();
    for folder in FOLDERS.map(Path::new) {
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => refused = error,
            _ => {
                // A link, or a folder that another user has made, is not accepted.
                let found = fs::symlink_metadata(folder)?;
                if found.is_dir() && found.uid() == 0 && found.mode() & 0o077 == 0 {
                    return Ok(folder.to_owned());
                }
            }
        }
    }
    Err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_runs_share_an_id() {
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let users = 0x7ff1_0000..0x7ff1_0002;
        let one = LeasedUid::new(users.clone()).unwrap();
        let other = LeasedUid::new(users.clone()).unwrap();
        assert_ne!(one.uid, other.uid);
        assert!(LeasedUid::new(users.clone()).is_err());
        let free = one.uid;
        drop(one);
        assert_eq!(LeasedUid::new(users).unwrap().uid, free);
    }
}
