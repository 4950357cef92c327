//! System calls that the sandbox refuses, and rights that an untrusted program does not have.

use super::{output_of, run, sandboxed, text};
use crate::programs::written;
use sandbox::{Command, IsolationLevel};

/// Compiles and runs a program that makes these system calls. Returns for each call the name of its
/// errno, or `done` if the call succeeded.
fn attempts(name: &str, lines: &[&str]) -> Vec<String> {
    attempts_at(IsolationLevel::Namespaces, name, lines)
}

fn attempts_at(level: IsolationLevel, name: &str, lines: &[&str]) -> Vec<String> {
    let tries: String = lines.iter().map(|line| format!("    TRY({line});\n")).collect();
    let program = written(name, &format!("{HEADERS}int main(void)\n{{\n{tries}}}\n"));
    let command = sandboxed(Command::new(&program), &[&program]).isolation(level);
    text(&command.run().unwrap()).lines().map(str::to_owned).collect()
}

/// The levels without a network of their own that this machine permits.
fn weaker_levels() -> impl Iterator<Item = IsolationLevel> {
    let all = IsolationLevel::ALL.into_iter().filter(|level| level.shares_ports());
    all.filter(|level| level.refusal_for_untrusted().is_none())
}

const HEADERS: &str = r#"
#include <sys/syscall.h>
#include <sys/ptrace.h>
#include <sys/prctl.h>
#include <sys/mount.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <arpa/inet.h>
#include <string.h>
#include <sched.h>
#include <fcntl.h>
#include <grp.h>
#define TRY(call) (errno = 0, puts((call) == -1 ? strerrorname_np(errno) : "done"), fflush(stdout))
static char bytes[65536];
"#;

fn all_are(answers: &[String], expected: &str, lines: &[&str]) {
    let pairs: Vec<_> = lines.iter().zip(answers).filter(|(_, it)| *it != expected).collect();
    assert!(pairs.is_empty() && answers.len() == lines.len(), "{pairs:?} {answers:?}");
}

#[test]
fn calls_that_reach_into_other_processes_are_refused() {
    let lines = [
        "syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0)",
        "syscall(SYS_ptrace, PTRACE_SEIZE, 1, 0, 0)",
        "syscall(SYS_process_vm_readv, 1, bytes, 1, bytes, 1, 0)",
        "syscall(SYS_process_vm_writev, 1, bytes, 1, bytes, 1, 0)",
        "syscall(SYS_pidfd_getfd, 0, 0, 0)",
        "syscall(SYS_kcmp, 1, 1, 0, 0, 0)",
        "syscall(SYS_prlimit64, 1, RLIMIT_NOFILE, bytes, 0)",
    ];
    all_are(&attempts("tries_processes", &lines), "EPERM", &lines);
}

#[test]
fn calls_that_change_mounts_or_namespaces_are_refused() {
    let lines = [
        "mount(\"none\", \"/tmp\", \"tmpfs\", 0, 0)",
        "umount(\"/tmp\")",
        "chroot(\"/tmp\")",
        "syscall(SYS_pivot_root, \".\", \".\")",
        "syscall(428, -100, \"/\", 1)",
        "syscall(429, 0, \"\", -100, \"/\", 4)",
        "syscall(430, \"tmpfs\", 0)",
        "syscall(442, -100, \"/\", 0, bytes, 32)",
        "unshare(CLONE_NEWUSER)",
        "unshare(CLONE_NEWNET)",
        "setns(0, 0)",
        "syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)",
        "syscall(SYS_clone, CLONE_NEWNET | SIGCHLD, 0, 0, 0, 0)",
        "syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0)",
        "syscall(SYS_name_to_handle_at, -100, \"/\", bytes, bytes, 0)",
        "syscall(SYS_open_by_handle_at, -100, bytes, 0)",
    ];
    all_are(&attempts("tries_mounts", &lines), "EPERM", &lines);
}

#[test]
fn calls_that_change_the_kernel_or_the_machine_are_refused() {
    let lines = [
        "syscall(SYS_bpf, 0, bytes, 128)",
        "syscall(SYS_perf_event_open, bytes, 0, -1, -1, 0)",
        "syscall(SYS_userfaultfd, 0)",
        "syscall(SYS_keyctl, 0, -3, 1)",
        "syscall(SYS_add_key, \"user\", \"a\", \"b\", 1, -3)",
        "syscall(SYS_request_key, \"user\", \"a\", \"b\", -3)",
        "syscall(SYS_init_module, bytes, 1, \"\")",
        "syscall(SYS_kexec_load, 0, 0, 0, 0)",
        "syscall(SYS_reboot, 0, 0, 0, 0)",
        "syscall(SYS_swapon, \"/tmp\", 0)",
        "syscall(SYS_acct, 0)",
        "sethostname(\"mine\", 4)",
        "syscall(SYS_seccomp, 1, 0, bytes)",
        "syscall(SYS_quotactl, 0, 0, 0, 0)",
    ];
    all_are(&attempts("tries_kernel", &lines), "EPERM", &lines);
}

