//! The row of Common Mistakes that the state of a server supports.
//!
//! A check proposes a row because of what it has asked of the server. Other mistakes may have the
//! same effect. Therefore [`supported`] keeps a row only if the state of the server shows this
//! mistake: the kernel's tables, the sampled calls, the log, and the server's end. No row is better
//! than a wrong row.
//!
//! This module has the ids of all lessons. If a lesson's table has no row with an id, the failure
//! shows no row.

mod client_files;
mod evidence;
mod sleeping;
mod slot_log;
mod spinning;

use super::TestRun;
use crate::log_event::LogEvent;
use crate::shared::wait_call::WaitCall;
use witness::{SyscallSample, WaitError};

/// The row of a failure: the row that the check proposes, if the state of the server supports it.
/// Otherwise the row that this state shows by itself, if there is one.
pub(crate) fn supported(
    run: &TestRun,
    wait_error: &WaitError,
    proposed: Option<&'static str>,
) -> Option<&'static str> {
    let holds = |row: &&'static str| evidence::holds(row, run, wait_error);
    proposed.filter(holds).or_else(|| of(run, wait_error).filter(holds))
}

/// The row that explains why a wait has failed. The row does not depend on the check that has
/// failed.
pub(crate) fn of(run: &TestRun, wait_error: &WaitError) -> Option<&'static str> {
    match wait_error {
        WaitError::Idle { calls } => {
            sleeping::blocked_in(run, calls).or_else(|| sleeping::missed_edge(run))
        }
        WaitError::Spinning(sample) => spinning::row_of(run, sample),
        // A descriptor that is added twice causes EEXIST (epoll_ctl(2)). errno(3) and every
        // standard library describe EEXIST by this text.
        WaitError::Ended(_) if run.server.stderr().contains("File exists") => Some("added-again"),
        WaitError::Ended(exit) if evidence::is_killed_by_pipe(exit) => Some("sigpipe"),
        WaitError::Ended(exit) if evidence::names_interrupted_call(run, exit) => {
            Some("eintr-ends-server")
        }
        // The last thing that the server did was to reject a client.
        WaitError::Ended(_) => {
            let mut events =
                run.server.log()[run.step_log_start()..].iter().filter_map(LogEvent::of);
            (events.next_back() == Some(LogEvent::Reject)).then_some("full-ends-server")
        }
        _ => None,
    }
}

/// The row that explains why a wait for what a client has sent has failed: the server does not read
/// from the client, although the client's entry on the interest list waits for input.
pub(crate) fn of_event(run: &TestRun, wait_error: &WaitError) -> Option<&'static str> {
    match wait_error {
        WaitError::Idle { .. } => sleeping::below_low_water_mark(run),
        WaitError::Spinning(sample) => spinning::unread_event(sample),
        _ => None,
    }
}

/// The row of a client that repeats the calls of a sample, although it should sleep.
pub(crate) fn of_busy_client(sample: &SyscallSample) -> Option<&'static str> {
    spinning::row_of_client(sample)
}

/// The row that explains why a wait has failed. The server should sleep in the call `wait`.
pub(crate) fn of_wait(
    run: &TestRun,
    wait: WaitCall,
    wait_error: &WaitError,
) -> Option<&'static str> {
    let other_call = match wait_error {
        WaitError::Idle { calls } => {
            wait.find_in(calls).is_none() && WaitCall::Any.find_in(calls).is_some()
        }
        _ => false,
    };
    if wait == WaitCall::Epoll && other_call {
        return Some("poll-instead");
    }
    of(run, wait_error)
}
