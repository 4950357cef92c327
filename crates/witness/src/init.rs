//! The first process of a box: it builds the box, starts the program, and outlives what it left.
//!
//! It runs in a copy of a process that may have had many threads, so until `execve` it makes system
//! calls and nothing else: no allocation, no lock, no panic (signal-safety(7)). Everything that it
//! needs was laid out in a [`Plan`] beforehand.
//!
//! The program is not process 1 itself: process 1 ignores a SIGTERM that it does not handle, and is
//! given every orphan, which would falsify what is said about zombies (pid_namespaces(7)).

use crate::control::{BATCH, tag};
use libc::{c_char, c_int, c_ulong, c_void};
use std::ffi::{CStr, CString};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::ptr;

/// What the first process is to do, laid out before the clone.
pub(crate) struct Plan {
    /// The namespaces to enter (clone(2)); 0 for a plain child.
    pub(crate) namespaces: c_int,
    /// The lines of uid_map and gid_map, in a user namespace.
    pub(crate) identity: Option<(CString, CString)>,
    /// The line to the observer.
    pub(crate) control: OwnedFd,
    /// What to start; `None` to find out whether a box can be built here.
    pub(crate) program: Option<Program>,
}

/// The program, ready for `execve`.
pub(crate) struct Program {
    pub(crate) path: CString,
    pub(crate) arguments: Strings,
    pub(crate) environment: Strings,
    pub(crate) directory: CString,
    pub(crate) input: OwnedFd,
    pub(crate) output: OwnedFd,
    pub(crate) errors: OwnedFd,
    /// Holds back the calls that a gate decides on.
    pub(crate) filter: Vec<libc::sock_filter>,
}

/// A null-terminated array of C strings, as `execve` wants it.
pub(crate) struct Strings {
    pointers: Vec<*const c_char>,
    _owners: Vec<CString>,
}

impl Strings {
    pub(crate) fn new(owners: Vec<CString>) -> Self {
        let pointers = owners.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect();
        Self { pointers, _owners: owners }
    }
}

/// The steps of building a box, as a refusal names them.
pub(crate) const STEPS: [&str; 4] = [
    "mapping the user (user_namespaces(7))",
    "making mounts private (mount_namespaces(7))",
    "bringing up the loopback interface (netdevice(7))",
    "becoming a subreaper (prctl(2))",
];

/// Clones the first process and returns its process id.
pub(crate) fn launch(plan: &Plan) -> std::io::Result<i32> {
    let flags = c_ulong::from((plan.namespaces | libc::SIGCHLD) as u32);
    // SAFETY: without CLONE_VM the child has a copy of this address space, stack included, and
    // `run` keeps to what is allowed in the copy of a process with threads.
    match unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) } {
        -1 => Err(std::io::Error::last_os_error()),
        0 => run(plan),
        pid => Ok(pid as i32),
    }
}

fn run(plan: &Plan) -> ! {
    // SAFETY: system calls on descriptors and buffers that `plan` keeps alive.
    unsafe {
        libc::setsid(); // the observer's terminal has nothing to say to the box
        keep_only(plan);
        if let Err((step, errno)) = build(plan) {
            tell(plan, tag::REFUSED, step, errno);
            libc::_exit(1);
        }
        tell(plan, tag::READY, 0, 0);
        match &plan.program {
            Some(program) => serve(plan, program),
            None => libc::_exit(0),
        }
    }
}

/// Closes what was inherited: another box's line, held open here, would keep that box alive.
unsafe fn keep_only(plan: &Plan) {
    let mut kept = [plan.control.as_raw_fd(); 4];
    if let Some(program) = &plan.program {
        kept[1..].copy_from_slice(&[
            program.input.as_raw_fd(),
            program.output.as_raw_fd(),
            program.errors.as_raw_fd(),
        ]);
    }
    kept.sort_unstable();
    let mut from = 3;
    for fd in kept.map(|fd| fd as u32) {
        if from < fd {
            // SAFETY: closing descriptors that this copy does not use.
            unsafe { libc::syscall(libc::SYS_close_range, from, fd - 1, 0) };
        }
        from = fd + 1;
    }
    // SAFETY: as above.
    unsafe { libc::syscall(libc::SYS_close_range, from, u32::MAX, 0) };
}

