//! A running sandbox: the messages of its first process, and how the sandbox ends.

use crate::control::{Control, Message};
use crate::error::LaunchError;
use crate::exit::Exit;
use crate::init::{STEPS, step};
use crate::isolation::IsolationLevel;
use crate::isolation::refusal::explain;
use crate::policy::{LimitKind, Limits};
use crate::process::Process;
use crate::root_layout::{RootLayout, WorkDirInfo};
use crate::run_resources::RunResources;
use crate::unobservable::Unobservable;
use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::path::PathBuf;
use std::time::Duration;

/// A running sandbox. Dropping it ends the program and everything that the program has started,
/// and returns when they are gone.
#[derive(Debug)]
pub struct Sandbox {
    init: i32,
    is_reaped: bool,
    control: Control,
    level: IsolationLevel,
    context: LaunchContext,
    /// Dropped last, after every process of the sandbox has ended.
    resources: RunResources,
}

/// What an error message about a refused launch needs.
#[derive(Debug)]
pub(crate) struct LaunchContext {
    pub(crate) program: PathBuf,
    pub(crate) root: Option<RootLayout>,
}

impl Sandbox {
    pub(crate) fn new(
        init: i32,
        control: Control,
        resources: RunResources,
        level: IsolationLevel,
        context: LaunchContext,
    ) -> Self {
        Self { init, is_reaped: false, control, level, context, resources }
    }

    /// Maps the user of an untrusted program, starts the watchdog, and lets the first process
    /// begin.
    pub(crate) fn begin(&mut self) -> io::Result<()> {
        self.resources.sandbox_user.map_or(Ok(()), |user| user.map(self.init))?;
        self.resources.watch(self.init)?;
        self.control.send_begin()
    }

    /// How strongly the program is isolated.
    pub fn isolation(&self) -> IsolationLevel {
        self.level
    }

    /// The sandbox's first process. The program and all orphans are its children.
    pub fn init(&self) -> Process {
        Process { pid: self.init }
    }

    /// The next message of the first process; `None` when there is none yet and `wait` is false.
    ///
    /// # Errors
    /// UnexpectedEof when the first process is gone. Then every other process is gone, too.
    pub fn receive(&self, wait: bool) -> io::Result<Option<Message>> {
        self.control.receive(wait)
    }

    /// Checks whether `message` says that the launch has failed.
    ///
    /// # Errors
    /// [`LaunchError`] for a message that reports a refused step.
    pub fn check_launch(&self, message: &Message) -> Result<(), LaunchError> {
        match *message {
            Message::Refused { step, mount_step, errno } => Err(LaunchError::NoSandbox(explain(
                &self.context.describe(step, mount_step),
                &errno.into(),
            ))),
            Message::NotifyRefused { errno } => Err(LaunchError::NoFaultInjection(errno.into())),
            Message::ExecFailed { errno } => Err(LaunchError::Refused {
                program: self.context.program.display().to_string(),
                error: errno.into(),
            }),
            _ => Ok(()),
        }
    }

    /// Asks for up to `count` sockets (socket(2)), at most [`BATCH`](crate::BATCH), made inside the
    /// sandbox's network. They arrive as [`Message::Sockets`].
    ///
    /// # Errors
    /// The error of send(2).
    pub fn request_sockets(
        &self,
        family: i32,
        kind: i32,
        protocol: i32,
        count: usize,
    ) -> io::Result<()> {
        self.control.request_sockets(family, kind, protocol, count)
    }

    /// Asks for the program to be started once more, in the same sandbox.
    ///
    /// # Errors
    /// The error of send(2).
    pub fn request_restart(&self) -> io::Result<()> {
        self.control.request_restart()
    }

    /// The limits that are enforced, where the program is untrusted.
    pub fn limits(&self) -> Option<Limits> {
        self.resources.limits()
    }

    /// Ends the sandbox for a limit that the caller has seen exceeded.
    pub fn end_for(&self, limit: LimitKind) {
        self.resources.end(limit);
    }

