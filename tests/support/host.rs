//! Checks that hostile programs change no files of this machine and leave no process.

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};
use std::{fs, process, thread};

/// The maximum time to wait until a killed process has ended.
const EXIT_TIMEOUT: Duration = Duration::from_secs(20);

/// Folders in which a hostile program may try to create files.
const PUBLIC: [&str; 9] =
    ["/", "/tmp", "/var/tmp", "/dev/shm", "/root", "/home", "/etc", "/usr", "/autograder"];
/// The names of the files that hostile programs create. A name may continue after these characters.
const NAMES: [&str; 8] = [
    "written-by-a-hostile-program",
    "filled-",
    "empty-",
    "full-",
    "neighbours",
    "grades.sqlite",
    "below",
    "many",
];

/// The size, the mode, the time of the last modification, the time of the last status change, and a
/// hash of the content of each file, by the file's path.
type Files = BTreeMap<PathBuf, (u64, u32, i64, i64, u64)>;

/// The state of this machine before the hostile programs ran.
pub(crate) struct Host {
    folders: Vec<PathBuf>,
    files: Files,
    since: SystemTime,
}

impl Host {
    /// Records the files of these folders and of the system's folders.
    pub(crate) fn snapshot(folders: &[&Path]) -> Self {
        adopt_orphans();
        let system = ["/etc", "/usr/bin", "/usr/local", "/opt", "/srv"].map(PathBuf::from);
        let folders: Vec<_> = folders.iter().map(PathBuf::from).chain(system).collect();
        let files = read_all(&folders);
        Self { folders, files, since: SystemTime::now() }
    }

    /// The differences between the recorded state and the current state, one line for each
    /// difference.
    pub(crate) fn differences(&self) -> Vec<String> {
        let now = read_all(&self.folders);
        let mut found = Vec::new();
        for path in self.files.keys().filter(|path| !now.contains_key(*path)) {
            found.push(format!("{} is gone", path.display()));
        }
        for (path, file) in &now {
            match self.files.get(path) {
                None => found.push(format!("{} is new", path.display())),
                Some(before) if before != file => {
                    found.push(format!("{} has changed", path.display()));
                }
                Some(_) => {}
            }
        }
        found.extend(self.left_in_public());
        found
            .extend(remaining_processes().into_iter().map(|line| format!("still running: {line}")));
        found
    }

    fn left_in_public(&self) -> Vec<String> {
        let entries = PUBLIC.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
        let left = entries.flatten().filter(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let changed = entry.metadata().and_then(|metadata| metadata.modified());
            NAMES.iter().any(|hostile| name.starts_with(hostile))
                && changed.is_ok_and(|time| time >= self.since)
        });
        left.map(|entry| format!("{} was left behind", entry.path().display())).collect()
    }
}

/// Makes this process the parent of every descendant whose own parent ends
/// (PR_SET_CHILD_SUBREAPER(2const)).
fn adopt_orphans() {
    nix::sys::prctl::set_child_subreaper(true).expect("this process can be a subreaper");
}

/// The command lines of the children of this process that are still running. Waits up to
/// [`EXIT_TIMEOUT`] until killed children have ended.
pub(crate) fn remaining_processes() -> Vec<String> {
    let end = Instant::now() + EXIT_TIMEOUT;
    loop {
        while let Ok(status) = waitpid(Pid::from_raw(-1), Some(WaitPidFlag::WNOHANG)) {
            if status == WaitStatus::StillAlive {
                break;
            }
        }
        let left = children();
        if left.is_empty() || Instant::now() > end {
            return left;
        }
        thread::yield_now();
    }
}

fn children() -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| {
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // The process name in the file `stat` may contain any character, even a closing bracket.
        // Therefore the other fields are read after the last closing bracket (proc_pid_stat(5)).
        let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?;
        (parent == process::id().to_string())
            .then(|| fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default())
    });
    lines.collect()
}

fn read_all(folders: &[PathBuf]) -> Files {
    let mut files = Files::new();
    let mut open: Vec<PathBuf> = folders.to_vec();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (path, Ok(metadata)) = (entry.path(), entry.metadata()) else { continue };
            if metadata.is_dir() {
                open.push(path);
                continue;
            }
            let changed = metadata.ctime() * 1_000_000_000 + metadata.ctime_nsec();
            let written = metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec();
            let hash = if metadata.is_file() { checksum(&path, metadata.len()) } else { 0 };
            files.insert(path, (metadata.len(), metadata.mode(), written, changed, hash));
        }
    }
    files
}

/// The hash of the content of a file that is smaller than 1 MiB. A larger file is not read: its
/// size and its times are sufficient to detect a change.
fn checksum(path: &Path, length: u64) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    if length < 1 << 20 {
        fs::read(path).unwrap_or_default().hash(&mut hasher);
    }
    hasher.finish()
}
