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
    /// Stops the listening process (SIGSTOP), and waits until the process has stopped. After an
    /// error, the process is not left stopped.
    ///
    /// # Errors
    /// [`WaitError`] if the process has ended, or if it is unknown whether it has stopped.
    pub fn pause(&mut self) -> Result<(), WaitError> {
        self.all_threads()?; // remembers the calls that the pause interrupts
        self.kill(self.process(), Signal::SIGSTOP);
        let stopped = self.wait_untraced(self.limits.timeout, |now| {
            let threads = now.threads_in(now.process())?;
            // A main thread that has ended stays in the list while other threads run.
            let has_stopped = threads.iter().all(|thread| thread.stopped || thread.zombie);
            let is_paused = has_stopped && threads.iter().any(|thread| thread.stopped);
            Ok(is_paused.then_some(()))
        });
        if stopped.is_err() {
            self.kill(self.process(), Signal::SIGCONT);
        }
        stopped
    }

    /// Waits until everything that the clients did during the pause has arrived at the server's
    /// sockets, and then resumes the server (SIGCONT). Without this wait, the kernel of a busy
    /// machine may deliver segments after the server has resumed (ksoftirqd). For example, a reset
    /// may arrive after the answer that the reset should interrupt. The server is resumed after an
    /// error, too.
    ///
    /// # Errors
    /// [`WaitError`] if the server has ended, or if it is unknown whether everything has arrived.
    pub fn resume(&mut self) -> Result<(), WaitError> {
        let delivered = self.wait_delivered();
        self.kill(self.process(), Signal::SIGCONT);
        delivered
    }

    /// Waits until everything that the clients did has arrived at the server's sockets. Events of
    /// several connections reach a paused server in their order only with this wait between them:
    /// each processor handles the segments of a loopback connection apart.
    ///
    /// # Errors
    /// [`WaitError`] if the server has ended, or if it is unknown whether everything has arrived.
    pub fn wait_delivered(&mut self) -> Result<(), WaitError> {
        self.wait_for(|now| Ok(now.all_delivered()?.then_some(())))
    }

    /// Stops every process of the server (SIGSTOP), waits until all have stopped, and resumes them
    /// (SIGCONT). This interrupts the calls that the threads sleep in. Most calls continue
    /// afterwards, and the program notices nothing. epoll_wait(2) and a few other calls fail with
    /// EINTR instead, although the program has no signal handler (signal(7), "Interruption of
    /// system calls and library functions by stop signals").
    ///
    /// # Errors
    /// [`WaitError`] if the server has ended, or does not stop.
    pub fn interrupt(&mut self) -> Result<(), WaitError> {
        self.all_threads()?; // remembers the calls that are interrupted
        let mut signalled = Vec::new();
        let stopped = self.wait_untraced(self.limits.timeout, |now| {
            let mut all_stopped = true;
            for process in now.processes()? {
                let threads = now.threads_in(process)?;
                if threads.iter().all(|thread| thread.stopped || thread.zombie) {
                    continue;
                }
                // A process that was started after the last check gets the signal, too.
                all_stopped = false;
                if !signalled.contains(&process) {
                    signalled.push(process);
                    now.kill(process, Signal::SIGSTOP);
                }
            }
            Ok(all_stopped.then_some(()))
        });
        for process in signalled {
            self.kill(process, Signal::SIGCONT);
        }
        stopped
    }
}
