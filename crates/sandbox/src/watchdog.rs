//! Ends an untrusted program that exceeds a limit that the kernel does not enforce.
//!
//! A thread of the observer checks the limits every 20 ms. If the run has a control group, the
//! kernel limits the memory, and the thread reads whether the limit was reached. Without a control
//! group, the thread adds up the memory of all processes and the buffers of TCP sockets.

mod memory;

use crate::cgroup::Cgroup;
use crate::control::Control;
use crate::policy::{LimitKind, Limits};
use crate::process::{Process, Thread};
use crate::starvation::{CpuLoad, CpuStarvation};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub(crate) use memory::OwnSockets;

/// The time between two checks.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// How often the threads of a run are looked at to see whether they wait for a processor.
const LOOKS_OF_RUN: u32 = 10;

/// Checks the limits of one run. Dropping this value ends the checks.
#[derive(Debug)]
pub(crate) struct Watchdog {
    watch: Arc<WatchedRun>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The run whose limits are checked.
#[derive(Debug)]
struct WatchedRun {
    limits: Limits,
    group: Option<Cgroup>,
    /// The folder of this machine that the program may write, if the sandbox has no file system of
    /// its own.
    folder: Option<PathBuf>,
    /// The sockets whose buffers count as memory of the run.
    sockets: OwnSockets,
    /// The connection to the sandbox. Closing this connection ends the sandbox.
    control: Control,
    load: Mutex<Load>,
    /// The sandbox's first process, after it was started.
    init: OnceLock<Process>,
    exceeded: OnceLock<ExceededLimit>,
}

/// How long the threads have waited for a processor.
#[derive(Debug)]
struct Load {
    measured: CpuLoad,
    /// When the threads were looked at for the last time.
    looked: Instant,
}

/// The limit because of which a sandbox was ended.
#[derive(Debug)]
struct ExceededLimit {
    limit: LimitKind,
    /// Set if the machine was too busy to run the program. In this case the exceeded limit does not
    /// show an error in the program.
    starvation: Option<CpuStarvation>,
}

impl Watchdog {
    /// Prepares to check the limits of a run. The calling thread is the thread of the observer.
    pub(crate) fn new(
        limits: Limits,
        folder: Option<PathBuf>,
        sockets: OwnSockets,
        control: &Control,
    ) -> io::Result<Self> {
        let (group, control) = (Cgroup::new(&limits), control.duplicate()?);
        let load = Mutex::new(Load { measured: CpuLoad::now(&[]), looked: Instant::now() });
        let (init, exceeded) = (OnceLock::new(), OnceLock::new());
        let watch = WatchedRun { limits, group, folder, sockets, control, load, init, exceeded };
        Ok(Self { watch: Arc::new(watch), stop: None, thread: None })
    }

    /// Starts to check the limits of a sandbox. `init` is the sandbox's first process, which has
    /// not started any other process yet.
    pub(crate) fn begin(&mut self, init: i32) -> io::Result<()> {
        self.watch.group.as_ref().map_or(Ok(()), |group| group.add(init))?;
        let init = *self.watch.init.get_or_init(|| Process { pid: init });
        let (stop, stopped) = mpsc::channel();
        let watch = Arc::clone(&self.watch);
        let end = Instant::now() + watch.limits.wall;
        let thread = thread::Builder::new().name("watchdog".to_owned()).spawn(move || {
            while stopped.recv_timeout(CHECK_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                if let Some(limit) = watch.limit_exceeded_now(init, end) {
                    return watch.end(limit);
                }
            }
        });
        (self.stop, self.thread) = (Some(stop), Some(thread?));
        Ok(())
    }

    /// The limits that are checked.
    pub(crate) fn limits(&self) -> Limits {
        self.watch.limits
    }

    /// The exceeded limit, if the kernel or the watchdog has ended the sandbox because of a limit.
    pub(crate) fn limit_exceeded(&self) -> Option<LimitKind> {
        let out_of_memory = self.watch.group.as_ref().is_some_and(Cgroup::has_run_out_of_memory);
        let exceeded = self.watch.exceeded.get().map(|exceeded| exceeded.limit);
        exceeded.or(out_of_memory.then_some(LimitKind::Memory))
    }

