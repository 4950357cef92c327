//! The main loop of the first process. While the program runs, the loop reaps child processes and
//! serves requests. When the observer closes the connection, the loop ends the sandbox.

use super::exec::{become_program, become_user};
use super::kernel::check;
use super::kill_tree::kill_tree;
use super::report::{report, send_descriptors};
use super::{ExecPlan, InitPlan};
use crate::control::{BATCH, RESTART, tag};
use libc::{c_int, c_ulong};
use std::os::fd::{AsRawFd, RawFd};
use std::ptr;

/// After this many reaped processes, [`kill_tree`] stops all remaining processes before it kills
/// them.
const KILL_TREE_AFTER: u32 = 128;

/// Starts the program, then reaps child processes and serves requests until the observer closes the
/// connection.
pub(super) unsafe fn supervise(plan: &InitPlan, program: &ExecPlan) -> ! {
    // SAFETY: system calls on local buffers.
    unsafe {
        // The signalfd for SIGCHLD is created before the program starts, so that the end of no
        // child process is missed.
        let child_ended = child_signals();
        let mut pid = if program.starts_later { 0 } else { start(plan, program, 0) };
        close_terminal(program);
        let ready = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        let mut watched = [ready(plan.control.as_raw_fd()), ready(child_ended)];
        loop {
            libc::poll(watched.as_mut_ptr(), 2, -1);

            // Reap every child that has ended. One SIGCHLD may report several children, because
            // standard signals are not queued (signal(7)).
            if watched[1].revents != 0 {
                let mut information = [0u8; 128]; // a struct signalfd_siginfo
                while libc::read(child_ended, information.as_mut_ptr().cast(), 128) > 0 {}
                reap(plan, pid);
            }

            // Serve the observer's next request.
            if watched[0].revents == 0 {
                continue;
            }
            match next_request(plan.control.as_raw_fd()) {
                Request::Nothing => {}
                Request::Sockets(request) => make_sockets(plan.control.as_raw_fd(), request),
                Request::Restart(environment) => pid = start(plan, program, environment),
                Request::End => {
                    if plan.namespaces == 0 {
                        end_all(program.user);
                    }
                    // If this process is the first of a PID namespace, its exit makes the kernel
                    // kill all other processes in that namespace (pid_namespaces(7)).
                    libc::_exit(0);
                }
            }
        }
    }
}

/// Starts the program, or starts it again, with one of its environments. Returns the process id of
/// the program.
///
/// Processes that an earlier start has left may fill the limit of processes. Then the kernel refuses
/// another process (clone(2), EAGAIN), and the remaining processes are killed first.
unsafe fn start(plan: &InitPlan, program: &ExecPlan, environment: usize) -> i32 {
    // SAFETY: the copy makes only system calls, until `execve` or `_exit`.
    unsafe {
        let mut pid = clone_process();
        if pid == -1 && *libc::__errno_location() == libc::EAGAIN {
            kill_remaining(plan, program);
            pid = clone_process();
        }
        match pid {
            -1 => report(plan, tag::EXEC_FAILED, 0, *libc::__errno_location()),
            0 => become_program(plan, program, environment),
            _ => {}
        }
        pid
    }
}

/// Copies this process (clone(2)). Returns what fork(2) returns.
unsafe fn clone_process() -> i32 {
    // SAFETY: the copy has its own memory. The C library's `fork` is not called, because it would
    // take locks.
    unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD as c_ulong, 0, 0, 0, 0) as i32 }
}

/// A descriptor that becomes readable when a child process has ended. All signals are blocked in
/// this process (see `launch`).
unsafe fn child_signals() -> c_int {
    // SAFETY: the set is a local variable; the call changes only this process's disposition. The
    // disposition is set to the default, because the observer may ignore SIGCHLD. Then the kernel
    // would discard the wait statuses of child processes (wait(2)).
    unsafe {
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
        let mut child_signal: libc::sigset_t = std::mem::zeroed();
        libc::sigaddset(&mut child_signal, libc::SIGCHLD);
        libc::signalfd(-1, &child_signal, libc::SFD_NONBLOCK | libc::SFD_CLOEXEC)
    }
}

/// Replaces the standard streams of this process, which may be the observer's terminal.
unsafe fn close_terminal(program: &ExecPlan) {
    // SAFETY: duplicates an open descriptor.
    unsafe {
        for fd in 0..3 {
            libc::dup2(program.input.as_raw_fd(), fd);
        }
    }
}

/// Reaps every child that has ended, and reports the end of the program.
unsafe fn reap(plan: &InitPlan, program: i32) {
    let mut status = 0;
    loop {
        // SAFETY: `status` is a local variable.
        match unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) } {
            pid if pid <= 0 => return,
            // SAFETY: as in `report`.
            pid if pid == program => unsafe { report(plan, tag::EXITED, 0, status) },
            _ => {}
        }
    }
}

