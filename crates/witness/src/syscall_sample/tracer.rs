//! Tracing a thread for a moment, and letting it go as it was (ptrace(2)).
//!
//! A thread can be let go only while it is stopped, and one that has ended must be reaped by its
//! tracer before its parent, or its box, learns of the end. Neither happens at a time of our
//! choosing: on a busy machine a thread may take long to stop. So whoever was not let go is kept
//! in mind, and tried again at each occasion.

use super::restart_syscall::restart_syscall;
use nix::sys::ptrace::{self, Options};
use nix::unistd::Pid;
use sandbox::{Call, as_tracer};
use std::ptr;
use std::time::{Duration, Instant};

/// The threads that this observer could not let go yet.
#[derive(Debug, Default)]
pub(crate) struct Tracer {
    held: Vec<Traced>,
}

/// A thread that is traced, by the observer's thread that has seized it.
#[derive(Debug)]
pub(crate) struct Traced {
    tid: i32,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Running,
    /// Stopped, by a signal on its way to it, or by the tracer (0).
    Stopped(i32),
    /// Traced no more: let go, or ended and reaped.
    Free,
}

/// Where a traced thread crosses into the kernel, or back.
pub(crate) enum SyscallStop {
    Entry(Call),
    Exit(i64),
}

/// The longest that the observer does nothing but wait for a thread to stop.
const PATIENCE: Duration = Duration::from_millis(500);

impl Tracer {
    /// Stops a thread that runs; `None` where it has ended or tracing is refused.
    pub(crate) fn seize(&mut self, tid: i32) -> Option<Traced> {
        let seize = || ptrace::seize(Pid::from_raw(tid), Options::PTRACE_O_TRACESYSGOOD);
        as_tracer(tid, seize).ok()?;
        let mut traced = Traced { tid, state: State::Running };
        traced.stop(PATIENCE);
        if matches!(traced.state, State::Stopped(_)) {
            return Some(traced);
        }
        self.let_go(traced);
        None
    }

    pub(crate) fn let_go(&mut self, mut traced: Traced) {
        if !traced.let_go(PATIENCE) {
            self.held.push(traced);
        }
    }

    /// Keeps it as one that could not be let go.
    #[cfg(test)]
    pub(crate) fn keep(&mut self, traced: Traced) {
        self.held.push(traced);
    }

    /// Tries again with those that could not be let go.
    pub(crate) fn tidy(&mut self) {
        self.held.retain_mut(|traced| !traced.let_go(Duration::ZERO));
    }

    /// Whether nobody is traced any more.
    pub(crate) fn is_done(&self) -> bool {
        self.held.is_empty()
    }
}

impl Traced {
    /// Lets it run to its next stop, with the signal that it was stopped for. False when it does
    /// not stop in time.
    pub(crate) fn resume(&mut self, within: Duration) -> bool {
        if let State::Stopped(signal) = self.state {
            // Refused to a thread that was killed while it was stopped; its end is the next news.
            self.request(libc::PTRACE_SYSCALL, signal);
            self.state = State::Running;
        }
        self.until_stopped(within);
        self.state != State::Running && self.state != State::Free
    }

    /// The system call that it is about to begin, or what the last one returned.
    pub(crate) fn syscall_stop(&self) -> Option<SyscallStop> {
        let info = ptrace::syscall_info(Pid::from_raw(self.tid)).ok()?;
        // SAFETY: `op` says which part of the union the kernel has filled (ptrace(2)).
        unsafe {
            match info.op {
                libc::PTRACE_SYSCALL_INFO_ENTRY => Some(SyscallStop::Entry(Call {
                    number: info.u.entry.nr as i64,
                    arguments: info.u.entry.args,
                })),
                libc::PTRACE_SYSCALL_INFO_EXIT => Some(SyscallStop::Exit(info.u.exit.sval)),
                _ => None,
            }
        }
    }

    /// Whether it is traced no more.
    fn let_go(&mut self, within: Duration) -> bool {
        let deadline = Instant::now() + within;
        loop {
            self.stop(deadline.saturating_duration_since(Instant::now()));
            if let State::Stopped(signal) = self.state {
                let detached = self.request(libc::PTRACE_DETACH, signal);
                self.state = if detached { State::Free } else { State::Running };
            }
            if self.state == State::Free || Instant::now() >= deadline {
                return self.state == State::Free;
            }
        }
    }

    /// Stops it where it is.
    fn stop(&mut self, within: Duration) {
        if self.state == State::Running {
            self.request(libc::PTRACE_INTERRUPT, 0);
            self.until_stopped(within);
            if self.state == State::Stopped(0) {
                restart_syscall(Pid::from_raw(self.tid));
            }
        }
    }

    fn until_stopped(&mut self, within: Duration) {
        let deadline = Instant::now() + within;
        loop {
            self.state = self.look();
            if self.state != State::Running || Instant::now() >= deadline {
                return;
            }
            std::thread::yield_now();
        }
    }

    /// Takes in the news of a running thread; that of its end reaps it.
    fn look(&self) -> State {
        let mut status = 0;
        // SAFETY: `status` is a local. (nix's waitpid refuses real-time signals, and forgets them.)
        match unsafe { libc::waitpid(self.tid, &mut status, libc::__WALL | libc::WNOHANG) } {
            0 => State::Running,
            -1 => State::Free,
            _ if !libc::WIFSTOPPED(status) => State::Free,
            _ => State::Stopped(signal_of(status)),
        }
    }

    fn request(&self, request: libc::c_uint, signal: i32) -> bool {
        let (nothing, signal) = (ptr::null_mut::<libc::c_void>(), signal as libc::c_long);
        // SAFETY: these requests take numbers, and touch no memory of ours.
        unsafe { libc::ptrace(request, self.tid, nothing, signal) == 0 }
    }
}

/// The signal that a stop was made for: none for a system call's, which bit 7 marks, nor for an
/// event's, which is named above bit 16 (ptrace(2), PTRACE_O_TRACESYSGOOD, PTRACE_EVENT_STOP).
fn signal_of(status: i32) -> i32 {
    let signal = libc::WSTOPSIG(status);
    if signal == libc::SIGTRAP | 0x80 || status >> 16 != 0 { 0 } else { signal }
}
