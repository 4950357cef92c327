//! The system calls that a confined program is refused.
//!
//! It is meant to serve, to compile, to do anything that one does within one's own four walls.
//! What is refused here reaches into other processes, into the kernel, or through a wall; or hides
//! the program from the observer.

use crate::bpf::{Action, ArgTest, Filter};
use libc::{EAFNOSUPPORT, EINVAL, ENOSYS, EOPNOTSUPP, EPERM, EPROTONOSUPPORT, sock_filter};
use std::sync::OnceLock;

/// The filter for every confined program.
pub(crate) fn filter() -> Vec<sock_filter> {
    static FILTER: OnceLock<Vec<sock_filter>> = OnceLock::new();
    FILTER.get_or_init(build).clone()
}

/// Into other processes, and out of the observer's sight.
const PROCESSES: [&str; 10] = [
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "process_mrelease",
    "pidfd_getfd",
    "kcmp",
    "seccomp",
    "migrate_pages",
    "move_pages",
];

/// Through the walls: mounts and namespaces.
const WALLS: [&str; 19] = [
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "open_tree",
    "move_mount",
    "mount_setattr",
    "unshare",
    "setns",
    "open_by_handle_at",
    "name_to_handle_at",
    "quotactl",
    "quotactl_fd",
    "fanotify_init",
    "fanotify_mark",
];

/// Into the kernel, and into the machine.
const KERNEL: [&str; 27] = [
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "keyctl",
    "add_key",
    "request_key",
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "create_module",
    "reboot",
    "swapon",
    "swapoff",
    "acct",
    "syslog",
    "settimeofday",
    "clock_settime",
    "clock_adjtime",
    "sethostname",
    "setdomainname",
    "iopl",
    "ioperm",
    "modify_ldt",
    "lookup_dcookie",
    "vhangup",
];

/// What a program does without where the kernel lacks it. Locks and watches on files that two
/// boxes see would be a line between them; memory that only its owner can read, and io_uring, would
/// hide what a server waits for; the mode that openat2 is given is out of a filter's reach.
const ABSENT: [&str; 9] = [
    "openat2",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "flock",
    "inotify_init",
    "inotify_init1",
    "memfd_secret",
    "clone3",
];

/// CLONE_NEW*, as far as clone(2) takes them: the flags of clone3 are out of a filter's reach.
const NEW_NAMESPACES: u32 = 0x7e02_0000;

fn build() -> Vec<sock_filter> {
    let refuse = |errno| Action::Refuse(errno);
    Filter::default()
        .on(&PROCESSES, None, refuse(EPERM))
        .on(&WALLS, None, refuse(EPERM))
        .on(&KERNEL, None, refuse(EPERM))
        .on(&ABSENT, None, refuse(ENOSYS))
        .on(&["clone"], Some(ArgTest { mask: NEW_NAMESPACES, ..none_of(0, &[0]) }), refuse(EPERM))
        .on(&["prctl"], Some(one_of(0, &HIDING)), refuse(EPERM))
        // First of all the calls that make no file: then the mode means nothing.
        .on(&["open"], Some(makes_no_file(1)), Action::Allow)
        .on(&["openat"], Some(makes_no_file(2)), Action::Allow)
        .on(&["umask"], Some(ArgTest { mask: READ, ..one_of(0, &[READ]) }), refuse(EPERM))
        .on(&["chmod", "fchmod", "creat", "mknod"], Some(unreadable(1)), refuse(EPERM))
        .on(&["fchmodat", "fchmodat2", "open", "mknodat"], Some(unreadable(2)), refuse(EPERM))
        .on(&["openat"], Some(unreadable(3)), refuse(EPERM))
        .on(&ATTRIBUTES, None, refuse(EOPNOTSUPP))
        // Another's limits: the box's first process is the same user.
        .on(&["prlimit64"], Some(none_of(0, &[0])), refuse(EPERM))
        .on(&["fcntl"], Some(one_of(1, &TELLING)), refuse(EINVAL))
        .on(&["ioctl"], Some(one_of(1, &TYPING)), refuse(EPERM))
        .on(&SOCKETS, Some(none_of(0, &FAMILIES)), refuse(EAFNOSUPPORT))
        .on(&SOCKETS, Some(one_of(2, &[MPTCP])), refuse(EPROTONOSUPPORT))
        .program(Action::Kill)
}

const fn one_of(argument: u32, values: &'static [u32]) -> ArgTest {
    ArgTest { argument, mask: u32::MAX, values, is_one: true }
}

const fn none_of(argument: u32, values: &'static [u32]) -> ArgTest {
    ArgTest { argument, mask: u32::MAX, values, is_one: false }
}

/// A mode without its owner's right to read: who executes such a file cannot be observed by an
/// ordinary user (prctl(2), PR_SET_DUMPABLE). A verdict would depend on who grades, so that no program
/// is given the means; what the machine has of such files is told as what could not be seen.
const fn unreadable(argument: u32) -> ArgTest {
    ArgTest { mask: READ, ..one_of(argument, &[0]) }
}
const READ: u32 = libc::S_IRUSR;

/// Whether no file is made by these flags of open(2).
const fn makes_no_file(argument: u32) -> ArgTest {
    const TMPFILE: u32 = (libc::O_TMPFILE & !libc::O_DIRECTORY) as u32; // __O_TMPFILE of the kernel
    ArgTest { mask: libc::O_CREAT as u32 | TMPFILE, ..one_of(argument, &[0]) }
}

/// What may change a mode, too (acl(5)).
const ATTRIBUTES: [&str; 4] = ["setxattr", "lsetxattr", "fsetxattr", "setxattrat"];

/// prctl(2): what takes a process, or what it does, out of the observer's sight.
const HIDING: [u32; 4] = [
    libc::PR_SET_DUMPABLE as u32,
    libc::PR_SET_PTRACER as u32,
    libc::PR_SET_SECCOMP as u32,
    libc::PR_SET_MM as u32,
];

/// fcntl(2): what tells of others who have the same file open.
const TELLING: [u32; 4] = [
    libc::F_GETLK as u32,
    libc::F_OFD_GETLK as u32,
    libc::F_SETLEASE as u32,
    libc::F_NOTIFY as u32,
];

/// ioctl_tty(2): what types on a terminal, or replaces its driver.
const TYPING: [u32; 3] = [libc::TIOCSTI as u32, libc::TIOCLINUX as u32, libc::TIOCSETD as u32];

const SOCKETS: [&str; 2] = ["socket", "socketpair"];
const FAMILIES: [u32; 3] = [libc::AF_UNIX as u32, libc::AF_INET as u32, libc::AF_INET6 as u32];
/// The kernel's tables show a connection of Multipath TCP as somebody else's; who asks for it, as
/// Go's servers do, goes on with TCP where there is none.
const MPTCP: u32 = libc::IPPROTO_MPTCP as u32;
