//! Determines whether a thread that sleeps in a system call will wake without an event.

use sandbox::{Call, Process};
use std::path::Path;
use std::time::Duration;

/// What ends a thread's sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sleep {
    /// Only an event ends the sleep: bytes, a connection, a signal, or another thread.
    UntilEvent,
    /// A clock ends the sleep, if no event does.
    Timed(Nap),
    /// The sleep ends soon without an event, for example a write to the terminal.
    Brief,
}

/// A sleep that a clock ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nap {
    /// The longest time from now to the end of the sleep.
    pub(crate) span: Duration,
    /// Whether the call waits for descriptors, so that a client can end the sleep.
    pub(crate) watches: bool,
}

/// A sleep that lasts at least this long counts as endless.
const ENDLESS: Duration = Duration::from_secs(30);
/// A call that waits for descriptors, and has at least this time-out, counts as endless. The thread
/// has such a time-out for its own timers, and a client wakes it at once. Programs often wait for
/// two seconds, and the time that is left is less.
const LONG_WATCH: Duration = Duration::from_millis(1900);
/// A timer that wakes a program less often than this does nothing that a client waits for.
pub(crate) const RARE_WAKEUP: Duration = Duration::from_millis(2500);

/// What ends the sleep of a thread of `process` that sleeps in `call`.
pub(crate) fn of(call: Call, process: Process) -> Sleep {
    // A write to the log or to standard error waits for room in the buffer of the terminal or the
    // pipe. The observer reads both, so this wait will end soon.
    if matches!(call.name(), "write" | "writev") && is_output(process, call.arguments[0]) {
        return Sleep::Brief;
    }
    match timeout(&call, process) {
        Timeout::None => Sleep::UntilEvent,
        Timeout::Unknown => Sleep::Brief,
        Timeout::In(span) => {
            let watches = watches_descriptors(&call);
            let endless = if watches { LONG_WATCH } else { ENDLESS };
            match span >= endless {
                true => Sleep::UntilEvent,
                false => Sleep::Timed(Nap { span, watches }),
            }
        }
    }
}

/// The time after which a call returns without an event, if it has one that can be read.
pub(crate) fn time_out(call: &Call, process: Process) -> Option<Duration> {
    match timeout(call, process) {
        Timeout::In(span) => Some(span),
        Timeout::None | Timeout::Unknown => None,
    }
}

/// Whether the time-out of a call is in the memory of the thread. As soon as the thread has woken,
/// this memory can have other contents.
pub(crate) fn has_time_in_memory(call: &Call) -> bool {
    const CALLS: [&str; 8] = [
        "futex",
        "epoll_pwait2",
        "ppoll",
        "rt_sigtimedwait",
        "select",
        "pselect6",
        "nanosleep",
        "clock_nanosleep",
    ];
    CALLS.contains(&call.name())
}

/// The time-out of a call that waits for descriptors, if it has one.
pub(crate) fn timeout_for_descriptors(call: &Call, process: Process) -> Option<Duration> {
    match timeout(call, process) {
        Timeout::In(span) if watches_descriptors(call) => Some(span),
        _ => None,
    }
}

/// The time after which a call returns without an event.
enum Timeout {
    None,
    In(Duration),
    /// The time is in memory that could not be read, because the thread has woken or ended.
    Unknown,
}

fn timeout(call: &Call, process: Process) -> Timeout {
    let argument = |index: usize| call.arguments[index];
    let span = |index| read_time(process, argument(index), 1);
    match call.name() {
        "poll" => millis(argument(2)),
        "epoll_wait" | "epoll_pwait" => millis(argument(3)),
        "futex" if is_absolute_futex(argument(1)) => until(futex_clock(argument(1)), span(3)),
        "epoll_pwait2" | "futex" => span(3),
        "ppoll" | "rt_sigtimedwait" => span(2),
        // select has a timeval, whose second field has the unit microseconds.
        "select" => read_time(process, argument(4), 1000),
        "pselect6" => span(4),
        "nanosleep" => span(0),
        "clock_nanosleep" if argument(1) & TIMER_ABSTIME != 0 => until(argument(0) as i32, span(2)),
        "clock_nanosleep" => span(2),
        _ => Timeout::None,
    }
}

/// Whether the call waits for at least one descriptor.
fn watches_descriptors(call: &Call) -> bool {
    match call.name() {
        "poll" | "ppoll" => call.arguments[1] > 0,
        "select" | "pselect6" => call.arguments[0] > 0,
        _ => call.is_epoll(),
    }
}

const TIMER_ABSTIME: u64 = libc::TIMER_ABSTIME as u64;

/// Whether the descriptor is standard output, standard error or a pseudo-terminal (pts(4)). A
/// process that serves one client may have this client's socket as its standard output, as the
/// programs that inetd(8) starts.
fn is_output(process: Process, descriptor: u64) -> bool {
    match process.link(descriptor as i32) {
        Some(target) if target.starts_with("/dev/pts") => true,
        Some(target) if is_socket(&target) => false,
        _ => matches!(descriptor, 1 | 2),
    }
}

/// Whether a link in `/proc/PID/fd` names a socket (proc_pid_fd(5)).
pub(crate) fn is_socket(target: &Path) -> bool {
    target.to_string_lossy().starts_with("socket:")
}

/// Whether the time-out of a futex(2) operation is a point in time and not a duration.
fn is_absolute_futex(operation: u64) -> bool {
    operation as i32 & libc::FUTEX_CMD_MASK != libc::FUTEX_WAIT
}

fn futex_clock(operation: u64) -> i32 {
    let real = operation as i32 & libc::FUTEX_CLOCK_REALTIME != 0;
    if real { libc::CLOCK_REALTIME } else { libc::CLOCK_MONOTONIC }
}

