//! Pauses and resumes a server, as Ctrl-Z and fg do in a shell.
//!
//! When the server resumes, it finds everything that its clients did during the pause. A blocked
//! call of the server is interrupted by the pause: a write that has sent a part of its bytes returns
//! the length of that part (signal(7), "Interruption of system calls and library functions by stop
//! signals").

use super::Server;
use crate::wait_error::WaitError;
use nix::sys::signal::Signal;

impl Server {
    /// Stops the listening process (SIGSTOP), and returns when it has stopped.
    ///
    /// # Errors
    /// [`WaitError`] when the process does not stop because it has ended.
    pub fn pause(&mut self) -> Result<(), WaitError> {
        self.kill(self.process(), Signal::SIGSTOP);
        self.wait_for(|now| Ok(now.process().is_stopped()?.then_some(())))
    }

    /// Lets the server continue (SIGCONT), once everything that its clients did meanwhile has
    /// reached its sockets. Without that wait, the kernel of a busy machine may deliver segments
    /// later (ksoftirqd), and a reset may arrive after the answer that it should interrupt.
    ///
    /// # Errors
    /// [`WaitError`] when the server cannot continue because it has ended.
    pub fn resume(&mut self) -> Result<(), WaitError> {
        self.wait_for(|now| Ok(now.all_delivered()?.then_some(())))?;
        self.kill(self.process(), Signal::SIGCONT);
        Ok(())
    }
}
