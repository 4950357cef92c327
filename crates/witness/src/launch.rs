//! Starting a program under observation.

use crate::confine::Confinement;
use crate::control::{Control, Message};
use crate::gate::Gate;
use crate::init::{self, Plan, Program, STEPS, Strings};
use crate::landlock::{self, Rules};
use crate::limit;
use crate::log::Log;
use crate::repute::Repute;
use crate::server::Server;
use crate::tier::{Tier, identity};
use nix::fcntl::OFlag;
use std::collections::BTreeMap;
use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A program to start under observation; built like [`std::process::Command`].
#[derive(Clone, Debug)]
pub struct Launch {
    program: OsString,
    arguments: Vec<OsString>,
    environment: BTreeMap<OsString, OsString>,
    directory: PathBuf,
    gate: Gate,
    tier: Option<Tier>,
    timeout: Duration,
    repute: Repute,
    confinement: Option<Confinement>,
}

/// Why a program could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// No file of that name, in the place named or on the PATH.
    #[error("there is no program {0}; check the path")]
    NotFound(String),
    /// There is a file, and it is not a program.
    #[error("{0} is not executable; try chmod +x, or name its interpreter first")]
    NotExecutable(String),
    /// The folder that it was to run in cannot be entered.
    #[error("{folder} cannot be the program's folder: {error}")]
    NoDirectory {
        /// The folder's path.
        folder: String,
        /// What the kernel said.
        error: io::Error,
    },
    /// A name or argument has a NUL byte in it.
    #[error("{0:?} has a NUL byte in it, which no program can be given")]
    NulByte(OsString),
    /// execve(2) or something just before it failed.
    #[error("{program} could not be started: {error}")]
    Refused {
        /// The program's path.
        program: String,
        /// What the kernel said.
        error: io::Error,
    },
    /// The box could not be built.
    #[error("the box could not be built: {0}")]
    NoBox(String),
    /// The program's calls cannot be held back on this machine.
    #[error("the program's system calls cannot be held back here (seccomp_unotify(2)): {0}")]
    NoGate(io::Error),
    /// The observer itself ran out of something.
    #[error("the observer could not prepare: {0}")]
    Observer(#[from] io::Error),
}

