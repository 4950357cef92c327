//! Starting a program under observation.

mod begun;

use crate::gate::Gate;
use crate::limit;
use crate::log::Log;
use crate::repute::Repute;
use crate::sandbox::confine::Confinement;
use crate::sandbox::control::{Control, Message};
use crate::sandbox::error::{LaunchError, text};
use crate::sandbox::init::{self, Plan, Program, Restraint, STEPS, Strings, step};
use crate::sandbox::quarters::Quarters;
use crate::sandbox::refused;
use crate::sandbox::tier::refusal::explain;
use crate::sandbox::tier::{Tier, identity};
use crate::sandbox::view::{self, OWN, View};
use crate::server::Server;
use nix::fcntl::OFlag;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) use begun::{Begun, end};

use begun::Shown;

/// A program to start under observation; built like [`std::process::Command`].
#[derive(Clone, Debug)]
pub struct Launch {
    program: OsString,
    arguments: Vec<OsString>,
    /// Changes of the environment that it would have; `None` takes a variable out.
    changes: BTreeMap<OsString, Option<OsString>>,
    directory: Option<PathBuf>,
    gate: Gate,
    pub(crate) tier: Option<Tier>,
    timeout: Duration,
    repute: Repute,
    pub(crate) confinement: Option<Confinement>,
}