    /// The limit for which the sandbox was ended.
    pub fn limit_exceeded(&self) -> Option<LimitKind> {
        self.resources.limit_exceeded()
    }

    /// How the program ended, from its wait status (wait(2)) and the limits.
    pub fn exit_of(&self, status: i32) -> Exit {
        match self.resources.limit_behind(status) {
            Some(limit) => self.exit_for(limit),
            None => Exit::of(status),
        }
    }

    /// How the program ended, where the sandbox ended before the program's wait status arrived.
    pub fn exit_of_all(&self) -> Exit {
        self.limit_exceeded().map_or_else(Exit::killed, |limit| self.exit_for(limit))
    }

    /// How a program ends that has exceeded this limit.
    fn exit_for(&self, limit: LimitKind) -> Exit {
        Exit::LimitExceeded(limit, self.limits().unwrap_or_default())
    }

    /// The measured waiting time, if the program exceeded its wall time because the machine was too
    /// busy to run it. The limit then says nothing about the program.
    pub fn cpu_starvation(&self) -> Option<Unobservable> {
        self.resources.cpu_starvation().map(Unobservable::from)
    }

    /// The exceeded limit, if it is the cause of this wait status.
    pub(crate) fn limit_behind(&self, status: i32) -> Option<LimitKind> {
        self.resources.limit_behind(status)
    }

    /// The program's folder, where the sandbox has no file system of its own.
    pub(crate) fn open_home(&self) -> io::Result<Option<OwnedFd>> {
        self.resources.open_home()
    }

    /// What is known of the program's folder, where the sandbox has a root of its own.
    pub(crate) fn work_dir(&self) -> Option<WorkDirInfo> {
        self.context.root.as_ref().map(|root| root.work_dir.clone())
    }

    /// Closes the connection to the first process, which ends the sandbox; returns at once.
    pub fn hang_up(&self) {
        self.control.hang_up();
    }

    /// Whether the first process has ended; if so, it is reaped (waitpid(2), WNOHANG).
    pub fn has_ended(&mut self) -> bool {
        if !self.is_reaped {
            let status = waitpid(Pid::from_raw(self.init), Some(WaitPidFlag::WNOHANG));
            self.is_reaped = status != Ok(WaitStatus::StillAlive);
        }
        self.is_reaped
    }

    /// Ends the sandbox and returns when every process in it is gone. The result is the processor
    /// time, user and system, of all of them (wait4(2)); zero if they were reaped before.
    pub fn end(&mut self) -> Duration {
        self.hang_up();
        if self.is_reaped {
            return Duration::ZERO;
        }
        self.is_reaped = true;
        // SAFETY: plain data, which the kernel fills.
        let mut used: libc::rusage = unsafe { std::mem::zeroed() };
        loop {
            // SAFETY: a child of this process's own, and a local.
            let result = unsafe { libc::wait4(self.init, std::ptr::null_mut(), 0, &mut used) };
            if Errno::result(result) != Err(Errno::EINTR) {
                break;
            }
        }
        let time = |it: libc::timeval| {
            Duration::from_secs(it.tv_sec as u64) + Duration::from_micros(it.tv_usec as u64)
        };
        time(used.ru_utime) + time(used.ru_stime)
    }
}

impl AsRawFd for Sandbox {
    /// The descriptor that is readable when [`receive`](Sandbox::receive) has a message.
    fn as_raw_fd(&self) -> RawFd {
        self.control.as_raw_fd()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.end();
    }
}

impl LaunchContext {
    /// The refused step in words.
    fn describe(&self, number: u8, mount_step: u16) -> String {
        let step = STEPS.get(usize::from(number)).unwrap_or(&"a step");
        let mut mounts = self.root.iter().flat_map(|root| &root.steps);
        match mounts.nth(usize::from(mount_step)) {
            Some(mount) if number == step::MOUNTS => format!("{step}: {}", mount.describe()),
            _ => (*step).to_owned(),
        }
    }
}
