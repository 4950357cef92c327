//! A program to run in a sandbox, and the steps that start the program.

mod environment;
mod own_files;
mod program_file;

use crate::control::Control;
use crate::descriptor_limit;
use crate::error::{LaunchError, c_string};
use crate::init::{self, CStringArray, ExecPlan, Hardening, InitPlan, STEPS, step};
use crate::isolation::refusal::explain;
use crate::isolation::{IsolationLevel, identity_map};
use crate::notify::NotifiedCalls;
use crate::policy::SandboxPolicy;
use crate::root_layout::{self, RootLayout};
use crate::run_resources::RunResources;
use crate::running::{LaunchContext, Sandbox};
use crate::seccomp;
use environment::{c_strings, minimal_environment};
use own_files::own_files;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A program to run in a sandbox; built like [`std::process::Command`].
#[derive(Clone, Debug)]
pub struct Command {
    program: OsString,
    arguments: Vec<OsString>,
    /// Changes to the environment that the program would inherit; `None` removes a variable.
    changes: BTreeMap<OsString, Option<OsString>>,
    /// For each environment of a later start: what differs from the first start.
    later_changes: Vec<Vec<(OsString, OsString)>>,
    directory: Option<PathBuf>,
    notified_calls: NotifiedCalls,
    port: Option<u16>,
    /// The TCP port that the program may connect to.
    peer_port: Option<u16>,
    /// Files that have other contents for the program than on this machine.
    files: Vec<(PathBuf, Vec<u8>)>,
    /// Whether the program starts when it is asked for, and not at once.
    starts_later: bool,
    isolation: Option<IsolationLevel>,
    pub(crate) policy: Option<SandboxPolicy>,
}

