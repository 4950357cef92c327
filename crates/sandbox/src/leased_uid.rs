//! Reserves a user id that no other run uses until the end of the run.

use nix::unistd::{Gid, Uid, fchown};
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// A user id of this machine that no other run uses. Dropping this value releases the user id.
#[derive(Debug)]
pub(crate) struct LeasedUid {
    pub(crate) uid: u32,
    /// The lock on the file of the user id. The kernel releases the lock when this process ends,
    /// even if the process is killed (flock(2)).
    _lock: File,
}

/// The maximum number of runs, of all observers on this machine, that can have a user id at the
/// same time.
const MAX_RUNS: u32 = 256;
/// The possible folders for the lock files. Only root can create files in these folders.
const FOLDERS: [&str; 3] = ["/run/sandbox-uids", "/var/run/sandbox-uids", "/tmp/sandbox-uids"];

impl LeasedUid {
    /// Reserves the first id of `users` that no other run has.
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
        Err(io::Error::other(format!("{MAX_RUNS} programs already run, each as a user of its own")))
    }

    /// Makes the user the owner of this stream (fchown(2)). Then the program can open the stream
    /// again through `/dev/stdout` or `/proc/self/fd`.
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
                // A symbolic link, or a folder that another user owns or may enter, is not
                // accepted.
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
        // The ids of this test process alone.
        let first = 0x7ff1_0000 + std::process::id() % 0x4000 * 2;
        let users = first..first + 2;
        let one = LeasedUid::new(users.clone()).unwrap();
        let other = LeasedUid::new(users.clone()).unwrap();
        assert_ne!(one.uid, other.uid);
        assert!(LeasedUid::new(users.clone()).is_err());
        let free = one.uid;
        drop(one);
        // A child that another test has just started has a copy of the lock's descriptor until it
        // executes its program (flock(2)).
        let again = (0..1000).find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(1));
            LeasedUid::new(users.clone()).ok()
        });
        assert_eq!(again.unwrap().uid, free);
    }
}
