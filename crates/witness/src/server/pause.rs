//! Pauses and resumes a server, as Ctrl-Z and fg do in a shell.
//!
//! After the pause, everything that the clients did during the pause has arrived at the server's
//! sockets. The pause interrupts a blocked system call of the server. For example, a write that has
//! sent only a part of its bytes returns the length of this part (signal(7), "Interruption of
//! system calls and library functions by stop signals").

use super::Server;
use crate::wait_error::WaitError;
use nix::sys::signal::Signal;

impl Server {
    /// Stops the listening process (SIGSTOP), and waits until the process has stopped.
    ///
    /// # Errors
    /// [`WaitError`] if the process has ended and therefore cannot be stopped.
    pub fn pause(&mut self) -> Result<(), WaitError> {
        self.kill(self.process(), Signal::SIGSTOP);
        self.wait_for(|now| Ok(now.process().is_stopped()?.then_some(())))
    }

    /// Waits until everything that the clients did during the pause has arrived at the server's
    /// sockets, and then resumes the server (SIGCONT). Without this wait, the kernel of a busy
    /// machine may deliver segments after the server has resumed (ksoftirqd). For example, a reset
    /// may arrive after the answer that the reset should interrupt.
    ///
    /// # Errors
    /// [`WaitError`] if the server has ended and therefore cannot be resumed.
    pub fn resume(&mut self) -> Result<(), WaitError> {
        self.wait_for(|now| Ok(now.all_delivered()?.then_some(())))?;
        self.kill(self.process(), Signal::SIGCONT);
        Ok(())
    }
}
