//! A server that is stopped for a moment, as Ctrl-Z and fg do.
//!
//! What its clients do meanwhile has all happened when it goes on; and a call that was blocked has
//! been cut short: a write that had sent a part returns that part's length (signal(7), "Interruption
//! of system calls and library functions by stop signals").

use super::Server;
use crate::wait_error::WaitError;
use nix::sys::signal::Signal;

impl Server {
    /// Stops the process that listens (SIGSTOP), and returns when it has.
    ///
    /// # Errors
    /// [`WaitError`] when it does not, because it has ended.
    pub fn pause(&mut self) -> Result<(), WaitError> {
        self.kill(self.process(), Signal::SIGSTOP);
        self.wait_for(|now| Ok(now.process().is_stopped()?.then_some(())))
    }

    /// Lets it go on (SIGCONT), once all that its clients did meanwhile has reached its sockets: on a
    /// busy machine the kernel hands segments over later (ksoftirqd), and a reset may come behind the
    /// answer that it is to spoil.
    ///
    /// # Errors
    /// [`WaitError`] when it cannot, because it has ended.
    pub fn resume(&mut self) -> Result<(), WaitError> {
        self.wait_for(|now| Ok(now.all_delivered()?.then_some(())))?;
        self.kill(self.process(), Signal::SIGCONT);
        Ok(())
    }
}
