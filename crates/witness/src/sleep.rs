//! Determines whether a thread that sleeps in a system call will wake without an event.

use sandbox::{Call, Process};
use std::time::Duration;

/// What ends a thread's sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sleep {
    /// Only an event ends the sleep: bytes, a connection, a signal, or another thread.
    UntilEvent,
    /// An event ends the sleep, or the time-out. The value is the time from the beginning of the
    /// sleep to the time-out.
    AtMost(Duration),
    /// The sleep ends soon without an event, for example a short sleep or a wait for a disk.
    Brief,
}

/// If a time-out is at least this long, the thread wakes so rarely that the wait counts as a wait
/// for an event.
const RARE_WAKEUP: Duration = Duration::from_secs(1);
/// If a sleep is at least this long, it counts as endless.
const ENDLESS: Duration = Duration::from_secs(30);

/// What ends the sleep of a thread of `process` that sleeps in `call`.
pub(crate) fn of(call: Call, process: Process) -> Sleep {
    let argument = |index: usize| call.arguments[index];
    let span = |index| read_span(process, call.arguments[index]);
    let at_most = match call.name() {
        "poll" => millis(argument(2)),
        "epoll_wait" | "epoll_pwait" => millis(argument(3)),
        "ppoll" | "rt_sigtimedwait" => span(2),
        "futex" if is_absolute_futex(argument(1)) => {
            span(3).and_then(|end| time_left(futex_clock(argument(1)), end))
        }
        "epoll_pwait2" | "futex" => span(3),
        "select" | "pselect6" => span(4),
        "nanosleep" => return timed_sleep(span(0)),
        "clock_nanosleep" if argument(1) & TIMER_ABSTIME != 0 => {
            return timed_sleep(span(2).and_then(|end| time_left(argument(0) as i32, end)));
        }
        "clock_nanosleep" => return timed_sleep(span(2)),
        // A write to the terminal waits for room in the terminal's buffer. The observer reads the
        // terminal, so this wait will end soon.
        "write" | "writev" if is_terminal(process, argument(0)) => return Sleep::Brief,
        _ => None,
    };
    if watches_nothing(call) {
        return timed_sleep(at_most);
    }
    match at_most {
        Some(span) if span < RARE_WAKEUP => Sleep::AtMost(span),
        _ => Sleep::UntilEvent,
    }
}

/// Whether the call is a poll or select without any descriptor. Such a call only sleeps.
fn watches_nothing(call: Call) -> bool {
    match call.name() {
        "poll" | "ppoll" => call.arguments[1] == 0,
        "select" | "pselect6" => call.arguments[0] == 0,
        _ => false,
    }
}

const TIMER_ABSTIME: u64 = libc::TIMER_ABSTIME as u64;

/// Classifies a sleep that ends after the time `span`. `None` means that the time is unknown.
fn timed_sleep(span: Option<Duration>) -> Sleep {
    match span {
        Some(span) if span >= ENDLESS => Sleep::UntilEvent,
        _ => Sleep::Brief,
    }
}

/// Whether the descriptor refers to a pseudo-terminal (pts(4)).
fn is_terminal(process: Process, descriptor: u64) -> bool {
    process.link(descriptor as i32).is_some_and(|target| target.starts_with("/dev/pts"))
}

/// Whether the time-out of a futex(2) operation is a point in time and not a duration.
fn is_absolute_futex(operation: u64) -> bool {
    operation as i32 & libc::FUTEX_CMD_MASK != libc::FUTEX_WAIT
}

fn futex_clock(operation: u64) -> i32 {
    let real = operation as i32 & libc::FUTEX_CLOCK_REALTIME != 0;
    if real { libc::CLOCK_REALTIME } else { libc::CLOCK_MONOTONIC }
}

/// The time until a clock shows `end`; `None` for a clock that cannot be read.
fn time_left(clock: i32, end: Duration) -> Option<Duration> {
    let now: Duration = nix::time::clock_gettime(clock.into()).ok()?.into();
    Some(end.saturating_sub(now))
}

/// Converts a time-out of poll(2) in milliseconds; `None` if it is negative, which means no
/// time-out.
fn millis(register: u64) -> Option<Duration> {
    u64::try_from(register as i32).ok().map(Duration::from_millis)
}

