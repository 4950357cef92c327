//! A control group for one run, which limits the memory and the number of processes of the whole
//! run (cgroups(7)).

mod parent;

use crate::policy::Limits;
use crate::run_name;
use parent::CgroupParent;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

/// One run's control group, in each hierarchy that this process may use. Dropping this value
/// removes the group.
#[derive(Debug)]
pub(crate) struct Cgroup {
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    folder: PathBuf,
    /// The name of the file with the line `oom_kill N`. N is the number of processes that the
    /// kernel has killed because the group was out of memory.
    oom_file: Option<&'static str>,
}

/// The file that lists the processes of a group. Writing a process id to this file moves the
/// process into the group.
const PROCESSES: &str = "cgroup.procs";
/// The maximum time to wait until the kernel has released the last process of a group.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(2);

impl Cgroup {
    /// Creates a group with these limits; `None` if this process may not create a group.
    pub(crate) fn new(limits: &Limits) -> Option<Self> {
        let name = run_name::name();
        let mut group = Self { parts: Vec::new() };
        for parent in parents() {
            group.parts.push(Part::new(parent, &name, limits).ok()?);
        }
        group.counts_memory().then_some(group)
    }

    /// Moves a process into the group. Every process that the moved process starts is in the group,
    /// too.
    pub(crate) fn add(&self, pid: i32) -> io::Result<()> {
        self.parts
            .iter()
            .try_for_each(|part| fs::write(part.folder.join(PROCESSES), pid.to_string()))
    }

    /// Whether the kernel has killed a process of the group because the group was out of memory.
    pub(crate) fn has_run_out_of_memory(&self) -> bool {
        self.parts.iter().any(|part| part.kills() > 0)
    }

    fn counts_memory(&self) -> bool {
        self.parts.iter().any(|part| part.oom_file.is_some())
    }
}

impl Part {
    fn new(parent: &CgroupParent, name: &str, limits: &Limits) -> io::Result<Self> {
        let folder = parent.folder.join(name);
        fs::create_dir(&folder)?;
        let part = Self { folder, oom_file: parent.oom_file() };
        for (file, value, is_needed) in parent.settings(limits) {
            let set = fs::write(part.folder.join(file), value.to_string());
            // A kernel without swap accounting, for example, does not have the file for swap.
            if is_needed {
                set?;
            }
        }
        Ok(part)
    }

    fn kills(&self) -> u64 {
        let Some(file) = self.oom_file else { return 0 };
        let text = fs::read_to_string(self.folder.join(file)).unwrap_or_default();
        let count = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
        count.and_then(|digits| digits.trim().parse().ok()).unwrap_or(0)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let deadline = Instant::now() + RELEASE_TIMEOUT;
        while remove(&self.folder).is_err() && Instant::now() < deadline {
            thread::yield_now();
        }
    }
}

/// Kills the remaining processes of a group, and removes the group.
fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir(folder) {
        Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {
            let left = fs::read_to_string(folder.join(PROCESSES)).unwrap_or_default();
            for pid in left.lines().filter_map(|line| line.parse::<i32>().ok()).filter(|it| *it > 0)
            {
                // SAFETY: kill takes two numbers; the process was put into this group.
                unsafe { libc::kill(pid, libc::SIGKILL) };
            }
            fs::remove_dir(folder)
        }
        removed => removed,
    }
}

/// The groups in which this process may create groups. They are searched once. A group in them that
/// belongs to the run of an ended observer is removed.
fn parents() -> &'static [CgroupParent] {
    static PARENTS: OnceLock<Vec<CgroupParent>> = OnceLock::new();
    PARENTS.get_or_init(|| {
        let parents = parent::find();
        parents.iter().for_each(remove_stale);
        parents
    })
}

impl Limits {
    /// How the memory of a run is limited on this machine: `cgroup v2` or `cgroup v1`, or
    /// `watchdog` if this process may not create a control group (cgroups(7)).
    pub fn memory_accounting() -> &'static str {
        version()
    }
}

/// The version of control groups that this process may create; `watchdog` if it may create none.
pub(crate) fn version() -> &'static str {
    match parents() {
        [] => "watchdog",
        [one] if one.is_unified() => "cgroup v2",
        _ => "cgroup v1",
    }
}

fn remove_stale(parent: &CgroupParent) {
    for stale in run_name::stale(&parent.folder) {
        let _ = remove(&stale);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_removed_with_its_last_process() {
        let Some(group) = Cgroup::new(&Limits::default()) else { return };
        let folders: Vec<_> = group.parts.iter().map(|part| part.folder.clone()).collect();
        assert!(folders.iter().all(|folder| folder.is_dir()) && !group.has_run_out_of_memory());
        let mut child = std::process::Command::new("sleep").arg("3600").spawn().unwrap();
        for part in &group.parts {
            fs::write(part.folder.join(PROCESSES), child.id().to_string()).unwrap();
        }
        let reaper = thread::spawn(move || child.wait());
        drop(group);
        reaper.join().unwrap().unwrap();
        assert!(!folders.iter().any(|folder| folder.exists()), "{folders:?}");
    }

    #[test]
    fn a_group_of_an_ended_observer_is_removed() {
        for parent in parents() {
            let left = parent.folder.join("sandbox-1-1-0");
            let _ = fs::create_dir(&left);
            remove_stale(parent);
            assert!(!left.exists());
        }
    }
}
