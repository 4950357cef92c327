//! A sample of the system calls of a thread that uses processor time without a visible result.
//!
//! Such a thread is either doing work or in a busy loop, which repeats the same calls. Only the
//! thread's system calls show the difference. Therefore the thread is traced for a short time
//! (ptrace(2)). After that, the thread continues unchanged.

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

/// A sample of the system calls of a thread.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SyscallSample {
    /// The system calls in order. Each call has its result.
    pub calls: Vec<(Call, i64)>,
    /// The `pollfd` array of the last poll, after the kernel has set the returned events.
    pub poll_entries: Option<Vec<PollEntry>>,
    /// The epoll interest list at the time of the last epoll_wait.
    pub epoll_entries: Option<Vec<EpollEntry>>,
    /// The events that the last epoll_wait has returned. Each event has its data.
    pub events: Vec<(u32, u64)>,
}

/// The number of calls in a complete sample.
const SAMPLE_SIZE: usize = 80;
/// If no system call begins or ends within this time, the thread sleeps or computes, and the sample
/// ends.
const MAX_CALL_TIME: Duration = Duration::from_millis(20);

impl SyscallSample {
    /// Whether the thread is in a busy loop. In a busy loop, calls such as poll return immediately,
    /// and the thread makes no call that would change the result of the next poll.
    pub fn is_spinning(&self) -> bool {
        let waits = self.calls.iter().filter(|(call, _)| is_wait(call)).count();
        self.calls.len() >= SAMPLE_SIZE
            && waits >= SAMPLE_SIZE / 10
            && !self.calls.iter().any(is_progress)
    }

    /// Samples a thread of `process`. The sample is empty if the kernel refuses to trace the
    /// thread.
    pub(crate) fn of(process: Process, thread: &Thread, tracer: &mut Tracer) -> Self {
        let mut sample = Self::default();
        if let Some(mut traced) = tracer.seize(thread.tid) {
            sample.record(process, &mut traced);
            tracer.detach(traced);
        }
        sample
    }

    /// Records the thread's calls until the sample is complete or the thread sleeps.
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
    /// The repeated calls with their results, e.g. `poll = 1, read = 0`.
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

/// Whether the call waits for a client, or for the bytes of a client.
fn is_wait(call: &Call) -> bool {
    call.waits_for_readiness() || matches!(call.name(), "accept" | "accept4" | "recvfrom" | "read")
}

/// Whether the call has done something for a client.
fn is_progress((call, value): &(Call, i64)) -> bool {
    match call.name() {
        "read" | "readv" | "recvfrom" | "recvmsg" => *value > 0,
        "accept" | "accept4" => *value >= 0,
        // A write to the log is not progress, because it does nothing for a client.
        "write" | "writev" => *value > 0 && call.arguments[0] > 2,
        "sendto" | "sendmsg" | "clone" | "clone3" | "fork" | "vfork" => *value > 0,
        "close" | "epoll_ctl" | "shutdown" => *value == 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
