//! Reads the server's output and the sandbox's messages. Decides about each system call that waits
//! for the fault injector: the call continues or fails.

use super::Server;
use crate::client::Client;
use sandbox::{Exit, LimitKind, Message, Unobservable};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

/// The maximum number of bytes of standard error that are kept.
const MAX_STDERR: usize = 1 << 16;
/// The maximum number of reads from one source before the other sources are read.
const MAX_PIECES: usize = 64;

impl Server {
    /// Reads all output and all messages that have arrived since the last call, and answers the
    /// stopped calls. Returns whether anything was read or answered.
    ///
    /// The functions that wait call this function. An observer that does not wait with them, but has
    /// an event loop of its own, calls it when one of
    /// [`descriptors_to_poll`](Self::descriptors_to_poll) is readable.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel does not report the stopped system calls, or if the machine was
    /// too busy to run the program.
    pub fn poll_events(&mut self) -> Result<bool, Unobservable> {
        // One read from a terminal returns at most 4 KiB. A program that logs a lot waits until the
        // observer has read its output, so several reads are made.
        let mut has_event = (0..MAX_PIECES).take_while(|_| self.log.read()).count() > 0;
        has_event |= (0..MAX_PIECES).take_while(|_| self.read_stderr()).count() > 0;
        has_event |= self.answer_faults()?;
        has_event |= self.input.pump();
        has_event |= self.accept_all();
        self.tracer.retry_detach();
        self.enforce_output_limit();
        while self.exit.is_none() {
            match self.sandbox.receive(false) {
                Ok(None) => break,
                Ok(Some(message)) => self.handle(message),
                // The sandbox's first process has ended, and all other processes have ended, too.
                Err(_) => self.exit = Some(self.sandbox.exit_of_all()),
            }
            has_event = true;
        }
        self.cpu_starvation().map_or(Ok(has_event), Err)
    }

    /// The time that the program waited for a processor, if the program exceeded its wall time
    /// because the machine was too busy to run the program. In this case the run is inconclusive.
    pub fn cpu_starvation(&self) -> Option<Unobservable> {
        self.sandbox.cpu_starvation()
    }

    /// Answers the stopped system calls. Each call continues, or fails if a fault was requested.
    /// Returns whether there were any stopped calls.
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

    /// The cause of an error on the connection to the sandbox. If the sandbox was ended because of
    /// a limit, the result names this limit. If the sandbox does not answer, the result is an
    /// [`Unobservable`](sandbox::Unobservable), because this is no error of the server.
    pub(super) fn connection_error(&self, error: io::Error) -> io::Error {
        match self.sandbox.limit_exceeded() {
            Some(_) => io::Error::other(format!("the server {}", self.sandbox.exit_of_all())),
            None if error.kind() == io::ErrorKind::TimedOut => super::unobservable(error),
            None => error,
        }
    }

    /// Ends the sandbox if the program has written more output than its limit.
    fn enforce_output_limit(&self) {
        let written = self.output_written();
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

    /// Reads everything that the server has written before this call.
    ///
    /// # Errors
    /// [`Unobservable`] if the kernel does not report the stopped system calls.
    pub fn catch_up(&mut self) -> Result<(), Unobservable> {
        self.log.catch_up(Duration::from_secs(1));
        // The number of reads is limited to the capacity of a pipe (pipe(7)), because a server may
        // write without end.
        let mut pieces = 0..MAX_PIECES;
        while pieces.next().is_some() && self.read_stderr() {}
        self.poll_events().map(drop)
    }

    /// Sleeps until the server writes, a client receives bytes, the sandbox sends a message, or a
    /// stopped call waits for an answer. Sleeps at most for the time `pause`.
    pub(super) fn wait_for_event(&self, pause: Duration) {
        let faults = self.faults.as_ref().map(AsRawFd::as_raw_fd);
        let own = [self.log.as_raw_fd(), self.sandbox.as_raw_fd()].into_iter().chain(faults);
        let listeners = self.own_listeners.iter().map(AsRawFd::as_raw_fd);
        let mut watched: Vec<_> = own.chain(listeners).map(wait_readable).collect();
        let input = self.input.descriptor_to_poll();
        watched.extend(input.map(|(fd, events)| libc::pollfd { fd, events, revents: 0 }));
        let own = watched.len();
        // Only the most recent clients are polled, because the caller usually waits for one of
        // these clients.
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