#[test]
fn calls_that_programs_can_do_without_are_not_implemented() {
    let lines = [
        "syscall(SYS_io_uring_setup, 8, bytes)",
        "syscall(SYS_io_uring_enter, 0, 0, 0, 0, 0, 0)",
        "syscall(SYS_clone3, bytes, 88)",
        "flock(open(\"/usr/bin/env\", 0), LOCK_EX)",
        "syscall(SYS_inotify_init1, 0)",
        "syscall(SYS_memfd_create, \"a\", 0)",
        "syscall(SYS_shmget, 7, 4096, 01666)",
        "syscall(SYS_semget, 7, 1, 01666)",
        "syscall(SYS_msgget, 7, 01666)",
        "syscall(SYS_mq_open, \"a\", O_CREAT | O_RDWR, 0600, 0)",
        "syscall(447, 0)",
        "syscall(437, AT_FDCWD, \"/tmp\", bytes, 24)",
    ];
    all_are(&attempts("tries_absent", &lines), "ENOSYS", &lines);
}

#[test]
fn calls_that_hide_a_process_from_the_observer_are_refused() {
    let lines = [
        "prctl(PR_SET_DUMPABLE, 0)",
        "prctl(PR_SET_DUMPABLE, 1ul << 32)",
        "prctl(PR_SET_PTRACER, -1)",
        "prctl(PR_SET_MM, 1, 1, 0, 0)",
        "prctl(PR_SET_SECCOMP, 1)",
        "ioctl(1, TIOCSTI, \"x\")",
    ];
    all_are(&attempts("tries_to_hide", &lines), "EPERM", &lines);
}

#[test]
fn a_file_that_its_owner_may_not_read_cannot_be_made() {
    let lines = [
        "chmod(\"/tmp\", 0111)",
        "fchmod(1, 0311)",
        "fchmodat(AT_FDCWD, \"/tmp\", 0, 0)",
        "syscall(452, AT_FDCWD, \"/tmp\", 0111, 0)",
        "open(\"/tmp/a\", O_CREAT | O_WRONLY, 0311)",
        "open(\"/tmp\", O_TMPFILE | O_WRONLY, 0311)",
        "syscall(SYS_creat, \"/tmp/a\", 0311)",
        "mknod(\"/tmp/a\", S_IFREG | 0311, 0)",
        "syscall(SYS_umask, 0777)",
    ];
    all_are(&attempts("tries_unreadable", &lines), "EPERM", &lines);
    let lines = [
        "syscall(SYS_setxattr, \"/tmp\", \"user.a\", \"\", 0, 0)",
        "syscall(SYS_fsetxattr, 1, \"user.a\", \"\", 0, 0)",
        "syscall(463, -100, \"/tmp\", 0, \"user.a\", bytes, 16)",
    ];
    all_are(&attempts("tries_attributes", &lines), "EOPNOTSUPP", &lines);
    let lines = [
        "open(\"/tmp\", O_RDONLY)",
        "open(\"/tmp/a\", O_CREAT | O_WRONLY, 0600)",
        "open(\"/tmp\", O_TMPFILE | O_WRONLY, 0600)",
        "chmod(\"/tmp/a\", 0755)",
        "umask(077)",
    ];
    all_are(&attempts("makes_readable", &lines), "done", &lines);
}

#[test]
fn calls_that_show_other_users_of_a_file_are_refused() {
    let lines = [
        "fcntl(open(\"/usr/bin/env\", 0), F_GETLK, bytes)",
        "fcntl(open(\"/usr/bin/env\", 0), F_OFD_GETLK, bytes)",
        "fcntl(open(\"/usr/bin/env\", 0), F_SETLEASE, F_WRLCK)",
        "fcntl(open(\"/usr/bin\", 0), F_NOTIFY, DN_ACCESS)",
    ];
    all_are(&attempts("tries_to_ask", &lines), "EINVAL", &lines);
}

#[test]
fn only_internet_and_unix_sockets_can_be_made() {
    let others = ["AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG", "AF_BLUETOOTH", "AF_TIPC"];
    let lines = others.map(|family| format!("socket({family}, SOCK_RAW, 0)"));
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    all_are(&attempts("tries_families", &lines), "EAFNOSUPPORT", &lines);
    let lines = [
        "socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)",
        "socket(AF_INET6, SOCK_STREAM, 0)",
        "socket(AF_INET, SOCK_DGRAM, 0)",
        "socket(AF_UNIX, SOCK_STREAM, 0)",
        "socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)bytes)",
    ];
    all_are(&attempts("tries_own_families", &lines), "done", &lines);
    let lines = [262, 132, 256].map(|protocol| format!("socket(AF_INET, SOCK_STREAM, {protocol})"));
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    all_are(&attempts("tries_multipath", &lines), "EPROTONOSUPPORT", &lines);
    let lines = ["socket(AF_INET, SOCK_RAW, 1)"];
    all_are(&attempts("tries_raw", &lines), "EPERM", &lines);
}

