//! The time after which a system call ends although nothing has happened.

use std::time::Duration;
use witness::{Call, Process};

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
