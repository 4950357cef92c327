//! What a server does that never falls asleep: its last few dozen system calls, one by one.
//!
//! A server that uses processor time and shows nothing for it is either working or spinning; only
//! its calls tell. It is traced for a moment (ptrace(2)), and then let go unharmed.

use crate::process::{Process, Thread};
use crate::syscalls::Call;
use crate::watched::{self, Watched};
use nix::sys::ptrace::{self, Options};
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

    /// Watches thread `tid` of `process` for a moment; empty where tracing is refused.
    pub(crate) fn of(process: Process, thread: &Thread) -> Self {
        let pid = Pid::from_raw(thread.tid);
        let mut strobe = Self::default();
        if ptrace::seize(pid, Options::PTRACE_O_TRACESYSGOOD).is_ok() {
            if ptrace::interrupt(pid).is_ok() && stopped(pid).is_some() {
                strobe.follow(process, pid);
            }
            let_go(pid);
        }
        strobe
    }

    fn follow(&mut self, process: Process, pid: Pid) {
        let mut entered = None;
        let mut signal = None;
        while self.calls.len() < GLIMPSE && ptrace::syscall(pid, signal.take()).is_ok() {
            match stopped(pid) {
                Some(WaitStatus::PtraceSyscall(_)) => match boundary(pid) {
                    Some(Boundary::Entry(call)) => entered = Some(call),
                    Some(Boundary::Exit(value)) => {
                        if let Some(call) = entered.take() {
                            if call.is_poll() {
                                self.watched = watched::read(process, &call).ok();
                            }
                            self.calls.push((call, value));
                        }
                    }
                    None => {}
                },
                Some(WaitStatus::Stopped(_, pending)) => signal = Some(pending),
                Some(_) => {}
                None => return,
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
        -4095..0 => format!("{:?}", nix::errno::Errno::from_raw(-value as i32)),
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

/// A thread must be stopped to be let go.
fn let_go(pid: Pid) {
    let mut tries = 0;
    while ptrace::detach(pid, None) == Err(nix::errno::Errno::ESRCH) && tries < 50 {
        if ptrace::interrupt(pid).is_err() {
            return; // it has ended
        }
        stopped(pid);
        tries += 1;
    }
}
