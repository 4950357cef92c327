//! Checks whether a signal handler changes errno in the middle of a call.
//!
//! The C library stores the error of a system call in errno, and the program reads errno a few
//! instructions later. A signal rarely arrives between these two moments, so a handler that changes
//! errno may go unnoticed for months. This module makes a call fail, stops the thread exactly there
//! (ptrace(2)), and resumes the thread when the signal is pending.

use super::Server;
use crate::syscall_sample::{SyscallStop, Traced, read_errno, step_to_stored_errno};
use crate::wait_error::WaitError;
use nix::errno::Errno;
use nix::sys::signal::Signal;
use sandbox::{Process, Thread, Unobservable};
use std::io;

/// A thread that is traced until one of its calls has failed.
#[derive(Debug)]
pub(super) struct ErrnoProbe {
    traced: Traced,
    process: Process,
    errno: Errno,
    /// The address of errno, when the thread has stopped after the C library has stored it.
    address: Option<u64>,
}

impl Server {
    /// Makes the next call that the [`FaultInjector`](crate::FaultInjector) stops fail with `errno`,
    /// and begins to trace the thread of the listening process that waits for clients.
    ///
    /// # Errors
    /// [`Unobservable`] if the thread may not be traced.
    pub fn trace_failure(&mut self, errno: Errno) -> Result<(), Unobservable> {
        let process = self.process();
        let threads = process.threads()?;
        let Some(tid) = waiting_thread(&threads).map(|thread| thread.tid) else { return Ok(()) };
        self.all_threads()?; // remembers the call that the tracer interrupts
        let Some(mut traced) = self.tracer.seize(tid) else {
            let what = format!("the system calls of thread {tid} (ptrace(2))");
            return Err(Unobservable::new(what, io::ErrorKind::PermissionDenied.into()));
        };
        self.fail_next(errno);
        traced.resume();
        self.probe = Some(ErrnoProbe { traced, process, errno, address: None });
        Ok(())
    }

    /// Waits until a call of the traced thread has failed, and stops the thread when the C library
    /// has stored the error in errno. Returns false if the program stores no errno: then no handler
    /// can change it.
    ///
    /// # Errors
    /// [`WaitError`] if no call fails.
    pub fn wait_failure(&mut self) -> Result<bool, WaitError> {
        let failed = self.wait_for(|now| {
            let Some(mut probe) = now.probe.take() else { return Ok(Some(())) };
            let has_failed = probe.look_for_failure();
            now.probe = Some(probe);
            Ok(has_failed.then_some(()))
        });
        failed.inspect_err(|_| self.end_probe())?;
        let Some(probe) = &mut self.probe else { return Ok(false) };
        probe.address = step_to_stored_errno(&mut probe.traced, probe.process, probe.errno as i32);
        let is_found = probe.address.is_some();
        if !is_found {
            self.end_probe();
        }
        Ok(is_found)
    }

    /// Resumes the traced thread, for which `signal` is pending, and returns the errno that the
    /// program reads after the handler of the signal has run. `None` if no handler has run, because
    /// the thread has blocked the signal. From then on, the thread is no longer traced.
    ///
    /// # Errors
    /// [`WaitError`] if the handler does not return.
    pub fn errno_after(&mut self, signal: Signal) -> Result<Option<Errno>, WaitError> {
        let (mut is_in_handler, mut is_first) = (false, true);
        let after = self.wait_for(|now| {
            let Some(mut probe) = now.probe.take() else { return Ok(Some(None)) };
            let has_stopped = probe.traced.has_stopped();
            let has_returned = has_stopped && is_in_handler && probe.is_at_sigreturn();
            let errno = has_returned.then(|| probe.errno_now()).flatten();
            if has_stopped && !has_returned {
                is_in_handler |= probe.traced.stop_signal() == Some(signal as i32);
                // The kernel delivers a pending signal before the thread does anything else.
                let is_blocked = !is_first && !is_in_handler;
                if is_blocked {
                    now.probe = Some(probe);
                    return Ok(Some(None));
                }
                is_first = false;
                probe.traced.resume();
            }
            let has_ended = probe.traced.has_ended();
            now.probe = Some(probe);
            Ok((has_returned || has_ended).then_some(errno))
        });
        self.end_probe();
        after
    }

    /// Detaches from the traced thread.
    pub(super) fn end_probe(&mut self) {
        if let Some(probe) = self.probe.take() {
            self.tracer.detach(probe.traced);
        }
    }
}

impl ErrnoProbe {
    /// Whether the thread has stopped at the end of a call that has failed with the errno. Resumes a
    /// thread that has stopped elsewhere.
    fn look_for_failure(&mut self) -> bool {
        if !self.traced.has_stopped() {
            return false;
        }
        let failed = -(self.errno as i64);
        if matches!(self.traced.syscall_stop(), Some(SyscallStop::Exit(result)) if result == failed)
        {
            return true;
        }
        self.traced.resume();
        false
    }

    /// Whether the thread has stopped at the call that ends a signal handler (sigreturn(2)).
    fn is_at_sigreturn(&self) -> bool {
        let stop = self.traced.syscall_stop();
        matches!(stop, Some(SyscallStop::Entry(call)) if call.name() == "rt_sigreturn")
    }

    fn errno_now(&self) -> Option<Errno> {
        read_errno(self.process, self.address?).map(Errno::from_raw)
    }
}

/// The thread that waits for clients, or the only thread.
fn waiting_thread(threads: &[Thread]) -> Option<&Thread> {
    let waits = |thread: &&Thread| {
        thread.call.is_some_and(|call| {
            call.waits_for_readiness() || matches!(call.name(), "accept" | "accept4")
        })
    };
    threads.iter().find(waits).or(threads.first())
}
