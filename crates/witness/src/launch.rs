//! Starts a server under observation.

use crate::fault_injector::FaultInjector;
use crate::live::LiveServer;
use crate::log::{Log, open_as_terminal};
use crate::run_history::RunHistory;
use crate::server::Server;
use crate::wait_limits::WaitLimits;
use nix::fcntl::OFlag;
use sandbox::{Command, IsolationLevel, LaunchError, Message, SandboxPolicy};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A server to start under observation; built like [`std::process::Command`].
#[derive(Clone, Debug)]
pub struct Launch {
    command: Command,
    limits: WaitLimits,
    history: RunHistory,
}

impl Launch {
    /// A program by its path, or by a name that is searched on the PATH. The program inherits this
    /// process's environment, unless the program is [`sandboxed`](Self::sandboxed).
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            command: Command::new(program),
            limits: WaitLimits::default(),
            history: RunHistory::default(),
        }
    }

    /// Adds arguments.
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.command = self.command.args(arguments);
        self
    }

    /// Sets an environment variable of the program.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.command = self.command.env(name, value);
        self
    }

    /// Removes an environment variable of the program.
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.command = self.command.env_remove(name);
        self
    }

    /// Adds an environment with which the program can be started again; see
    /// [`Command::env_of_restart`] and [`Server::restart_with`].
    pub fn env_of_restart(
        mut self,
        variables: impl IntoIterator<Item = (impl Into<OsString>, impl Into<OsString>)>,
    ) -> Self {
        self.command = self.command.env_of_restart(variables);
        self
    }

    /// The program's working directory; see [`Command::current_dir`].
    pub fn current_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.command = self.command.current_dir(directory);
        self
    }

    /// The TCP port that the program will listen on; see [`Command::port`].
    pub fn port(mut self, port: u16) -> Self {
        self.command = self.command.port(port);
        self
    }

    /// Selects the system calls that the observer can make fail.
    pub fn faults(mut self, injector: FaultInjector) -> Self {
        self.command = self.command.notified_calls(injector.calls());
        self
    }

    /// Treats the program as untrusted: the program sees and uses only what `policy` allows; see
    /// [`Command::sandboxed`].
    pub fn sandboxed(mut self, policy: SandboxPolicy) -> Self {
        self.command = self.command.sandboxed(policy);
        self
    }

    /// How strongly the program is isolated; [`IsolationLevel::here`] by default.
    pub fn isolation(mut self, level: IsolationLevel) -> Self {
        self.command = self.command.isolation(level);
        self
    }

    /// The maximum time of a wait while the server is not idle; 10 seconds by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.limits.timeout = timeout;
        self
    }

    /// The end of all waits for this server together. A wait that begins later than half a second
    /// before the deadline ends after half a second. Without this call, only the time of each wait
    /// is limited ([`timeout`](Self::timeout)).
    pub fn deadline(mut self, deadline: Instant) -> Self {
        self.limits.deadline = Some(deadline);
        self
    }

    /// Information from earlier runs of the program. This run adds its own information to the
    /// history.
    pub fn history(mut self, history: RunHistory) -> Self {
        self.history = history;
        self
    }

    /// Starts the program. The program's standard input is empty, its standard output is a terminal
    /// with 80 columns, and its standard error is a pipe. The program has no other descriptor.
    ///
    /// # Errors
    /// [`LaunchError`]. After an error, the program has not run.
    pub fn start(self) -> Result<Server, LaunchError> {
        // Create a terminal for standard output, and a pipe for standard error.
        let (log, stdout) = Log::open()?;
        let (stderr, write_end) =
            nix::unistd::pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).map_err(io::Error::from)?;
        let sandbox = self.command.spawn(stdout, open_as_terminal(&write_end)?)?;
        let mut server = Server::new(sandbox, log, stderr, self.limits, self.history);

        // Receive the messages of the sandbox's first process, until one of them reports that the
        // program has started.
        loop {
            match server.next_message()? {
                Message::NotifyListener(listener) => server.supervise(listener),
                Message::Started { pid } => {
                    server.started(pid)?;
                    return Ok(server);
                }
                other => server.check_launch(&other)?,
            }
        }
    }

    /// Starts the program for a person, who reads its output. The descriptors are the same as with
    /// [`start`](Self::start).
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_live(self) -> Result<LiveServer, LaunchError> {
        LiveServer::start(&self.command)
    }
}
