//! What a confined program sees of this machine: laid out here, built by the box's first process.

mod mounts;

use crate::error::LaunchError;
use crate::policy::{Limits, SandboxPolicy};
use mounts::{Layout, entries, is_in_memory, outermost, relative, system};
use std::collections::BTreeSet;
use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

/// The folder that a confined program runs in, and may write.
pub(crate) const WORK_DIR: &str = "/work";

/// One thing that the first process puts in place; paths are relative to the new root.
#[derive(Debug)]
pub(crate) enum MountStep {
    /// A new folder, or one that is there.
    Folder(CString),
    /// A new file with this text.
    File(CString, CString),
    /// A symbolic link with this text.
    Link(CString, CString),
    /// A file or folder of this machine, by its path.
    Bind { from: CString, at: CString },
    /// A file or folder of this machine that the observer has opened.
    Tree { from: OwnedFd, at: CString },
    /// All that is mounted at this path and below, read-only from now on.
    ReadOnly(CString),
    /// A file system in memory, with its options (tmpfs(5)).
    Memory { at: CString, options: CString },
    /// The processes of the box (proc(5)).
    Processes(CString),
}

impl MountStep {
    /// Where it is, and how it gets there.
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

/// What a box shows, in the order in which it is built.
#[derive(Debug)]
pub(crate) struct RootLayout {
    pub(crate) steps: Vec<MountStep>,
    pub(crate) work_dir: WorkDirInfo,
}

/// What there is to know of the program's own folder.
#[derive(Clone, Debug)]
pub(crate) struct WorkDirInfo {
    /// How many files, folders and links there can be in it.
    pub(crate) most: u64,
    /// The files in it that something was shown on.
    pub(crate) covered: BTreeSet<PathBuf>,
}

impl WorkDirInfo {
    /// Of a folder without a file system of its own, whose limits a watchdog keeps, a moment late.
    pub(crate) fn of_this_machine(limits: &Limits) -> Self {
        Self { most: limits.files.saturating_mul(2), covered: BTreeSet::new() }
    }
}

impl RootLayout {
    /// The view that `policy` asks for. The entries of `directory` are linked into the
    /// program's own folder, so that it finds them where it runs.
    pub(crate) fn of(
        policy: &SandboxPolicy,
        directory: Option<&Path>,
    ) -> Result<Self, LaunchError> {
        let mut layout = Layout::default();
        let shown = outermost(&policy.visible)?;
        let entries = directory.map_or(Ok(Vec::new()), entries)?;
        layout.system()?;
        for path in [WORK_DIR, "/proc", "/tmp"] {
            layout.folder(Path::new(path))?;
        }
        let (late, early): (Vec<_>, Vec<_>) = shown.into_iter().partition(|it| is_in_memory(it));
        for path in &early {
            layout.show(path)?;
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

/// Whether a confined program sees `path`.
pub(crate) fn shows(policy: &SandboxPolicy, path: &Path) -> bool {
    let asked = policy.visible.iter().map(PathBuf::as_path);
    system().chain(asked).any(|shown| absolute(shown).is_ok_and(|shown| path.starts_with(shown)))
}

/// The absolute path of a file or folder, without `..`; a link on the way stays one.
pub(crate) fn absolute(path: &Path) -> io::Result<PathBuf> {
    let goes_up = path.components().any(|part| part == Component::ParentDir);
    if goes_up { path.canonicalize() } else { std::path::absolute(path) }
}
