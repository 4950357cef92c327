//! The root file system that an untrusted program sees. This module plans the mounts. The sandbox's
//! first process executes the plan.

mod mounts;

use crate::error::LaunchError;
use crate::landlock;
use crate::policy::{Limits, SandboxPolicy};
use mounts::{Layout, entries, is_in_memory, outermost, relative, system};
use std::collections::BTreeSet;
use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

/// The working directory of an untrusted program, which the program may write.
pub(crate) const WORK_DIR: &str = "/work";

/// One step of building the root file system. Paths in the sandbox are relative to the new root.
#[derive(Debug)]
pub(crate) enum MountStep {
    /// Create a folder, if it does not exist.
    Folder(CString),
    /// Create a file with this text.
    File(CString, CString),
    /// Create a symbolic link with this target.
    Link(CString, CString),
    /// Mount a file or folder of this machine that is opened by its path.
    Bind { from: CString, at: CString },
    /// Mount a file or folder of this machine that the observer has already opened.
    Tree { from: OwnedFd, at: CString },
    /// Make all mounts at this path and below read-only.
    ReadOnly(CString),
    /// Mount a file system in memory, with these options (tmpfs(5)).
    Memory { at: CString, options: CString },
    /// Mount the sandbox's own `/proc` (proc(5)).
    Processes(CString),
}

impl MountStep {
    /// Describes the step for an error message.
    pub(crate) fn describe(&self) -> String {
        let (verb, at) = match self {
            MountStep::Folder(at) => ("making the folder", at),
            MountStep::File(at, _) => ("writing", at),
            MountStep::Link(at, _) => ("linking", at),
            MountStep::Bind { at, .. } | MountStep::Tree { at, .. } => ("showing", at),
            MountStep::ReadOnly(at) => ("protecting", at),
            MountStep::Memory { at, .. } => ("mounting a tmpfs(5) on", at),
            MountStep::Processes(at) => ("mounting proc(5) on", at),
        };
        format!("{verb} /{}", at.to_string_lossy())
    }
}

/// The root file system of a sandbox, as the steps that build it.
#[derive(Debug)]
pub(crate) struct RootLayout {
    pub(crate) steps: Vec<MountStep>,
    pub(crate) work_dir: WorkDirInfo,
}

/// Information about the program's own folder.
#[derive(Clone, Debug)]
pub(crate) struct WorkDirInfo {
    /// The maximum number of files, folders and links in the folder.
    pub(crate) most: u64,
    /// The paths in the folder at which files or folders of this machine are mounted.
    pub(crate) covered: BTreeSet<PathBuf>,
}

impl WorkDirInfo {
    /// Information about a folder that has no file system of its own. A watchdog checks the limits
    /// of such a folder. The watchdog may notice late that a limit is exceeded, so the maximum is
    /// higher than the limit.
    pub(crate) fn of_this_machine(limits: &Limits) -> Self {
        Self { most: limits.files.saturating_mul(2), covered: BTreeSet::new() }
    }
}

impl RootLayout {
    /// The root file system for `policy`. The program's own folder contains a symbolic link to each
    /// entry of `directory`. Each of `files` has these contents.
    pub(crate) fn of(
        policy: &SandboxPolicy,
        directory: Option<&Path>,
        files: &[(PathBuf, Vec<u8>)],
    ) -> Result<Self, LaunchError> {
        let mut layout = Layout::default();
        let shown = outermost(&policy.visible)?;
        let entries = directory.map_or(Ok(Vec::new()), entries)?;
        layout.system(files)?;
        for path in [WORK_DIR, "/proc", "/tmp"] {
            layout.folder(Path::new(path))?;
        }
        let (late, early): (Vec<_>, Vec<_>) = shown.into_iter().partition(|it| is_in_memory(it));
        for path in &early {
            layout.show(path)?;
        }
        for path in hidden_paths(policy) {
            layout.hide(&path)?;
        }
        layout.add(MountStep::ReadOnly(relative(Path::new("/"))?));
        layout.devices()?;
        let most = policy.limits.files + (entries.len() + 16 * (1 + late.len())) as u64;
        layout.memory(policy.limits.disk, most)?;
        for path in &late {
            layout.show(path)?;
            layout.add(MountStep::ReadOnly(relative(path)?));
        }
        for path in entries {
            if let Some(name) = path.file_name() {
                layout.link(&Path::new(WORK_DIR).join(name), &path)?;
            }
        }
        let covered =
            late.iter().filter_map(|path| Some(path.strip_prefix(WORK_DIR).ok()?.to_owned()));
        let work_dir = WorkDirInfo { most, covered: covered.collect() };
        Ok(RootLayout { steps: layout.steps, work_dir })
    }
}

/// The paths that the policy hides and that this machine has, without symbolic links.
pub(crate) fn hidden_paths(policy: &SandboxPolicy) -> BTreeSet<PathBuf> {
    policy.hidden.iter().filter_map(|path| path.canonicalize().ok()).collect()
}

/// Whether every untrusted program can see `path`, on each isolation level: the path is below `/usr`
/// or another path that programs need. The path need not exist.
pub fn is_always_visible(path: &Path) -> bool {
    let path = resolved(path);
    let shown = system().chain(landlock::SYSTEM.iter().map(Path::new));
    shown.into_iter().any(|shown| path.starts_with(resolved(shown)))
}

/// The absolute path without symbolic links. The last parts of the path need not exist.
fn resolved(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let known = path.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    match known {
        Some((above, real)) => real.join(path.strip_prefix(above).unwrap_or(Path::new(""))),
        None => path,
    }
}

/// Whether an untrusted program can see `path`.
pub(crate) fn can_see(policy: &SandboxPolicy, path: &Path) -> bool {
    if path
        .canonicalize()
        .is_ok_and(|real| hidden_paths(policy).iter().any(|hidden| real.starts_with(hidden)))
    {
        return false;
    }
    let asked = policy.visible.iter().map(PathBuf::as_path);
    system().chain(asked).any(|shown| absolute(shown).is_ok_and(|shown| path.starts_with(shown)))
}

/// The absolute path of a file or folder, without `..`. If the path has no `..`, symbolic links in
/// the path are not resolved.
pub(crate) fn absolute(path: &Path) -> io::Result<PathBuf> {
    let goes_up = path.components().any(|part| part == Component::ParentDir);
    if goes_up { path.canonicalize() } else { std::path::absolute(path) }
}
