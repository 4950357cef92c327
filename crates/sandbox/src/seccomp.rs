//! The seccomp filter that refuses system calls of an untrusted program.
//!
//! Inside its sandbox, the program may run a server, compile, and do anything else. The filter
//! refuses calls that access other processes, change the kernel, leave the sandbox, or hide the
//! program from the observer.

use crate::bpf::{Action, ArgTest, Filter};
use crate::isolation::IsolationLevel;
use libc::{EACCES, EAFNOSUPPORT, EINVAL, ENOSYS, EOPNOTSUPP, EPERM, EPROTONOSUPPORT, sock_filter};
use std::sync::OnceLock;

/// The filter for every untrusted program on this isolation level.
pub(crate) fn filter(level: IsolationLevel) -> Vec<sock_filter> {
    static OWN_NETWORK: OnceLock<Vec<sock_filter>> = OnceLock::new();
    static SHARED_NETWORK: OnceLock<Vec<sock_filter>> = OnceLock::new();
    let program = |filter: Filter| filter.program(Action::Kill);
    match level.shares_ports() {
        false => OWN_NETWORK.get_or_init(|| program(for_all())).clone(),
        true => SHARED_NETWORK.get_or_init(|| program(on_shared_network(for_all()))).clone(),
    }
}

/// System calls that access other processes, or hide the program from the observer.
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

