//! Recognizes a long sleep when it begins, so that its end need not be waited for.

use crate::shared::naps::time_out;
use crate::shared::unchanged::Unchanged;
use std::time::Duration;
use witness::{Server, Unobservable};

/// The shortest time-out of a long sleep.
const LONG: Duration = Duration::from_millis(20);
/// Whether every thread of a server is in a long sleep.
#[derive(Default)]
pub(super) struct LongSleep {
    /// How often each thread had slept before, by its id. The number changes when the thread runs.
    sleeps: Unchanged<Vec<(i32, u64)>>,
}

impl LongSleep {
    /// Looks at the server again. Returns whether every thread has slept since an earlier look without
    /// a break, and only an event or a long time-out will wake it.
    pub(super) fn has_begun(
        &mut self,
        server: &Server,
        is_asleep: bool,
    ) -> Result<bool, Unobservable> {
        let sleeps = if is_asleep { long_sleeps(server)? } else { None };
        Ok(self.sleeps.has_settled(sleeps))
    }
}

/// How often each thread has slept. `None` if a thread will wake soon by itself.
fn long_sleeps(server: &Server) -> Result<Option<Vec<(i32, u64)>>, Unobservable> {
    let mut sleeps = Vec::new();
    for process in server.processes()? {
        for thread in process.threads()? {
            let Some(call) = thread.call else { return Ok(None) };
            let Some(count) = process.sleeps_of_thread(thread.tid) else { return Ok(None) };
            // The time-out of these calls is in their arguments, or in memory that can be read.
            let can_be_read = call.waits_for_readiness() || SLEEPS.contains(&call.name());
            let is_short = time_out(process, &call).is_some_and(|time| time < LONG);
            if is_short || !(can_be_read || ENDLESS.contains(&call.name())) {
                return Ok(None);
            }
            sleeps.push((thread.tid, count));
        }
    }
    Ok(Some(sleeps))
}

/// The calls that only sleep.
const SLEEPS: [&str; 2] = ["nanosleep", "clock_nanosleep"];
/// Calls without a time-out in which a server waits for its clients.
const ENDLESS: [&str; 7] =
    ["accept", "accept4", "read", "recvfrom", "recvmsg", "wait4", "rt_sigsuspend"];
