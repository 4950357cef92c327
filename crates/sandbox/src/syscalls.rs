//! A system call that a thread is in.

use syscalls::Sysno;

/// A system call that a thread is in, with its arguments as the registers hold them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its number on this machine.
    pub number: i64,
    /// Its arguments.
    pub arguments: [u64; 6],
}

impl Call {
    /// Its name, e.g. `accept4`.
    pub fn name(&self) -> &'static str {
        match Sysno::new(self.number as usize) {
            // What poll is called after a signal has stopped it (restart_syscall(2)).
            Some(Sysno::restart_syscall) => "poll",
            Some(call) => call.name(),
            None => "no system call",
        }
    }

    /// Whether it waits for one of several descriptors to become ready.
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

    /// Whether it is one of poll(2)'s.
    pub fn is_poll(&self) -> bool {
        matches!(self.name(), "poll" | "ppoll")
    }

    /// Whether it is one of epoll_wait(2)'s.
    pub fn is_epoll(&self) -> bool {
        matches!(self.name(), "epoll_wait" | "epoll_pwait" | "epoll_pwait2")
    }

    /// The epoll descriptor of one of epoll_wait(2)'s.
    pub fn epoll(&self) -> i32 {
        self.arguments[0] as i32
    }

    /// The time-out of a poll or epoll_wait in ms, negative for ever; `None` for the calls that are
    /// only given an address of theirs.
    pub fn timeout(&self) -> Option<i32> {
        match self.name() {
            "poll" => Some(self.arguments[2] as i32),
            "epoll_wait" | "epoll_pwait" => Some(self.arguments[3] as i32),
            _ => None,
        }
    }
}
