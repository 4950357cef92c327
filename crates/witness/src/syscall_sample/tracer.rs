//! Traces a thread for a short time, then detaches from the thread and leaves it unchanged
//! (ptrace(2)).
//!
//! A tracer can detach only from a stopped thread. If a traced thread has ended, the tracer must
//! reap the thread before the kernel informs the thread's parent of the end. On a busy machine it
//! may take a long time until a thread has stopped. Therefore a list contains the threads from
//! which the tracer could not detach, and [`Tracer::retry_detach`] tries again.

use super::restart_syscall::{interrupted_call, restart_syscall};
use nix::sys::ptrace::{self, Options};
use nix::unistd::Pid;
use sandbox::{Call, as_tracer};
use std::cell::RefCell;
use std::ptr;
use std::time::{Duration, Instant};

/// Traces threads, and keeps a list of the threads from which it could not detach yet.
#[derive(Debug, Default)]
pub(crate) struct Tracer {
    attached: Vec<Traced>,
    /// The calls that stops have interrupted, and that the kernel continues with
    /// restart_syscall(2), each with its thread.
    interrupted: RefCell<Vec<(i32, Call)>>,
}

/// A traced thread. Only the thread of the observer that has attached to the traced thread can
/// control it.
#[derive(Debug)]
pub(crate) struct Traced {
    tid: i32,
    state: State,
    /// The call that the last stop has interrupted, if the kernel continues it with
    /// restart_syscall(2).
    interrupted: Option<Call>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Running,
    /// Stopped because a signal is being delivered. The value is the signal, or 0 if the tracer has
    /// stopped the thread.
    Stopped(i32),
    /// No longer traced: the tracer has detached from the thread, or the thread has ended and was
    /// reaped.
    Untraced,
}

/// A stop at the beginning or the end of a system call.
pub(crate) enum SyscallStop {
    Entry(Call),
    Exit(i64),
}

/// The maximum time that the observer waits until a thread has stopped.
const PATIENCE: Duration = Duration::from_millis(500);

impl Tracer {
    /// Attaches to a running thread and stops the thread; `None` if the thread has ended, does not
    /// stop in time, or may not be traced.
    pub(crate) fn seize(&mut self, tid: i32) -> Option<Traced> {
        let seize = || ptrace::seize(Pid::from_raw(tid), Options::PTRACE_O_TRACESYSGOOD);
        as_tracer(tid, seize).ok()?;
        let mut traced = Traced { tid, state: State::Running, interrupted: None };
        traced.stop(PATIENCE);
        self.note_interrupted(&traced);
        if matches!(traced.state, State::Stopped(_)) {
            return Some(traced);
        }
        self.detach(traced);
        None
    }

    /// Detaches from a thread. If this is not possible yet, the thread is added to the list.
    pub(crate) fn detach(&mut self, mut traced: Traced) {
        let is_detached = traced.detach(PATIENCE);
        self.note_interrupted(&traced);
        if !is_detached {
            self.attached.push(traced);
        }
    }

    /// The calls that stops have interrupted since the last call of this function, and that the
    /// kernel continues with restart_syscall(2). Each has its thread.
    pub(crate) fn take_interrupted(&self) -> Vec<(i32, Call)> {
        self.interrupted.take()
    }

    /// Keeps the call that a stop of this thread has interrupted.
    pub(crate) fn note_interrupted(&mut self, traced: &Traced) {
        self.interrupted.get_mut().extend(traced.interrupted.map(|call| (traced.tid, call)));
    }

    /// Adds a thread to the list without an attempt to detach from the thread.
    #[cfg(test)]
    pub(crate) fn keep_attached(&mut self, traced: Traced) {
        self.attached.push(traced);
    }

    /// Tries again to detach from the threads in the list.
    pub(crate) fn retry_detach(&mut self) {
        let is_detached = |traced: &mut Traced| traced.detach(Duration::ZERO);
        let detached: Vec<_> = self.attached.extract_if(.., is_detached).collect();
        detached.iter().for_each(|traced| self.note_interrupted(traced));
    }

    /// Whether the list is empty, so that no thread is traced any more.
    pub(crate) fn has_detached_all(&self) -> bool {
        self.attached.is_empty()
    }
}

impl Traced {
    /// Resumes a stopped thread until its next stop, and delivers the signal that has stopped it.
    pub(crate) fn resume(&mut self) {
        if let State::Stopped(signal) = self.state {
            // This request fails if the thread was killed while it was stopped. In this case
            // `has_stopped` finds the end of the thread.
            self.request(libc::PTRACE_SYSCALL, signal);
            self.state = State::Running;
        }
    }

    /// Whether the thread has stopped. Does not wait.
    pub(crate) fn has_stopped(&mut self) -> bool {
        if self.state == State::Running {
            self.state = self.read_state();
            self.note_interrupted_call();
        }
        matches!(self.state, State::Stopped(_))
    }

    fn note_interrupted_call(&mut self) {
        if self.state == State::Stopped(0) {
            self.interrupted = interrupted_call(self.pid(), self.interrupted);
        }
    }

