//! What a server does that never falls asleep: its last few dozen system calls, one by one.
//!
//! A server that uses processor time and shows nothing for it is either working or spinning; only
//! its calls tell. It is traced for a moment (ptrace(2)), and then let go unharmed.

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

/// A glimpse of a thread that never sleeps.
#[derive(Clone, Debug, Default)]
pub struct SyscallSample {
    /// Its calls in order, each with what it returned.
    pub calls: Vec<(Call, i64)>,
    /// The array of its last poll, as the kernel filled it in.
    pub watched: Option<Vec<PollEntry>>,
    /// What epoll was asked to watch at its last epoll_wait.
    pub interests: Option<Vec<EpollEntry>>,
    /// The events of its last epoll_wait, each with its data.
    pub told: Vec<(u32, u64)>,
}

const GLIMPSE: usize = 80;
/// One call that takes longer than this is asleep or computing: not spinning.
const PATIENCE: Duration = Duration::from_millis(20);

impl SyscallSample {
    /// Whether it goes round and round: it waits, is told at once that something is ready, and does
    /// nothing of use.
    pub fn is_spinning(&self) -> bool {
        let waits = self.calls.iter().filter(|(call, _)| is_wait(call)).count();
        self.calls.len() >= GLIMPSE && waits >= GLIMPSE / 10 && !self.calls.iter().any(is_progress)
    }

    /// Watches a thread of `process` for a moment; empty where tracing is refused.
    pub(crate) fn of(process: Process, thread: &Thread, tracer: &mut Tracer) -> Self {
        let mut strobe = Self::default();
        if let Some(mut traced) = tracer.seize(thread.tid) {
            strobe.follow(process, &mut traced);
            tracer.let_go(traced);
        }
        strobe
    }

    /// From call to call.
    fn follow(&mut self, process: Process, traced: &mut Traced) {
        let mut entered = None;
        while self.calls.len() < GLIMPSE && traced.resume(PATIENCE) {
            match traced.syscall_stop() {
                Some(SyscallStop::Entry(call)) => entered = Some(call),
                Some(SyscallStop::Exit(value)) => {
                    let Some(call) = entered.take() else { continue };
                    if call.is_poll() {
                        self.watched = poll_entry::read(process, &call).ok();
                    }
                    if call.is_epoll() {
                        self.interests = epoll_entry::read(process, call.epoll()).ok();
                        self.told = epoll_entry::told(process, &call, value).unwrap_or_default();
                    }
                    self.calls.push((call, value));
                }
                None => {}
            }
        }
    }
}

impl fmt::Display for SyscallSample {
    /// The round that repeats, e.g. `poll = 1, read = 0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_loop = self.calls.iter().any(|(call, _)| call.waits_for_readiness());
        let begins =
            |call: &Call| if has_loop { call.waits_for_readiness() } else { is_wait(call) };
        let mut starts = (0..self.calls.len()).filter(|at| begins(&self.calls[*at].0));
        let from = starts.next().unwrap_or(0);
        let to = starts.next().unwrap_or(self.calls.len());
        let round = &self.calls[from..to];
        for (index, (call, value)) in round.iter().take(4).enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            let result = result(*value);
            write!(f, "{comma}{} = {result}", call.name())?;
        }
        Ok(())
    }
}

fn result(value: i64) -> String {
    match value {
        -4095..0 => format!("{:?}", Errno::from_raw(-value as i32)),
        value => value.to_string(),
    }
}

fn is_wait(call: &Call) -> bool {
    call.waits_for_readiness() || matches!(call.name(), "accept" | "accept4" | "recvfrom" | "read")
}

fn is_progress((call, value): &(Call, i64)) -> bool {
    match call.name() {
        "read" | "readv" | "recvfrom" | "recvmsg" => *value > 0,
        "accept" | "accept4" => *value >= 0,
        // What it writes to its own log is no service to anybody.
        "write" | "writev" => *value > 0 && call.arguments[0] > 2,
        "sendto" | "sendmsg" | "clone" | "clone3" | "fork" | "vfork" => *value > 0,
        "close" | "epoll_ctl" | "shutdown" => *value == 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
