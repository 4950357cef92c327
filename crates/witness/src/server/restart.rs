//! Starts the same program again in the same network.

use super::Server;
use sandbox::Message;
use std::io;
use std::time::{Duration, Instant};

impl Server {
    /// Starts the program again after the program has ended, with the same command, environment,
    /// streams and network. The log keeps its lines, and the text of standard error is cleared. The
    /// caller must use [`wait_listening`](Self::wait_listening) to wait until the program listens
    /// again.
    ///
    /// # Errors
    /// `ResourceBusy` if the program is still running; otherwise the error of the connection to the
    /// sandbox.
    pub fn restart(&mut self) -> io::Result<()> {
        self.restart_with(0)
    }

    /// Starts the program again as [`restart`](Self::restart) does, with another environment: the
    /// one with this number among [`Launch::env_of_restart`](crate::Launch::env_of_restart),
    /// counted from 1.
    ///
    /// # Errors
    /// As [`restart`](Self::restart).
    pub fn restart_with(&mut self, environment: u8) -> io::Result<()> {
        if self.exit.is_none() {
            return Err(io::ErrorKind::ResourceBusy.into());
        }
        self.catch_up().map_err(io::Error::other)?;
        (self.exit, self.listener, self.address) = (None, None, None);
        self.lowered = None;
        self.errors.clear();
        self.request_start(environment)
    }

    /// Starts the program of a [`prepared`](crate::Launch::prepare) sandbox.
    ///
    /// # Errors
    /// The error of the connection to the sandbox.
    pub fn begin(&mut self) -> io::Result<()> {
        self.request_start(0)
    }

    /// Asks the sandbox's first process to start the program, and waits until it has.
    fn request_start(&mut self, environment: u8) -> io::Result<()> {
        if let Some(recorder) = &self.recorder {
            recorder.trace_next_program(self.sandbox.init())?;
        }
        self.sandbox.request_restart(environment)?;
        loop {
            match self.sandbox.receive(true)? {
                Some(Message::Started { pid }) => {
                    self.begin_program(pid);
                    self.recorder.iter().for_each(|recorder| recorder.note_start(self.program));
                    self.wait_observable();
                    return Ok(());
                }
                Some(Message::NotifyListener(listener)) => self.supervise(listener),
                Some(message) => self.handle(message),
                None => {}
            }
            if self.exit.is_some() {
                return Ok(()); // execve(2) refused the program; the next wait returns this exit
            }
        }
    }

    /// Waits until the program can be observed. The kernel hides a process from an ordinary user while
    /// the process has changed its user and has not executed the program yet (prctl(2),
    /// PR_SET_DUMPABLE). Before execve(2), it has the name of the sandbox's first process.
    fn wait_observable(&self) {
        const LONGEST: Duration = Duration::from_millis(100);
        const LONGEST_ON_A_BUSY_MACHINE: Duration = Duration::from_secs(5);
        let (begun, first) = (Instant::now(), self.sandbox.init().name());
        while self.program.descriptors().is_err() {
            let has_executed = self.program.name() != first;
            let longest = if has_executed { LONGEST } else { LONGEST_ON_A_BUSY_MACHINE };
            if begun.elapsed() >= longest {
                return;
            }
            std::thread::yield_now();
        }
    }
}
