//! The folders of a process's threads in `/proc`.
//!
//! The observer looks at threads many times in each check. Therefore each file is opened by its whole
//! path: to open the folders above it first would take several times as long.

use procfs::process::{Schedstat, Stat};
use procfs::{FromRead, ProcError, ProcResult};
use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;

/// The folder of one thread, `/proc/PID/task/TID`.
pub(super) struct Task {
    pub(super) pid: i32,
    pub(super) tid: i32,
}

impl Task {
    /// All threads of a process.
    pub(super) fn all(pid: i32) -> ProcResult<Vec<Task>> {
        /// The links of the folder of a process with one thread: one for the thread, and two as every
        /// folder has (proc_task_getattr() in fs/proc/base.c).
        const LINKS_OF_ONE: u64 = 3;
        let folder = format!("/proc/{pid}/task");
        if fs::metadata(&folder)?.nlink() == LINKS_OF_ONE {
            return Ok(vec![Task { pid, tid: pid }]);
        }
        let mut tasks = Vec::new();
        for entry in fs::read_dir(folder)? {
            let tid = entry?.file_name().to_string_lossy().parse();
            tasks.extend(tid.ok().map(|tid| Task { pid, tid }));
        }
        Ok(tasks)
    }

    pub(super) fn stat(&self) -> ProcResult<Stat> {
        self.read("stat")
    }

    pub(super) fn schedstat(&self) -> ProcResult<Schedstat> {
        self.read("schedstat")
    }

    /// The process ids of the children that this thread has made.
    pub(super) fn children(&self) -> ProcResult<Vec<i32>> {
        self.read("children").map(|Children(pids)| pids)
    }

    /// The contents of a file in this folder.
    pub(super) fn read<T: FromRead>(&self, name: &str) -> ProcResult<T> {
        T::from_file(format!("/proc/{}/task/{}/{name}", self.pid, self.tid))
    }
}

struct Children(Vec<i32>);

impl FromRead for Children {
    fn from_read<R: Read>(mut file: R) -> ProcResult<Self> {
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let pids = text.split_whitespace().map(str::parse).collect::<Result<_, _>>();
        pids.map(Self).map_err(|error| ProcError::Other(error.to_string()))
    }
}
