//! A control group for one run: the memory and the processes that it may have in all (cgroups(7)).

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

/// The group of one run, in each hierarchy that there is; it is removed when dropped.
#[derive(Debug)]
pub(crate) struct Cgroup {
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    folder: PathBuf,
    /// The file and key that count how often the kernel has ended a process for want of memory.
    count: Option<&'static str>,
}

/// Who is in a group; a process id that is written there comes in.
const PROCESSES: &str = "cgroup.procs";
/// How long the kernel may take to be done with the last process of a group.
const PATIENCE: Duration = Duration::from_secs(2);

impl Cgroup {
    /// A new group with these limits; `None` where this process may make none.
    pub(crate) fn new(limits: &Limits) -> Option<Self> {
        let name = run_name::name();
        let mut group = Self { parts: Vec::new() };
        for parent in parents() {
            group.parts.push(Part::new(parent, &name, limits).ok()?);
        }
        group.counts_memory().then_some(group)
    }

    /// Takes in a process, and with it all that it will start.
    pub(crate) fn admit(&self, pid: i32) -> io::Result<()> {
        self.parts
            .iter()
            .try_for_each(|part| fs::write(part.folder.join(PROCESSES), pid.to_string()))
    }

    /// Whether the kernel has ended a process of it for want of memory.
    pub(crate) fn has_run_out(&self) -> bool {
        self.parts.iter().any(|part| part.kills() > 0)
    }

    fn counts_memory(&self) -> bool {
        self.parts.iter().any(|part| part.count.is_some())
    }
}

impl Part {
    fn new(parent: &CgroupParent, name: &str, limits: &Limits) -> io::Result<Self> {
        let folder = parent.folder.join(name);
        fs::create_dir(&folder)?;
        let part = Self { folder, count: parent.count() };
        for (file, value, is_needed) in parent.settings(limits) {
            let set = fs::write(part.folder.join(file), value.to_string());
            // What is not there, swap for one, needs no limit.
            if is_needed {
                set?;
            }
        }
        Ok(part)
    }

    fn kills(&self) -> u64 {
        let Some(file) = self.count else { return 0 };
        let text = fs::read_to_string(self.folder.join(file)).unwrap_or_default();
        let count = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
        count.and_then(|digits| digits.trim().parse().ok()).unwrap_or(0)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while remove(&self.folder).is_err() && Instant::now() < deadline {
            thread::yield_now();
        }
    }
}

/// Ends who is left in a group, and removes it.
fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir(folder) {
        Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {
            let left = fs::read_to_string(folder.join(PROCESSES)).unwrap_or_default();
            for pid in left.lines().filter_map(|line| line.parse::<i32>().ok()).filter(|it| *it > 0)
            {
                // SAFETY: takes two numbers; the process is one that was put into this group.
                unsafe { libc::kill(pid, libc::SIGKILL) };
            }
            fs::remove_dir(folder)
        }
        removed => removed,
    }
}

/// Where groups are made, found once; what runs of ended observers have left there is removed.
fn parents() -> &'static [CgroupParent] {
    static PARENTS: OnceLock<Vec<CgroupParent>> = OnceLock::new();
    PARENTS.get_or_init(|| {
        let parents = parent::find();
        parents.iter().for_each(sweep);
        parents
    })
}

impl Limits {
    /// What keeps count of a run's memory here: `cgroup v2`, `cgroup v1`, or `watchdog` where this
    /// process may make no control group (cgroups(7)).
    pub fn memory_accounting() -> &'static str {
        version()
    }
}

/// The version that this process may make groups of.
pub(crate) fn version() -> &'static str {
    match parents() {
        [] => "watchdog",
        [one] if one.is_unified() => "cgroup v2",
        _ => "cgroup v1",
    }
}

fn sweep(parent: &CgroupParent) {
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
        assert!(folders.iter().all(|folder| folder.is_dir()) && !group.has_run_out());
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
            let left = parent.folder.join("sockproof-1-1-0");
            let _ = fs::create_dir(&left);
            sweep(parent);
            assert!(!left.exists());
        }
    }
}