/// The box: who we are in it, what we see of /proc, and a loopback interface that is up.
unsafe fn build(plan: &Plan) -> Result<(), (u8, i32)> {
    // SAFETY: the strings are static or the plan's; the calls change this process's own namespaces.
    unsafe {
        if let Some((uid, gid)) = &plan.identity {
            write_file(c"/proc/self/setgroups", c"deny").map_err(|errno| (0, errno))?;
            write_file(c"/proc/self/uid_map", uid).map_err(|errno| (0, errno))?;
            write_file(c"/proc/self/gid_map", gid).map_err(|errno| (0, errno))?;
        }
        if plan.namespaces == 0 {
            return check(libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
                .map(drop)
                .map_err(|errno| (3, errno));
        }
        let private = libc::MS_REC | libc::MS_PRIVATE;
        check(libc::mount(ptr::null(), c"/".as_ptr(), ptr::null(), private, ptr::null()))
            .map_err(|errno| (1, errno))?;
        // Refused where parts of /proc are masked; then process ids in /proc are the observer's.
        let (proc, flags) = (c"proc".as_ptr(), libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC);
        libc::mount(proc, c"/proc".as_ptr(), proc, flags, ptr::null());
        loopback_up().map_err(|errno| (2, errno))
    }
}

unsafe fn write_file(path: &CStr, text: &CStr) -> Result<(), i32> {
    // SAFETY: the buffer is `text`'s own.
    unsafe {
        let fd = check(libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC))?;
        let written = libc::write(fd, text.as_ptr().cast(), text.count_bytes());
        let result = check(written as c_int);
        libc::close(fd);
        result.map(drop)
    }
}

unsafe fn loopback_up() -> Result<(), i32> {
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

/// Starts the program, then reaps, makes sockets, and ends when the observer hangs up.
unsafe fn serve(plan: &Plan, program: &Program) -> ! {
    // SAFETY: system calls on local buffers.
    unsafe {
        let mut child_signal: libc::sigset_t = std::mem::zeroed();
        libc::sigaddset(&mut child_signal, libc::SIGCHLD);
        libc::sigprocmask(libc::SIG_SETMASK, &child_signal, ptr::null_mut());
        let child_ended = libc::signalfd(-1, &child_signal, libc::SFD_NONBLOCK | libc::SFD_CLOEXEC);

        let pid = libc::syscall(libc::SYS_clone, libc::SIGCHLD as c_ulong, 0, 0, 0, 0) as i32;
        if pid == 0 {
            become_program(plan, program);
        }
        for fd in [program.output.as_raw_fd(), program.errors.as_raw_fd()] {
            libc::close(fd);
        }
        for fd in 0..3 {
            libc::dup2(program.input.as_raw_fd(), fd);
        }
        let ready = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        let mut watched = [ready(plan.control.as_raw_fd()), ready(child_ended)];
        loop {
            libc::poll(watched.as_mut_ptr(), 2, -1);
            if watched[1].revents != 0 {
                let mut information = [0u8; 128];
                while libc::read(child_ended, information.as_mut_ptr().cast(), 128) > 0 {}
                reap(plan, pid);
            }
            if watched[0].revents != 0 && !make_sockets(plan.control.as_raw_fd()) {
                if plan.namespaces == 0 {
                    end_all(pid);
                }
                libc::_exit(0); // in a pid namespace, the kernel ends everything else
            }
        }
    }
}

unsafe fn become_program(plan: &Plan, program: &Program) -> ! {
    // SAFETY: system calls on what the plan keeps alive; `execve` or `_exit` ends this copy.
    unsafe {
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, ptr::null_mut());
        libc::signal(libc::SIGPIPE, libc::SIG_DFL); // Rust's runtime ignores it; programs expect the default
        libc::setsid();
        libc::dup2(program.input.as_raw_fd(), 0);
        libc::dup2(program.output.as_raw_fd(), 1);
        libc::dup2(program.errors.as_raw_fd(), 2);
        let entered = check(libc::chdir(program.directory.as_ptr()))
            .and_then(|_| check(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)));
        if let Err(errno) = entered {
            tell(plan, tag::EXEC_FAILED, 0, errno);
            libc::_exit(127);
        }
        if let Err(errno) = hold_back(plan, program) {
            tell(plan, tag::GATE_REFUSED, 0, errno);
            libc::_exit(127);
        }
        tell(plan, tag::STARTED, 0, 0);
        libc::syscall(libc::SYS_close_range, 3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
        let (arguments, environment) = (&program.arguments.pointers, &program.environment.pointers);
        libc::execve(program.path.as_ptr(), arguments.as_ptr(), environment.as_ptr());
        tell(plan, tag::EXEC_FAILED, 0, *libc::__errno_location());
        libc::_exit(127);
    }
}

/// Installs the gate's filter and passes its listener out (seccomp_unotify(2)).
unsafe fn hold_back(plan: &Plan, program: &Program) -> Result<(), i32> {
    if program.filter.is_empty() {
        return Ok(());
    }
    // SAFETY: the filter outlives the call, which copies it.
    unsafe {
        let code = libc::sock_fprog {
            len: program.filter.len() as u16,
            filter: program.filter.as_ptr().cast_mut(),
        };
        let (mode, flags) = (libc::SECCOMP_SET_MODE_FILTER, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER);
        let listener = libc::syscall(libc::SYS_seccomp, mode, flags, &code) as c_int;
        let listener = check(listener)?;
        send_descriptors(plan.control.as_raw_fd(), tag::GATE, &[listener], 0);
        Ok(())
    }
}