/// System calls that change mounts or namespaces, or access files outside of the sandbox.
const ISOLATION: [&str; 19] = [
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

/// System calls that change the kernel or the machine.
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

/// System calls that fail with ENOSYS, as on a kernel that does not have them. Programs must
/// already handle such a kernel. flock and inotify are refused because two sandboxes that see the
/// same file could communicate through locks and events of this file. io_uring is refused because
/// the observer could not see what a server waits for. memfd_secret is refused because the observer
/// could not read this memory, for example a pollfd array in it. openat2 is refused because a filter
/// cannot read its mode argument, which is in memory. For clone3, see [`NEW_NAMESPACES`]. System V
/// IPC and POSIX message queues are refused because they outlive a program that has no IPC namespace
/// of its own (ipc_namespaces(7)). They and memfd_create are also refused because they hold memory
/// that no process has mapped, so that a sum over the processes' memory would not include it.
const UNSUPPORTED: [&str; 14] = [
    "openat2",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "flock",
    "inotify_init",
    "inotify_init1",
    "memfd_secret",
    "memfd_create",
    "shmget",
    "semget",
    "msgget",
    "mq_open",
    "clone3",
];

/// The CLONE_NEW* flags of clone(2). A filter cannot read the flags of clone3, which are in memory.
/// Therefore every clone3 is refused.
const NEW_NAMESPACES: u32 = 0x7e02_0000;

fn for_all() -> Filter {
    let refuse = |errno| Action::Refuse(errno);
    Filter::default()
        .on(&PROCESSES, None, refuse(EPERM))
        .on(&ISOLATION, None, refuse(EPERM))
        .on(&KERNEL, None, refuse(EPERM))
        .on(&UNSUPPORTED, None, refuse(ENOSYS))
        .on(&["clone"], Some(ArgTest { mask: NEW_NAMESPACES, ..none_of(0, &[0]) }), refuse(EPERM))
        .on(&["prctl"], Some(one_of(0, &HIDING_OPERATIONS)), refuse(EPERM))
        // An open that creates no file is allowed first, because the kernel ignores its mode
        // argument.
        .on(&["open"], Some(makes_no_file(1)), Action::Allow)
        .on(&["openat"], Some(makes_no_file(2)), Action::Allow)
        .on(&["umask"], Some(ArgTest { mask: READ, ..one_of(0, &[READ]) }), refuse(EPERM))
        .on(&["chmod", "fchmod", "creat", "mknod"], Some(unreadable(1)), refuse(EPERM))
        .on(&["fchmodat", "fchmodat2", "open", "mknodat"], Some(unreadable(2)), refuse(EPERM))
        .on(&["openat"], Some(unreadable(3)), refuse(EPERM))
        .on(&ATTRIBUTES, None, refuse(EOPNOTSUPP))
        // The program must not change the limits of another process. The kernel would allow it for
        // the sandbox's first process, which has the same user.
        .on(&["prlimit64"], Some(none_of(0, &[0])), refuse(EPERM))
        .on(&["fcntl"], Some(one_of(1, &FILE_USERS)), refuse(EINVAL))
        .on(&["ioctl"], Some(one_of(1, &TERMINAL_INPUT)), refuse(EPERM))
        .on(&SOCKETS, Some(none_of(0, &FAMILIES)), refuse(EAFNOSUPPORT))
        .on(&SOCKETS, Some(one_of(2, &UNOBSERVED_PROTOCOLS)), refuse(EPROTONOSUPPORT))
        .on(&["sendto", "sendmmsg"], Some(has_flag(3, &FAST_OPEN)), refuse(EOPNOTSUPP))
        .on(&["sendmsg"], Some(has_flag(2, &FAST_OPEN)), refuse(EOPNOTSUPP))
}

/// The additional rules for a program that uses this machine's network. Landlock restricts only the
/// TCP ports that such a program binds and connects to (landlock(7)). Therefore the program gets
/// only sockets of TCP and pairs of connected sockets. It gets no UDP socket, and no AF_UNIX socket
/// that could be connected to a path of this machine. A pair of datagram sockets could be connected
/// again (unix(7)).
fn on_shared_network(filter: Filter) -> Filter {
    const UNIX: u32 = libc::AF_UNIX as u32;
    const STREAM: u32 = libc::SOCK_STREAM as u32;
    const PACKETS: u32 = libc::SOCK_SEQPACKET as u32;
    const TCP: u32 = libc::IPPROTO_TCP as u32;
    let kind = |values| ArgTest { mask: SOCKET_TYPE, ..none_of(1, values) };
    filter
        .on(&["socket"], Some(one_of(0, &[UNIX])), Action::Refuse(EACCES))
        .on(&["socket"], Some(kind(&[STREAM])), Action::Refuse(EACCES))
        .on(&["socket"], Some(none_of(2, &[0, TCP])), Action::Refuse(EPROTONOSUPPORT))
        .on(&["socketpair"], Some(kind(&[STREAM, PACKETS])), Action::Refuse(EACCES))
}

const fn one_of(argument: u32, values: &'static [u32]) -> ArgTest {
    ArgTest { argument, mask: u32::MAX, values, is_one: true }
}

const fn none_of(argument: u32, values: &'static [u32]) -> ArgTest {
    ArgTest { argument, mask: u32::MAX, values, is_one: false }
}

/// The condition that an argument has the flag `flag[0]`.
const fn has_flag(argument: u32, flag: &'static [u32; 1]) -> ArgTest {
    ArgTest { mask: flag[0], ..one_of(argument, flag) }
}

/// The condition that a mode does not include the owner's permission to read. Only root can observe
/// a process that executes a file with such a mode (prctl(2), PR_SET_DUMPABLE), so the result would
/// depend on the observer's user. Therefore no program may create such a file. If a program
/// executes such a file of this machine, the program is reported as unobservable.
const fn unreadable(argument: u32) -> ArgTest {
    ArgTest { mask: READ, ..one_of(argument, &[0]) }
}
const READ: u32 = libc::S_IRUSR;

/// The condition that the flags of open(2) create no file.
const fn makes_no_file(argument: u32) -> ArgTest {
    const TMPFILE: u32 = (libc::O_TMPFILE & !libc::O_DIRECTORY) as u32; // __O_TMPFILE of the kernel
    ArgTest { mask: libc::O_CREAT as u32 | TMPFILE, ..one_of(argument, &[0]) }
}

/// System calls that can also change a file's mode (acl(5)).
const ATTRIBUTES: [&str; 4] = ["setxattr", "lsetxattr", "fsetxattr", "setxattrat"];

/// prctl(2) operations that hide a process, or its actions, from the observer.
const HIDING_OPERATIONS: [u32; 4] = [
    libc::PR_SET_DUMPABLE as u32,
    libc::PR_SET_PTRACER as u32,
    libc::PR_SET_SECCOMP as u32,
    libc::PR_SET_MM as u32,
];

/// fcntl(2) operations that show whether another process has opened or locked the same file.
const FILE_USERS: [u32; 4] = [
    libc::F_GETLK as u32,
    libc::F_OFD_GETLK as u32,
    libc::F_SETLEASE as u32,
    libc::F_NOTIFY as u32,
];

/// ioctl_tty(2) operations that insert input into a terminal, or replace its driver.
const TERMINAL_INPUT: [u32; 3] =
    [libc::TIOCSTI as u32, libc::TIOCLINUX as u32, libc::TIOCSETD as u32];

const SOCKETS: [&str; 2] = ["socket", "socketpair"];
const FAMILIES: [u32; 3] = [libc::AF_UNIX as u32, libc::AF_INET as u32, libc::AF_INET6 as u32];
/// The bits of the type argument of socket(2) that are not flags (SOCK_TYPE_MASK of the kernel).
const SOCKET_TYPE: u32 = 0xf;
/// These protocols are refused, because the kernel's socket tables do not show that a connection
/// belongs to the server. A program that requests Multipath TCP, such as a server written in Go,
/// then uses TCP instead. Landlock does not restrict the ports of the other two.
const UNOBSERVED_PROTOCOLS: [u32; 3] =
    [libc::IPPROTO_MPTCP as u32, libc::IPPROTO_SCTP as u32, IPPROTO_SMC];
const IPPROTO_SMC: u32 = 256; // linux/in.h
/// A send with this flag connects a socket without connect(2). Landlock restricts only connect(2)
/// (tcp(7), TCP Fast Open). Only clients use the flag.
const FAST_OPEN: [u32; 1] = [libc::MSG_FASTOPEN as u32];