/// A request of the observer.
enum Request {
    /// No request has arrived.
    Nothing,
    /// Create sockets, by family, type, protocol and count.
    Sockets([c_int; 4]),
    /// Start the program again, with the environment of this number.
    Restart(usize),
    /// End the sandbox: the observer has closed the connection.
    End,
}

unsafe fn next_request(control: RawFd) -> Request {
    let mut request = [0u8; 4];
    // SAFETY: a local buffer of the given length; errno belongs to this thread.
    unsafe {
        match libc::recv(control, request.as_mut_ptr().cast(), 4, libc::MSG_DONTWAIT) {
            4 if request[0] == RESTART => Request::Restart(request[3].into()),
            4 => Request::Sockets(request.map(c_int::from)),
            -1 if *libc::__errno_location() == libc::EAGAIN => Request::Nothing,
            _ => Request::End,
        }
    }
}

unsafe fn make_sockets(control: RawFd, [family, kind, protocol, count]: [c_int; 4]) {
    let mut made = [-1; BATCH];
    let (mut length, mut errno) = (0, 0);
    // SAFETY: system calls on descriptors of this process.
    unsafe {
        while length < count as usize && length < BATCH && errno == 0 {
            match check(libc::socket(family, kind | libc::SOCK_CLOEXEC, protocol)) {
                Ok(fd) => {
                    made[length] = fd;
                    length += 1;
                }
                Err(refused) => errno = refused,
            }
        }
        // If the sockets cannot be sent, the observer still gets an answer, with the reason.
        if let Err(refused) = send_descriptors(control, tag::SOCKETS, &made[..length], errno) {
            let _ = send_descriptors(control, tag::SOCKETS, &[], refused);
        }
        for fd in &made[..length] {
            libc::close(*fd);
        }
    }
}

/// Kills and reaps every other process of the sandbox.
unsafe fn kill_remaining(plan: &InitPlan, program: &ExecPlan) {
    // SAFETY: only system calls. The first process of a PID namespace can signal only the other
    // processes of the namespace (kill(2)), which are its descendants.
    unsafe {
        if plan.namespaces & libc::CLONE_NEWPID == 0 {
            return end_all(program.user);
        }
        libc::kill(-1, libc::SIGKILL);
        while libc::waitpid(-1, ptr::null_mut(), 0) > 0 {}
    }
}

/// Kills every descendant of this process if there is no PID namespace. Orphans are descendants
/// too, because they become children of this process.
unsafe fn end_all(user: Option<u32>) {
    // If the program has a user id of its own, one call kills all processes of that user (kill(2)).
    // A process of the program may kill the calling process first, so the call is tried several
    // times.
    if let Some(user) = user {
        let mut tries = 0..64;
        // SAFETY: only system calls.
        while unsafe { !kill_user(user) } && tries.next().is_some() {}
    }
    // Kill and reap child processes until no child process is left. The children of a killed
    // process become children of this process.
    // SAFETY: the signals go to this process's own children, which no other process can reap.
    unsafe {
        let mut reaped = 0;
        while kill_children() && libc::waitpid(-1, ptr::null_mut(), 0) > 0 {
            reaped += 1;
            if reaped % KILL_TREE_AFTER == 0 {
                kill_tree();
            }
        }
    }
}

/// Kills every process of `user`. Only descendants of this process have this user id. Returns
/// whether the call succeeded.
unsafe fn kill_user(user: u32) -> bool {
    let mut status = -1;
    // SAFETY: the copy makes only system calls, and ends; `status` is a local variable.
    unsafe {
        let pid = clone_process();
        if pid == 0 {
            if become_user(user).is_ok() {
                libc::kill(-1, libc::SIGKILL);
            }
            libc::_exit(0);
        }
        pid > 0 && libc::waitpid(pid, &mut status, 0) == pid && status == 0
    }
}

/// Kills the current child processes of this process. Returns false if the kernel does not list the
/// child processes.
///
/// When a killed child can be reaped, its own children have already become children of this
/// process. Therefore the next list contains them.
unsafe fn kill_children() -> bool {
    let mut text = [0u8; 4096];
    // SAFETY: a local buffer of the given length.
    let length = unsafe {
        let path = c"/proc/thread-self/children";
        let fd = libc::open(path.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        let length = libc::read(fd, text.as_mut_ptr().cast(), text.len());
        libc::close(fd);
        length
    };
    let mut pid = 0;
    for byte in &text[..length.max(0) as usize] {
        match byte {
            b'0'..=b'9' => pid = pid * 10 + c_int::from(byte - b'0'),
            _ if pid == 0 => {}
            _ => {
                // SAFETY: `pid` is a child of this process that has not been reaped, so no other
                // process has this process id.
                unsafe { libc::kill(pid, libc::SIGKILL) };
                pid = 0;
            }
        }
    }
    length >= 0
}
