//! Traces a thread for a short time, then detaches from the thread and leaves it unchanged
//! (ptrace(2)).
//!
//! A tracer can detach only from a stopped thread. If a traced thread has ended, the tracer must
//! reap the thread before the kernel informs the thread's parent of the end. On a busy machine it
//! may take a long time until a thread has stopped. Therefore a list contains the threads from
//! which the tracer could not detach, and [`Tracer::retry_detach`] tries again.

use super::restart_syscall::{interrupted_call, restart_syscall};
use crate::sleep::{self, Sleep};
use nix::sys::ptrace::{self, Options};
use nix::unistd::Pid;
use sandbox::{Call, Process, as_tracer};
use std::cell::RefCell;
use std::ptr;
use std::time::{Duration, Instant};

/// Traces threads, and keeps a list of the threads from which it could not detach yet.
#[derive(Debug, Default)]
pub(crate) struct Tracer {
    attached: Vec<Traced>,
    interrupted: RefCell<Vec<Interrupted>>,
}

/// A call that a stop has interrupted, and that the kernel continues with restart_syscall(2), which
/// does not show what it was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interrupted {
    pub(crate) tid: i32,
    pub(crate) call: Call,
    /// What ends the sleep, and the time-out of the call, as they were when the thread had stopped.
    /// The kernel may have replaced the time-out by the time that was left.
    pub(crate) sleep: Sleep,
    pub(crate) time_out: Option<Duration>,
}

/// A traced thread. Only the thread of the observer that has attached to the traced thread can
/// control it.
#[derive(Debug)]
pub(crate) struct Traced {
    tid: i32,
    state: State,
    /// The call that the last stop has interrupted.
    interrupted: Option<Interrupted>,
    /// Whether an instruction was begun whose stop was not seen yet (PTRACE_SINGLESTEP).
    is_stepping: bool,
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
        let (state, interrupted, is_stepping) = (State::Running, None, false);
        let mut traced = Traced { tid, state, interrupted, is_stepping };
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

    /// The calls that stops have interrupted since the last call of this function.
    pub(crate) fn take_interrupted(&self) -> Vec<Interrupted> {
        self.interrupted.take()
    }

    /// Keeps the call that a stop of this thread has interrupted.
    pub(crate) fn note_interrupted(&mut self, traced: &Traced) {
        self.interrupted.get_mut().extend(traced.interrupted);
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
            let before = self.interrupted.map(|it| it.call);
            let call = interrupted_call(self.pid(), before);
            // The time-out of a call that is interrupted again was read at the first stop.
            if before != call {
                self.interrupted = call.map(|call| self.look_at(call));
            }
        }
    }

    /// What ends the sleep of the stopped thread. Its memory does not change now.
    fn look_at(&self, call: Call) -> Interrupted {
        let thread = Process { pid: self.tid };
        let (sleep, time_out) = (sleep::of(call, thread), sleep::time_out(&call, thread));
        Interrupted { tid: self.tid, call, sleep, time_out }
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
        if self.state == State::Running && !self.is_stepping {
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
        self.interrupted.map(|it| it.call)
    }

    pub(super) fn pid(&self) -> Pid {
        Pid::from_raw(self.tid)
    }

    /// Executes one instruction of a stopped thread. Returns whether the thread has stopped again
    /// after it.
    pub(super) fn step(&mut self) -> bool {
        self.step_within(PATIENCE)
    }

    /// As [`step`](Self::step). If the thread has not stopped within this time, it still stops later.
    pub(crate) fn step_within(&mut self, time: Duration) -> bool {
        if self.state != State::Stopped(0) || !self.request(libc::PTRACE_SINGLESTEP, 0) {
            return false;
        }
        self.is_stepping = true;
        self.state = State::Running;
        self.wait_stopped(time);
        self.state == State::Stopped(0) && !self.is_stepping
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
    ///
    /// The thread is not left at the beginning of a system call: this call would return EINTR,
    /// because the kernel does not take back the wake-up of PTRACE_INTERRUPT. It is not left within
    /// an instruction either: its SIGTRAP would kill the program.
    fn stop(&mut self, within: Duration) {
        let deadline = Instant::now() + within;
        while self.state == State::Running {
            // At the end of an instruction the thread stops by itself.
            if !self.is_stepping {
                self.request(libc::PTRACE_INTERRUPT, 0);
            }
            self.wait_stopped(deadline.saturating_duration_since(Instant::now()));
            self.note_interrupted_call();
            if self.state != State::Stopped(0) {
                return;
            }
            restart_syscall(Pid::from_raw(self.tid));
            let begins_call = matches!(self.syscall_stop(), Some(SyscallStop::Entry(_)));
            if (begins_call || self.is_stepping) && self.request(libc::PTRACE_CONT, 0) {
                self.state = State::Running;
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
    fn read_state(&mut self) -> State {
        let mut status = 0;
        // SAFETY: `status` is a local variable. waitpid of nix is not used, because it fails if the
        // stop signal is a real-time signal, and the signal is lost.
        match unsafe { libc::waitpid(self.tid, &mut status, libc::__WALL | libc::WNOHANG) } {
            0 => State::Running,
            -1 => State::Untraced,
            _ if !libc::WIFSTOPPED(status) => State::Untraced,
            // The signal of an instruction that the tracer has requested is not the program's.
            _ if self.is_stepping && signal_of(status) == libc::SIGTRAP => {
                self.is_stepping = false;
                State::Stopped(0)
            }
            _ => {
                // PTRACE_INTERRUPT has stopped the thread before, or after the instruction.
                self.is_stepping = self.is_stepping && is_pending(self.tid, libc::SIGTRAP);
                State::Stopped(signal_of(status))
            }
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

/// Whether a signal is pending for this thread alone (proc_pid_status(5), SigPnd).
fn is_pending(tid: i32, signal: i32) -> bool {
    let status = procfs::process::Process::new(tid).and_then(|thread| thread.status());
    status.is_ok_and(|it| it.sigpnd & (1 << (signal - 1)) != 0)
}