impl Launch {
    /// A program by path, or by name on the PATH. It inherits this process's environment,
    /// unless it is [`confined`](Self::confined).
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            changes: BTreeMap::new(),
            directory: None,
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
        self.changes.insert(name.into(), Some(value.into()));
        self
    }

    /// Takes a variable out of its environment.
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.changes.insert(name.as_ref().to_owned(), None);
        self
    }

    /// Where it runs; the observer's own directory unless said. A confined program runs in a folder of
    /// its own that it may write, where each entry of this one, which has to be visible, is linked.
    pub fn current_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Holds back some of its system calls, so that they can be made to fail.
    pub fn gate(mut self, gate: Gate) -> Self {
        self.gate = gate;
        self
    }

    /// Treats it as a program that nobody vouches for: it sees and uses what is said here alone. Its
    /// environment is a PATH, HOME, LANG, TERM, and what is set here.
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
        let (log, output) = Log::open()?;
        let (stderr, errors) =
            nix::unistd::pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).map_err(io::Error::from)?;
        blocking(&errors)?;
        let tier = self.tier.unwrap_or_else(Tier::here);
        let begun = self.begin(tier, output, errors)?;
        let (init, control) = (begun.init, begun.control);
        let mut server = Server::new(init, control, log, stderr, tier, self.timeout, self.repute);
        server.lives_in(begun.quarters);
        loop {
            match server.next_message()? {
                Message::Gate(listener) => server.keep_gate(listener),
                Message::Started { pid } => {
                    server.started(pid)?;
                    return Ok(server);
                }
                other => begun.shown.check(&other)?,
            }
        }
    }

    /// Builds the box, in which the program is about to start.
    pub(crate) fn begin(
        &self,
        tier: Tier,
        output: OwnedFd,
        errors: OwnedFd,
    ) -> Result<Begun, LaunchError> {
        self.check_directory()?;
        let (namespaces, view) = self.walls(tier)?;
        let (control, theirs) = Control::pair()?;
        let (confinement, directory) = (self.confinement.as_ref(), self.directory.as_deref());
        let mut quarters = Quarters::take(tier, confinement, directory, &control)?;
        quarters.own(&output).and_then(|()| quarters.own(&errors))?;
        let environment = self.environment(quarters.home());
        let path = self.find(environment.get(OsStr::new("PATH")))?;
        let program = self.program(&path, tier, &quarters, &environment, output, errors)?;
        let plan = Plan {
            namespaces,
            identity: if view.is_some() { None } else { identity(namespaces) },
            view,
            leaves_groups: quarters.inhabitant.is_some_and(|it| it.leaves_groups),
            control: theirs,
            program: Some(program),
        };
        let init =
            init::launch(&plan).map_err(|error| LaunchError::NoBox(explain("clone(2)", &error)))?;
        let Plan { view, .. } = plan;
        let shown = Shown { program: path, view };
        if self.confinement.is_some() {
            let mapped = quarters.inhabitant.map_or(Ok(()), |it| it.map(init));
            let let_go = mapped.and_then(|()| quarters.watch(init)).and_then(|()| control.go());
            let_go.map_err(|error| {
                end(init, &control);
                LaunchError::NoBox(explain(STEPS[usize::from(step::MAP)], &error))
            })?;
        }
        Ok(Begun { init, control, shown, quarters })
    }

    /// The namespaces of its box, and what is seen in it.
    fn walls(&self, tier: Tier) -> Result<(libc::c_int, Option<View>), LaunchError> {
        match (&self.confinement, tier) {
            (None, _) => Ok((tier.namespaces().map_err(LaunchError::NoBox)?, None)),
            (Some(confinement), Tier::Strong) => {
                Ok((STRONG, Some(View::of(confinement, self.directory.as_deref())?)))
            }
            (Some(_), _) => Ok((0, None)),
        }
    }

    fn program(
        &self,
        path: &Path,
        tier: Tier,
        quarters: &Quarters,
        variables: &BTreeMap<OsString, OsString>,
        output: OwnedFd,
        errors: OwnedFd,
    ) -> Result<Program, LaunchError> {
        let mut arguments = vec![text(self.program.as_bytes())?];
        for argument in &self.arguments {
            arguments.push(text(argument.as_bytes())?);
        }
        let mut environment = Vec::new();
        for (name, value) in variables {
            environment.push(text(&[name.as_bytes(), b"=", value.as_bytes()].concat())?);
        }
        let limits = self.confinement.as_ref().map(|it| it.limits);
        Ok(Program {
            path: text(path.as_os_str().as_bytes())?,
            arguments: Strings::new(arguments),
            environment: Strings::new(environment),
            directory: text(match limits {
                Some(_) => quarters.home().as_os_str().as_bytes(),
                None => self.folder().as_os_str().as_bytes(),
            })?,
            input: std::fs::File::open("/dev/null")?.into(),
            rules: quarters.rules(tier, self.confinement.as_ref(), &output, self.port())?,
            output,
            errors,
            user: quarters.user(),
            descriptors: limits.map_or_else(limit::raise, |limits| limits.of_descriptors())?,
            restraint: limits.map(|limits| Restraint {
                limits: limits.of_processes(quarters.processes(limits.processes)),
                filter: refused::filter(),
            }),
            filter: self.gate.filter(),
        })
    }

    fn folder(&self) -> &Path {
        self.directory.as_deref().unwrap_or(Path::new("."))
    }

    /// The port that the program is told to listen on.
    fn port(&self) -> Option<u16> {
        self.changes.get(OsStr::new("PORT"))?.as_ref()?.to_str()?.parse().ok()
    }

    fn environment(&self, home: &Path) -> BTreeMap<OsString, OsString> {
        let mut all: BTreeMap<_, _> = match self.confinement {
            Some(_) => bare(home),
            None => std::env::vars_os().collect(),
        };
        for (name, value) in &self.changes {
            match value {
                Some(value) => all.insert(name.clone(), value.clone()),
                None => all.remove(name),
            };
        }
        all
    }

    fn check_directory(&self) -> Result<(), LaunchError> {
        text(self.folder().as_os_str().as_bytes())?;
        let folder = self.folder().display().to_string();
        if let (Some(confinement), Some(directory)) = (&self.confinement, &self.directory)
            && !view::place(directory).is_ok_and(|place| view::shows(confinement, &place))
        {
            let error = io::Error::other("it is not among what the program may see");
            return Err(LaunchError::NoDirectory { folder, error });
        }
        std::fs::read_dir(self.folder())
            .map(drop)
            .map_err(|error| LaunchError::NoDirectory { folder, error })
    }

    /// The program's file: as named if the name has a slash, else the first on the PATH.
    fn find(&self, folders: Option<&OsString>) -> Result<PathBuf, LaunchError> {
        let shown = self.program.to_string_lossy().into_owned();
        let candidates: Vec<PathBuf> = if self.program.as_bytes().contains(&b'/') {
            vec![self.folder().join(&self.program)]
        } else {
            let folders = folders.map_or(OsStr::new(""), OsString::as_os_str);
            std::env::split_paths(folders).map(|folder| folder.join(&self.program)).collect()
        };
        let mut found = candidates.into_iter().filter(|path| path.is_file()).peekable();
        if found.peek().is_none() {
            return Err(LaunchError::NotFound(shown));
        }
        let path =
            found.find(|path| is_executable(path)).ok_or(LaunchError::NotExecutable(shown))?;
        let Some(confinement) = &self.confinement else { return Ok(std::path::absolute(path)?) };
        let path = view::place(&path)?;
        if !view::shows(confinement, &path) {
            return Err(LaunchError::NotShown {
                path: path.display().to_string(),
                error: io::Error::other("it is not among what the program may see"),
            });
        }
        Ok(path)
    }
}

/// The namespaces of a box for a program that nobody vouches for (clone(2)).
const STRONG: libc::c_int = libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP;

/// The environment of a confined program: no secret of the observer's is in it.
fn bare(home: &Path) -> BTreeMap<OsString, OsString> {
    const SAME: [(&str, &str); 3] =
        [("PATH", "/usr/local/bin:/usr/bin:/bin"), ("LANG", "C.UTF-8"), ("TERM", "dumb")];
    let same = SAME.map(|(name, value)| (name.into(), value.into()));
    let mut all: BTreeMap<OsString, OsString> = same.into();
    all.insert("HOME".into(), home.into());
    if home != Path::new(OWN) {
        all.insert("TMPDIR".into(), home.into()); // it has no other
    }
    all
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.permissions().mode() & 0o111 != 0)
}

/// The program's end of the pipe blocks, as programs expect of standard error.
pub(crate) fn blocking(fd: &OwnedFd) -> io::Result<()> {
    nix::fcntl::fcntl(fd, nix::fcntl::FcntlArg::F_SETFL(OFlag::empty()))?;
    Ok(())
}
