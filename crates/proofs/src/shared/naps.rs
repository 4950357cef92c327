//! The time after which a system call ends although nothing has happened.

use crate::test_run::TestRun;
use std::time::Duration;
use witness::{Call, Process, Server, Unobservable};

/// The time-out of a wait, or the time of a sleep, which the call was made with. `None` if the call
/// ends only with an event, or if its time cannot be read.
pub(crate) fn time_out(process: Process, call: &Call) -> Option<Duration> {
    let argument = |index: usize| call.arguments[index];
    match call.name() {
        "poll" | "epoll_wait" | "epoll_pwait" => {
            u64::try_from(call.timeout()?).ok().map(Duration::from_millis)
        }
        "nanosleep" => time_at(process, argument(0), Duration::from_nanos),
        "ppoll" | "clock_nanosleep" => time_at(process, argument(2), Duration::from_nanos),
        "epoll_pwait2" => time_at(process, argument(3), Duration::from_nanos),
        "pselect6" => time_at(process, argument(4), Duration::from_nanos),
        "select" => time_at(process, argument(4), Duration::from_micros),
        _ => None,
    }
}

/// The number of waits that are looked at, to find their time-out.
const WAITS: usize = 4;
/// The longest time for which these waits are looked at.
const LOOK_TIME: Duration = Duration::from_millis(100);

/// The time-out with which a thread of the server calls `call` again and again. `read` is the time-out
/// that was read.
///
/// If ppoll, select or pselect6 is interrupted, Linux replaces its time-out in memory by the time that is
/// left (poll(2) and select(2), "C library/kernel differences"), and the observer may have interrupted the call
/// when it traced the thread. The next waits are not interrupted. The longest of all their time-outs is
/// the one that the program has asked for.
pub(crate) fn whole_time_out(run: &mut TestRun, call: &Call, read: Duration) -> Duration {
    if !matches!(call.name(), "ppoll" | "select" | "pselect6") {
        return read;
    }
    let (mut longest, mut waits) = (read, Vec::new());
    let _ = run.server.wait_untraced(LOOK_TIME, |now| {
        for wait in waits_in(now, call)? {
            if !waits.contains(&(wait.thread, wait.count)) {
                waits.push((wait.thread, wait.count));
                longest = longest.max(wait.time_out);
            }
        }
        Ok((waits.len() >= WAITS).then_some(()))
    });
    longest
}

/// A wait of a thread.
struct Wait {
    thread: i32,
    /// How often the thread had been scheduled when the wait began.
    count: u64,
    time_out: Duration,
}

/// The waits of the threads that sleep in `call`. The memory of a thread that has woken since it was
/// listed may have other contents already.
fn waits_in(server: &Server, call: &Call) -> Result<Vec<Wait>, Unobservable> {
    let process = server.process();
    let mut waits = Vec::new();
    for thread in server.threads()?.into_iter().filter(|thread| thread.call == Some(*call)) {
        let (tid, count) = (thread.tid, thread.context_switches);
        if let Some(time_out) = time_out(process, call)
            && process.context_switches(tid) == Some(count)
        {
            waits.push(Wait { thread: tid, count, time_out });
        }
    }
    Ok(waits)
}

/// Reads the struct timespec or timeval at `address`, whose second field is in the unit of
/// `fraction`. A null pointer means no time-out.
fn time_at(process: Process, address: u64, fraction: fn(u64) -> Duration) -> Option<Duration> {
    if address == 0 {
        return None;
    }
    let mut bytes = [0; 16];
    process.read_memory(address, &mut bytes).ok()?;
    let (fields, _) = bytes.as_chunks::<8>();
    let [seconds, rest] = [0, 1].map(|index| u64::from_ne_bytes(fields[index]));
    Some(Duration::from_secs(seconds).saturating_add(fraction(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process;

    #[test]
    fn the_time_is_read_in_the_unit_of_the_call() {
        let own = Process { pid: process::id() as i32 };
        let time = [1_u64, 500];
        let at = time.as_ptr() as u64;
        assert_eq!(time_at(own, at, Duration::from_nanos), Some(Duration::new(1, 500)));
        assert_eq!(time_at(own, at, Duration::from_micros), Some(Duration::new(1, 500_000)));
        assert_eq!(time_at(own, 0, Duration::from_nanos), None);
    }
}
