//! Lists the steps that build the root file system of a sandbox.

use super::{MountStep, WORK_DIR, absolute};
use crate::error::{LaunchError, c_string};
use crate::mount_tree;
use crate::system::PROGRAMS;
use std::collections::BTreeSet;
use std::ffi::CString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The files and folders that programs need in addition to [`PROGRAMS`]. A path that this machine
/// does not have is skipped.
const FOUND: [&str; 3] = ["/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime"];

/// The system paths that every program can see.
pub(super) fn system<'a>() -> impl Iterator<Item = &'a Path> {
    PROGRAMS.iter().chain(&FOUND).map(Path::new)
}

const DEVICES: [&str; 5] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];
const LINKS: [(&str, &str); 5] = [
    ("/dev/fd", "/proc/self/fd"),
    ("/dev/stdin", "/proc/self/fd/0"),
    ("/dev/stdout", "/proc/self/fd/1"),
    ("/dev/stderr", "/proc/self/fd/2"),
    ("/dev/shm", "/tmp"), // shm_overview(7) requires a tmpfs at this path, and /tmp is a tmpfs
];
const FILES: [(&str, &str); 5] = [
    ("/etc/passwd", "user:x:1000:1000::/work:/bin/sh\n"),
    ("/etc/group", "user:x:1000:\n"),
    ("/etc/hosts", "127.0.0.1 localhost sandbox\n::1 localhost sandbox\n"),
    ("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"),
    ("/etc/resolv.conf", ""),
];
/// Paths that have their own contents in every sandbox. The contents of these paths on this machine
/// cannot be shown.
const RESERVED: [&str; 5] = ["/", "/dev", "/proc", "/tmp", WORK_DIR];

/// The steps so far, and the folders that the steps create.
#[derive(Default)]
pub(super) struct Layout {
    pub(super) steps: Vec<MountStep>,
    folders: BTreeSet<PathBuf>,
}

impl Layout {
    pub(super) fn add(&mut self, step: MountStep) {
        self.steps.push(step);
    }

    /// Shows the system's files. Each of `own` has these contents.
    pub(super) fn system(&mut self, own: &[(PathBuf, Vec<u8>)]) -> Result<(), LaunchError> {
        for path in system() {
            match fs::read_link(path) {
                Ok(target) => self.link(path, &target)?,
                Err(_) if path.exists() => self.bind(path)?,
                Err(_) => {}
            }
        }
        let is_replaced = |path: &str| own.iter().any(|(other, _)| other == Path::new(path));
        for (path, contents) in FILES.iter().filter(|(path, _)| !is_replaced(path)) {
            self.file(Path::new(path), contents.as_bytes())?;
        }
        for (path, contents) in own {
            self.file(path, contents)?;
        }
        for path in DEVICES {
            self.file(Path::new(path), b"")?;
        }
        LINKS.iter().try_for_each(|(path, target)| self.link(Path::new(path), Path::new(target)))
    }

    /// Mounts the devices. This step comes after the step that makes all earlier mounts read-only,
    /// because that step also disables devices on these mounts (mount(2), MS_NODEV).
    pub(super) fn devices(&mut self) -> Result<(), LaunchError> {
        for path in DEVICES.map(Path::new) {
            self.add(MountStep::Bind {
                from: c_string(path.as_os_str().as_bytes())?,
                at: relative(path)?,
            });
        }
        Ok(())
    }

    pub(super) fn memory(&mut self, bytes: u64, files: u64) -> Result<(), LaunchError> {
        for (path, mode) in [("/tmp", "1777"), (WORK_DIR, "0755")] {
            let options = format!("size={bytes},nr_inodes={files},mode={mode}");
            let options = c_string(options.as_bytes())?;
            self.add(MountStep::Memory { at: relative(Path::new(path))?, options });
        }
        self.add(MountStep::Processes(relative(Path::new("/proc"))?));
        Ok(())
    }

    /// Shows a path of the policy. If this process may mount, it opens the path now, with the
    /// observer's rights. Then the program needs no permissions for the folders above the path.
    /// Otherwise the sandbox's first process mounts the path by its name.
    pub(super) fn show(&mut self, path: &Path) -> Result<(), LaunchError> {
        let refused = |error| LaunchError::NotShown { path: path.display().to_string(), error };
        let is_folder = fs::metadata(path).map_err(refused)?.is_dir();
        let tree = mount_tree::open(path).map_err(refused)?;
        if is_folder {
            self.folder(path)?
        } else {
            self.file(path, b"")?
        }
        let at = relative(path)?;
        match tree {
            Some(from) => self.add(MountStep::Tree { from, at }),
            None => self.add(MountStep::Bind { from: c_string(path.as_os_str().as_bytes())?, at }),
        }
        Ok(())
    }

