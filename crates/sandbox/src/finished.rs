//! Runs a program to its end. The program is for example a compiler.

mod files;

use crate::command::Command;
use crate::control::Message;
use crate::error::LaunchError;
use crate::exit::Exit;
use crate::policy::{LimitKind, Limits};
use crate::root_layout::WorkDirInfo;
use crate::running::Sandbox;
use crate::unobservable::Unobservable;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

/// A program that has run to its end, with its output and the files that it has created.
#[derive(Debug)]
#[non_exhaustive]
pub struct Finished {
    /// How the program ended.
    pub exit: Exit,
    /// The limit that the program has exceeded, if any.
    pub limit_exceeded: Option<LimitKind>,
    /// The bytes that the program has written to standard output and standard error, up to the
    /// limit.
    pub output: Vec<u8>,
    /// The wall time of the run.
    pub elapsed: Duration,
    /// Set if the program exceeded its wall time because the machine was too busy to run the
    /// program: the time that the program waited for a processor. In this case the exceeded limit
    /// does not show an error in the program.
    pub cpu_starvation: Option<Unobservable>,
    /// The processor time of all processes of the program.
    pub cpu: Duration,
    folder: Option<OwnedFd>,
    work_dir: WorkDirInfo,
    /// The sandbox is kept, because dropping the sandbox removes its scratch folder.
    _sandbox: Sandbox,
}

impl Command {
    /// Runs the program to its end, in a writable folder of its own. Processes that are still
    /// running when the program ends are killed.
    ///
    /// # Errors
    /// [`LaunchError`]. After an error, the program has not run.
    pub fn run(self) -> Result<Finished, LaunchError> {
        // Start the program with one pipe for standard output and standard error.
        let limits = self.policy.as_ref().map_or_else(Limits::default, |policy| policy.limits);
        let (output, stdout) =
            nix::unistd::pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).map_err(io::Error::from)?;
        // The program's end of the pipe is in blocking mode, as programs expect.
        fcntl(&stdout, FcntlArg::F_SETFL(OFlag::empty())).map_err(io::Error::from)?;
        let stderr = stdout.try_clone()?;
        let sandbox = self.spawn(stdout, stderr)?;
        let began = Instant::now();
        let work_dir = sandbox.work_dir().unwrap_or_else(|| WorkDirInfo::of_this_machine(&limits));
        let mut run = Run::new(sandbox, output, limits.output)?;

        // Wait until the program ends or exceeds a limit.
        let (exit, mut limit_exceeded) = loop {
            match run.next_event(began + limits.wall)? {
                Event::Output if run.exceeds_output() => {
                    break (Exit::killed(), Some(LimitKind::Output));
                }
                Event::Output | Event::OutputEnd => {}
                Event::Deadline => {
                    run.sandbox.end_for(LimitKind::Wall);
                    break (Exit::killed(), Some(LimitKind::Wall));
                }
                // The watchdog has ended the sandbox, or another process has killed the sandbox's
                // first process.
                Event::Gone => break (Exit::killed(), run.sandbox.limit_exceeded()),
                Event::Message(Message::WorkDir(folder)) => run.folder = Some(folder),
                Event::Message(Message::Started { .. }) => run.has_started = true,
                Event::Message(Message::Exited { status }) => {
                    break (Exit::of(status), run.sandbox.limit_behind(status));
                }
                Event::Message(Message::ExecFailed { errno }) if run.has_started => {
                    break (Exit::NotExecuted(errno), None);
                }
                // Any other message reports a step of the launch. The step may have failed.
                Event::Message(message) => run.sandbox.check_launch(&message)?,
            }
        };

        // End the remaining processes, and read the rest of the output. The limits of output and of
        // processor time can be checked completely only after that.
        let cpu = run.end();
        if limit_exceeded.is_none() && run.exceeds_output() {
            limit_exceeded = Some(LimitKind::Output);
        }
        // If a program ignores SIGXCPU, the kernel kills the program with SIGKILL one second later
        // (getrlimit(2), RLIMIT_CPU).
        if limit_exceeded.is_none() && exit == Exit::killed() && cpu > limits.cpu {
            limit_exceeded = Some(LimitKind::Cpu);
        }
        run.output.truncate(limits.output as usize);
        let starvation = run.sandbox.cpu_starvation();
        Ok(Finished {
            exit,
            limit_exceeded,
            output: run.output,
            elapsed: began.elapsed(),
            cpu_starvation: starvation.filter(|_| limit_exceeded == Some(LimitKind::Wall)),
            cpu,
            folder: run.folder,
            work_dir,
            _sandbox: run.sandbox,
        })
    }
}

/// A program while [`Command::run`] waits for its end.
struct Run {
    sandbox: Sandbox,
    pipe: OwnedFd,
    /// Whether more output may arrive in the pipe.
    pipe_is_open: bool,
    output: Vec<u8>,
    /// The maximum number of bytes of output.
    limit: u64,
    folder: Option<OwnedFd>,
    has_started: bool,
}

/// An event that [`Run::next_event`] returns.
enum Event {
    /// More output may follow.
    Output,
    /// No more output will follow.
    OutputEnd,
    /// The sandbox's first process has reported something.
    Message(Message),
    /// The sandbox's first process has ended.
    Gone,
    /// The deadline has expired.
    Deadline,
}

impl Run {
    fn new(sandbox: Sandbox, pipe: OwnedFd, limit: u64) -> io::Result<Self> {
        let folder = sandbox.open_home()?;
        let output = Vec::new();
        Ok(Self { sandbox, pipe, pipe_is_open: true, output, limit, folder, has_started: false })
    }

    fn next_event(&mut self, deadline: Instant) -> io::Result<Event> {
        let left = deadline.saturating_duration_since(Instant::now());
        let millis = i32::try_from(left.as_millis()).unwrap_or(i32::MAX);
        let entry = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        let pipe = if self.pipe_is_open { self.pipe.as_raw_fd() } else { -1 };
        let mut entries = [entry(self.sandbox.as_raw_fd()), entry(pipe)];
        // SAFETY: the array is a local.
        match Errno::result(unsafe { libc::poll(entries.as_mut_ptr(), 2, millis) }) {
            Err(Errno::EINTR) => return Ok(Event::Output),
            Ok(0) if left.is_zero() => return Ok(Event::Deadline),
            Ok(0) => return Ok(Event::Output),
            result => result?,
        };
        // Messages are received before output is read, because a process that the program has
        // started may write without end.
        if entries[0].revents != 0 {
            return Ok(match self.sandbox.receive(false) {
                Ok(Some(message)) => Event::Message(message),
                Ok(None) => Event::Output,
                Err(_) => Event::Gone,
            });
        }
        self.pipe_is_open = self.read();
        Ok(if self.pipe_is_open { Event::Output } else { Event::OutputEnd })
    }

    /// Reads a part of the output. Returns whether more output may follow.
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

    /// Whether the program has written more output than the limit.
    fn exceeds_output(&self) -> bool {
        self.output.len() as u64 > self.limit
    }

    /// Ends the sandbox, then reads the remaining bytes from the pipe. Returns the processor time
    /// of all processes of the sandbox.
    fn end(&mut self) -> Duration {
        let cpu = self.sandbox.end();
        // No process can write to the pipe any more, so only the bytes in the pipe's buffer remain
        // (pipe(7)).
        while !self.exceeds_output() && self.pipe_is_open {
            let before = self.output.len();
            self.pipe_is_open = self.read() && self.output.len() > before;
        }
        cpu
    }
}