/// Reads the struct timespec or timeval at `address`. The second field is read as nanoseconds, also
/// in a timeval. `None` if the address is a null pointer, which means no time-out, or if the memory
/// cannot be read.
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;
    use syscalls::Sysno;

    fn call(name: &str, arguments: [u64; 6]) -> Call {
        let number = name.parse::<Sysno>().unwrap().id().into();
        Call { number, arguments }
    }

    /// What ends the sleep of a thread of this process in the given call.
    fn sleep(name: &str, arguments: [u64; 6]) -> Sleep {
        of(call(name, arguments), Process { pid: std::process::id() as i32 })
    }

    fn timespec(time: Duration) -> [u64; 2] {
        [time.as_secs(), time.subsec_nanos().into()]
    }

    #[test]
    fn a_poll_without_a_time_out_waits_for_an_event() {
        assert_eq!(sleep("poll", [0, 1, u64::MAX, 0, 0, 0]), Sleep::UntilEvent);
        assert_eq!(sleep("poll", [0, 1, u64::from(u32::MAX), 0, 0, 0]), Sleep::UntilEvent);
        let tick = Sleep::AtMost(Duration::from_millis(50));
        assert_eq!(sleep("poll", [0, 1, 50, 0, 0, 0]), tick);
        assert_eq!(sleep("epoll_wait", [0, 0, 0, 50, 0, 0]), tick);
    }

    #[test]
    fn a_poll_of_nothing_ends_by_itself() {
        assert_eq!(sleep("poll", [0, 0, 2, 0, 0, 0]), Sleep::Brief);
        assert_eq!(sleep("poll", [0, 0, 3_600_000, 0, 0, 0]), Sleep::UntilEvent);
    }

    #[test]
    fn a_short_sleep_ends_soon_and_a_long_one_counts_as_endless() {
        for (seconds, expected) in [(2, Sleep::Brief), (3600, Sleep::UntilEvent)] {
            let time = timespec(Duration::from_secs(seconds));
            let at = time.as_ptr() as u64;
            assert_eq!(sleep("nanosleep", [at, 0, 0, 0, 0, 0]), expected);
            assert_eq!(sleep("clock_nanosleep", [1, 0, at, 0, 0, 0]), expected);
        }
        assert_eq!(sleep("nanosleep", [8, 0, 0, 0, 0, 0]), Sleep::Brief); // unreadable
    }

    #[test]
    fn a_write_to_the_terminal_ends_soon_and_one_to_a_socket_waits_for_the_peer() {
        let terminal = nix::pty::openpty(None, None).unwrap();
        let (socket, _peer) = std::os::unix::net::UnixStream::pair().unwrap();
        let write_to = |fd: i32| sleep("write", [fd as u64, 0, 1, 0, 0, 0]);
        assert_eq!(write_to(terminal.slave.as_raw_fd()), Sleep::Brief);
        assert_eq!(write_to(socket.as_raw_fd()), Sleep::UntilEvent);
    }

    #[test]
    fn an_absolute_time_is_compared_with_its_own_clock() {
        let now = |clock: i32| nix::time::clock_gettime(clock.into()).unwrap().into();
        for clock in [libc::CLOCK_MONOTONIC, libc::CLOCK_REALTIME] {
            let now: Duration = now(clock);
            for (more, expected) in [(2, Sleep::Brief), (3600, Sleep::UntilEvent)] {
                let end = timespec(now + Duration::from_secs(more));
                let arguments = [clock as u64, TIMER_ABSTIME, end.as_ptr() as u64, 0, 0, 0];
                assert_eq!(sleep("clock_nanosleep", arguments), expected);
            }
        }
        let soon = timespec(now(libc::CLOCK_MONOTONIC));
        let bitset = (libc::FUTEX_WAIT_BITSET | libc::FUTEX_PRIVATE_FLAG) as u64;
        let arguments = [0, bitset, 0, soon.as_ptr() as u64, 0, 0];
        assert_eq!(sleep("futex", arguments), Sleep::AtMost(Duration::ZERO));
    }

    #[test]
    fn a_number_that_is_no_system_call_has_a_name() {
        assert_eq!(Call { number: -1, arguments: [0; 6] }.name(), "no system call");
        assert_eq!(Call { number: i64::MAX, arguments: [0; 6] }.name(), "no system call");
    }
}