    /// The time that the program waited for a processor, if the machine was too busy to run the
    /// program. In this case the exceeded limit does not show an error in the program.
    pub(crate) fn cpu_starvation(&self) -> Option<CpuStarvation> {
        self.watch.exceeded.get()?.starvation.clone()
    }

    /// Ends the sandbox because the caller has found that the program exceeded `limit`.
    pub(crate) fn end(&self, limit: LimitKind) {
        self.watch.end(limit);
    }

    /// The exceeded limit, if an exceeded limit is the cause of this wait status.
    pub(crate) fn limit_behind(&self, status: i32) -> Option<LimitKind> {
        let signal = libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status));
        match signal {
            Some(libc::SIGXCPU) => Some(LimitKind::Cpu),
            Some(libc::SIGXFSZ) => Some(LimitKind::FileSize),
            Some(libc::SIGKILL) => self.limit_exceeded(),
            _ => None,
        }
    }
}

impl WatchedRun {
    fn end(&self, limit: LimitKind) {
        self.exceeded.get_or_init(|| {
            let starvation = if limit == LimitKind::Wall { self.cpu_starvation() } else { None };
            ExceededLimit { limit, starvation }
        });
        self.control.hang_up();
    }

    fn cpu_starvation(&self) -> Option<CpuStarvation> {
        let init = *self.init.get()?;
        let gone =
            init.visible_descendants().iter().chain([&init]).map(|process| process.reaped()).sum();
        self.load().measured.starvation_of_run(&threads(init), gone)
    }

    fn load(&self) -> MutexGuard<'_, Load> {
        self.load.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks whether a thread waits for a processor now, ten times in a run: the threads may be many.
    fn look_for_wait(&self, init: Process, now: Instant) {
        let mut load = self.load();
        if now - load.looked >= self.limits.wall / LOOKS_OF_RUN {
            load.looked = now;
            load.measured.look(&threads(init));
        }
    }

    /// The limit that is exceeded at this moment, if any.
    fn limit_exceeded_now(&self, init: Process, end: Instant) -> Option<LimitKind> {
        let now = Instant::now();
        if now >= end {
            return Some(LimitKind::Wall);
        }
        self.look_for_wait(init, now);
        let is_out_of_memory = match &self.group {
            // The kernel does not end a run whose sockets reach the group's limit.
            Some(group) => {
                group.has_run_out_of_memory()
                    || memory::socket_buffers(init, self.sockets) > self.limits.memory
            }
            None => memory::uses_more_than(init, self.limits.memory, self.sockets),
        };
        if is_out_of_memory {
            return Some(LimitKind::Memory);
        }
        let is_full = |folder| !fits(folder, self.limits.disk, self.limits.files);
        self.folder.as_deref().is_some_and(is_full).then_some(LimitKind::FileSize)
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The threads of `init` and of its descendants that this process may read. A program whose start
/// takes long may have no process of its own yet.
fn threads(init: Process) -> Vec<(Process, Thread)> {
    let threads = |process: Process| {
        let threads = process.threads().unwrap_or_default();
        threads.into_iter().map(move |thread| (process, thread))
    };
    [init].into_iter().chain(init.visible_descendants()).flat_map(threads).collect()
}

/// Whether the contents of `folder` consist of at most `files` files and use at most `bytes` bytes.
fn fits(folder: &Path, bytes: u64, files: u64) -> bool {
    let (mut bytes, mut files) = (bytes, files);
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(found) = entry.metadata() else { continue };
            let (Some(room), Some(left)) =
                (bytes.checked_sub(found.blocks() * 512), files.checked_sub(1))
            else {
                return false;
            };
            (bytes, files) = (room, left);
            if found.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_too_many_bytes_or_files_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("below")).unwrap();
        fs::write(folder.path().join("below/file"), vec![1; 100_000]).unwrap();
        let fits = |bytes, files| fits(folder.path(), bytes, files);
        assert!(fits(1 << 20, 2));
        assert!(!fits(50_000, 2));
        assert!(!fits(1 << 20, 1));
    }
}
