//! A sample of the system calls of a thread that uses processor time without a visible result.
//!
//! Such a thread is either doing work or in a busy loop, which repeats the same calls. Only the
//! thread's system calls show the difference. Therefore the thread is traced for a short time
//! (ptrace(2)). After that, the thread continues unchanged.

mod errno_word;
mod repeated_state;
mod restart_syscall;
mod tracer;

use crate::epoll_entry::EpollEntry;
use crate::poll_entry::PollEntry;
use nix::errno::Errno;
use sandbox::Call;
use std::fmt;

pub(crate) use errno_word::{read_errno, step_to_stored_errno};
pub(crate) use repeated_state::repeats_state;
pub(crate) use tracer::{Interrupted, SyscallStop, Traced, Tracer, syscall_stop_of};

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

/// The maximum number of calls that are shown.
const MAX_SHOWN: usize = 6;

impl SyscallSample {
    /// The calls that the thread repeats: one cycle, which begins with the call that waits for
    /// events, if there is one. Empty if the thread made no system calls.
    pub fn cycle(&self) -> &[(Call, i64)] {
        let same = |(one, next): (&(Call, i64), &(Call, i64))| {
            let is_fork =
                |call: &Call| matches!(call.name(), "fork" | "vfork" | "clone" | "clone3");
            one.0.number == next.0.number && (one.1 == next.1 || is_fork(&one.0))
        };
        // The last calls are compared, because the first calls may belong to earlier work.
        let calls = &self.calls[self.calls.len().saturating_sub(LAST_CALLS)..];
        let repeats = |length: &usize| calls.iter().zip(&calls[*length..]).all(same);
        let length = (1..=calls.len() / 2).find(repeats).unwrap_or(calls.len());
        let from = calls.iter().position(|(call, _)| call.waits_for_readiness()).unwrap_or(0);
        let from = from.min(calls.len() - length);
        &calls[from..from + length]
    }
}

impl SyscallSample {
    /// What the thread does, for a sentence whose subject is the server: `repeats read(5) = 0`, or
    /// `computes without a system call`.
    pub fn activity(&self) -> String {
        match self.cycle().is_empty() {
            true => "computes without a system call".to_owned(),
            false => format!("repeats {self}"),
        }
    }

    fn describe_call(&self, (call, value): &(Call, i64)) -> String {
        let watched = self.poll_entries.as_ref().filter(|_| call.is_poll());
        let subject = match (watched, call.descriptor()) {
            (Some(entries), _) => {
                // The kernel skips entries with a negative descriptor.
                let fds = entries.iter().map(|entry| entry.fd).filter(|fd| *fd >= 0);
                let fds: Vec<_> = fds.map(|fd| fd.to_string()).collect();
                let more = if fds.len() > MAX_SHOWN { ", …" } else { "" };
                format!("([{}{more}])", fds[..fds.len().min(MAX_SHOWN)].join(", "))
            }
            (None, Some(fd)) => format!("({fd})"),
            (None, None) => String::new(),
        };
        format!("{}{subject} = {}", call.name(), result(*value))
    }
}

/// The number of calls in which a cycle is looked for.
const LAST_CALLS: usize = 60;

impl fmt::Display for SyscallSample {
    /// The repeated calls with their descriptors and results, e.g. `poll([3, 5]) = 1, read(5) = 0`;
    /// `no system calls` if the thread computed without calls.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cycle = self.cycle();
        let mut calls: Vec<_> =
            cycle.iter().take(MAX_SHOWN).map(|it| self.describe_call(it)).collect();
        if calls.is_empty() {
            calls.push("no system calls".to_owned());
        }
        if cycle.len() > MAX_SHOWN {
            calls.push("…".to_owned());
        }
        f.write_str(&calls.join(", "))
    }
}

/// The result of a call: a number, or the name of an errno.
fn result(value: i64) -> String {
    match value {
        -4095..0 => format!("{:?}", Errno::from_raw(-value as i32)),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syscalls::Sysno;

    fn call(name: &str, first: u64) -> Call {
        let number = name.parse::<Sysno>().unwrap().id().into();
        Call { number, arguments: [first, 0, 0, 0, 0, 0] }
    }

    #[test]
    fn one_cycle_is_shown() {
        let round = [(call("ppoll", 0), 1), (call("read", 5), 0), (call("sendto", 5), -32)];
        let calls = round.iter().cycle().skip(2).take(20).copied().collect();
        let entry = |fd| PollEntry { fd, events: 1, revents: 0 };
        let poll_entries = Some([3, -1, 5].map(entry).into());
        let sample = SyscallSample { calls, poll_entries, ..SyscallSample::default() };
        let shown = "ppoll([3, 5]) = 1, read(5) = 0, sendto(5) = EPIPE";
        assert_eq!(sample.to_string(), shown);
        assert_eq!(sample.activity(), format!("repeats {shown}"));
    }

    #[test]
    fn a_sample_without_calls_says_so() {
        let sample = SyscallSample::default();
        assert_eq!(sample.to_string(), "no system calls");
        assert_eq!(sample.activity(), "computes without a system call");
    }
}
