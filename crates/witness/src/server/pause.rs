//! Stops a server for a moment, as Ctrl-Z and fg do.
//!
//! Everything that its clients do meanwhile has happened when it goes on. A call that was blocked
//! is interrupted: a write that had sent a part returns the length of that part (signal(7),
//! "Interruption of system calls and library functions by stop signals").

use super::Server;
use crate::wait_error::WaitError;
use nix::sys::signal::Signal;

impl Server {
    /// Stops the listening process (SIGSTOP), and returns when it has stopped.
    ///
    /// # Errors
    /// [`WaitError`] when it does not stop because it has ended.
    pub fn pause(&mut self) -> Result<(), WaitError> {
        self.kill(self.process(), Signal::SIGSTOP);
        self.wait_for(|now| Ok(now.process().is_stopped()?.then_some(())))
    }

    /// Lets the server go on (SIGCONT), once everything that its clients did meanwhile has reached
    /// its sockets. On a busy machine the kernel delivers segments later (ksoftirqd), and a reset
    /// may arrive after the answer that it should interrupt.
    ///
    /// # Errors
    /// [`WaitError`] when the server cannot go on because it has ended.
    pub fn resume(&mut self) -> Result<(), WaitError> {
        self.wait_for(|now| Ok(now.all_delivered()?.then_some(())))?;
        self.kill(self.process(), Signal::SIGCONT);
        Ok(())
    }
}
