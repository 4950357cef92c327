//! What was built, kept under the hash of what it was built from.
//!
//! A program's files lie in `built/HASH/`, and what became of the build in `built/HASH.json`, which is
//! written last: what a kill interrupts is not there, and is built again.

use super::{Built, Program};
use crate::intake::File;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use witness::Finished;

/// Files that a build may leave.
const FILES: usize = 4_000;
/// Bytes that a build may leave.
const SUM: u64 = 64 << 20;

/// A folder of what was built.
#[derive(Debug)]
pub(super) struct BuildCache {
    folder: PathBuf,
    /// One lock for each content that is being built.
    busy: Mutex<HashMap<String, Arc<Mutex<()>>>>,
}

/// What became of a build.
#[derive(Serialize, Deserialize)]
struct Note {
    /// Why there is no program.
    failed: Option<String>,
}

/// A program that is being put into the cache.
#[derive(Debug)]
pub(super) struct CacheEntry {
    folder: TempDir,
}

impl BuildCache {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let folder = std::path::absolute(folder)?.join("built");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self { folder, busy: Mutex::default() })
    }

    /// A folder that is gone once it is dropped.
    pub(super) fn scratch(&self) -> Result<TempDir> {
        let made = tempfile::Builder::new().prefix(".unfinished-").tempdir_in(&self.folder);
        made.with_context(|| format!("cannot make a folder in {}", self.folder.display()))
    }

    /// What is kept under `key`, or what `build` now makes: `None`, or why there is no program.
    /// `program` is the file that is run, where it is one of those that were built.
    pub(super) fn get_or_build(
        &self,
        key: &str,
        was_needed: bool,
        program: &Path,
        build: impl FnOnce(&CacheEntry) -> Result<Option<String>>,
    ) -> Result<Built> {
        let busy = {
            let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(busy.entry(key.to_owned()).or_default())
        };
        let _alone = busy.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = self.folder.join(key);
        let mut elapsed = Duration::ZERO;
        let failed = match self.kept(key) {
            Some(note) => note.failed,
            None => {
                let start = Instant::now();
                let entry = CacheEntry { folder: self.scratch()? };
                let failed = build(&entry)?;
                let failed = failed.or_else(|| entry.lacks(program));
                if failed.is_none() {
                    entry.keep(&directory)?;
                }
                self.keep(key, &Note { failed: failed.clone() })?;
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
                directory,
                port: None,
                capacity: None,
            }),
        };
        Ok(Built { elapsed, was_needed, result })
    }

    fn kept(&self, key: &str) -> Option<Note> {
        let text = fs::read(self.folder.join(format!("{key}.json"))).ok()?;
        let note: Note = serde_json::from_slice(&text).ok()?;
        (note.failed.is_some() || self.folder.join(key).is_dir()).then_some(note)
    }

    fn keep(&self, key: &str, note: &Note) -> Result<()> {
        let place = self.folder.join(format!("{key}.json"));
        xtask::destination::replace(&place, &serde_json::to_vec(note)?)
    }
}

impl CacheEntry {
    /// Writes files as they are.
    pub(super) fn fill(&self, files: &BTreeMap<PathBuf, File>) -> Result<()> {
        write_all(self.folder.path(), files)
    }

    /// Takes one file that a build has left, under another name; what is wrong with it, if anything is.
    pub(super) fn take(
        &self,
        finished: &Finished,
        path: &Path,
        name: &Path,
    ) -> Result<Option<String>> {
        let file = match finished.open(path) {
            Ok(file) => file,
            Err(error) => return Ok(Some(not_left(name, &error))),
        };
        let mut bytes = Vec::new();
        file.take(SUM + 1).read_to_end(&mut bytes).context("cannot read what was built")?;
        if bytes.len() as u64 > SUM {
            return Ok(Some(too_large()));
        }
        write(&self.folder.path().join(name), &File { bytes, is_executable: true })?;
        Ok(None)
    }

