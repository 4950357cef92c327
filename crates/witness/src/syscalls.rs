//! The calls that a thread sleeps in, and whether it will wake by itself.

use crate::process::Process;
use std::time::Duration;
use syscalls::Sysno;

/// A system call that a thread is in, with its arguments as the registers hold them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its number on this machine.
    pub number: i64,
    /// Its arguments.
    pub arguments: [u64; 6],
}

/// What ends a thread's sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sleep {
    /// Only an event: bytes, a connection, a signal, another thread.
    UntilEvent,
    /// An event, or this much time since it fell asleep.
    AtMost(Duration),
    /// It goes on by itself: a nap, a disk.
    Brief,
}

/// A wake-up this rare is a heartbeat, not work that was put off.
const HEARTBEAT: Duration = Duration::from_secs(1);

impl Call {
    /// Its name, e.g. `accept4`.
    pub fn name(&self) -> &'static str {
        match Sysno::new(self.number as usize) {
            // poll goes by this name after a signal or a tracer has interrupted it (restart_syscall(2)).
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

    /// What ends the sleep of a thread of `process` that is in this call.
    pub(crate) fn sleep(&self, process: Process) -> Sleep {
        let argument = |index: usize| self.arguments[index];
        let span = |index| read_span(process, self.arguments[index]);
        let at_most = match self.name() {
            "poll" => millis(argument(2)),
            "epoll_wait" | "epoll_pwait" => millis(argument(3)),
            "ppoll" | "rt_sigtimedwait" => span(2),
            "epoll_pwait2" | "futex" => span(3),
            "select" | "pselect6" => span(4),
            "nanosleep" | "clock_nanosleep" => return Sleep::Brief,
            _ => None,
        };
        match at_most {
            Some(span) if span < HEARTBEAT => Sleep::AtMost(span),
            _ => Sleep::UntilEvent,
        }
    }
}

/// A poll(2) time-out: negative is for ever.
fn millis(register: u64) -> Option<Duration> {
    u64::try_from(register as i32).ok().map(Duration::from_millis)
}

/// The struct timespec or timeval at `address`, its fraction counted as nanoseconds; null is for ever.
fn read_span(process: Process, address: u64) -> Option<Duration> {
    if address == 0 {
        return None;
    }
    let mut bytes = [0; 16];
    process.read_memory(address, &mut bytes).ok()?;
    let seconds = u64::from_ne_bytes(bytes[..8].try_into().ok()?);
    let fraction = u64::from_ne_bytes(bytes[8..].try_into().ok()?);
    Some(Duration::from_secs(seconds).saturating_add(Duration::from_nanos(fraction)))
}
