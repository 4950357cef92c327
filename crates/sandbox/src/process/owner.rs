//! Reads a process's files as the user that it runs as.
//!
//! Root without CAP_SYS_PTRACE, as in a container, may read another user's process only with that
//! user's ids. The ids for file access are enough (ptrace(2), "PTRACE_MODE_FSCREDS"). A thread that
//! borrows only these ids can be neither signalled nor traced by that user (setfsuid(2)).

use crate::landlock;
use nix::unistd::{Gid, Uid, getegid, geteuid, getpid, gettid, setfsgid, setfsuid};
use procfs::process::Process;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::OnceLock;

/// Calls `read` with the file-access ids of process `pid`, where this process's own ids are not
/// enough.
pub(crate) fn as_owner<T>(pid: i32, read: impl FnOnce() -> T) -> T {
    let _borrowed = if lacks_ptrace_capability() { FileIds::of(pid) } else { None };
    read()
}

/// Whether this process is root without the capability to read every process (capabilities(7)).
fn lacks_ptrace_capability() -> bool {
    const SYS_PTRACE: u64 = 1 << 19;
    static LACKS: OnceLock<bool> = OnceLock::new();
    *LACKS.get_or_init(|| {
        let status = Process::myself().and_then(|own| own.status());
        geteuid().is_root() && status.is_ok_and(|status| status.capeff & SYS_PTRACE == 0)
    })
}

/// Calls `trace` with the real ids of thread `tid`, where this process's own ids are not enough.
/// ptrace(2) checks the real ids.
///
/// The other user could signal a thread that has that user's real ids (kill(2)). So the ids are
/// borrowed only where Landlock stops the program from signalling other processes, and never in this
/// process's first thread, whose ids kill(2) checks for the whole process.
pub fn as_tracer<T>(tid: i32, trace: impl FnOnce() -> T) -> T {
    let is_safe = landlock::keeps_signals_in() && gettid() != getpid();
    let _borrowed = if lacks_ptrace_capability() && is_safe { RealIds::of(tid) } else { None };
    trace()
}

/// The real ids of another user, for this thread alone. Dropping it restores the thread's own.
struct RealIds;

impl RealIds {
    fn of(tid: i32) -> Option<Self> {
        let owner = fs::metadata(format!("/proc/{tid}")).ok()?;
        set_real(owner.uid(), owner.gid()).then_some(RealIds)
    }
}

impl Drop for RealIds {
    fn drop(&mut self) {
        // This is permitted because the effective ids have not changed.
        set_real(geteuid().as_raw(), getegid().as_raw());
    }
}

/// Sets the real ids of this thread. The C library's function would set those of the whole process.
fn set_real(uid: u32, gid: u32) -> bool {
    // SAFETY: takes numbers, and changes only this thread's credentials.
    unsafe {
        libc::syscall(libc::SYS_setresgid, gid, -1, -1) == 0
            && libc::syscall(libc::SYS_setresuid, uid, -1, -1) == 0
    }
}

/// The file-access ids of another user, for this thread alone. Dropping it restores the thread's
/// own.
struct FileIds;

impl FileIds {
    fn of(pid: i32) -> Option<Self> {
        let owner = fs::metadata(format!("/proc/{pid}")).ok()?;
        if owner.uid() == geteuid().as_raw() {
            return None;
        }
        setfsgid(Gid::from_raw(owner.gid()));
        setfsuid(Uid::from_raw(owner.uid()));
        Some(FileIds)
    }
}

impl Drop for FileIds {
    fn drop(&mut self) {
        setfsuid(geteuid());
        setfsgid(getegid());
    }
}
