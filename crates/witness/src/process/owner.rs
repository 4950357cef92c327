//! Reading a process's files as the user that it runs as.
//!
//! Root without CAP_SYS_PTRACE, as containers have it, may look into another user's process only
//! by that user's ids: those for files are enough (ptrace(2), "PTRACE_MODE_FSCREDS"), and a thread
//! that borrows them can be neither signalled nor traced by that user (setfsuid(2)).

use nix::unistd::{Gid, Uid, getegid, geteuid, setfsgid, setfsuid};
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
pub(crate) fn is_hindered() -> bool {
    const SYS_PTRACE: u64 = 1 << 19;
    static HINDERED: OnceLock<bool> = OnceLock::new();
    *HINDERED.get_or_init(|| {
        let status = Process::myself().and_then(|own| own.status());
        geteuid().is_root() && status.is_ok_and(|status| status.capeff & SYS_PTRACE == 0)
    })
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
