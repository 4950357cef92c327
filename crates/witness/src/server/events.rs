//! Reads the server's output and the sandbox's messages, and answers stopped system calls.

use super::Server;
use crate::client::Client;
use sandbox::{Exit, LimitKind, Message, Unobservable};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

/// The most bytes that are kept of standard error.
const MAX_STDERR: usize = 1 << 16;
/// The most pieces that are read from one source before the other sources are read.
const MAX_PIECES: usize = 64;

impl Server {
    /// Reads everything that has happened since the last call. Returns whether anything has.
    pub(super) fn poll_events(&mut self) -> Result<bool, Unobservable> {
        // A terminal gives 4 KiB at a time, and a program that logs a lot waits until they are
        // read.
        let mut has_event = (0..MAX_PIECES).take_while(|_| self.log.read()).count() > 0;
        has_event |= self.read_stderr();
        has_event |= self.answer_faults()?;
        self.tracer.retry_detach();
        self.enforce_output_limit();
        while self.exit.is_none() {
            match self.sandbox.receive(false) {
                Ok(None) => break,
                Ok(Some(message)) => self.handle(message),
                // The sandbox's first process is gone, and every other process with it.
                Err(_) => self.exit = Some(self.sandbox.exit_of_all()),
            }
            has_event = true;
        }
        self.cpu_starvation().map_or(Ok(has_event), Err)
    }

    /// The measured waiting time, if the program exceeded its wall time because the machine was too
    /// busy to run it. Then nothing can be concluded from this run.
    pub fn cpu_starvation(&self) -> Option<Unobservable> {
        self.sandbox.cpu_starvation()
    }

    /// Returns the stopped system calls: each continues, or fails if a fault was requested.
    fn answer_faults(&mut self) -> Result<bool, Unobservable> {
        let Some(faults) = &mut self.faults else { return Ok(false) };
        for answered in 0..MAX_PIECES {
            if !faults.has_waiting_call() {
                return Ok(answered > 0);
            }
            faults.answer()?;
        }
        Ok(true)
    }

    pub(super) fn handle(&mut self, message: Message) {
        match message {
            Message::Exited { status } => {
                let exit = self.sandbox.exit_of(status);
                self.exit.get_or_insert(exit);
            }
            Message::ExecFailed { errno } => self.exit = Some(Exit::NotExecuted(errno)),
            Message::Sockets(sockets, _) => self.sockets.extend(sockets),
            _ => {}
        }
    }

    /// Names the cause of an error on the connection to the sandbox, where a limit has ended the
    /// sandbox.
    pub(super) fn connection_error(&self, error: io::Error) -> io::Error {
        match self.sandbox.limit_exceeded() {
            Some(_) => io::Error::other(format!("the server {}", self.sandbox.exit_of_all())),
            None => error,
        }
    }

    /// Ends the sandbox when the program has written more than it may.
    fn enforce_output_limit(&self) {
        let written = self.log.written() + self.stderr_bytes;
        if self.sandbox.limits().is_some_and(|limits| written > limits.output) {
            self.sandbox.end_for(LimitKind::Output);
        }
    }

    fn read_stderr(&mut self) -> bool {
        let mut buffer = [0; 1 << 13];
        match nix::unistd::read(&self.stderr, &mut buffer) {
            Ok(length) if length > 0 => {
                let room = MAX_STDERR.saturating_sub(self.errors.len()).min(length);
                self.errors.extend_from_slice(&buffer[..room]);
                self.stderr_bytes += length as u64;
                true
            }
            _ => false,
        }
    }

    /// Reads everything that the server has written up to now.
    ///
    /// # Errors
    /// [`Unobservable`] where the kernel does not report the stopped system calls.
    pub fn catch_up(&mut self) -> Result<(), Unobservable> {
        self.log.catch_up(Duration::from_secs(1));
        // One pipe's worth of bytes (pipe(7)), so that a server that never stops writing does not
        // keep this going.
        let mut pieces = 0..MAX_PIECES;
        while pieces.next().is_some() && self.read_stderr() {}
        self.poll_events().map(drop)
    }

    /// Sleeps until the server writes, a client receives, or the sandbox reports something, at most
    /// for `pause`.
    pub(super) fn wait_for_event(&self, pause: Duration) {
        let faults = self.faults.as_ref().map(AsRawFd::as_raw_fd);
        let own = [self.log.as_raw_fd(), self.sandbox.as_raw_fd()].into_iter().chain(faults);
        let mut watched: Vec<_> = own.map(wait_readable).collect();
        let own = watched.len();
        // Only the latest clients are polled, because the caller usually waits for one of them.
        let latest = self.clients.iter().rev().take(16);
        let (clients, fds): (Vec<&Client>, Vec<RawFd>) =
            latest.filter_map(|client| Some((client, client.descriptor_to_poll()?))).unzip();
        watched.extend(fds.into_iter().map(wait_readable));
        let pause = libc::timespec { tv_sec: 0, tv_nsec: pause.subsec_nanos().into() };
        // SAFETY: the array and the time are local variables.
        unsafe {
            libc::ppoll(watched.as_mut_ptr(), watched.len() as u64, &pause, std::ptr::null());
        }
        let readable = clients.iter().zip(&watched[own..]).filter(|(_, slot)| slot.revents != 0);
        readable.for_each(|(client, _)| client.mark_readable());
    }
}

fn wait_readable(fd: RawFd) -> libc::pollfd {
    libc::pollfd { fd, events: libc::POLLIN, revents: 0 }
}
