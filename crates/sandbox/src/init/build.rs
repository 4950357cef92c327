//! Builds a sandbox: its user, its mounts, its loopback interface.

use super::InitPlan;
use super::kernel::{check, loopback_up, write_file};
use super::steps::{Refused, refused, step};
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
        // This mount fails if parts of /proc are masked, as in a container. After a failed mount,
        // /proc shows the process ids of the observer's namespace.
        let (proc, flags) = (c"proc".as_ptr(), libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC);
        libc::mount(proc, c"/proc".as_ptr(), proc, flags, ptr::null());
        loopback_up().map_err(refused(step::LOOPBACK))
    }
}
