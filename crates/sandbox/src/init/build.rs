//! Builds a sandbox: its user, its mounts, its loopback interface.

use super::InitPlan;
use super::kernel::{check, loopback_up, write_file};
use super::steps::{Refused, refused, step};
use super::{OwnFile, kernel};
use std::ffi::CStr;
use std::ptr;

/// Builds the sandbox that the plan describes.
pub(super) unsafe fn build(plan: &InitPlan) -> Result<(), Refused> {
    if let Some(view) = &plan.root {
        // SAFETY: as for this function.
        return unsafe { super::mount::build(plan, view) };
    }
    if plan.program.as_ref().is_some_and(|program| program.hardening.is_some()) {
        // SAFETY: as for this function.
        unsafe { super::mount::wait_to_begin(plan) };
    }
    // SAFETY: the strings are static or belong to the plan; the calls change only this process's
    // namespaces.
    unsafe {
        if let Some((uid, gid)) = &plan.identity {
            write_file(c"/proc/self/setgroups", c"deny").map_err(refused(step::MAP))?;
            write_file(c"/proc/self/uid_map", uid).map_err(refused(step::MAP))?;
            write_file(c"/proc/self/gid_map", gid).map_err(refused(step::MAP))?;
        }
        if plan.namespaces == 0 {
            return check(libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
                .map(drop)
                .map_err(refused(step::SUBREAPER));
        }
        let private = libc::MS_REC | libc::MS_PRIVATE;
        check(libc::mount(ptr::null(), c"/".as_ptr(), ptr::null(), private, ptr::null()))
            .map_err(refused(step::PRIVATE))?;
        own_files(&plan.files).map_err(refused(step::FILES))?;
        // This mount fails if parts of /proc are masked, as in a container. After a failed mount,
        // /proc shows the process ids of the observer's namespace.
        let (proc, flags) = (c"proc".as_ptr(), libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC);
        libc::mount(proc, c"/proc".as_ptr(), proc, flags, ptr::null());
        loopback_up().map_err(refused(step::LOOPBACK))
    }
}

/// Gives files of this machine other contents in this process's own mounts. The contents are files
/// in memory, each mounted over the file that it replaces. They stay mounted there when the folder in
/// which they were made is unmounted (mount(8), "Bind mount operation").
unsafe fn own_files(files: &[OwnFile]) -> Result<(), i32> {
    if files.is_empty() {
        return Ok(());
    }
    // Every system has this folder (hier(7)). Its own files are back after the unmount.
    let (folder, new_file) = (c"/tmp".as_ptr(), c"/tmp/file");
    let (tmpfs, flags) = (c"tmpfs".as_ptr(), libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC);
    // SAFETY: C strings; the calls change this process's own mounts, and files in its own memory.
    unsafe {
        check(libc::mount(tmpfs, folder, tmpfs, flags, c"mode=0755".as_ptr().cast()))?;
        for file in files {
            kernel::write_new(new_file, &file.contents)?;
            mount_file(new_file, &file.path)?;
            check(libc::unlink(new_file.as_ptr()))?;
        }
        check(libc::umount2(folder, libc::MNT_DETACH)).map(drop)
    }
}

/// Mounts the file `from` over the file `at`.
unsafe fn mount_file(from: &CStr, at: &CStr) -> Result<(), i32> {
    let (from, at) = (from.as_ptr(), at.as_ptr());
    // SAFETY: C strings.
    unsafe { check(libc::mount(from, at, ptr::null(), libc::MS_BIND, ptr::null())).map(drop) }
}
