//! Builds the sandbox of an untrusted program: its user and its root file system.

use super::InitPlan;
use super::kernel::{check, loopback_up, write_file, write_new};
use super::report::send_descriptors;
use super::steps::{Refused, refused, step};
use crate::control::{BEGIN, tag};
use crate::mount_tree::protect;
use crate::root_layout::{MountStep, RootLayout};
use crate::sandbox_user::INSIDE;
use libc::{AT_FDCWD, c_char, c_int, c_long};
use std::ffi::CStr;
use std::os::fd::AsRawFd;
use std::ptr;

/// Becomes the sandbox's user, builds the new root file system, and changes the root of this
/// process to it.
pub(super) unsafe fn build(plan: &InitPlan, root: &RootLayout) -> Result<(), Refused> {
    // SAFETY: the system calls use memory and descriptors that the plan keeps alive, and change
    // only this process and its own namespaces.
    unsafe {
        // Wait until the observer has mapped the sandbox's user, and become this user.
        wait_to_begin(plan);
        become_user(plan).map_err(refused(step::USER))?;

        // Mount the new root and everything in it.
        libc::umask(0o022);
        let private = libc::MS_REC | libc::MS_PRIVATE;
        mount(c"none", c"/", c"none", private, None).map_err(refused(step::PRIVATE))?;
        enter_new_root().map_err(refused(step::ROOT))?;
        for (index, mount) in root.steps.iter().enumerate() {
            let mount_refused =
                |errno| Refused { step: step::MOUNTS, mount_step: index as u16, errno };
            apply(mount).map_err(mount_refused)?;
        }

        // Forbid further user namespaces. The file may not be writable. This is no error, because
        // the program's seccomp filter refuses user namespaces as well.
        let _ = write_file(c"proc/sys/user/max_user_namespaces", c"0");
        libc::sethostname(c"sandbox".as_ptr(), 7);
        loopback_up().map_err(refused(step::LOOPBACK))?;

        // Open the program's folder for the observer, and leave the old root.
        let own = open_folder(c"work").map_err(refused(step::WORK_DIR))?;
        leave_old_root().map_err(refused(step::PIVOT))?;
        let sent = send_descriptors(plan.control.as_raw_fd(), tag::WORK_DIR, &[own], 0);
        libc::close(own);
        sent.map_err(refused(step::WORK_DIR))
    }
}

/// Waits until the observer has mapped the user. Before that, the sandbox has no user. The first
/// process cannot map the user itself, because only the observer has the right to map a user other
/// than its own.
pub(super) unsafe fn wait_to_begin(plan: &InitPlan) {
    let mut word = [0u8; 4];
    // SAFETY: a local buffer of the given length.
    unsafe {
        let got = libc::recv(plan.control.as_raw_fd(), word.as_mut_ptr().cast(), 4, 0);
        if got != 4 || word != BEGIN {
            libc::_exit(1); // the observer has given up
        }
    }
}

/// Becomes the sandbox's user. This process's memory is a copy of the observer's memory. The
/// process makes itself undumpable, so other programs of the same user can neither read this memory
/// nor trace the process (ptrace(2), "Ptrace access mode checking").
unsafe fn become_user(plan: &InitPlan) -> Result<(), i32> {
    // The C library's functions would wait for the observer's other threads, which do not exist in
    // this copy (nptl(7)).
    // SAFETY: the calls take numbers.
    unsafe {
        if plan.leaves_groups {
            check_long(libc::syscall(libc::SYS_setgroups, 0, 0))?;
        }
        check_long(libc::syscall(libc::SYS_setresgid, INSIDE, INSIDE, INSIDE))?;
        check_long(libc::syscall(libc::SYS_setresuid, INSIDE, INSIDE, INSIDE))?;
        check(libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0)).map(drop)
    }
}