    /// Takes all that a build has left; what is wrong with it, if anything is.
    pub(super) fn take_all(&self, finished: &Finished, program: &Path) -> Result<Option<String>> {
        if !program.as_os_str().is_empty()
            && let Err(error) = finished.open(&plain(program))
        {
            return Ok(Some(not_left(program, &error)));
        }
        let Ok(files) = finished.files() else { return Ok(Some(too_many())) };
        let mut left = SUM;
        let mut count = 0;
        for (path, mode) in files.into_iter().filter(|(path, _)| !is_hidden(path)) {
            let Ok(file) = finished.open(&path) else { continue };
            let mut bytes = Vec::new();
            file.take(left + 1).read_to_end(&mut bytes).context("cannot read what was built")?;
            let Some(rest) = left.checked_sub(bytes.len() as u64) else {
                return Ok(Some(too_large()));
            };
            (left, count) = (rest, count + 1);
            if count > FILES {
                return Ok(Some(too_many()));
            }
            let is_executable = mode & 0o111 != 0;
            write(&self.folder.path().join(path), &File { bytes, is_executable })?;
        }
        Ok(None)
    }

    /// What the program lacks to be run. One that only lacks the permission is given it.
    fn lacks(&self, program: &Path) -> Option<String> {
        if program.as_os_str().is_empty() {
            return None;
        }
        let place = self.folder.path().join(plain(program));
        if !place.is_file() {
            return Some(format!("there is no file {} to run", program.display()));
        }
        let permitted = fs::set_permissions(place, PermissionsExt::from_mode(0o755));
        permitted.err().map(|error| format!("{} cannot be run: {error}", program.display()))
    }

    /// Moves it to its place. Where another process was faster, that one's is the same.
    fn keep(self, directory: &Path) -> Result<()> {
        make_readable(self.folder.path())?;
        match fs::rename(self.folder.path(), directory) {
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => Ok(()),
            Err(error) => {
                Err(error).with_context(|| format!("cannot make {}", directory.display()))
            }
            Ok(()) => {
                let _ = self.folder.keep();
                Ok(())
            }
        }
    }
}

/// Writes files below `folder`.
pub(super) fn write_all(folder: &Path, files: &BTreeMap<PathBuf, File>) -> Result<()> {
    files.iter().try_for_each(|(path, file)| write(&folder.join(path), file))?;
    make_readable(folder)
}

fn write(path: &Path, file: &File) -> Result<()> {
    let written = || -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, &file.bytes)?;
        let mode = if file.is_executable { 0o755 } else { 0o644 };
        fs::set_permissions(path, PermissionsExt::from_mode(mode))
    };
    written().with_context(|| format!("cannot write {}", path.display()))
}

/// Lets every user go through the folders here, whatever the umask: the box has another one.
pub(super) fn make_readable(folder: &Path) -> Result<()> {
    let opened = || -> io::Result<Vec<PathBuf>> {
        fs::create_dir_all(folder)?;
        fs::set_permissions(folder, PermissionsExt::from_mode(0o755))?;
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
    };
    let inside = opened().with_context(|| format!("cannot open {}", folder.display()))?;
    inside.iter().filter(|path| path.is_dir()).try_for_each(|path| make_readable(path))
}

/// A path without `./` in front.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| !matches!(part, std::path::Component::CurDir)).collect()
}

fn is_hidden(path: &Path) -> bool {
    path.iter().any(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn not_left(name: &Path, error: &io::Error) -> String {
    let name = name.display();
    match error.raw_os_error() {
        Some(libc::ENOENT) => format!("the build left no file {name}"),
        Some(libc::ELOOP) => format!("the build left {name} as a symbolic link, not as a file"),
        _ => format!("the build left {name}, which is not a regular file"),
    }
}

fn too_large() -> String {
    format!("the build left more than {} MiB", SUM >> 20)
}

fn too_many() -> String {
    format!("the build left more than {FILES} files")
}
