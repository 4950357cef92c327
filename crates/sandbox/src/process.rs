//! Reads from `/proc` what a process is doing: its threads, its descriptors, its children.

mod descriptor_limit;
mod descriptors;
pub(crate) mod owner;
mod signals;
mod task;
mod thread;

pub use descriptors::{Descriptor, Target};
pub use signals::SignalDisposition;
pub(crate) use thread::delay_of;
pub use thread::{Thread, own_run_delay};

use crate::unobservable::Unobservable;
use owner::as_owner;
use procfs::process::{Io, Schedstat, StatFlags, Status};
use procfs::{FromRead, ProcError, ProcResult};
use std::convert::Infallible;
use std::fs;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::time::Duration;
use task::Task;

/// A process, identified by its process id in the observer's pid namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Process {
    /// The process id.
    pub pid: i32,
}

/// The error about a process that cannot be observed because its program prevents it (prctl(2),
/// PR_SET_DUMPABLE). The machine is not the cause.
const UNDUMPABLE: &str = "the program hides itself: it has made itself undumpable, or its file may be \
                     executed but not read";

impl Process {
    /// The current threads of the process; none if the process no longer exists.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides this information from this user.
    pub fn threads(self) -> Result<Vec<Thread>, Unobservable> {
        as_owner(self.pid, || self.all_threads())
    }

    fn all_threads(self) -> Result<Vec<Thread>, Unobservable> {
        let mut threads = Vec::new();
        for task in unless_gone(Task::all(self.pid))?.unwrap_or_default() {
            threads.extend(self.unless_ending(thread::read(&task))?);
        }
        Ok(threads)
    }

    /// Whether every thread of the process is stopped (signal(7), SIGSTOP); false if the process no
    /// longer exists.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides this information from this user.
    pub fn is_stopped(self) -> Result<bool, Unobservable> {
        let threads = self.threads()?;
        Ok(!threads.is_empty() && threads.iter().all(|thread| thread.stopped))
    }

    /// Whether the process has ended and has not been reaped; false if the process no longer
    /// exists.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides this information from this user.
    pub fn is_zombie(self) -> Result<bool, Unobservable> {
        let threads = self.threads()?;
        Ok(!threads.is_empty() && threads.iter().all(|thread| thread.zombie))
    }

    /// The child processes of this process that have not been reaped.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides this information from this user.
    pub fn children(self) -> Result<Vec<Process>, Unobservable> {
        let mut children = Vec::new();
        for task in unless_gone(Task::all(self.pid))?.unwrap_or_default() {
            let pids = unless_gone(task.children())?.unwrap_or_default();
            children.extend(pids.into_iter().map(|pid| Process { pid }));
        }
        Ok(children)
    }

    /// The children of this process, the children of these children, and so on, except processes
    /// that have been reaped.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides one of the processes from this user.
    pub fn descendants(self) -> Result<Vec<Process>, Unobservable> {
        self.walk(Process::children)
    }

    /// The [`descendants`](Self::descendants) that the kernel does not hide from this user.
    pub(crate) fn visible_descendants(self) -> Vec<Process> {
        self.walk(|process| Ok::<_, Infallible>(process.children().unwrap_or_default()))
            .unwrap_or_else(|never| match never {})
    }

    fn walk<E>(
        self,
        children: impl Fn(Process) -> Result<Vec<Process>, E>,
    ) -> Result<Vec<Process>, E> {
        let mut found = children(self)?;
        let mut next = 0;
        while let Some(process) = found.get(next).copied() {
            found.extend(children(process)?);
            next += 1;
        }
        Ok(found)
    }

    /// The resident and swapped-out memory of the process, in bytes (proc(5), VmRSS and VmSwap); 0
    /// if the process no longer exists.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides this information from this user.
    pub fn memory(self) -> Result<u64, Unobservable> {
        let status = unless_gone(self.open().and_then(|process| process.status()))?;
        let kibibytes = status.map_or(0, |it| it.vmrss.unwrap_or(0) + it.vmswap.unwrap_or(0));
        Ok(kibibytes * 1024)
    }

    /// The processor time that the process has used, including threads that have ended
    /// (clock_getcpuclockid(3)); zero if the process no longer exists.
    pub fn cpu_time(self) -> Duration {
        let mut clock = 0;
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: both calls write to a local variable.
        let is_read = unsafe {
            libc::clock_getcpuclockid(self.pid, &mut clock) == 0
                && libc::clock_gettime(clock, &mut time) == 0
        };
        if is_read {
            Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
        } else {
            Duration::ZERO
        }
    }

    /// The processor time of all child processes that this process has reaped (proc_pid_stat(5),
    /// cutime and cstime), in steps of 10 ms; zero if this process no longer exists.
    pub fn reaped(self) -> Duration {
        let Ok(stat) = self.open().and_then(|process| process.stat()) else {
            return Duration::ZERO;
        };
        let ticks = u64::try_from(stat.cutime + stat.cstime).unwrap_or(0);
        Duration::from_millis(ticks * 1000 / procfs::ticks_per_second())
    }

    /// The process ids of the process. The first id is the one in the observer's pid namespace,
    /// followed by the id in each nested namespace. The last id is the result of getpid(2) in the
    /// process itself. Empty if the process no longer exists.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel hides this information from this user.
    pub fn ids(self) -> Result<Vec<i32>, Unobservable> {
        let status = unless_gone(self.open().and_then(|process| process.status()))?;
        Ok(status.and_then(|status| status.nspid).unwrap_or_default())
    }

    /// The effective user id of the process on this machine; `None` if the process no longer
    /// exists.
    pub fn user(self) -> Option<u32> {
        self.open().and_then(|process| process.status()).ok().map(|status| status.euid)
    }