/// Mounts an empty file system over the root and makes it the working directory. Absolute paths
/// still refer to the old root until `leave_old_root`.
unsafe fn enter_new_root() -> Result<(), i32> {
    // SAFETY: C strings, and descriptors of this process.
    unsafe {
        let context = check_long(libc::syscall(libc::SYS_fsopen, c"tmpfs".as_ptr(), 1))?;
        let (key, value) = (c"mode".as_ptr(), c"0755".as_ptr());
        check_long(libc::syscall(libc::SYS_fsconfig, context, FSCONFIG_SET_STRING, key, value, 0))?;
        let none = ptr::null::<c_char>();
        check_long(libc::syscall(libc::SYS_fsconfig, context, FSCONFIG_CMD_CREATE, none, none, 0))?;
        let root = check_long(libc::syscall(libc::SYS_fsmount, context, 1, 0))?;
        attach(root, c"/")?;
        check(libc::fchdir(root))?;
        libc::close(root);
        libc::close(context);
        Ok(())
    }
}

/// Executes one step of building the root file system.
unsafe fn apply(step: &MountStep) -> Result<(), i32> {
    let apart = libc::MS_NOSUID | libc::MS_NODEV;
    // SAFETY: the strings and descriptors belong to the plan.
    unsafe {
        match step {
            MountStep::Folder(at) => allow_existing(libc::mkdir(at.as_ptr(), 0o755)),
            MountStep::File(at, text) => write_new(at, text),
            MountStep::Link(at, to) => allow_existing(libc::symlink(to.as_ptr(), at.as_ptr())),
            MountStep::Bind { from, at } => {
                mount(from, at, c"none", libc::MS_BIND | libc::MS_REC, None)
            }
            MountStep::Tree { from, at } => attach(from.as_raw_fd(), at),
            MountStep::ReadOnly(at) => protect(AT_FDCWD, at, 0),
            MountStep::Memory { at, options } => {
                mount(c"tmpfs", at, c"tmpfs", apart, Some(options))
            }
            // hidepid hides this process from the program, because this process has the command
            // line of the observer (proc(5)).
            MountStep::Processes(at) => mount(c"proc", at, c"proc", apart, Some(c"hidepid=2")),
        }
    }
}

/// Changes the root of this process to the new root. pivot_root(2) first mounts the old root over
/// the new root, and umount2(2) then removes the old root (pivot_root(2), "pivot_root(".", ".")").
unsafe fn leave_old_root() -> Result<(), i32> {
    // SAFETY: C strings; the calls change this process's own mounts.
    unsafe {
        let here = c".".as_ptr();
        check_long(libc::syscall(libc::SYS_pivot_root, here, here))?;
        check(libc::umount2(here, libc::MNT_DETACH))?;
        check(libc::chdir(c"/".as_ptr())).map(drop)
    }
}

unsafe fn open_folder(path: &CStr) -> Result<c_int, i32> {
    // SAFETY: a C string.
    unsafe {
        check(libc::open(path.as_ptr(), libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC))
    }
}

unsafe fn mount(
    from: &CStr,
    at: &CStr,
    kind: &CStr,
    flags: u64,
    options: Option<&CStr>,
) -> Result<(), i32> {
    let options = options.map_or(ptr::null(), CStr::as_ptr).cast();
    // SAFETY: C strings.
    unsafe { check(libc::mount(from.as_ptr(), at.as_ptr(), kind.as_ptr(), flags, options)) }
        .map(drop)
}

unsafe fn attach(tree: c_int, at: &CStr) -> Result<(), i32> {
    // SAFETY: C strings, and an open descriptor.
    unsafe {
        let (from, at) = (c"".as_ptr(), at.as_ptr());
        check_long(libc::syscall(
            libc::SYS_move_mount,
            tree,
            from,
            AT_FDCWD,
            at,
            libc::MOVE_MOUNT_F_EMPTY_PATH,
        ))
        .map(drop)
    }
}

/// Converts the result of a call that creates a file. If the file already exists, this is no error.
unsafe fn allow_existing(result: c_int) -> Result<(), i32> {
    // SAFETY: as in `check`.
    match unsafe { check(result) } {
        Err(libc::EEXIST) => Ok(()),
        result => result.map(drop),
    }
}

unsafe fn check_long(result: c_long) -> Result<c_int, i32> {
    // SAFETY: as in `check`.
    unsafe { check(result as c_int) }
}

// Constants of linux/mount.h that the libc crate does not have.
const FSCONFIG_SET_STRING: c_int = 1;
const FSCONFIG_CMD_CREATE: c_int = 6;