impl Launch {
    /// A program by path, or by name on the PATH. It inherits this process's environment.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: std::env::vars_os().collect(),
            directory: PathBuf::from("."),
            gate: Gate::default(),
            tier: None,
            timeout: Duration::from_secs(10),
            repute: Repute::default(),
            confinement: None,
        }
    }

    /// Adds arguments.
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of its environment.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// Takes a variable out of its environment.
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.environment.remove(name.as_ref());
        self
    }

    /// Where it runs; the observer's own directory unless said.
    pub fn current_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = directory.into();
        self
    }

    /// Holds back some of its system calls, so that they can be made to fail.
    pub fn gate(mut self, gate: Gate) -> Self {
        self.gate = gate;
        self
    }

    /// Treats it as a program that nobody vouches for: it sees and uses what is said here alone.
    pub fn confined(mut self, confinement: Confinement) -> Self {
        self.confinement = Some(confinement);
        self
    }

    /// How far apart it is kept; [`Tier::here`] unless said.
    pub fn tier(mut self, tier: Tier) -> Self {
        self.tier = Some(tier);
        self
    }

    /// How long a wait for a fact may last when the server never comes to rest; 10 seconds unless
    /// said.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// What is known of the program from its other runs, and what this one adds to it.
    pub fn repute(mut self, repute: Repute) -> Self {
        self.repute = repute;
        self
    }

    /// Starts it. Its standard input is empty, its standard output a terminal of 80 columns, its
    /// standard error a pipe; it has no descriptor but these three.
    ///
    /// # Errors
    /// [`LaunchError`]; the program has then not run.
    pub fn start(self) -> Result<Server, LaunchError> {
        self.check_directory()?;
        let path = self.find()?;
        let shown = path.display().to_string();
        let tier = self.tier.unwrap_or_else(Tier::here);
        let namespaces = tier.namespaces().map_err(LaunchError::NoBox)?;
        let (control, theirs) = Control::pair()?;
        let (log, output) = Log::open()?;
        let (stderr, errors) =
            nix::unistd::pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).map_err(io::Error::from)?;
        blocking(&errors)?;
        let plan = Plan {
            namespaces,
            identity: identity(namespaces),
            control: theirs,
            program: Some(self.program(&path, tier, output, errors)?),
        };
        let init = init::launch(&plan)
            .map_err(|error| LaunchError::NoBox(format!("clone(2): {error}")))?;
        drop(plan);
        let mut server = Server::new(init, control, log, stderr, tier, self.timeout, self.repute);
        loop {
            match server.next_message()? {
                Message::Ready => {}
                Message::Gate(listener) => server.keep_gate(listener),
                Message::Started { pid } => {
                    server.started(pid)?;
                    return Ok(server);
                }
                Message::Refused { step, errno } => {
                    let step = STEPS.get(usize::from(step)).unwrap_or(&"a step");
                    let error = io::Error::from_raw_os_error(errno);
                    return Err(LaunchError::NoBox(format!("{step}: {error}")));
                }
                Message::GateRefused { errno } => {
                    return Err(LaunchError::NoGate(io::Error::from_raw_os_error(errno)));
                }
                Message::ExecFailed { errno } => {
                    let error = io::Error::from_raw_os_error(errno);
                    return Err(LaunchError::Refused { program: shown, error });
                }
                Message::Exited { .. } | Message::Sockets(..) => {}
            }
        }
    }

    fn program(
        &self,
        path: &Path,
        tier: Tier,
        output: OwnedFd,
        errors: OwnedFd,
    ) -> Result<Program, LaunchError> {
        let mut arguments = vec![text(self.program.as_bytes())?];
        for argument in &self.arguments {
            arguments.push(text(argument.as_bytes())?);
        }
        let mut environment = Vec::new();
        for (name, value) in &self.environment {
            environment.push(text(&[name.as_bytes(), b"=", value.as_bytes()].concat())?);
        }
        Ok(Program {
            path: text(path.as_os_str().as_bytes())?,
            arguments: Strings::new(arguments),
            environment: Strings::new(environment),
            directory: text(self.directory.as_os_str().as_bytes())?,
            input: std::fs::File::open("/dev/null")?.into(),
            output,
            errors,
            descriptors: limit::raise()?,
            rules: self.rules(tier).map_err(no_rules)?,
            filter: self.gate.filter(),
        })
    }

    /// What Landlock is to hold the program back from.
    fn rules(&self, tier: Tier) -> io::Result<Option<Rules>> {
        match tier {
            Tier::Landlock => Rules::own().map(Some),
            _ => Ok(None),
        }
    }

    fn check_directory(&self) -> Result<(), LaunchError> {
        text(self.directory.as_os_str().as_bytes())?;
        std::fs::read_dir(&self.directory).map(drop).map_err(|error| {
            let folder = self.directory.display().to_string();
            LaunchError::NoDirectory { folder, error }
        })
    }

    /// The program's file: as named if the name has a slash, else the first on the PATH.
    fn find(&self) -> Result<PathBuf, LaunchError> {
        let shown = self.program.to_string_lossy().into_owned();
        let candidates: Vec<PathBuf> = if self.program.as_bytes().contains(&b'/') {
            vec![self.directory.join(&self.program)]
        } else {
            let path = self.environment.get(OsStr::new("PATH")).cloned().unwrap_or_default();
            std::env::split_paths(&path).map(|folder| folder.join(&self.program)).collect()
        };
        let mut found = candidates.into_iter().filter(|path| path.is_file()).peekable();
        if found.peek().is_none() {
            return Err(LaunchError::NotFound(shown));
        }
        let path =
            found.find(|path| is_executable(path)).ok_or(LaunchError::NotExecutable(shown))?;
        Ok(std::path::absolute(path)?)
    }
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.permissions().mode() & 0o111 != 0)
}

fn text(bytes: &[u8]) -> Result<CString, LaunchError> {
    CString::new(bytes).map_err(|_| LaunchError::NulByte(OsString::from_vec(bytes.to_vec())))
}

fn no_rules(error: io::Error) -> LaunchError {
    let why = landlock::refusal().map_or_else(|| error.to_string(), str::to_owned);
    LaunchError::NoBox(why)
}

/// The program's end of the pipe blocks, as programs expect of standard error.
fn blocking(fd: &OwnedFd) -> io::Result<()> {
    nix::fcntl::fcntl(fd, nix::fcntl::FcntlArg::F_SETFL(OFlag::empty()))?;
    Ok(())
}
