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

/// A running sandbox. Dropping this value kills the program and all processes that the program has
/// started, and waits until they have ended.
#[derive(Debug)]
pub struct Sandbox {
    init: i32,
    is_reaped: bool,
    control: Control,
    level: IsolationLevel,
    context: LaunchContext,
    /// This field is dropped last, after every process of the sandbox has ended.
    resources: RunResources,
}

/// The information that error messages about a failed launch need.
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

    /// Maps the user of an untrusted program, starts the watchdog, and tells the first process to
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

    /// The sandbox's first process. The program and all orphans are children of this process.
    pub fn init(&self) -> Process {
        Process { pid: self.init }
    }

    /// The next message of the first process; `None` if no message has arrived and `wait` is false.
    ///
    /// # Errors
    /// UnexpectedEof if the first process has ended. In this case every other process of the
    /// sandbox has ended, too.
    pub fn receive(&self, wait: bool) -> io::Result<Option<Message>> {
        self.control.receive(wait)
    }

    /// Returns an error if `message` reports that the launch has failed.
    ///
    /// # Errors
    /// [`LaunchError`] if the message reports a refused step.
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

    /// Asks the first process to create up to `count` sockets (socket(2)) in the sandbox's network,
    /// at most [`BATCH`](crate::BATCH). The sockets arrive in [`Message::Sockets`].
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

    /// Asks the first process to start the program again in the same sandbox. The program's
    /// environment is that of the first start if `environment` is 0, and otherwise the one with this
    /// number among [`Command::env_of_restart`](crate::Command::env_of_restart), counted from 1.
    ///
    /// # Errors
    /// The error of send(2).
    pub fn request_restart(&self, environment: u8) -> io::Result<()> {
        self.control.request_restart(environment)
    }

    /// The limits of the program, if the program is untrusted.
    pub fn limits(&self) -> Option<Limits> {
        self.resources.limits()
    }

    /// Ends the sandbox because the caller has found that the program exceeded `limit`.
    pub fn end_for(&self, limit: LimitKind) {
        self.resources.end(limit);
    }

    /// The exceeded limit, if the sandbox was ended because of a limit.
    pub fn limit_exceeded(&self) -> Option<LimitKind> {
        self.resources.limit_exceeded()
    }

    /// How the program ended, according to its wait status (wait(2)) and the exceeded limit.
    pub fn exit_of(&self, status: i32) -> Exit {
        match self.resources.limit_behind(status) {
            Some(limit) => self.exit_for(limit),
            None => Exit::of(status),
        }
    }

    /// How the program ended, if the sandbox ended before the program's wait status arrived.
    pub fn exit_of_all(&self) -> Exit {
        self.limit_exceeded().map_or_else(Exit::killed, |limit| self.exit_for(limit))
    }

    /// The exit of a program that has exceeded this limit.
    fn exit_for(&self, limit: LimitKind) -> Exit {
        Exit::LimitExceeded(limit, self.limits().unwrap_or_default())
    }

    /// The time that the program waited for a processor, if the program exceeded its wall time
    /// because the machine was too busy to run the program. In this case the exceeded limit does
    /// not show an error in the program.
    pub fn cpu_starvation(&self) -> Option<Unobservable> {
        self.resources.cpu_starvation().map(Unobservable::from)
    }

    /// The exceeded limit, if an exceeded limit is the cause of this wait status.
    pub(crate) fn limit_behind(&self, status: i32) -> Option<LimitKind> {
        self.resources.limit_behind(status)
    }

    /// Opens the program's folder, if the sandbox has no file system of its own.
    pub(crate) fn open_home(&self) -> io::Result<Option<OwnedFd>> {
        self.resources.open_home()
    }

    /// Information about the program's folder, if the sandbox has its own root file system.
    pub(crate) fn work_dir(&self) -> Option<WorkDirInfo> {
        self.context.root.as_ref().map(|root| root.work_dir.clone())
    }

    /// Closes the connection to the first process. This ends the sandbox. The function returns
    /// immediately and does not wait for the end.
    pub fn hang_up(&self) {
        self.control.hang_up();
    }

    /// Whether the first process has ended. If the first process has ended, this function reaps it
    /// (waitpid(2), WNOHANG).
    pub fn has_ended(&mut self) -> bool {
        if !self.is_reaped {
            let status = waitpid(Pid::from_raw(self.init), Some(WaitPidFlag::WNOHANG));
            self.is_reaped = status != Ok(WaitStatus::StillAlive);
        }
        self.is_reaped
    }

    /// Ends the sandbox, and waits until every process of the sandbox has ended. Returns the user
    /// and system processor time of all these processes (wait4(2)); zero if the first process was
    /// reaped before.
    pub fn end(&mut self) -> Duration {
        self.hang_up();
        if self.is_reaped {
            return Duration::ZERO;
        }
        self.is_reaped = true;
        // SAFETY: plain data, which the kernel fills.
        let mut used: libc::rusage = unsafe { std::mem::zeroed() };
        loop {
            // SAFETY: the process is a child of this process, and `used` is a local variable.
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
    /// A descriptor that is readable when [`receive`](Sandbox::receive) can return a message.
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
    /// Describes the refused step for an error message.
    fn describe(&self, number: u8, mount_step: u16) -> String {
        let step = STEPS.get(usize::from(number)).unwrap_or(&"a step");
        let mut mounts = self.root.iter().flat_map(|root| &root.steps);
        match mounts.nth(usize::from(mount_step)) {
            Some(mount) if number == step::MOUNTS => format!("{step}: {}", mount.describe()),
            _ => (*step).to_owned(),
        }
    }
}