    /// The signal whose delivery has stopped the thread. `None` if the thread runs, or has stopped
    /// for another reason.
    pub(crate) fn stop_signal(&self) -> Option<i32> {
        match self.state {
            State::Stopped(signal @ 1..) => Some(signal),
            _ => None,
        }
    }

    /// Whether the thread has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.state == State::Untraced
    }

    /// Makes a running thread stop soon. Does not wait for the stop.
    pub(crate) fn interrupt(&self) {
        if self.state == State::Running {
            self.request(libc::PTRACE_INTERRUPT, 0);
        }
    }

    /// Restarts the system call that the current stop has interrupted, if there is one.
    pub(crate) fn restart_interrupted_call(&self) {
        if self.state == State::Stopped(0) {
            restart_syscall(Pid::from_raw(self.tid));
        }
    }

    /// The call that the last stop has interrupted, if the kernel continues it with
    /// restart_syscall(2).
    pub(crate) fn interrupted_call(&self) -> Option<Call> {
        self.interrupted
    }

    pub(super) fn pid(&self) -> Pid {
        Pid::from_raw(self.tid)
    }

    /// Executes one instruction of a stopped thread. Returns whether the thread has stopped again
    /// after it.
    pub(super) fn step(&mut self) -> bool {
        if self.state != State::Stopped(0) || !self.request(libc::PTRACE_SINGLESTEP, 0) {
            return false;
        }
        self.wait_stopped(PATIENCE);
        if self.state != State::Stopped(libc::SIGTRAP) {
            return false;
        }
        self.state = State::Stopped(0);
        true
    }

    /// The address of the instruction at which the thread has stopped.
    pub(crate) fn instruction(&self) -> Option<u64> {
        Some(ptrace::syscall_info(Pid::from_raw(self.tid)).ok()?.instruction_pointer)
    }

    /// The system call that the thread is about to begin, or the result of the system call that has
    /// just ended.
    pub(crate) fn syscall_stop(&self) -> Option<SyscallStop> {
        syscall_stop_of(self.tid)
    }

    /// Stops the thread and detaches from it. Returns whether the thread is no longer traced.
    fn detach(&mut self, within: Duration) -> bool {
        let deadline = Instant::now() + within;
        loop {
            self.stop(deadline.saturating_duration_since(Instant::now()));
            if let State::Stopped(signal) = self.state {
                let detached = self.request(libc::PTRACE_DETACH, signal);
                self.state = if detached { State::Untraced } else { State::Running };
            }
            if self.state == State::Untraced || Instant::now() >= deadline {
                return self.state == State::Untraced;
            }
        }
    }

    /// Stops a running thread, and restarts the system call that the stop has interrupted.
    fn stop(&mut self, within: Duration) {
        if self.state == State::Running {
            self.request(libc::PTRACE_INTERRUPT, 0);
            self.wait_stopped(within);
            self.note_interrupted_call();
            if self.state == State::Stopped(0) {
                restart_syscall(Pid::from_raw(self.tid));
            }
        }
    }

    /// Waits until the thread stops or ends.
    fn wait_stopped(&mut self, within: Duration) {
        let deadline = Instant::now() + within;
        loop {
            self.state = self.read_state();
            if self.state != State::Running || Instant::now() >= deadline {
                return;
            }
            std::thread::yield_now();
        }
    }

    /// Reads whether a running thread has stopped or ended. If the thread has ended, this function
    /// reaps it.
    fn read_state(&self) -> State {
        let mut status = 0;
        // SAFETY: `status` is a local variable. waitpid of nix is not used, because it fails if the
        // stop signal is a real-time signal, and the signal is lost.
        match unsafe { libc::waitpid(self.tid, &mut status, libc::__WALL | libc::WNOHANG) } {
            0 => State::Running,
            -1 => State::Untraced,
            _ if !libc::WIFSTOPPED(status) => State::Untraced,
            _ => State::Stopped(signal_of(status)),
        }
    }

    fn request(&self, request: libc::c_uint, signal: i32) -> bool {
        let (nothing, signal) = (ptr::null_mut::<libc::c_void>(), signal as libc::c_long);
        // SAFETY: these requests take numbers, and access no memory of this process.
        unsafe { libc::ptrace(request, self.tid, nothing, signal) == 0 }
    }
}

/// The system call that a stopped thread is about to begin, or the result of the system call that
/// has just ended; `None` if the thread has stopped elsewhere.
pub(crate) fn syscall_stop_of(tid: i32) -> Option<SyscallStop> {
    let info = ptrace::syscall_info(Pid::from_raw(tid)).ok()?;
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

/// The signal that has stopped a thread. The result is 0 if the thread has stopped at a system
/// call, which sets bit 7 of the signal number, or because of a ptrace event, whose number is in
/// the bits from bit 16 (ptrace(2), PTRACE_O_TRACESYSGOOD, PTRACE_EVENT_STOP).
fn signal_of(status: i32) -> i32 {
    let signal = libc::WSTOPSIG(status);
    if signal == libc::SIGTRAP | 0x80 || status >> 16 != 0 { 0 } else { signal }
}