/// Converts a point in time to the time until a clock shows it.
fn until(clock: i32, end: Timeout) -> Timeout {
    let Timeout::In(end) = end else { return end };
    match nix::time::clock_gettime(clock.into()) {
        Ok(now) => Timeout::In(end.saturating_sub(now.into())),
        Err(_) => Timeout::Unknown,
    }
}

/// Converts a time-out of poll(2) in milliseconds. A negative value means no time-out.
fn millis(register: u64) -> Timeout {
    let span = u64::try_from(register as i32).map(Duration::from_millis);
    span.map_or(Timeout::None, Timeout::In)
}

/// Reads the struct timespec or timeval at `address`. `unit` is the unit of its second field in
/// nanoseconds. A null pointer means no time-out.
fn read_time(process: Process, address: u64, unit: u64) -> Timeout {
    if address == 0 {
        return Timeout::None;
    }
    let mut bytes = [0; 16];
    if process.read_memory(address, &mut bytes).is_err() {
        return Timeout::Unknown;
    }
    let (words, _) = bytes.as_chunks::<8>();
    let [seconds, fraction] = [words[0], words[1]].map(u64::from_ne_bytes);
    let fraction = Duration::from_nanos(fraction.saturating_mul(unit));
    Timeout::In(Duration::from_secs(seconds).saturating_add(fraction))
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

    fn nap(millis: u64, watches: bool) -> Sleep {
        Sleep::Timed(Nap { span: Duration::from_millis(millis), watches })
    }

    fn timespec(time: Duration) -> [u64; 2] {
        [time.as_secs(), time.subsec_nanos().into()]
    }

    #[test]
    fn a_poll_without_a_time_out_waits_for_an_event() {
        assert_eq!(sleep("poll", [0, 1, u64::MAX, 0, 0, 0]), Sleep::UntilEvent);
        assert_eq!(sleep("poll", [0, 1, u64::from(u32::MAX), 0, 0, 0]), Sleep::UntilEvent);
        assert_eq!(sleep("poll", [0, 1, 50, 0, 0, 0]), nap(50, true));
        assert_eq!(sleep("epoll_wait", [0, 0, 0, 50, 0, 0]), nap(50, true));
        assert_eq!(sleep("poll", [0, 1, 60_000, 0, 0, 0]), Sleep::UntilEvent);
    }

    #[test]
    fn a_time_out_is_known_if_the_call_waits_for_descriptors() {
        let time_out = |name: &str, arguments| {
            timeout_for_descriptors(
                &call(name, arguments),
                Process { pid: std::process::id() as i32 },
            )
        };
        assert_eq!(time_out("poll", [0, 1, 5000, 0, 0, 0]), Some(Duration::from_secs(5)));
        assert_eq!(time_out("poll", [0, 1, u64::MAX, 0, 0, 0]), None);
        assert_eq!(time_out("poll", [0, 0, 5000, 0, 0, 0]), None);
        assert_eq!(time_out("read", [3, 0, 5000, 0, 0, 0]), None);
    }

    #[test]
    fn a_call_that_waits_for_no_descriptor_is_a_sleep() {
        assert_eq!(sleep("poll", [0, 0, 2, 0, 0, 0]), nap(2, false));
        assert_eq!(sleep("poll", [0, 0, 20_000, 0, 0, 0]), nap(20_000, false));
        assert_eq!(sleep("poll", [0, 0, 3_600_000, 0, 0, 0]), Sleep::UntilEvent);
        assert_eq!(sleep("poll", [0, 0, u64::MAX, 0, 0, 0]), Sleep::UntilEvent);
        assert_eq!(sleep("select", [0; 6]), Sleep::UntilEvent);
        assert_eq!(sleep("pause", [0; 6]), Sleep::UntilEvent);
        assert_eq!(sleep("rt_sigtimedwait", [0; 6]), Sleep::UntilEvent);
    }

    #[test]
    fn a_timeval_has_microseconds_and_a_timespec_nanoseconds() {
        let time = [0u64, 100_000];
        let at = time.as_ptr() as u64;
        assert_eq!(sleep("select", [4, 0, 0, 0, at, 0]), nap(100, true));
        let micros = Nap { span: Duration::from_micros(100), watches: true };
        assert_eq!(sleep("pselect6", [4, 0, 0, 0, at, 0]), Sleep::Timed(micros));
    }

    #[test]
    fn a_long_sleep_counts_as_endless() {
        for (seconds, expected) in [(2, nap(2000, false)), (3600, Sleep::UntilEvent)] {
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
            for (more, is_nap) in [(2, true), (3600, false)] {
                let end = timespec(now + Duration::from_secs(more));
                let arguments = [clock as u64, TIMER_ABSTIME, end.as_ptr() as u64, 0, 0, 0];
                let found = sleep("clock_nanosleep", arguments);
                assert_eq!(matches!(found, Sleep::Timed(_)), is_nap, "{found:?}");
            }
        }
        let soon = timespec(now(libc::CLOCK_MONOTONIC));
        let bitset = (libc::FUTEX_WAIT_BITSET | libc::FUTEX_PRIVATE_FLAG) as u64;
        let arguments = [0, bitset, 0, soon.as_ptr() as u64, 0, 0];
        assert_eq!(sleep("futex", arguments), nap(0, false));
    }

    #[test]
    fn a_number_that_is_no_system_call_has_a_name() {
        assert_eq!(Call { number: -1, arguments: [0; 6] }.name(), "no system call");
        assert_eq!(Call { number: i64::MAX, arguments: [0; 6] }.name(), "no system call");
    }
}
