//! A system call that a thread is in.

use syscalls::Sysno;

/// A system call that a thread is in, with its arguments as the registers hold them.
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
            // The name of a poll that a signal has stopped and that goes on (restart_syscall(2)).
            Some(Sysno::restart_syscall) => "poll",
            Some(call) => call.name(),
            None => "no system call",
        }
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

    /// The epoll descriptor of an epoll_wait(2).
    pub fn epoll(&self) -> i32 {
        self.arguments[0] as i32
    }

    /// The time-out of a poll or epoll_wait in milliseconds, negative for no time-out; `None` for
    /// calls that take the address of a time.
    pub fn timeout(&self) -> Option<i32> {
        match self.name() {
            "poll" => Some(self.arguments[2] as i32),
            "epoll_wait" | "epoll_pwait" => Some(self.arguments[3] as i32),
            _ => None,
        }
    }
}