    /// The kernel's name for the process (`/proc/PID/comm`).
    pub fn name(self) -> String {
        let comm = fs::read_to_string(format!("/proc/{}/comm", self.pid));
        comm.unwrap_or_default().trim_end().to_owned()
    }

    /// The kernel's name for a thread of the process.
    pub fn name_of_thread(self, tid: i32) -> String {
        let comm = fs::read_to_string(format!("/proc/{}/task/{tid}/comm", self.pid));
        comm.unwrap_or_default().trim_end().to_owned()
    }

    /// The number of times that a thread of the process was scheduled, as in
    /// [`Thread::context_switches`]; `None` if the thread has ended.
    pub fn context_switches(self, tid: i32) -> Option<u64> {
        let file = fs::File::open(format!("/proc/{}/task/{tid}/schedstat", self.pid)).ok()?;
        Schedstat::from_read(file).ok().map(|schedule| schedule.pcount)
    }

    /// The number of times that a thread of the process has gone to sleep (proc_pid_status(5),
    /// voluntary_ctxt_switches), or has stopped for its tracer; `None` if the thread has ended or the
    /// kernel hides it.
    pub fn sleeps_of_thread(self, tid: i32) -> Option<u64> {
        let file = fs::File::open(format!("/proc/{}/task/{tid}/status", self.pid)).ok()?;
        Status::from_read(file).ok()?.voluntary_ctxt_switches
    }

    /// The number of times that a thread of the process has called write(2) or a similar call, but
    /// not send(2) (proc_pid_io(5), syscw); `None` if the thread has ended or the kernel hides it.
    pub fn writes_of_thread(self, tid: i32) -> Option<u64> {
        let file = fs::File::open(format!("/proc/{}/task/{tid}/io", self.pid)).ok()?;
        Io::from_read(file).ok().map(|io| io.syscw)
    }

    /// The text of `/proc/PID/smaps_rollup` (proc_pid_smaps(5)); `None` if the file cannot be read.
    pub(crate) fn shares(self) -> Option<String> {
        let path = format!("/proc/{}/smaps_rollup", self.pid);
        as_owner(self.pid, || fs::read_to_string(path)).ok()
    }

    /// Fills `buffer` from the process's memory at `address`.
    ///
    /// This function reads `/proc/PID/mem`. Reading this file of a child process needs no
    /// CAP_SYS_PTRACE. process_vm_readv(2) would need that capability.
    ///
    /// # Errors
    /// [`Unobservable`] if this user may not read the memory, or if the memory is not mapped.
    pub fn read_memory(self, address: u64, buffer: &mut [u8]) -> Result<(), Unobservable> {
        let path = format!("/proc/{}/mem", self.pid);
        let unobservable = |error| self.with_cause(Unobservable::new(path.clone(), error));
        let memory = as_owner(self.pid, || fs::File::open(&path)).map_err(unobservable)?;
        memory.read_exact_at(buffer, address).map_err(unobservable)
    }

    /// Converts the result of a read: `None` if the process or thread has ended, or is about to
    /// end. A process that is about to end has already released its memory, and its files in
    /// `/proc` belong to root until it is reaped. Therefore an ordinary user may not open these
    /// files.
    fn unless_ending<T>(self, read: ProcResult<T>) -> Result<Option<T>, Unobservable> {
        match read {
            Err(ProcError::PermissionDenied(_)) if self.is_ending() => Ok(None),
            read => unless_gone(read).map_err(|unobservable| self.with_cause(unobservable)),
        }
    }

    /// Replaces the error if the process is not dumpable, because then the program is the cause and
    /// not the machine.
    fn with_cause(self, unobservable: Unobservable) -> Unobservable {
        if unobservable.error.kind() != io::ErrorKind::PermissionDenied || !self.is_undumpable() {
            return unobservable;
        }
        Unobservable::new(unobservable.what, io::Error::other(UNDUMPABLE))
    }

    /// Whether the process is not dumpable. The files in `/proc` of such a process belong to root,
    /// although the process does not run as root (proc_pid(5)).
    fn is_undumpable(self) -> bool {
        // Read the owner of /proc/PID/fd, because the folder /proc/PID itself always belongs to the
        // process's user.
        let owner = fs::metadata(format!("/proc/{}/fd", self.pid)).map(|it| it.uid());
        let user = self.open().and_then(|it| it.status()).map(|it| it.euid);
        let differs = owner.is_ok_and(|owner| user.is_ok_and(|user| user != owner));
        // The files of a process that is about to end belong to root as well.
        differs && !self.is_ending()
    }

    /// Whether the process no longer exists, has ended, or is about to end (linux/sched.h,
    /// PF_EXITING).
    fn is_ending(self) -> bool {
        let Ok(stat) = self.open().and_then(|process| process.stat()) else { return true };
        let flags = StatFlags::from_bits_truncate(stat.flags);
        stat.state == 'Z' || flags.contains(StatFlags::PF_EXITING)
    }

    fn open(self) -> ProcResult<procfs::process::Process> {
        procfs::process::Process::new(self.pid)
    }
}

/// Converts the result of a read: `None` if the process or thread no longer exists.
fn unless_gone<T>(read: ProcResult<T>) -> Result<Option<T>, Unobservable> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(ProcError::NotFound(_)) => Ok(None),
        Err(ProcError::Io(error, _)) if is_gone(&error) => Ok(None),
        Err(ProcError::PermissionDenied(path)) => {
            let path = path.map_or("/proc".to_owned(), |path| path.display().to_string());
            Err(Unobservable::new(path, io::ErrorKind::PermissionDenied.into()))
        }
        Err(error) => {
            Err(Unobservable::new("/proc".to_owned(), io::Error::other(error.to_string())))
        }
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ESRCH))
}

#[cfg(test)]
mod tests;
