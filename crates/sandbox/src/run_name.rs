//! Names for the files and control groups that a run creates on this machine. A name contains the
//! id of the observer's process. If an observer was killed, a later run finds the observer's files
//! and groups by their names, and removes them.

use nix::unistd::getpid;
use procfs::process::Process;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

const PREFIX: &str = "sandbox";

/// A new name. It contains this process's id and start time.
pub(crate) fn name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let pid = getpid().as_raw();
    format!("{PREFIX}-{pid}-{}-{next}", start_time(pid).unwrap_or(0))
}

/// The entries of `folder` whose names contain the id of a process that has ended.
pub(crate) fn stale(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let stale = entries.filter(|entry| is_stale(&entry.file_name().to_string_lossy()));
    stale.map(|entry| entry.path()).collect()
}

fn is_stale(name: &str) -> bool {
    let mut parts = name.split('-');
    if parts.next() != Some(PREFIX) {
        return false;
    }
    let mut number = || parts.next()?.parse::<u64>().ok();
    match (number(), number(), number()) {
        (Some(pid), Some(start), Some(_)) => start_time(pid as i32) != Some(start),
        _ => false,
    }
}

/// The start time of a process, in clock ticks since boot (proc_pid_stat(5)).
fn start_time(pid: i32) -> Option<u64> {
    Some(Process::new(pid).ok()?.stat().ok()?.starttime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_process_are_not_stale() {
        let (one, other) = (name(), name());
        assert_ne!(one, other);
        assert!(!is_stale(&one));
    }

    #[test]
    fn names_of_an_ended_process_are_stale() {
        let own = std::process::id();
        assert!(is_stale(&format!("sandbox-{own}-1-0")));
        for foreign in ["sandbox", "sandbox-a-b-c", "other-1-1-1", "sandbox-1-1", ""] {
            assert!(!is_stale(foreign), "{foreign}");
        }
    }
}
