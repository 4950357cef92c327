//! The last few dozen system calls of a thread that never sleeps.
//!
//! A thread that uses processor time without any visible result is either working or repeating the
//! same calls. Only its calls show which of both it does. So the thread is traced for a short time
//! (ptrace(2)), and continues unchanged.

mod restart_syscall;
mod tracer;

use crate::epoll_entry::{self, EpollEntry};
use crate::poll_entry::{self, PollEntry};
use nix::errno::Errno;
use sandbox::{Call, Process, Thread};
use std::fmt;
use std::time::Duration;
use tracer::{SyscallStop, Traced};

pub(crate) use tracer::Tracer;

/// A sample of the system calls of a thread that never sleeps.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SyscallSample {
    /// The calls in order, each with its result.
    pub calls: Vec<(Call, i64)>,
    /// The array of the last poll, as the kernel returned it.
    pub poll_entries: Option<Vec<PollEntry>>,
    /// The interest list at the last epoll_wait.
    pub epoll_entries: Option<Vec<EpollEntry>>,
    /// The events that the last epoll_wait has returned, each with its data.
    pub events: Vec<(u32, u64)>,
}

/// The number of calls in a complete sample.
const SAMPLE_SIZE: usize = 80;
/// If the next call does not end within this time, the thread sleeps or computes, and the sample
/// ends.
const MAX_CALL_TIME: Duration = Duration::from_millis(20);

impl SyscallSample {
    /// Whether the thread repeats the same calls: it asks what is ready, gets an answer at once, and
    /// does nothing that would change the next answer.
    pub fn is_spinning(&self) -> bool {
        let waits = self.calls.iter().filter(|(call, _)| is_wait(call)).count();
        self.calls.len() >= SAMPLE_SIZE
            && waits >= SAMPLE_SIZE / 10
            && !self.calls.iter().any(is_progress)
    }

    /// Samples a thread of `process`; empty where tracing is refused.
    pub(crate) fn of(process: Process, thread: &Thread, tracer: &mut Tracer) -> Self {
        let mut sample = Self::default();
        if let Some(mut traced) = tracer.seize(thread.tid) {
            sample.record(process, &mut traced);
            tracer.detach(traced);
        }
        sample
    }

    /// Records one call after the other, until the sample is complete or the thread sleeps.
    fn record(&mut self, process: Process, traced: &mut Traced) {
        let mut entered = None;
        while self.calls.len() < SAMPLE_SIZE && traced.run_to_next_stop(MAX_CALL_TIME) {
            match traced.syscall_stop() {
                Some(SyscallStop::Entry(call)) => entered = Some(call),
                Some(SyscallStop::Exit(value)) => {
                    let Some(call) = entered.take() else { continue };
                    if call.is_poll() {
                        self.poll_entries = poll_entry::read(process, &call).ok();
                    }
                    if call.is_epoll() {
                        self.epoll_entries = epoll_entry::read(process, call.epoll()).ok();
                        self.events =
                            epoll_entry::returned(process, &call, value).unwrap_or_default();
                    }
                    self.calls.push((call, value));
                }
                None => {}
            }
        }
    }
}

impl fmt::Display for SyscallSample {
    /// The calls that repeat, e.g. `poll = 1, read = 0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_loop = self.calls.iter().any(|(call, _)| call.waits_for_readiness());
        let begins_cycle =
            |call: &Call| if has_loop { call.waits_for_readiness() } else { is_wait(call) };
        let mut starts = (0..self.calls.len()).filter(|at| begins_cycle(&self.calls[*at].0));
        let from = starts.next().unwrap_or(0);
        let to = starts.next().unwrap_or(self.calls.len());
        let cycle = &self.calls[from..to];
        for (index, (call, value)) in cycle.iter().take(4).enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            let result = result(*value);
            write!(f, "{comma}{} = {result}", call.name())?;
        }
        Ok(())
    }
}

/// The result of a call: a number, or the name of an errno.
fn result(value: i64) -> String {
    match value {
        -4095..0 => format!("{:?}", Errno::from_raw(-value as i32)),
        value => value.to_string(),
    }
}

/// Whether the call waits for a client or its bytes.
fn is_wait(call: &Call) -> bool {
    call.waits_for_readiness() || matches!(call.name(), "accept" | "accept4" | "recvfrom" | "read")
}

/// Whether the call has done something for a client.
fn is_progress((call, value): &(Call, i64)) -> bool {
    match call.name() {
        "read" | "readv" | "recvfrom" | "recvmsg" => *value > 0,
        "accept" | "accept4" => *value >= 0,
        // Writing to its own log serves no client.
        "write" | "writev" => *value > 0 && call.arguments[0] > 2,
        "sendto" | "sendmsg" | "clone" | "clone3" | "fork" | "vfork" => *value > 0,
        "close" | "epoll_ctl" | "shutdown" => *value == 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
