//! The cache of builds, by the hash of their inputs.
//!
//! A program's files are in `built/HASH/`, and the result of the build is in `built/HASH.json`.
//! `HASH.json` is written last. Therefore, if the grader is killed during a build, the program is
//! built again.

use super::files::{make_readable, write, write_all};
use super::{Built, Program};
use crate::intake::File;
use crate::locks::{KeyLocks, lock};
use anyhow::{Context, Result};
use sandbox::Finished;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The maximum number of files that a build may leave.
const MAX_FILES: usize = 4_000;
/// The maximum size of all files that a build may leave, in bytes.
const MAX_SIZE: u64 = 64 << 20;

/// The context of an error that occurs while a build's output is read.
const UNREADABLE: &str = "cannot read the build's output";

/// The cache of builds, in a folder.
#[derive(Debug)]
pub(super) struct BuildCache {
    folder: PathBuf,
    /// One lock for each key. A thread holds the key's lock during the build.
    locks: KeyLocks,
}

/// The content of `HASH.json`.
#[derive(Serialize, Deserialize)]
struct BuildRecord {
    /// Why there is no program; `None` if there is a program.
    failed: Option<String>,
}

/// A new entry of the cache: the files of a program.
#[derive(Debug)]
pub(super) struct CacheEntry {
    folder: TempDir,
}

impl BuildCache {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let folder = std::path::absolute(folder)?.join("built");
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Self { folder, locks: KeyLocks::default() })
    }

    /// A temporary folder, which is removed when the returned value is dropped.
    pub(super) fn scratch(&self) -> Result<TempDir> {
        let folder = tempfile::Builder::new().prefix(".unfinished-").tempdir_in(&self.folder);
        folder.with_context(|| format!("cannot create a folder in {}", self.folder.display()))
    }

    /// The cached result for `key`. If there is no cached result, `build` is called. It either
    /// fills the new entry and returns `None`, or returns the reason why there is no program.
    /// `program` is the path, in the entry, of the file to run. This path is empty if a program of
    /// the system is run.
    pub(super) fn get_or_build(
        &self,
        key: &str,
        was_needed: bool,
        program: &Path,
        build: impl FnOnce(&CacheEntry) -> Result<Option<String>>,
    ) -> Result<Built> {
        // Only one thread builds a content. Other threads wait for the result.
        let key_lock = self.locks.of(key);
        let _guard = lock(&key_lock);
        let directory = self.folder.join(key);
        let mut elapsed = Duration::ZERO;
        let failed = match self.find(key) {
            Some(record) => record.failed,
            None => {
                let start = Instant::now();
                let entry = CacheEntry { folder: self.scratch()? };
                let failed = build(&entry)?;
                let failed = failed.or_else(|| entry.make_executable(program).err());
                if failed.is_none() {
                    entry.store(&directory)?;
                }
                self.record(key, &BuildRecord { failed: failed.clone() })?;
                if was_needed {
                    elapsed = start.elapsed();
                }
                failed
            }
        };
        let result = match failed {
            Some(why) => Err(why),
            None => Ok(Program {
                command: vec![directory.join(program).into()],
                visible: vec![directory.clone()],
                hidden: Vec::new(),
                directory,
                port: None,
                capacity: None,
            }),
        };
        Ok(Built { elapsed, was_needed, result })
    }

    fn find(&self, key: &str) -> Option<BuildRecord> {
        let text = fs::read(self.folder.join(format!("{key}.json"))).ok()?;
        let record: BuildRecord = serde_json::from_slice(&text).ok()?;
        (record.failed.is_some() || self.folder.join(key).is_dir()).then_some(record)
    }

    fn record(&self, key: &str, record: &BuildRecord) -> Result<()> {
        let path = self.folder.join(format!("{key}.json"));
        terminal::output::replace(&path, &serde_json::to_vec(record)?)
    }
}

impl CacheEntry {
    /// Adds these files.
    pub(super) fn add(&self, files: &BTreeMap<PathBuf, File>) -> Result<()> {
        write_all(self.folder.path(), files)
    }

