//! Remembers in which calls the threads sleep, although the observer interrupts these calls.
//!
//! After a thread was stopped and resumed, the kernel may show the call restart_syscall(2) in place
//! of the interrupted one. The time-out in the thread's memory may then be the time that is left.

use crate::sleep::{self, Sleep};
use crate::syscall_sample::Interrupted;
use sandbox::{Call, Process, Thread};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The calls in which the threads were seen asleep for the last time, by thread id.
#[derive(Debug, Default)]
pub(super) struct Sleeps(HashMap<i32, Seen>);

#[derive(Clone, Copy, Debug)]
struct Seen {
    call: Call,
    sleep: Sleep,
    /// The time-out, and when it was read.
    time_out: Option<Duration>,
    at: Instant,
}

/// The maximum error when the time that is left of a sleep is compared with an earlier time-out.
const TOLERANCE: Duration = Duration::from_millis(100);

impl Sleeps {
    /// Remembers the calls of these threads, and the calls that the observer has interrupted since
    /// the last update. Replaces a restarted call by the call that was interrupted.
    pub(super) fn update(
        &mut self,
        threads: &mut [(Process, Thread)],
        interrupted: Vec<Interrupted>,
    ) {
        for stop in interrupted {
            let seen = self.0.get(&stop.tid);
            if seen.is_none_or(|seen| !seen.is_same(&stop)) {
                let Interrupted { call, sleep, time_out, .. } = stop;
                self.0.insert(stop.tid, Seen { call, sleep, time_out, at: Instant::now() });
            }
        }
        self.0.retain(|tid, _| threads.iter().any(|(_, thread)| thread.tid == *tid));
        for (process, thread) in threads {
            let Some(call) = thread.call else { continue };
            match (call.is_restart(), self.0.get(&thread.tid)) {
                (true, Some(seen)) => thread.call = Some(seen.call),
                (true, None) => {}
                (false, _) => self.remember(*process, thread, call),
            }
        }
    }

    /// Remembers the call of a thread. If the thread has woken since it was listed, its sleep was
    /// brief: the memory with its time-out may have other contents already.
    fn remember(&mut self, process: Process, thread: &Thread, call: Call) {
        let (mut sleep, mut time_out) = (sleep::of(call, process), sleep::time_out(&call, process));
        if sleep::has_time_in_memory(&call) && !sleeps_on(process, thread) {
            (sleep, time_out) = (Sleep::Brief, None);
        }
        self.0.insert(thread.tid, Seen { call, sleep, time_out, at: Instant::now() });
    }

    /// The call that a thread sleeps in: `call`, or the interrupted call that the kernel restarts.
    pub(super) fn interrupted(&self, tid: i32, call: Call) -> Call {
        match self.0.get(&tid) {
            Some(seen) if call.is_restart() => seen.call,
            _ => call,
        }
    }

    /// What ends the sleep of a thread that sleeps in `call`.
    pub(super) fn sleep(&self, process: Process, tid: i32, call: Call) -> Sleep {
        match self.0.get(&tid) {
            Some(seen) if seen.call == call => seen.sleep,
            _ => sleep::of(call, process),
        }
    }
}

impl Seen {
    /// Whether the call that was interrupted is the one that was seen before. The kernel may have
    /// replaced its time-out by the time that was left (select(2), nanosleep(2)).
    fn is_same(&self, stop: &Interrupted) -> bool {
        self.call == stop.call
            && match (self.time_out, stop.time_out) {
                (Some(before), Some(left)) => {
                    let least = before.saturating_sub(self.at.elapsed() + TOLERANCE);
                    (least..=before).contains(&left)
                }
                (before, left) => before.is_some() == left.is_some(),
            }
    }
}

/// Whether a thread has not run since it was listed.
fn sleeps_on(process: Process, listed: &Thread) -> bool {
    process.context_switches(listed.tid) == Some(listed.context_switches)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sleep::Nap;

    fn call(name: &str) -> Call {
        let number = name.parse::<syscalls::Sysno>().unwrap().id().into();
        Call { number, arguments: [8, 0, 0, 0, 0, 0] }
    }

    fn stop(millis: u64) -> Interrupted {
        let time_out = Duration::from_millis(millis);
        let sleep = match millis < 30_000 {
            true => Sleep::Timed(Nap { span: time_out, watches: false }),
            false => Sleep::UntilEvent,
        };
        Interrupted { tid: 1, call: call("nanosleep"), sleep, time_out: Some(time_out) }
    }

    /// What ends the sleep of a thread after these stops of the same call.
    fn after(stops: &[u64]) -> Sleep {
        let process = Process { pid: i32::MAX };
        let mut thread = Thread::vanished(1);
        thread.call = Some(call("restart_syscall"));
        let mut sleeps = Sleeps::default();
        for millis in stops {
            let mut threads = [(process, thread.clone())];
            sleeps.update(&mut threads, vec![stop(*millis)]);
            assert_eq!(threads[0].1.call, Some(call("nanosleep")));
        }
        sleeps.sleep(process, 1, call("nanosleep"))
    }

    #[test]
    fn the_time_that_is_left_does_not_make_a_long_sleep_short() {
        assert_eq!(after(&[30_020, 29_990]), Sleep::UntilEvent);
    }

    #[test]
    fn another_sleep_at_the_same_address_has_its_own_time() {
        let short = Sleep::Timed(Nap { span: Duration::from_millis(2), watches: false });
        assert_eq!(after(&[1_000_000_000, 2]), short);
        assert_eq!(after(&[2, 60_000]), Sleep::UntilEvent);
    }
}
