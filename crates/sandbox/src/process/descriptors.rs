//! Reads the descriptors of a process from `/proc/PID/fd` and `/proc/PID/fdinfo`.

use super::owner::as_owner;
use super::{Process, is_gone};
use crate::unobservable::Unobservable;
use procfs::ProcError;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

/// An open descriptor.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Descriptor {
    /// The number of the descriptor in the process.
    pub fd: i32,
    /// The file that the descriptor refers to.
    pub target: Target,
}

/// The file that a descriptor refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A socket, identified by its inode.
    Socket(u64),
    /// Any other file, with the text of its link in `/proc/PID/fd`.
    Other(String),
}

impl Process {
    /// The open descriptors, sorted by number; none if the process no longer exists. The kernel
    /// lists descriptors one by one. If the process duplicates and closes a descriptor at the same
    /// time (dup(2)), the file may be listed twice or not at all.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides this information from this user.
    pub fn descriptors(self) -> Result<Vec<Descriptor>, Unobservable> {
        as_owner(self.pid, || self.all_descriptors())
    }

    fn all_descriptors(self) -> Result<Vec<Descriptor>, Unobservable> {
        let folder = fs::read_dir(format!("/proc/{}/fd", self.pid));
        let Some(entries) = self.unless_ending(folder.map_err(ProcError::from))? else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for entry in entries {
            let read = entry.and_then(|entry| descriptor(&entry));
            found.extend(self.unless_ending(read.map_err(ProcError::from))?);
        }
        found.sort_by_key(|descriptor| descriptor.fd);
        Ok(found)
    }

    /// The file of descriptor `fd`; `None` if the descriptor is not open.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides this information from this user.
    pub fn target(self, fd: i32) -> Result<Option<Target>, Unobservable> {
        let path = format!("/proc/{}/fd/{fd}", self.pid);
        let read = as_owner(self.pid, || target(Path::new(&path)));
        self.unless_ending(read.map_err(ProcError::from))
    }

    /// The status flags of descriptor `fd` (open(2)); `None` if the descriptor is not open.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides this information from this user.
    pub fn flags(self, fd: i32) -> Result<Option<i32>, Unobservable> {
        let Some(text) = self.fdinfo(fd)? else { return Ok(None) };
        let octal = text.lines().find_map(|line| line.strip_prefix("flags:"));
        Ok(octal.and_then(|digits| i32::from_str_radix(digits.trim(), 8).ok()))
    }

    /// The text of `/proc/PID/fdinfo/FD` (proc_pid_fdinfo(5)); `None` if the descriptor is not
    /// open.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides this information from this user.
    pub fn fdinfo(self, fd: i32) -> Result<Option<String>, Unobservable> {
        let path = format!("/proc/{}/fdinfo/{fd}", self.pid);
        match as_owner(self.pid, || fs::read_to_string(&path)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(self.with_cause(Unobservable::new(path, error))),
        }
    }

    /// The target of the link `/proc/PID/fd/FD`, which names the file that descriptor `fd` refers
    /// to; `None` if the link cannot be read, for example because the descriptor is not open.
    pub fn link(self, fd: i32) -> Option<PathBuf> {
        as_owner(self.pid, || fs::read_link(format!("/proc/{}/fd/{fd}", self.pid))).ok()
    }
}

/// Reads the link `/proc/PID/fd/FD`. An observer reads thousands of these links. This function
/// makes one system call for a link. The procfs crate would make five.
fn descriptor(entry: &DirEntry) -> io::Result<Descriptor> {
    let fd = entry.file_name().to_str().and_then(|name| name.parse().ok());
    let fd = fd.ok_or(io::ErrorKind::InvalidData)?;
    Ok(Descriptor { fd, target: target(&entry.path())? })
}

/// The file to which a link in `/proc/PID/fd` refers.
fn target(link: &Path) -> io::Result<Target> {
    let text = fs::read_link(link)?.to_string_lossy().into_owned();
    let inode = text.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']'));
    let inode = inode.and_then(|digits| digits.parse().ok());
    Ok(inode.map_or(Target::Other(text), Target::Socket))
}
