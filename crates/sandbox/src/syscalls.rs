//! A system call that a thread is executing.

use syscalls::Sysno;

/// A system call that a thread is executing, with the arguments from the registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The call's number on this machine.
    pub number: i64,
    /// The call's arguments.
    pub arguments: [u64; 6],
}

impl Call {
    /// The call's name, e.g. `accept4`.
    pub fn name(&self) -> &'static str {
        match Sysno::new(self.number as usize) {
            // The kernel uses this number for a poll that was stopped by a signal and has been
            // resumed (restart_syscall(2)).
            Some(Sysno::restart_syscall) => "poll",
            Some(call) => call.name(),
            None => "no system call",
        }
    }

    /// Whether the kernel restarts another call, whose number this call does not show, after a
    /// signal has stopped and resumed the thread (restart_syscall(2)).
    pub fn is_restart(&self) -> bool {
        self.number == Sysno::restart_syscall as i64
    }

    /// Whether the call waits until one of several descriptors is ready.
    pub fn waits_for_readiness(&self) -> bool {
        matches!(
            self.name(),
            "poll"
                | "ppoll"
                | "select"
                | "pselect6"
                | "epoll_wait"
                | "epoll_pwait"
                | "epoll_pwait2"
        )
    }

    /// Whether the call is poll(2) or ppoll(2).
    pub fn is_poll(&self) -> bool {
        matches!(self.name(), "poll" | "ppoll")
    }

    /// Whether the call is epoll_wait(2) or one of its variants.
    pub fn is_epoll(&self) -> bool {
        matches!(self.name(), "epoll_wait" | "epoll_pwait" | "epoll_pwait2")
    }

    /// The descriptor that the call is about: the socket of a read, a write or an accept, the epoll
    /// descriptor of an epoll_wait, or the descriptor that epoll_ctl adds, changes or removes.
    /// `None` for other calls.
    pub fn descriptor(&self) -> Option<i32> {
        let argument = match self.name() {
            "read" | "readv" | "pread64" | "recvfrom" | "recvmsg" | "recvmmsg" | "write"
            | "writev" | "pwrite64" | "sendto" | "sendmsg" | "sendmmsg" | "sendfile" | "accept"
            | "accept4" | "close" | "shutdown" | "ioctl" | "fcntl" | "getsockopt"
            | "setsockopt" | "getsockname" | "getpeername" | "listen" | "bind" | "connect" => 0,
            "epoll_ctl" => 2,
            _ if self.is_epoll() => 0,
            _ => return None,
        };
        Some(self.arguments[argument] as i32)
    }

    /// The epoll descriptor, if the call is epoll_wait(2) or one of its variants.
    pub fn epoll(&self) -> i32 {
        self.arguments[0] as i32
    }

    /// The time-out of poll, epoll_wait or epoll_pwait in milliseconds. A negative value means no
    /// time-out. `None` for other calls, for example ppoll, which gets a pointer to its time-out.
    pub fn timeout(&self) -> Option<i32> {
        match self.name() {
            "poll" => Some(self.arguments[2] as i32),
            "epoll_wait" | "epoll_pwait" => Some(self.arguments[3] as i32),
            _ => None,
        }
    }
}
