//! The control groups in which this process may create groups.

use crate::policy::Limits;
use nix::unistd::{AccessFlags, access};
use procfs::ProcessCGroup;
use procfs::process::{MountInfo, Process};
use std::fs;
use std::path::{Path, PathBuf};

/// The number of processes that the sandbox itself needs, in addition to the program's processes.
const SANDBOX_PROCESSES: u64 = 8;

/// A group in which this process may create groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CgroupParent {
    pub(super) folder: PathBuf,
    controls: Controls,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Controls {
    /// Version 2: memory and processes in one hierarchy.
    Both,
    /// Version 1, the memory hierarchy.
    Memory,
    /// Version 1, the hierarchy of process counts (pids).
    Processes,
    /// Version 1, the hierarchy of processor time (cpu). A group has the same share of the
    /// processors as any other group, however many processes it has.
    Processors,
}

impl CgroupParent {
    /// The settings that limit a group. Each setting is a file, the value to write, and whether the
    /// file must exist.
    pub(super) fn settings(&self, limits: &Limits) -> Vec<(&'static str, u64, bool)> {
        // The group also contains the sandbox's own processes, so its limit is higher. The program
        // reaches the limit of processes of its user first (getrlimit(2), RLIMIT_NPROC).
        let (memory, processes) = (limits.memory, limits.processes + SANDBOX_PROCESSES);
        match self.controls {
            Controls::Both => vec![
                ("memory.max", memory, true),
                ("memory.swap.max", 0, false),
                ("memory.oom.group", 1, false),
                ("pids.max", processes, true),
            ],
            Controls::Memory => vec![
                ("memory.limit_in_bytes", memory, true),
                ("memory.memsw.limit_in_bytes", memory, false),
                // The buffers of TCP sockets have a limit of their own in version 1. At this limit,
                // the kernel only delays the sockets. Therefore the watchdog ends the run before.
                ("memory.kmem.tcp.limit_in_bytes", 2 * memory, false),
            ],
            Controls::Processes => vec![("pids.max", processes, true)],
            Controls::Processors => Vec::new(),
        }
    }

    pub(super) fn is_unified(&self) -> bool {
        self.controls == Controls::Both
    }

    /// The name of the file with the line `oom_kill N`, if this hierarchy has such a file.
    pub(super) fn oom_file(&self) -> Option<&'static str> {
        match self.controls {
            Controls::Both => Some("memory.events"),
            Controls::Memory => Some("memory.oom_control"),
            Controls::Processes | Controls::Processors => None,
        }
    }
}

/// The groups in which this process may create groups: one group of version 2 if possible,
/// otherwise groups of version 1, otherwise none.
pub(super) fn find() -> Vec<CgroupParent> {
    let Ok(own) = Process::myself() else { return Vec::new() };
    let (Ok(mounts), Ok(groups)) = (own.mountinfo(), own.cgroups()) else { return Vec::new() };
    let (mounts, groups) = (&mounts.0, &groups.0);
    if let Some(folder) = unified(mounts, groups).and_then(|own| delegated(&own)) {
        return vec![CgroupParent { folder, controls: Controls::Both }];
    }
    let one = |name, controls| {
        let folder = controlled(mounts, groups, name)?;
        is_ours(&folder).then_some(CgroupParent { folder, controls })
    };
    let Some(memory) = one("memory", Controls::Memory) else { return Vec::new() };
    let others = [one("pids", Controls::Processes), one("cpu", Controls::Processors)];
    [memory].into_iter().chain(others.into_iter().flatten()).collect()
}

/// This process's own group in version 2.
fn unified(mounts: &[MountInfo], groups: &[ProcessCGroup]) -> Option<PathBuf> {
    let mount = mounts.iter().find(|mount| mount.fs_type == "cgroup2")?;
    let group = groups.iter().find(|group| group.hierarchy == 0)?;
    folder_in_mount(mount, &group.pathname)
}

/// This process's own group in a hierarchy of version 1.
fn controlled(mounts: &[MountInfo], groups: &[ProcessCGroup], name: &str) -> Option<PathBuf> {
    let has =
        |mount: &&MountInfo| mount.fs_type == "cgroup" && mount.super_options.contains_key(name);
    let group = groups.iter().find(|group| group.controllers.iter().any(|it| it == name))?;
    folder_in_mount(mounts.iter().find(has)?, &group.pathname)
}

/// The folder of the group with the path `group`. A mount may show only the groups below one group,
/// `mount.root`. Therefore the path of `mount.root` is removed from the beginning of `group`.
fn folder_in_mount(mount: &MountInfo, group: &str) -> Option<PathBuf> {
    let below = Path::new(group).strip_prefix(&mount.root).ok()?;
    Some(mount.mount_point.join(below))
}

/// The nearest group, at or above `own`, that enables both controllers for its children and in
/// which this process may create groups (cgroups(7), "Delegation").
fn delegated(own: &Path) -> Option<PathBuf> {
    let delegates = |folder: &&Path| {
        let text = fs::read_to_string(folder.join("cgroup.subtree_control")).unwrap_or_default();
        let has = |name: &str| text.split_whitespace().any(|it| it == name);
        has("memory") && has("pids") && is_ours(folder)
    };
    own.ancestors().find(delegates).map(Path::to_owned)
}

/// Whether this process may create groups in the group of this folder, and move processes into the
/// group.
fn is_ours(folder: &Path) -> bool {
    let may_write = |path: &Path| access(path, AccessFlags::W_OK).is_ok();
    may_write(folder) && may_write(&folder.join("cgroup.procs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_found_where_its_hierarchy_is_mounted() {
        let mount = |root: &str, at: &str| {
            let line = format!("40 30 0:20 {root} {at} rw - cgroup cgroup rw,memory");
            MountInfo::from_line(&line).unwrap()
        };
        let whole = mount("/", "/sys/fs/cgroup/memory");
        let expected = Some("/sys/fs/cgroup/memory/a/b".into());
        assert_eq!(folder_in_mount(&whole, "/a/b"), expected);
        let container = mount("/docker/1", "/cg");
        assert_eq!(folder_in_mount(&container, "/docker/1"), Some("/cg".into()));
        assert_eq!(folder_in_mount(&container, "/other"), None);
    }

    #[test]
    fn the_nearest_group_that_hands_both_controllers_down_is_taken() {
        let top = tempfile::tempdir().unwrap();
        let slice = top.path().join("user.slice");
        let own = slice.join("terminal.scope");
        fs::create_dir_all(&own).unwrap();
        for (folder, controllers) in
            [(top.path(), "cpu memory pids"), (&slice, "memory pids"), (&own, "")]
        {
            fs::write(folder.join("cgroup.subtree_control"), controllers).unwrap();
            fs::write(folder.join("cgroup.procs"), "").unwrap();
        }
        assert_eq!(delegated(&own), Some(slice.clone()));
        fs::write(slice.join("cgroup.subtree_control"), "memory").unwrap();
        assert_eq!(delegated(&own), Some(top.path().to_owned()));
        fs::remove_file(top.path().join("cgroup.procs")).unwrap();
        assert_eq!(delegated(&own), None);
    }
}