impl Command {
    /// A program by its path, or by a name that is searched on the PATH. The program inherits this
    /// process's environment, unless the program is [`sandboxed`](Self::sandboxed).
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            changes: BTreeMap::new(),
            later_changes: Vec::new(),
            directory: None,
            notified_calls: NotifiedCalls::default(),
            port: None,
            peer_port: None,
            files: Vec::new(),
            starts_later: false,
            isolation: None,
            policy: None,
        }
    }

    /// Adds arguments.
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable of the program.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.changes.insert(name.into(), Some(value.into()));
        self
    }

    /// Removes an environment variable of the program.
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.changes.insert(name.as_ref().to_owned(), None);
        self
    }

    /// Adds an environment with which the program can be started again (see
    /// [`Sandbox::request_restart`]): the program's environment, with these variables added or
    /// replaced.
    pub fn env_of_restart(
        mut self,
        variables: impl IntoIterator<Item = (impl Into<OsString>, impl Into<OsString>)>,
    ) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        self.later_changes.push(variables.collect());
        self
    }

    /// The program's working directory; by default the working directory of this process. A
    /// sandboxed program runs in a writable folder of its own instead. That folder has a symbolic
    /// link to each entry of `directory`. Therefore `directory` must be among the policy's visible
    /// paths, or below one of them.
    pub fn current_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// The TCP port that the program may bind. Landlock forbids a sandboxed program to bind any
    /// other port (landlock(7), LANDLOCK_ACCESS_NET_BIND_TCP).
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// The TCP port that the program may connect to. Landlock forbids a sandboxed program to connect
    /// to any other port (landlock(7), LANDLOCK_ACCESS_NET_CONNECT_TCP).
    pub fn peer_port(mut self, port: u16) -> Self {
        self.peer_port = Some(port);
        self
    }

    /// Gives the file at `path` other contents for the program, for instance `/etc/hosts`. The file
    /// must exist on this machine, and nothing is changed there. Only
    /// [`IsolationLevel::Namespaces`] gives a program files of its own.
    pub fn file(mut self, path: impl Into<PathBuf>, contents: impl Into<Vec<u8>>) -> Self {
        self.files.push((path.into(), contents.into()));
        self
    }

    /// Builds the sandbox without starting the program. [`Sandbox::request_restart`] starts it.
    pub fn starts_later(mut self) -> Self {
        self.starts_later = true;
        self
    }

    /// Sets the system calls that stop until this process has answered them (seccomp_unotify(2)).
    /// The kernel reports these calls on a descriptor, which arrives in
    /// [`Message::NotifyListener`](crate::Message::NotifyListener).
    pub fn notified_calls(mut self, calls: NotifiedCalls) -> Self {
        self.notified_calls = calls;
        self
    }

    /// Treats the program as untrusted: the program sees and uses only what `policy` allows. The
    /// program's environment is PATH, HOME, LANG, TERM, and what [`env`](Self::env) sets. Without
    /// namespaces, it also contains TMPDIR.
    pub fn sandboxed(mut self, policy: SandboxPolicy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// How strongly the program is isolated; [`IsolationLevel::here`] by default.
    pub fn isolation(mut self, level: IsolationLevel) -> Self {
        self.isolation = Some(level);
        self
    }

    /// The isolation level that [`spawn`](Self::spawn) will use.
    pub fn isolation_level(&self) -> IsolationLevel {
        self.isolation.unwrap_or_else(IsolationLevel::here)
    }

    /// Builds the sandbox, whose first process starts the program. The program's standard input is
    /// empty, its standard output is `output`, and its standard error is `errors`. The program has
    /// no other descriptor. When the program has started, [`Sandbox::receive`] returns the message
    /// [`Message::Started`](crate::Message::Started).
    ///
    /// # Errors
    /// [`LaunchError`]. After an error, the program has not run.
    pub fn spawn(&self, output: OwnedFd, errors: OwnedFd) -> Result<Sandbox, LaunchError> {
        self.spawn_with_input(std::fs::File::open("/dev/null")?.into(), output, errors)
    }

    /// Does the same, and `input` is the program's standard input.
    ///
    /// # Errors
    /// As for [`spawn`](Self::spawn).
    pub fn spawn_with_input(
        &self,
        input: OwnedFd,
        output: OwnedFd,
        errors: OwnedFd,
    ) -> Result<Sandbox, LaunchError> {
        // Decide what the sandbox consists of, before anything is created.
        let level = self.isolation_level();
        self.check_directory()?;
        self.check_files(level)?;
        let (namespaces, root) = self.namespaces_and_root(level)?;
        let (control, init_control) = Control::pair()?;

        // Acquire the resources of this run: a user id, a scratch folder, a watchdog.
        let (policy, directory) = (self.policy.as_ref(), self.directory.as_deref());
        let resources = RunResources::take(level, policy, directory, &control)?;
        for stream in [&input, &output, &errors] {
            resources.chown_stream(stream)?;
        }

        // Prepare everything that the first process needs, because the first process cannot
        // allocate memory.
        let environment = self.environment(resources.home());
        let path = self.find(environment.get(OsStr::new("PATH")))?;
        let streams = [input, output, errors];
        let program = self.exec_plan(&path, level, &resources, &environment, streams)?;
        let plan = InitPlan {
            namespaces,
            identity: if root.is_some() { None } else { identity_map(namespaces) },
            files: if root.is_some() { Vec::new() } else { own_files(&self.files)? },
            root,
            leaves_groups: resources.sandbox_user.is_some_and(|user| user.leaves_groups),
            control: init_control,
            program: Some(program),
        };
        // Clone the first process. It builds the sandbox and reports each step.
        let init = init::launch(&plan)
            .map_err(|error| LaunchError::NoSandbox(explain("clone(2)", &error)))?;
        let InitPlan { root, .. } = plan;
        let context = LaunchContext { program: path, root };
        let mut sandbox = Sandbox::new(init, control, resources, level, context);

        // The first process of an untrusted program's sandbox waits for a message. Map the
        // sandbox's user, start the watchdog, and send the message.
        if self.policy.is_some() {
            sandbox.begin().map_err(|error| {
                LaunchError::NoSandbox(explain(STEPS[usize::from(step::MAP)], &error))
            })?;
        }
        Ok(sandbox)
    }

    /// The namespaces of the sandbox, and the root file system inside it.
    fn namespaces_and_root(
        &self,
        level: IsolationLevel,
    ) -> Result<(libc::c_int, Option<RootLayout>), LaunchError> {
        match (&self.policy, level) {
            (None, _) => Ok((level.namespaces().map_err(LaunchError::NoSandbox)?, None)),
            (Some(policy), IsolationLevel::Namespaces) => {
                let root = RootLayout::of(policy, self.directory.as_deref(), &self.files)?;
                Ok((UNTRUSTED_NAMESPACES, Some(root)))
            }
            (Some(_), _) => Ok((0, None)),
        }
    }

    fn exec_plan(
        &self,
        path: &Path,
        level: IsolationLevel,
        resources: &RunResources,
        variables: &BTreeMap<OsString, OsString>,
        [input, output, errors]: [OwnedFd; 3],
    ) -> Result<ExecPlan, LaunchError> {
        let mut arguments = vec![c_string(self.program.as_bytes())?];
        for argument in &self.arguments {
            arguments.push(c_string(argument.as_bytes())?);
        }
        let mut environments = vec![c_strings(variables)?];
        for changes in &self.later_changes {
            let mut later = variables.clone();
            later.extend(changes.iter().cloned());
            environments.push(c_strings(&later)?);
        }
        let limits = self.policy.as_ref().map(|policy| policy.limits);
        Ok(ExecPlan {
            path: c_string(path.as_os_str().as_bytes())?,
            arguments: CStringArray::new(arguments),
            environments,
            directory: c_string(match limits {
                Some(_) => resources.home().as_os_str().as_bytes(),
                None => self.directory().as_os_str().as_bytes(),
            })?,
            starts_later: self.starts_later,
            ruleset: resources.ruleset(
                level,
                self.policy.as_ref(),
                &output,
                (self.port, self.peer_port),
            )?,
            input,
            output,
            errors,
            user: resources.user(),
            descriptors: limits
                .map_or_else(descriptor_limit::raise, |limits| limits.of_descriptors())?,
            hardening: limits.map(|limits| Hardening {
                limits: limits.of_processes(resources.process_limit(limits.processes)),
                filter: seccomp::filter(level),
            }),
            notify_filter: self.notified_calls.filter(),
        })
    }

    fn directory(&self) -> &Path {
        self.directory.as_deref().unwrap_or(Path::new("."))
    }

    fn environment(&self, home: &Path) -> BTreeMap<OsString, OsString> {
        let mut all: BTreeMap<_, _> = match self.policy {
            Some(_) => minimal_environment(home),
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
        c_string(self.directory().as_os_str().as_bytes())?;
        let folder = self.directory().display().to_string();
        if let (Some(policy), Some(directory)) = (&self.policy, &self.directory)
            && !root_layout::absolute(directory)
                .is_ok_and(|path| root_layout::can_see(policy, &path))
        {
            let error =
                io::Error::other("this path is not among the paths that the program may see");
            return Err(LaunchError::NoDirectory { folder, error });
        }
        std::fs::read_dir(self.directory())
            .map(drop)
            .map_err(|error| LaunchError::NoDirectory { folder, error })
    }
}

/// The namespaces of an untrusted program's sandbox (clone(2)).
const UNTRUSTED_NAMESPACES: libc::c_int = libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP;
