//! Reading a process's files as the user that it runs as.
//!
//! Root without CAP_SYS_PTRACE, as containers have it, may look into another user's process only
//! by that user's ids: those for files are enough (ptrace(2), "PTRACE_MODE_FSCREDS"), and a thread
//! that borrows them can be neither signalled nor traced by that user (setfsuid(2)).

use crate::landlock;
use nix::unistd::{Gid, Uid, getegid, geteuid, getpid, gettid, setfsgid, setfsuid};
use procfs::process::Process;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::OnceLock;

/// Does `read` with the ids of process `pid` where this observer's own are refused.
pub(crate) fn as_owner<T>(pid: i32, read: impl FnOnce() -> T) -> T {
    let _borrowed = if is_hindered() { Borrowed::of(pid) } else { None };
    read()
}

/// Whether this is root without the right to look into every process (capabilities(7)).
fn is_hindered() -> bool {
    const SYS_PTRACE: u64 = 1 << 19;
    static HINDERED: OnceLock<bool> = OnceLock::new();
    *HINDERED.get_or_init(|| {
        let status = Process::myself().and_then(|own| own.status());
        geteuid().is_root() && status.is_ok_and(|status| status.capeff & SYS_PTRACE == 0)
    })
}

/// Does `trace` with the ids of thread `tid` where this observer's own are refused: the real ones,
/// which are what ptrace(2) asks for.
///
/// That user could signal whoever has them (kill(2)). So it is only done where its signals are kept
/// in, and never in the process's first thread, which stands for all of them there.
pub fn as_tracer<T>(tid: i32, trace: impl FnOnce() -> T) -> T {
    let is_safe = landlock::keeps_signals_in() && gettid() != getpid();
    let _borrowed = if is_hindered() && is_safe { Real::of(tid) } else { None };
    trace()
}

/// The real ids of another user, given back when dropped. They are this thread's alone.
struct Real;

impl Real {
    fn of(tid: i32) -> Option<Self> {
        let owner = fs::metadata(format!("/proc/{tid}")).ok()?;
        set_real(owner.uid(), owner.gid()).then_some(Real)
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        // Given back by a right that was kept: the effective ids have not changed.
        set_real(geteuid().as_raw(), getegid().as_raw());
    }
}

/// Sets this thread's real ids, and not the whole process's, as the C library would.
fn set_real(uid: u32, gid: u32) -> bool {
    // SAFETY: takes numbers, and changes this thread's credentials only.
    unsafe {
        libc::syscall(libc::SYS_setresgid, gid, -1, -1) == 0
            && libc::syscall(libc::SYS_setresuid, uid, -1, -1) == 0
    }
}

/// The ids of another user, given back when dropped. They are this thread's alone.
struct Borrowed;

impl Borrowed {
    fn of(pid: i32) -> Option<Self> {
        let owner = fs::metadata(format!("/proc/{pid}")).ok()?;
        if owner.uid() == geteuid().as_raw() {
            return None;
        }
        setfsgid(Gid::from_raw(owner.gid()));
        setfsuid(Uid::from_raw(owner.uid()));
        Some(Borrowed)
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        setfsuid(geteuid());
        setfsgid(getegid());
    }
}