    /// Adds the file that a build has left at `path`, under the name `name`. If there is no
    /// program, returns the reason; otherwise `None`.
    pub(super) fn add_output(
        &self,
        finished: &Finished,
        path: &Path,
        name: &Path,
    ) -> Result<Option<String>> {
        let file = match finished.open(path) {
            Ok(file) => file,
            Err(error) => return Ok(Some(missing(name, &error))),
        };
        let mut bytes = Vec::new();
        file.take(MAX_SIZE + 1).read_to_end(&mut bytes).context(UNREADABLE)?;
        if bytes.len() as u64 > MAX_SIZE {
            return Ok(Some(too_large()));
        }
        write(&self.folder.path().join(name), &File { bytes, is_executable: true })?;
        Ok(None)
    }

    /// Adds all files that a build has left, except hidden files. If there is no program, returns
    /// the reason; otherwise `None`.
    pub(super) fn add_all_outputs(
        &self,
        finished: &Finished,
        program: &Path,
    ) -> Result<Option<String>> {
        if !program.as_os_str().is_empty()
            && let Err(error) = finished.open(&without_current_dir(program))
        {
            return Ok(Some(missing(program, &error)));
        }
        let Ok(files) = finished.files() else { return Ok(Some(too_many())) };
        let mut left = MAX_SIZE;
        let mut count = 0;
        for (path, mode) in files.into_iter().filter(|(path, _)| !is_hidden(path)) {
            // Links, FIFOs and devices are not added.
            let Ok(file) = finished.open(&path) else { continue };
            let mut bytes = Vec::new();
            file.take(left + 1).read_to_end(&mut bytes).context(UNREADABLE)?;
            let Some(rest) = left.checked_sub(bytes.len() as u64) else {
                return Ok(Some(too_large()));
            };
            (left, count) = (rest, count + 1);
            if count > MAX_FILES {
                return Ok(Some(too_many()));
            }
            let is_executable = mode & 0o111 != 0;
            write(&self.folder.path().join(path), &File { bytes, is_executable })?;
        }
        Ok(None)
    }

    /// Makes the program's file executable. The error says why the file cannot be run.
    fn make_executable(&self, program: &Path) -> Result<(), String> {
        if program.as_os_str().is_empty() {
            return Ok(());
        }
        let path = self.folder.path().join(without_current_dir(program));
        if !path.is_file() {
            return Err(format!("there is no file {} to run", program.display()));
        }
        fs::set_permissions(path, PermissionsExt::from_mode(0o755))
            .map_err(|error| format!("{} cannot be run: {error}", program.display()))
    }

    /// Moves the entry to its folder in the cache. If another process has stored an entry for the
    /// same key before, that entry is kept: it has the same content.
    fn store(self, directory: &Path) -> Result<()> {
        make_readable(self.folder.path())?;
        match fs::rename(self.folder.path(), directory) {
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => Ok(()),
            Err(error) => {
                Err(error).with_context(|| format!("cannot create {}", directory.display()))
            }
            Ok(()) => {
                let _ = self.folder.keep();
                Ok(())
            }
        }
    }
}

/// The path without its `.` parts.
fn without_current_dir(path: &Path) -> PathBuf {
    path.components().filter(|part| !matches!(part, std::path::Component::CurDir)).collect()
}

fn is_hidden(path: &Path) -> bool {
    path.iter().any(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// The message for a build that has not left the regular file `name`.
fn missing(name: &Path, error: &io::Error) -> String {
    let name = name.display();
    match error.raw_os_error() {
        Some(libc::ENOENT) => format!("the build left no file {name}"),
        Some(libc::ELOOP) => format!("the build left {name} as a symbolic link, not as a file"),
        _ => format!("the build left {name}, which is not a regular file"),
    }
}

fn too_large() -> String {
    format!("the build left more than {} MiB", MAX_SIZE >> 20)
}

fn too_many() -> String {
    format!("the build left more than {MAX_FILES} files")
}
