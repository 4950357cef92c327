//! A program that runs to its end: a build, say.

use crate::exit::Exit;
use crate::launch::{Launch, blocking, end};
use crate::sandbox::confine::{Limit, Limits};
use crate::sandbox::control::{Control, Message};
use crate::sandbox::error::LaunchError;
use crate::sandbox::quarters::Quarters;
use crate::sandbox::tier::Tier;
use crate::sandbox::view::Own;
use crate::unseen::Unseen;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

mod left;

/// A program that has run to its end, and what it left behind.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub exit: Exit,
    /// The limit that ended it, if one did.
    pub over: Option<Limit>,
    /// What it wrote on standard output and standard error, as far as the limit goes.
    pub output: Vec<u8>,
    /// Its wall time.
    pub elapsed: Duration,
    /// Why its wall time says nothing of it, where that was over: others kept the processors busy.
    pub excuse: Option<Unseen>,
    /// Processor time of all its processes.
    pub cpu: Duration,
    folder: Option<OwnedFd>,
    own: Own,
    /// The folder may be one of this machine's, which goes with this.
    _quarters: Quarters,
}

impl Launch {
    /// Runs it to its end, in a folder of its own that it may write. What it has left running then
    /// is ended, too.
    ///
    /// # Errors
    /// [`LaunchError`]; the program has then not run.
    pub fn finish(self) -> Result<Finished, LaunchError> {
        let limits = self.confinement.as_ref().map_or_else(Limits::default, |it| it.limits);
        let (output, theirs) =
            nix::unistd::pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).map_err(io::Error::from)?;
        blocking(&theirs)?;
        let errors = theirs.try_clone()?;
        let begun = self.begin(self.tier.unwrap_or_else(Tier::here), theirs, errors)?;
        let began = Instant::now();
        let own = begun.shown.own().unwrap_or_else(|| Own::of_this_machine(&limits));
        let quarters = begun.quarters;
        let mut run = Run::new(begun.init, begun.control, output, limits.output);
        run.folder = quarters.open_home()?;
        let (exit, mut over) = loop {
            match run.next(began + limits.wall)? {
                Event::Output if run.is_over() => break (killed(), Some(Limit::Output)),
                Event::Output | Event::Silence => {}
                Event::TooLate => {
                    quarters.end(Limit::Wall);
                    break (killed(), Some(Limit::Wall));
                }
                Event::Gone => break (killed(), quarters.over()),
                Event::Message(Message::Folder(folder)) => run.folder = Some(folder),
                Event::Message(Message::Started { .. }) => run.has_started = true,
                Event::Message(Message::Exited { status }) => {
                    break (Exit::of(status), quarters.cause_of(status));
                }
                Event::Message(Message::ExecFailed { errno }) if run.has_started => {
                    break (Exit::NotExecuted(errno), None);
                }
                Event::Message(message) => begun.shown.check(&message)?,
            }
        };
        let cpu = run.end();
        if over.is_none() && run.is_over() {
            over = Some(Limit::Output);
        }
        // Who ignores the first signal is killed a second later (getrlimit(2), RLIMIT_CPU).
        if over.is_none() && exit == killed() && cpu > limits.cpu {
            over = Some(Limit::Cpu);
        }
        run.output.truncate(limits.output as usize);
        Ok(Finished {
            exit,
            over,
            output: std::mem::take(&mut run.output),
            elapsed: began.elapsed(),
            excuse: quarters.excuse().filter(|_| over == Some(Limit::Wall)).map(Unseen::from),
            cpu,
            folder: run.folder.take(),
            own,
            _quarters: quarters,
        })
    }
}

fn killed() -> Exit {
    Exit::Signal("SIGKILL".to_owned())
}

/// A program that is running to its end; its box goes when this does.
struct Run {
    init: i32,
    control: Control,
    pipe: OwnedFd,
    is_open: bool,
    output: Vec<u8>,
    most: u64,
    folder: Option<OwnedFd>,
    has_started: bool,
    has_ended: bool,
}

/// What happens next.
enum Event {
    /// There is more output.
    Output,
    /// There will be no more output.
    Silence,
    /// The box's first process has said something.
    Message(Message),
    /// The box's first process is gone.
    Gone,
    /// The deadline has passed.
    TooLate,
}

impl Run {
    fn new(init: i32, control: Control, pipe: OwnedFd, most: u64) -> Self {
        let (folder, output) = (None, Vec::new());
        let (is_open, has_started, has_ended) = (true, false, false);
        Self { init, control, pipe, is_open, output, most, folder, has_started, has_ended }
    }

    fn next(&mut self, deadline: Instant) -> io::Result<Event> {
        let left = deadline.saturating_duration_since(Instant::now());
        let millis = i32::try_from(left.as_millis()).unwrap_or(i32::MAX);
        let ready = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        let pipe = if self.is_open { self.pipe.as_raw_fd() } else { -1 };
        let mut watched = [ready(self.control.as_raw_fd()), ready(pipe)];
        // SAFETY: the array is a local.
        match Errno::result(unsafe { libc::poll(watched.as_mut_ptr(), 2, millis) }) {
            Err(Errno::EINTR) => return Ok(Event::Output),
            Ok(0) if left.is_zero() => return Ok(Event::TooLate),
            Ok(0) => return Ok(Event::Output),
            result => result?,
        };
        // First of all its end: something that it has left running may write for ever.
        if watched[0].revents != 0 {
            return Ok(match self.control.receive(false) {
                Ok(Some(message)) => Event::Message(message),
                Ok(None) => Event::Output,
                Err(_) => Event::Gone,
            });
        }
        self.is_open = self.read();
        Ok(if self.is_open { Event::Output } else { Event::Silence })
    }

    /// Takes in a piece of the output; whether there may be more.
    fn read(&mut self) -> bool {
        let mut buffer = [0; 1 << 16];
        match nix::unistd::read(&self.pipe, &mut buffer) {
            Ok(length) => {
                self.output.extend_from_slice(&buffer[..length]);
                length > 0
            }
            Err(errno) => matches!(errno, Errno::EAGAIN | Errno::EINTR),
        }
    }

    fn is_over(&self) -> bool {
        self.output.len() as u64 > self.most
    }

    /// Ends the box, then takes in what is left in the pipe; the processor time of all that was in
    /// the box and that was reaped there, by its first process at the latest (wait4(2)).
    fn end(&mut self) -> Duration {
        self.has_ended = true;
        let cpu = end(self.init, &self.control);
        // Nobody writes any more: what is left is what the pipe holds (pipe(7)).
        while !self.is_over() && self.is_open {
            let before = self.output.len();
            self.is_open = self.read() && self.output.len() > before;
        }
        cpu
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if !self.has_ended {
            end(self.init, &self.control);
        }
    }
}