unsafe fn reap(plan: &Plan, program: i32) {
    let mut status = 0;
    loop {
        // SAFETY: `status` is a local.
        match unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) } {
            pid if pid <= 0 => return,
            // SAFETY: as in `tell`.
            pid if pid == program => unsafe { tell(plan, tag::EXITED, 0, status) },
            _ => {}
        }
    }
}

/// Answers one request for sockets; false when the observer has hung up.
unsafe fn make_sockets(control: RawFd) -> bool {
    let mut request = [0u8; 4];
    let mut made = [-1; BATCH];
    // SAFETY: local buffers of the lengths given.
    unsafe {
        if libc::recv(control, request.as_mut_ptr().cast(), 4, 0) < 4 {
            return false;
        }
        let [family, kind, protocol, count] = request.map(c_int::from);
        let (mut length, mut errno) = (0, 0);
        while length < count as usize && length < BATCH && errno == 0 {
            match check(libc::socket(family, kind | libc::SOCK_CLOEXEC, protocol)) {
                Ok(fd) => {
                    made[length] = fd;
                    length += 1;
                }
                Err(refused) => errno = refused,
            }
        }
        send_descriptors(control, tag::SOCKETS, &made[..length], errno);
        for fd in &made[..length] {
            libc::close(*fd);
        }
        true
    }
}

/// Without a pid namespace: ends every descendant, those that come to us as orphans included.
unsafe fn end_all(program: i32) {
    // SAFETY: signals go to our own children only: nobody else can be reaped by us.
    unsafe {
        libc::kill(-program, libc::SIGKILL);
        loop {
            let mut text = [0u8; 4096];
            let fd = libc::open(
                c"/proc/thread-self/children".as_ptr(),
                libc::O_RDONLY | libc::O_CLOEXEC,
            );
            let length = libc::read(fd, text.as_mut_ptr().cast(), text.len());
            libc::close(fd);
            let mut pid = 0;
            for byte in &text[..length.max(0) as usize] {
                match byte {
                    b'0'..=b'9' => pid = pid * 10 + i32::from(byte - b'0'),
                    _ if pid > 0 => {
                        libc::kill(pid, libc::SIGKILL);
                        pid = 0;
                    }
                    _ => {}
                }
            }
            if libc::waitpid(-1, ptr::null_mut(), 0) < 0 {
                return;
            }
        }
    }
}

unsafe fn tell(plan: &Plan, kind: u8, step: u8, number: i32) {
    let message = message(kind, step, number);
    // SAFETY: a local buffer of the length given.
    unsafe {
        libc::send(plan.control.as_raw_fd(), message.as_ptr().cast(), 8, libc::MSG_NOSIGNAL);
    }
}

unsafe fn send_descriptors(control: RawFd, kind: u8, descriptors: &[RawFd], number: i32) {
    let mut bytes = message(kind, 0, number);
    let mut ancillary = [0u64; 16]; // aligned as a cmsghdr, room for BATCH descriptors
    // SAFETY: the header and its parts are locals; the ancillary buffer holds BATCH descriptors.
    unsafe {
        let mut part = libc::iovec { iov_base: bytes.as_mut_ptr().cast::<c_void>(), iov_len: 8 };
        let mut header: libc::msghdr = std::mem::zeroed();
        header.msg_iov = &mut part;
        header.msg_iovlen = 1;
        if !descriptors.is_empty() {
            let length = size_of_val(descriptors) as u32;
            header.msg_control = ancillary.as_mut_ptr().cast();
            header.msg_controllen = libc::CMSG_SPACE(length) as usize;
            let first = libc::CMSG_FIRSTHDR(&header);
            (*first).cmsg_level = libc::SOL_SOCKET;
            (*first).cmsg_type = libc::SCM_RIGHTS;
            (*first).cmsg_len = libc::CMSG_LEN(length) as usize;
            ptr::copy_nonoverlapping(
                descriptors.as_ptr(),
                libc::CMSG_DATA(first).cast(),
                descriptors.len(),
            );
        }
        libc::sendmsg(control, &header, libc::MSG_NOSIGNAL);
    }
}

fn message(kind: u8, step: u8, number: i32) -> [u8; 8] {
    let [a, b, c, d] = number.to_ne_bytes();
    [kind, step, 0, 0, a, b, c, d]
}

/// The result of a call, or its errno.
unsafe fn check(result: c_int) -> Result<c_int, i32> {
    // SAFETY: errno is this thread's.
    if result == -1 { Err(unsafe { *libc::__errno_location() }) } else { Ok(result) }
}
