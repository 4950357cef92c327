//! The time of the commit that HEAD names, in a clone that was handed in.
//!
//! A clone's own configuration can make git run any program. Therefore git never sees it: git reads
//! the clone's objects through an empty repository with a configuration of its own.

use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// The time that git has to read one commit.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The maximum size of the files that name a commit, in bytes.
const MAX_SIZE: u64 = 4 << 20;
/// The maximum size of one allocation of git, in bytes.
const MAX_ALLOCATION: &str = "64m";

/// The committer's time of HEAD, in seconds since 1970. `None` if the folder is no clone, or if git
/// cannot read the commit.
pub(in crate::intake) fn time(folder: &Path) -> Option<i64> {
    let repository = repository(folder)?;
    let commit = head(&repository)?;
    let objects = fs::canonicalize(repository.join("objects")).ok()?;
    let empty = tempfile::tempdir().ok()?;
    fs::create_dir_all(empty.path().join("objects/info")).ok()?;
    fs::create_dir(empty.path().join("refs")).ok()?;
    fs::write(empty.path().join("HEAD"), "ref: refs/heads/none\n").ok()?;
    fs::write(empty.path().join("config"), "[core]\n\tbare = true\n").ok()?;
    // A path with a line feed would be two lines of this file (gitrepository-layout(5)).
    let path = objects.to_str().filter(|path| !path.contains('\n'))?;
    fs::write(empty.path().join("objects/info/alternates"), format!("{path}\n")).ok()?;
    let text = commit_text(empty.path(), &commit)?;
    committed(&text)
}

/// The `.git` folder of a clone: in the folder itself, or in its only folder.
fn repository(folder: &Path) -> Option<PathBuf> {
    let is_clone =
        |folder: &Path| fs::symlink_metadata(folder.join(".git")).is_ok_and(|found| found.is_dir());
    let mut folder = folder.to_owned();
    for _ in 0..3 {
        if is_clone(&folder) {
            return Some(folder.join(".git"));
        }
        let mut entries = fs::read_dir(&folder).ok()?.flatten();
        let only = entries.next().filter(|_| entries.next().is_none())?;
        if !only.file_type().ok()?.is_dir() {
            return None;
        }
        folder = only.path();
    }
    None
}

/// The hash of the commit that HEAD names.
fn head(repository: &Path) -> Option<String> {
    let text = read(&repository.join("HEAD"))?;
    let Some(name) = text.trim().strip_prefix("ref: ") else { return hash(&text) };
    let is_inside = name.starts_with("refs/") && !name.contains("..");
    let name = Some(name).filter(|_| is_inside)?;
    if let Some(text) = read(&repository.join(name)) {
        return hash(&text);
    }
    let packed = read(&repository.join("packed-refs"))?;
    let mut lines = packed.lines().filter_map(|line| line.split_once(' '));
    lines.find(|(_, known)| *known == name).and_then(|(commit, _)| hash(commit))
}

/// The text if it is a hash of SHA-1.
fn hash(text: &str) -> Option<String> {
    let text = text.trim();
    let is_hash = text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| text.to_owned())
}

/// The text of a small plain file. Links are not followed.
fn read(path: &Path) -> Option<String> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let file = File::from(open(path, flags, Mode::empty()).ok()?);
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    file.take(MAX_SIZE).read_to_string(&mut text).ok()?;
    Some(text)
}

/// The text of a commit, read by git.
fn commit_text(repository: &Path, commit: &str) -> Option<String> {
    let mut child = Command::new("git")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_ALLOC_LIMIT", MAX_ALLOCATION)
        .arg("--git-dir")
        .arg(repository)
        .args(["cat-file", "commit", commit])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let output = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    let reader = thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = output.take(MAX_SIZE).read_to_end(&mut bytes);
        // If nobody waits any more, the text is not needed.
        let _ = sender.send(read.map(|_| bytes));
    });
    let text = receiver.recv_timeout(TIMEOUT);
    // A commit as large as the limit leaves git waiting for a reader. A killed git ends the thread.
    let _ = child.kill();
    let _ = child.wait();
    let _ = reader.join();
    Some(String::from_utf8_lossy(&text.ok()?.ok()?).into_owned())
}

/// The committer's time in the text of a commit, in seconds since 1970. The line ends with the time
/// and the zone: `committer Ada <ada@example.org> 1791583140 +0200`.
fn committed(text: &str) -> Option<i64> {
    let headers = text.lines().take_while(|line| !line.is_empty());
    let line = headers.into_iter().find_map(|line| line.strip_prefix("committer "))?;
    let (start, _zone) = line.rsplit_once(' ')?;
    let (_, seconds) = start.rsplit_once(' ')?;
    seconds.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committers_time_is_read() {
        let text = "tree 1\nauthor A <a@b> 1 +0000\ncommitter A B <a@b> 1791583140 +0200\n\ntext";
        assert_eq!(committed(text), Some(1_791_583_140));
        assert_eq!(committed("tree 1\n\ncommitter A <a@b> 5 +0000"), None);
        assert_eq!(committed("committer"), None);
    }
}
