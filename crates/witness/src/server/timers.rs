//! Finds timers that will wake the server although its threads sleep until an event.
//!
//! A server may set a timer (timerfd_create(2)) and wait for its descriptor, for example to accept
//! again a while after accept has failed with EMFILE. Such a server is not idle before the timer has
//! expired.

use super::Server;
use super::helper_threads::ThreadOf;
use crate::sleep::RARE_WAKEUP;
use sandbox::Process;
use std::path::Path;
use std::time::{Duration, Instant};

/// Timers are searched among the descriptors below this number: a program creates them when it
/// starts.
const DESCRIPTORS: i32 = 64;
/// Timers are searched in at most this many processes of the server.
const PROCESSES: usize = 4;
/// The time that a server needs to react to a timer.
const REACTION: Duration = Duration::from_millis(5);

/// The timers that were set when a wait first found the server asleep, after the last visible change.
#[derive(Debug, Default)]
pub(super) struct TimersOfWait {
    /// When they were read, and when the last of them expires.
    found: Option<(Instant, Instant)>,
}

impl TimersOfWait {
    /// Whether every timer has expired once since the last visible change, which was `quiet_for` ago.
    /// `left` is the time until the last timer expires, if one is set.
    fn have_expired(
        &mut self,
        quiet_for: Duration,
        left: impl FnOnce() -> Option<Duration>,
    ) -> bool {
        let now = Instant::now();
        if self.found.is_some_and(|(read_at, _)| read_at + quiet_for < now) {
            self.found = None;
        }
        if self.found.is_none() {
            // On a busy machine, reading the timers takes long. The time left begins after it.
            self.found = left().map(|left| (now, Instant::now() + left + REACTION));
        }
        self.found.is_none_or(|(_, expired_at)| expired_at <= now)
    }
}

impl Server {
    /// Whether no timer that expires soon will wake the server, which has not changed visibly for
    /// `quiet_for`. A timer that has expired once without a visible change does not count.
    pub(super) fn timers_have_expired(
        &self,
        timers: &mut TimersOfWait,
        quiet_for: Duration,
        threads: &[ThreadOf],
    ) -> bool {
        timers.have_expired(quiet_for, || {
            let mut processes: Vec<Process> = threads.iter().map(|(process, _)| *process).collect();
            processes.dedup();
            let left = processes.into_iter().take(PROCESSES).flat_map(timers_of);
            left.filter(|left| *left < RARE_WAKEUP).max()
        })
    }
}

/// The times that are left of the timers that a process has set.
fn timers_of(process: Process) -> impl Iterator<Item = Duration> {
    (0..DESCRIPTORS).filter_map(move |fd| {
        let is_timer = process.link(fd)? == Path::new("anon_inode:[timerfd]");
        is_timer.then(|| process.fdinfo(fd).ok().flatten().and_then(|text| time_left(&text)))?
    })
}

/// The time that is left of a timer, from the text of `/proc/PID/fdinfo/FD` (proc_pid_fdinfo(5)).
/// `None` if the timer is not set.
fn time_left(fdinfo: &str) -> Option<Duration> {
    let value = fdinfo.lines().find_map(|line| line.strip_prefix("it_value: ("))?;
    let (seconds, nanos) = value.strip_suffix(')')?.split_once(", ")?;
    let left = Duration::new(seconds.parse().ok()?, nanos.parse().ok()?);
    (!left.is_zero()).then_some(left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::time::TimeSpec;
    use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

    #[test]
    fn a_timer_that_is_set_is_found_and_another_one_is_not() {
        let timer = || TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::empty()).unwrap();
        let (set, _unset) = (timer(), timer());
        let minute = Expiration::OneShot(TimeSpec::from_duration(Duration::from_secs(60)));
        set.set(minute, TimerSetTimeFlags::empty()).unwrap();
        let own = Process { pid: std::process::id() as i32 };
        let left: Vec<Duration> = timers_of(own).collect();
        assert!(matches!(left[..], [left] if left > Duration::from_secs(50)), "{left:?}");
    }

    #[test]
    fn a_timer_counts_until_it_has_expired_once() {
        let mut timers = TimersOfWait::default();
        assert!(timers.have_expired(Duration::ZERO, || None));
        let begun = Instant::now();
        while !timers.have_expired(begun.elapsed(), || Some(Duration::from_millis(20))) {
            std::thread::yield_now();
        }
        assert!(begun.elapsed() >= Duration::from_millis(25));
        // A timer that is read slowly does not count as expired before its time.
        let slowly = || {
            std::thread::sleep(Duration::from_millis(30));
            Some(Duration::from_millis(20))
        };
        let mut timers = TimersOfWait::default();
        assert!(!timers.have_expired(Duration::ZERO, slowly));
        let read_at = Instant::now();
        while !timers.have_expired(begun.elapsed(), || None) {
            std::thread::yield_now();
        }
        assert!(read_at.elapsed() >= Duration::from_millis(20));
        // After a visible change, the timer counts again.
        assert!(!timers.have_expired(Duration::ZERO, || Some(Duration::from_millis(20))));
    }
}
