//! Starts a server under observation.

use crate::fault_injector::FaultInjector;
use crate::input::{Input, InputStream};
use crate::live::LiveServer;
use crate::log::{Log, open_as_terminal};
use crate::recording::Recorder;
use crate::run_history::RunHistory;
use crate::server::Server;
use crate::wait_limits::WaitLimits;
use nix::fcntl::OFlag;
use sandbox::{Command, IsolationLevel, LaunchError, Message, SandboxPolicy};
use std::ffi::{OsStr, OsString};
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A server to start under observation; built like [`std::process::Command`].
#[derive(Clone, Debug)]
pub struct Launch {
    command: Command,
    limits: WaitLimits,
    history: RunHistory,
    input: Input,
    /// The number of bytes of a log line that are kept.
    max_line: Option<usize>,
    /// The names that the program can look up, each with its addresses.
    hosts: Vec<(String, Vec<IpAddr>)>,
    recorder: Option<Recorder>,
}

impl Launch {
    /// A program by its path, or by a name that is searched on the PATH. The program inherits this
    /// process's environment, unless the program is [`sandboxed`](Self::sandboxed).
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            command: Command::new(program),
            limits: WaitLimits::default(),
            history: RunHistory::default(),
            input: Input::default(),
            max_line: None,
            hosts: Vec::new(),
            recorder: None,
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

    /// The TCP port that the program will connect to; see [`Command::peer_port`].
    pub fn peer_port(mut self, port: u16) -> Self {
        self.command = self.command.peer_port(port);
        self
    }

    /// What the program's standard input is; empty by default.
    pub fn input(mut self, input: Input) -> Self {
        self.input = input;
        self
    }

    /// How many bytes of a log line are kept; 4096 by default. The rest of a longer line is discarded.
    pub fn max_line(mut self, bytes: usize) -> Self {
        self.max_line = Some(bytes);
        self
    }

    /// Gives the host `name` these addresses. The program then knows no other hosts but those of
    /// earlier calls, and `localhost`. This needs [`IsolationLevel::Namespaces`].
    pub fn host(mut self, name: impl Into<String>, addresses: &[IpAddr]) -> Self {
        self.hosts.push((name.into(), addresses.to_vec()));
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

    /// Records the run: every system call of the program, and what the clients do.
    pub fn recorded(mut self, recorder: Recorder) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// Builds the sandbox, and does not start the program. [`Server::begin`] starts the program, for
    /// instance when the observer listens where the program will connect
    /// ([`Server::listen_at`]).
    ///
    /// # Errors
    /// [`LaunchError`].
    pub fn prepare(mut self) -> Result<Server, LaunchError> {
        self.command = self.command.starts_later();
        let mut server = self.spawn()?;
        loop {
            match server.next_message()? {
                Message::Ready => {
                    server.open_table()?;
                    return Ok(server);
                }
                other => server.check_launch(&other)?,
            }
        }
    }

    /// Starts the program. The program's standard output is a terminal with 80 columns, and its
    /// standard error is a pipe. The program has no descriptor but its standard streams.
    ///
    /// # Errors
    /// [`LaunchError`]. After an error, the program has not run.
    pub fn start(self) -> Result<Server, LaunchError> {
        if self.recorder.is_some() {
            // The first process of the sandbox is traced before it starts the program.
            let mut server = self.prepare()?;
            server.begin()?;
            return Ok(server);
        }
        let mut server = self.spawn()?;

        // Receive the messages of the sandbox's first process, until one of them reports that the
        // program has started.
        loop {
            match server.next_message()? {
                Message::NotifyListener(listener) => server.supervise(listener),
                Message::Started { pid } => {
                    server.begin_program(pid);
                    server.open_table()?;
                    return Ok(server);
                }
                other => server.check_launch(&other)?,
            }
        }
    }

    /// Creates the standard streams, and builds the sandbox.
    fn spawn(mut self) -> Result<Server, LaunchError> {
        if !self.hosts.is_empty() {
            self.command = self.command.file(HOSTS, hosts_file(&self.hosts));
            // getaddrinfo(3) then takes the addresses of all lines of a host (host.conf(5)).
            self.command = self.command.env("RESOLV_MULTI", "on");
            // Without this file, getaddrinfo(3) looks into /etc/hosts first.
            if Path::new(SOURCES).is_file() {
                self.command = self.command.file(SOURCES, "hosts: files\n");
            }
        }
        // Create a terminal for standard output, and a pipe for standard error.
        let (mut log, stdout) = Log::open()?;
        self.max_line.into_iter().for_each(|bytes| log.keep(bytes));
        let (stderr, write_end) =
            nix::unistd::pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).map_err(io::Error::from)?;
        let (input, stdin) = InputStream::open(self.input)?;
        let errors = open_as_terminal(&write_end)?;
        let sandbox = self.command.spawn_with_input(stdin, stdout, errors)?;
        let mut server = Server::new(sandbox, log, stderr, input, self.limits, self.history);
        self.recorder.into_iter().for_each(|recorder| server.record(recorder));
        Ok(server)
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

/// The file in which getaddrinfo(3) finds a host's addresses (hosts(5)).
const HOSTS: &str = "/etc/hosts";
/// The file that says where getaddrinfo(3) looks (nsswitch.conf(5)).
const SOURCES: &str = "/etc/nsswitch.conf";

/// The contents of /etc/hosts: one line for each address.
fn hosts_file(hosts: &[(String, Vec<IpAddr>)]) -> String {
    let mut text = "127.0.0.1 localhost\n::1 localhost\n".to_owned();
    for (name, addresses) in hosts {
        addresses.iter().for_each(|address| text += &format!("{address} {name}\n"));
    }
    text
}
