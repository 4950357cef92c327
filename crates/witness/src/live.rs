//! A server that runs for a person: its output is passed on, and nothing is checked.

use crate::log::{open_as_terminal, open_terminal};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, pipe2, read};
use sandbox::{Command, Exit, LaunchError, Message, Sandbox};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// The maximum number of bytes that one read returns.
const READ: usize = 1 << 14;
/// The time for which the last output of a program that has ended is awaited. A process that the
/// program has left behind may keep the output open.
const LAST_OUTPUT: Duration = Duration::from_millis(200);

/// A running server whose output is passed on. Dropping this value kills the program and all
/// processes that the program has started, and waits until they have ended.
#[derive(Debug)]
pub struct LiveServer {
    sandbox: Sandbox,
    program: Pid,
    /// Standard output and standard error; `None` after the end of the stream.
    streams: [Option<OwnedFd>; 2],
    exit: Option<(Exit, Instant)>,
}

/// Bytes that a program has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// To standard output.
    Stdout(Vec<u8>),
    /// To standard error.
    Stderr(Vec<u8>),
}

impl LiveServer {
    /// Starts the program. See [`Launch::start`](crate::Launch::start) for its descriptors.
    pub(crate) fn start(command: &Command) -> Result<Self, LaunchError> {
        let (master, slave) = open_terminal()?;
        let (errors, write_end) =
            pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).map_err(io::Error::from)?;
        let sandbox = command.spawn(slave, open_as_terminal(&write_end)?)?;
        let streams = [Some(master), Some(errors)];
        let mut server = Self { sandbox, program: Pid::from_raw(0), streams, exit: None };
        loop {
            match server.sandbox.receive(true)? {
                Some(Message::Started { pid }) => {
                    server.program = Pid::from_raw(pid);
                    return Ok(server);
                }
                Some(other) => server.sandbox.check_launch(&other)?,
                None => {}
            }
        }
    }

    /// The next output. `None` if there was none for the time `pause`.
    ///
    /// # Errors
    /// The error of poll(2) or read(2).
    pub fn read(&mut self, pause: Duration) -> io::Result<Option<Output>> {
        self.wait(pause)?;
        for index in 0..self.streams.len() {
            if let Some(bytes) = self.read_stream(index)? {
                let is_stdout = index == 0;
                return Ok(Some(if is_stdout {
                    Output::Stdout(bytes)
                } else {
                    Output::Stderr(bytes)
                }));
            }
        }
        while self.exit.is_none() {
            let exit = match self.sandbox.receive(false) {
                Ok(None) => break,
                Ok(Some(Message::Exited { status })) => self.sandbox.exit_of(status),
                Ok(Some(Message::ExecFailed { errno })) => Exit::NotExecuted(errno),
                Ok(Some(_)) => continue,
                Err(_) => self.sandbox.exit_of_all(),
            };
            self.exit = Some((exit, Instant::now()));
        }
        Ok(None)
    }

    /// How the program ended, when it has ended and all its output was read.
    pub fn exit(&self) -> Option<&Exit> {
        let (exit, since) = self.exit.as_ref()?;
        let is_read = self.streams.iter().all(Option::is_none) || since.elapsed() >= LAST_OUTPUT;
        is_read.then_some(exit)
    }

    /// Asks the program to end (SIGTERM).
    pub fn terminate(&self) {
        // An error only means that the program has ended already (kill(2), ESRCH).
        let _ = kill(self.program, Signal::SIGTERM);
    }

    /// Sleeps until there is output or a message, at most for the time `pause`.
    fn wait(&self, pause: Duration) -> io::Result<()> {
        let mut watched: Vec<_> = self.streams.iter().flatten().map(|it| it.as_fd()).collect();
        if self.exit.is_none() {
            // SAFETY: the sandbox owns the descriptor, and lives longer than this function.
            watched.push(unsafe { BorrowedFd::borrow_raw(self.sandbox.as_raw_fd()) });
        }
        let entries = watched.into_iter().map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        let mut entries: Vec<_> = entries.collect();
        let pause = PollTimeout::try_from(pause).unwrap_or(PollTimeout::MAX);
        match poll(&mut entries, pause) {
            // A signal, such as the one of a window that changes its size.
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The bytes that a stream has now. At the end of the stream, it is closed.
    fn read_stream(&mut self, index: usize) -> io::Result<Option<Vec<u8>>> {
        let Some(stream) = &self.streams[index] else { return Ok(None) };
        let mut bytes = vec![0; READ];
        match read(stream, &mut bytes) {
            Ok(length) if length > 0 => {
                bytes.truncate(length);
                return Ok(Some(bytes));
            }
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(None),
            // A terminal whose other side is closed everywhere reports EIO (pty(7)).
            Ok(_) | Err(Errno::EIO) => self.streams[index] = None,
            Err(error) => return Err(error.into()),
        }
        Ok(None)
    }
}