    /// Covers a path that is already mounted: a file with an unusable device, and a folder with an
    /// empty file system. A path that no mount shows is skipped. `path` has no symbolic links,
    /// because they would be resolved in this machine's root.
    pub(super) fn hide(&mut self, path: &Path) -> Result<(), LaunchError> {
        let is_shown = |folder: &Path| {
            self.folders.contains(folder) && folder.is_dir() && folder.parent().is_some()
        };
        if !path.ancestors().any(is_shown) || is_in_memory(path) {
            return Ok(());
        }
        let at = relative(path)?;
        self.add(match path.is_dir() {
            true => MountStep::Memory { at, options: c_string(b"nr_inodes=1,mode=0555")? },
            false => MountStep::Bind { from: c_string(b"/dev/null")?, at },
        });
        Ok(())
    }

    fn bind(&mut self, path: &Path) -> Result<(), LaunchError> {
        if path.is_dir() {
            self.folder(path)?
        } else {
            self.file(path, b"")?
        }
        self.add(MountStep::Bind {
            from: c_string(path.as_os_str().as_bytes())?,
            at: relative(path)?,
        });
        Ok(())
    }

    pub(super) fn folder(&mut self, path: &Path) -> Result<(), LaunchError> {
        if path.parent().is_some() && self.folders.insert(path.to_owned()) {
            self.parent(path)?;
            self.add(MountStep::Folder(relative(path)?));
        }
        Ok(())
    }

    fn parent(&mut self, path: &Path) -> Result<(), LaunchError> {
        path.parent().map_or(Ok(()), |parent| self.folder(parent))
    }

    fn file(&mut self, path: &Path, contents: &[u8]) -> Result<(), LaunchError> {
        self.parent(path)?;
        self.add(MountStep::File(relative(path)?, c_string(contents)?));
        Ok(())
    }

    pub(super) fn link(&mut self, path: &Path, target: &Path) -> Result<(), LaunchError> {
        self.parent(path)?;
        self.add(MountStep::Link(relative(path)?, c_string(target.as_os_str().as_bytes())?));
        Ok(())
    }
}

/// Converts the paths to absolute paths, and omits each path that is below another path of the
/// list.
pub(super) fn outermost(visible: &[PathBuf]) -> Result<Vec<PathBuf>, LaunchError> {
    let mut sorted = BTreeSet::new();
    for path in visible {
        let refused = |error| LaunchError::NotShown { path: path.display().to_string(), error };
        let absolute = absolute(path).map_err(refused)?;
        let reserved = RESERVED.map(Path::new).contains(&absolute.as_path());
        if reserved || absolute.starts_with("/dev") || absolute.starts_with("/proc") {
            let error = io::Error::other(
                "every sandbox has this path with its own contents; name a path below it instead",
            );
            return Err(LaunchError::NotShown { path: absolute.display().to_string(), error });
        }
        sorted.insert(absolute);
    }
    let mut kept: Vec<PathBuf> = Vec::new();
    for path in sorted {
        let included = system().chain(kept.iter().map(PathBuf::as_path));
        if !included.into_iter().any(|above| path.starts_with(above)) {
            kept.push(path);
        }
    }
    Ok(kept)
}

pub(super) fn is_in_memory(path: &Path) -> bool {
    path.starts_with("/tmp") || path.starts_with(WORK_DIR)
}

/// The absolute paths of a folder's entries.
pub(super) fn entries(directory: &Path) -> Result<Vec<PathBuf>, LaunchError> {
    let directory = absolute(directory)?;
    let listed = fs::read_dir(&directory)?.map(|entry| Ok(entry?.path()));
    Ok(listed.collect::<io::Result<Vec<_>>>()?)
}

/// A path relative to the new root: `usr` for `/usr`, `.` for `/`.
pub(super) fn relative(path: &Path) -> Result<CString, LaunchError> {
    let below = path.strip_prefix("/").unwrap_or(path).as_os_str().as_bytes();
    c_string(if below.is_empty() { b"." } else { below })
}
