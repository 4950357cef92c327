//! What a server does that never falls asleep: its last few dozen system calls, one by one.
//!
//! A server that uses processor time and shows nothing for it is either working or spinning; only
//! its calls tell. It is traced for a moment (ptrace(2)), and then let go unharmed.

use crate::process::{Process, Thread};
use crate::syscalls::Call;
use crate::watched::{self, Watched};
use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::fmt;
use std::time::{Duration, Instant};

/// A glimpse of a thread that never sleeps.
#[derive(Clone, Debug, Default)]
pub struct Strobe {
    /// Its calls in order, each with what it returned.
    pub calls: Vec<(Call, i64)>,
    /// The array of its last poll, as the kernel filled it in.
    pub watched: Option<Vec<Watched>>,
}

const GLIMPSE: usize = 80;
/// One call that takes longer than this is asleep or computing: not spinning.
const PATIENCE: Duration = Duration::from_millis(20);

impl Strobe {
    /// Whether it goes round and round: it waits, is told at once that something is ready, and does nothing of use.
    pub fn is_spinning(&self) -> bool {
        let waits = self.calls.iter().filter(|(call, _)| is_wait(call)).count();
        self.calls.len() >= GLIMPSE && waits >= GLIMPSE / 10 && !self.calls.iter().any(is_progress)
    }

    /// Watches a thread of `process` for a moment; empty where tracing is refused.
    pub(crate) fn of(process: Process, thread: &Thread) -> Self {
        let pid = Pid::from_raw(thread.tid);
        let mut strobe = Self::default();
        if ptrace::seize(pid, Options::PTRACE_O_TRACESYSGOOD).is_ok() {
            let mut signal = None;
            if ptrace::interrupt(pid).is_ok()
                && let Some(stop) = stopped(pid)
            {
                signal = pending(stop);
                strobe.follow(process, pid, &mut signal);
            }
            let_go(pid, signal);
        }
        strobe
    }

    /// From call to call. A signal that stopped the thread on its way is handed on to it.
    fn follow(&mut self, process: Process, pid: Pid, signal: &mut Option<Signal>) {
        let mut entered = None;
        while self.calls.len() < GLIMPSE && ptrace::syscall(pid, signal.take()).is_ok() {
            let Some(stop) = stopped(pid) else { return };
            *signal = pending(stop);
            match boundary(pid).filter(|_| matches!(stop, WaitStatus::PtraceSyscall(_))) {
                Some(Boundary::Entry(call)) => entered = Some(call),
                Some(Boundary::Exit(value)) => {
                    let Some(call) = entered.take() else { continue };
                    if call.is_poll() {
                        self.watched = watched::read(process, &call).ok();
                    }
                    self.calls.push((call, value));
                }
                None => {}
            }
        }
    }
}

impl fmt::Display for Strobe {
    /// The round that repeats, e.g. `poll = 1, read = 0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = self.calls.iter().position(|(call, _)| is_wait(call)).unwrap_or(0);
        let round = &self.calls[from..];
        let next = round
            .iter()
            .skip(1)
            .position(|(call, _)| is_wait(call))
            .map_or(round.len(), |at| at + 1);
        for (index, (call, value)) in round[..next.min(4)].iter().enumerate() {
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

enum Boundary {
    Entry(Call),
    Exit(i64),
}

fn boundary(pid: Pid) -> Option<Boundary> {
    let info = ptrace::syscall_info(pid).ok()?;
    // SAFETY: `op` says which part of the union the kernel has filled (ptrace(2)).
    unsafe {
        match info.op {
            libc::PTRACE_SYSCALL_INFO_ENTRY => Some(Boundary::Entry(Call {
                number: info.u.entry.nr as i64,
                arguments: info.u.entry.args,
            })),
            libc::PTRACE_SYSCALL_INFO_EXIT => Some(Boundary::Exit(info.u.exit.sval)),
            _ => None,
        }
    }
}

/// Waits for the thread's next stop; `None` when none comes soon.
fn stopped(pid: Pid) -> Option<WaitStatus> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match waitpid(pid, Some(WaitPidFlag::__WALL | WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) if Instant::now() < deadline => std::thread::yield_now(),
            Ok(WaitStatus::StillAlive | WaitStatus::Exited(..) | WaitStatus::Signaled(..))
            | Err(_) => {
                return None;
            }
            Ok(status) => return Some(status),
        }
    }
}

/// The signal that a thread was stopped for on its way to it.
fn pending(stop: WaitStatus) -> Option<Signal> {
    match stop {
        WaitStatus::Stopped(_, signal) => Some(signal),
        _ => None,
    }
}

/// A thread must be stopped to be let go.
fn let_go(pid: Pid, mut signal: Option<Signal>) {
    let deadline = Instant::now() + Duration::from_secs(2);
    while ptrace::detach(pid, signal) == Err(Errno::ESRCH) && Instant::now() < deadline {
        if ptrace::interrupt(pid).is_err() {
            return; // it has ended
        }
        signal = stopped(pid).and_then(pending).or(signal);
    }
}

/// Reaps a thread that ended while it was being traced: until then its box cannot end.
pub(crate) fn reap(process: Process) {
    let _ = waitpid(Pid::from_raw(process.pid), Some(WaitPidFlag::__WALL | WaitPidFlag::WNOHANG));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Child, Command};

    fn shell(line: &str) -> Child {
        Command::new("sh").args(["-c", line]).spawn().unwrap()
    }

    #[test]
    fn a_program_at_work_is_let_go_unharmed_however_busy_the_machine() {
        let mut children: Vec<_> = (0..3).map(|_| shell("while :; do :; done")).collect();
        children.push(shell("while :; do x=$(:); done"));
        for child in &children {
            let process = Process { pid: child.id() as i32 };
            for _ in 0..20 {
                let thread = process.threads().unwrap().pop().unwrap();
                assert!(!Strobe::of(process, &thread).is_spinning());
                let status = std::fs::read_to_string(format!("/proc/{}/status", process.pid));
                assert!(status.unwrap().contains("TracerPid:\t0\n"));
            }
        }
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}
