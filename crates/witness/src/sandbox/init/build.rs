//! The box around a program: its namespaces, and what is visible in them.

use super::Plan;
use super::speak::check;
use libc::{c_char, c_int};
use std::ffi::CStr;
use std::ptr;

/// The steps of building a box, as a refusal names them; [`step`] has their numbers.
pub(crate) const STEPS: [&str; 11] = [
    "mapping the user (user_namespaces(7))",
    "making mounts private (mount_namespaces(7))",
    "bringing up the loopback interface (netdevice(7))",
    "becoming a subreaper (prctl(2))",
    "becoming the box's user (setresuid(2))",
    "mounting a new root (fsopen(2), Linux 5.2)",
    "building what the program sees (mount(2), mount_setattr(2), Linux 5.12)",
    "opening the program's folder",
    "leaving the old root (pivot_root(2))",
    "limiting the program (setrlimit(2), capabilities(7))",
    "refusing it system calls (seccomp(2), SECCOMP_SET_MODE_FILTER)",
];

/// The numbers of [`STEPS`].
pub(crate) mod step {
    pub(crate) const MAP: u8 = 0;
    pub(crate) const PRIVATE: u8 = 1;
    pub(crate) const LOOPBACK: u8 = 2;
    pub(crate) const SUBREAPER: u8 = 3;
    pub(crate) const USER: u8 = 4;
    pub(crate) const ROOT: u8 = 5;
    pub(crate) const VIEW: u8 = 6;
    pub(crate) const FOLDER: u8 = 7;
    pub(crate) const PIVOT: u8 = 8;
    pub(crate) const LIMITS: u8 = 9;
    pub(crate) const FILTER: u8 = 10;
}

/// What the kernel has refused.
pub(super) struct Refused {
    pub(super) step: u8,
    /// Of the view, the piece, by its index.
    pub(super) piece: u16,
    pub(super) errno: i32,
}

pub(super) fn refused(step: u8) -> impl Fn(i32) -> Refused {
    move |errno| Refused { step, piece: 0, errno }
}

/// The box: who we are in it, what we see of /proc, and a loopback interface that is up.
pub(super) unsafe fn build(plan: &Plan) -> Result<(), Refused> {
    if let Some(view) = &plan.view {
        // SAFETY: as here.
        return unsafe { super::view::build(plan, view) };
    }
    if plan.program.as_ref().is_some_and(|program| program.restraint.is_some()) {
        // SAFETY: as here.
        unsafe { super::view::wait_to_begin(plan) };
    }
    // SAFETY: the strings are static or the plan's; the calls change this process's own namespaces.
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
        // Refused where parts of /proc are masked; then process ids in /proc are the observer's.
        let (proc, flags) = (c"proc".as_ptr(), libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC);
        libc::mount(proc, c"/proc".as_ptr(), proc, flags, ptr::null());
        loopback_up().map_err(refused(step::LOOPBACK))
    }
}

pub(super) unsafe fn write_file(path: &CStr, text: &CStr) -> Result<(), i32> {
    // SAFETY: the buffer is `text`'s own.
    unsafe {
        let fd = check(libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC))?;
        let written = libc::write(fd, text.as_ptr().cast(), text.count_bytes());
        let result = check(written as c_int);
        libc::close(fd);
        result.map(drop)
    }
}

pub(super) unsafe fn loopback_up() -> Result<(), i32> {
    // SAFETY: `ifreq` is plain data, filled for SIOCSIFFLAGS (netdevice(7)).
    unsafe {
        let socket = check(libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0))?;
        let mut request: libc::ifreq = std::mem::zeroed();
        request.ifr_name[0] = b'l' as c_char;
        request.ifr_name[1] = b'o' as c_char;
        request.ifr_ifru.ifru_flags = libc::IFF_UP as i16;
        let result = check(libc::ioctl(socket, libc::SIOCSIFFLAGS, &request));
        libc::close(socket);
        result.map(drop)
    }
}
