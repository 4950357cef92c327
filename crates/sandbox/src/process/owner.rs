//! Reads the files of a process in `/proc` with the user id of that process.
//!
//! If root does not have CAP_SYS_PTRACE, as in a container, root may read a process of another user
//! only with the ids of that user. To read files, it is sufficient to change the file-system ids of
//! the thread (ptrace(2), "PTRACE_MODE_FSCREDS"). The other user can neither signal nor trace a
//! thread that has changed only its file-system ids (setfsuid(2)).

use crate::landlock;
use nix::unistd::{Gid, Uid, getegid, geteuid, getpid, gettid, setfsgid, setfsuid};
use procfs::process::Process;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::OnceLock;

/// Calls `read` with the file-system ids of process `pid`, if this process's own ids are not
/// sufficient.
pub(crate) fn as_owner<T>(pid: i32, read: impl FnOnce() -> T) -> T {
    let _borrowed = if lacks_ptrace_capability() { FileIds::of(pid) } else { None };
    read()
}

/// Whether this process is root but does not have CAP_SYS_PTRACE, the capability to read every
/// process (capabilities(7)).
fn lacks_ptrace_capability() -> bool {
    const SYS_PTRACE: u64 = 1 << 19;
    static LACKS: OnceLock<bool> = OnceLock::new();
    *LACKS.get_or_init(|| {
        let status = Process::myself().and_then(|own| own.status());
        geteuid().is_root() && status.is_ok_and(|status| status.capeff & SYS_PTRACE == 0)
    })
}

/// Calls `trace` with the real ids of thread `tid`, if this process's own ids are not sufficient.
/// ptrace(2) checks the real ids.
pub fn as_tracer<T>(tid: i32, trace: impl FnOnce() -> T) -> T {
    if lacks_ptrace_capability() { as_user(tid, trace) } else { trace() }
}

/// Calls `call` with the real ids of thread `tid`, if this is safe.
///
/// The other user could signal a thread that has that user's real ids (kill(2)). Therefore this
/// thread changes its ids only if Landlock prevents the program from signalling other processes.
/// This process's first thread never changes its ids, because kill(2) checks the ids of the first
/// thread for the whole process.
pub(super) fn as_user<T>(tid: i32, call: impl FnOnce() -> T) -> T {
    let is_safe = landlock::keeps_signals_in() && gettid() != getpid();
    let _borrowed = if is_safe && geteuid().is_root() { RealIds::of(tid) } else { None };
    call()
}

/// Gives this thread the real ids of another user. Dropping this value restores the thread's own
/// ids.
struct RealIds;

impl RealIds {
    fn of(tid: i32) -> Option<Self> {
        let owner = fs::metadata(format!("/proc/{tid}")).ok()?;
        set_real(owner.uid(), owner.gid()).then_some(RealIds)
    }
}

impl Drop for RealIds {
    fn drop(&mut self) {
        // The kernel permits this call because the effective ids have not changed.
        set_real(geteuid().as_raw(), getegid().as_raw());
    }
}

/// Sets the real ids of this thread. The C library's function would set the ids of the whole
/// process.
fn set_real(uid: u32, gid: u32) -> bool {
    // SAFETY: the calls take numbers, and change only this thread's credentials.
    unsafe {
        libc::syscall(libc::SYS_setresgid, gid, -1, -1) == 0
            && libc::syscall(libc::SYS_setresuid, uid, -1, -1) == 0
    }
}

/// Gives this thread the file-system ids of another user. Dropping this value restores the thread's
/// own ids.
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