#[test]
fn a_send_cannot_connect() {
    let address = "(struct sockaddr *)&(struct sockaddr_in){.sin_family = AF_INET, .sin_port = \
                   htons(9), .sin_addr = {htonl(0x7f000001)}}, 16";
    let socket = "socket(AF_INET, SOCK_STREAM, 0)";
    let lines = [
        format!("sendto({socket}, \"x\", 1, MSG_FASTOPEN, {address})"),
        format!("sendmsg({socket}, (struct msghdr *)bytes, MSG_FASTOPEN | MSG_NOSIGNAL)"),
        format!("sendmmsg({socket}, (struct mmsghdr *)bytes, 1, MSG_FASTOPEN | MSG_DONTWAIT)"),
    ];
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    all_are(&attempts("tries_fast_open", &lines), "EOPNOTSUPP", &lines);
    let lines = ["sendto(1, \"\", 0, MSG_NOSIGNAL, 0, 0)"];
    all_are(&attempts("sends_to_no_socket", &lines), "ENOTSOCK", &lines);
}

#[test]
fn a_program_in_this_machine_s_network_has_only_sockets_of_tcp_and_pairs() {
    let refused = [
        "socket(AF_INET, SOCK_DGRAM, 0)",
        "socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)",
        "socket(AF_INET, SOCK_RAW, 1)",
        "socket(AF_UNIX, SOCK_STREAM, 0)",
        "socket(AF_UNIX, SOCK_DGRAM, 0)",
        "socketpair(AF_UNIX, SOCK_DGRAM, 0, (int *)bytes)",
    ];
    let permitted = [
        "socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)",
        "socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP)",
        "socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, (int *)bytes)",
        "socketpair(AF_UNIX, SOCK_SEQPACKET, 0, (int *)bytes)",
    ];
    for level in weaker_levels() {
        let answers = attempts_at(level, "tries_this_network", &refused);
        all_are(&answers, "EACCES", &refused);
        let answers = attempts_at(level, "has_pairs", &permitted);
        all_are(&answers, "done", &permitted);
        let lines = ["syscall(SYS_shmget, 7, 4096, 01666)"];
        all_are(&attempts_at(level, "tries_shared_memory", &lines), "ENOSYS", &lines);
    }
}

#[test]
fn calls_that_servers_and_compilers_need_are_allowed() {
    let lines = [
        "fork() ? wait(0) : (_exit(0), 0)",
        "fcntl(creat(\"lock\", 0600), F_SETLK, &(struct flock){.l_type = F_WRLCK})",
        "prctl(PR_SET_NAME, \"other\")",
        "getrlimit(RLIMIT_NOFILE, (struct rlimit *)bytes)",
        "epoll_create1(0)",
        "kill(getpid(), 0)",
        "mkdir(\"folder\", 0700)",
        "mkfifo(\"pipe\", 0700)",
        "chmod(\"folder\", 0500)",
    ];
    all_are(&attempts("does_its_work", &lines), "done", &lines);
}

#[test]
fn addresses_outside_of_the_sandbox_are_unreachable() {
    let address = |ip| {
        format!(
            "connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&(struct sockaddr_in){{\
             .sin_family = AF_INET, .sin_port = htons(22), .sin_addr = {{inet_addr(\"{ip}\")}}}}, 16)"
        )
    };
    let lines = [address("1.1.1.1"), address("192.168.0.1"), address("169.254.169.254")];
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    all_are(&attempts("tries_outside", &lines), "ENETUNREACH", &lines);
    let here = address("127.0.0.1");
    all_are(&attempts("tries_inside", &[&here]), "ECONNREFUSED", &[&here]);
}

#[test]
fn the_program_cannot_become_another_user() {
    let lines = ["setuid(0)", "setgid(0)", "setgroups(0, 0)", "setuid(1001)", "seteuid(65534)"];
    let answers = attempts("tries_to_be", &lines);
    assert!(answers.iter().all(|it| it == "EPERM" || it == "EINVAL"), "{answers:?}");
    // A set-user-ID program of the system does not give the program root's rights.
    let output =
        output_of("grep -E 'NoNewPrivs|Seccomp:' /proc/self/status; su -c id 2>&1 | head -1");
    assert!(
        output.starts_with("NoNewPrivs:\t1\nSeccomp:\t2\n") && !output.contains("uid=0"),
        "{output}"
    );
}

#[test]
fn the_program_has_no_capabilities() {
    let output = output_of("grep Cap /proc/self/status");
    assert_eq!(output.lines().count(), 5);
    assert!(output.lines().all(|line| line.ends_with("\t0000000000000000")), "{output}");
}

#[test]
fn the_program_has_three_descriptors() {
    // The fourth descriptor is the folder that ls has opened.
    assert_eq!(output_of("ls /proc/self/fd | wc -l"), "4");
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_call_of_another_architecture_kills_the_program() {
    let finished = run(&written(
        "tries_32_bits",
        "int main(void) { int pid; __asm__ volatile(\"int $0x80\" : \"=a\"(pid) : \"a\"(20)); \
         printf(\"%d\\n\", pid); }",
    ));
    assert_eq!(finished.exit, sandbox::Exit::Signal(sandbox::SignalNumber(libc::SIGSYS)));
}
