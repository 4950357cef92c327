//! The resources of this machine that a run uses. The isolation level determines which resources a
//! run needs. The resources are released at the end of the run.

use crate::control::Control;
use crate::error::LaunchError;
use crate::isolation::IsolationLevel;
use crate::landlock::{self, Permitted, Ruleset};
use crate::leased_uid::LeasedUid;
use crate::policy::{LimitKind, Limits, SandboxPolicy};
use crate::root_layout::{self, WORK_DIR};
use crate::sandbox_user::{self, SandboxUser};
use crate::scratch_dir::ScratchDir;
use crate::starvation::CpuStarvation;
use crate::watchdog::{OwnSockets, Watchdog};
use nix::unistd::{geteuid, isatty};
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The user, folder and watchdog of a run. Dropping this value releases these resources. The value
/// must be dropped after the sandbox has ended.
#[derive(Debug, Default)]
pub(crate) struct RunResources {
    watchdog: Option<Watchdog>,
    /// The user of a sandbox with a user namespace.
    pub(crate) sandbox_user: Option<SandboxUser>,
    /// The writable folder, if the sandbox has no file system of its own.
    scratch_dir: Option<ScratchDir>,
    /// The user id on this machine, on the level [`IsolationLevel::OtherUser`].
    leased_uid: Option<LeasedUid>,
}

impl RunResources {
    /// Acquires the resources that a run on this level needs. The run's folder contains symbolic
    /// links to the entries of `directory`.
    pub(crate) fn take(
        level: IsolationLevel,
        policy: Option<&SandboxPolicy>,
        directory: Option<&Path>,
        control: &Control,
    ) -> Result<Self, LaunchError> {
        let mut resources = Self::default();
        if level == IsolationLevel::OtherUser {
            resources.leased_uid = Some(leased_uid()?);
        }
        let Some(policy) = policy else { return Ok(resources) };
        if level == IsolationLevel::Namespaces {
            resources.sandbox_user = Some(SandboxUser::new());
        } else {
            let scratch_dir = ScratchDir::new(resources.user())?;
            directory.map_or(Ok(()), |folder| scratch_dir.link(folder))?;
            resources.scratch_dir = Some(scratch_dir);
        }
        let folder = resources.scratch_dir.as_ref().map(|it| it.path().to_owned());
        let sockets = match (level, resources.user()) {
            (IsolationLevel::Namespaces, _) => OwnSockets::All,
            (_, Some(user)) => OwnSockets::OfUser(user),
            (_, None) => OwnSockets::None,
        };
        resources.watchdog = Some(Watchdog::new(policy.limits, folder, sockets, control)?);
        Ok(resources)
    }

    /// The user id of the program, if it differs from the observer's user id on this machine.
    pub(crate) fn user(&self) -> Option<u32> {
        self.leased_uid.as_ref().map(|leased_uid| leased_uid.uid)
    }

    /// The working directory of an untrusted program.
    pub(crate) fn home(&self) -> &Path {
        self.scratch_dir.as_ref().map_or(Path::new(WORK_DIR), ScratchDir::path)
    }

    /// Opens the scratch folder. The descriptor is used to read the folder after the program has
    /// ended. `None` if the run has no scratch folder.
    pub(crate) fn open_home(&self) -> io::Result<Option<OwnedFd>> {
        self.scratch_dir.as_ref().map(|it| Ok(fs::File::open(it.path())?.into())).transpose()
    }

    /// Allows the program to open this stream again through `/dev/stdout` or `/proc/self/fd`.
    pub(crate) fn chown_stream(&self, stream: &OwnedFd) -> io::Result<()> {
        self.leased_uid.as_ref().map_or(Ok(()), |it| it.chown_stream(stream))?;
        self.sandbox_user.map_or(Ok(()), |it| it.chown_stream(stream))
    }

    /// The Landlock restrictions of the program, if any.
    pub(crate) fn ruleset(
        &self,
        level: IsolationLevel,
        policy: Option<&SandboxPolicy>,
        output: &OwnedFd,
        (port, peer_port): (Option<u16>, Option<u16>),
    ) -> Result<Option<Ruleset>, LaunchError> {
        let made = match (level, policy) {
            (IsolationLevel::Namespaces | IsolationLevel::None, _) => return Ok(None),
            (IsolationLevel::OtherUser, None) if !landlock::keeps_signals_in() => return Ok(None),
            (IsolationLevel::OtherUser, Some(_)) if landlock::version() == 0 => return Ok(None),
            (_, None) => Ruleset::own(),
            (_, Some(policy)) => Ruleset::for_untrusted(&Permitted {
                visible: policy.visible.iter().map(|path| path.as_path()).collect(),
                hidden: root_layout::hidden_paths(policy),
                folder: self.home(),
                terminal: isatty(output).unwrap_or(false).then(|| output.as_raw_fd()),
                port,
                peer_port,
            }),
        };
        let why = |error: io::Error| {
            let wanted = if policy.is_some() { 1 } else { landlock::SCOPES };
            LaunchError::NoSandbox(landlock::why_not(wanted).unwrap_or_else(|| error.to_string()))
        };
        made.map(Some).map_err(why)
    }

    /// Starts the watchdog of the sandbox. `init` is the sandbox's first process.
    pub(crate) fn watch(&mut self, init: i32) -> io::Result<()> {
        self.watchdog.as_mut().map_or(Ok(()), |it| it.begin(init))
    }

    /// The limits that are enforced, if any.
    pub(crate) fn limits(&self) -> Option<Limits> {
        self.watchdog.as_ref().map(Watchdog::limits)
    }

    /// Ends the sandbox because the caller has found that the program exceeded `limit`.
    pub(crate) fn end(&self, limit: LimitKind) {
        if let Some(watchdog) = &self.watchdog {
            watchdog.end(limit);
        }
    }

    /// The exceeded limit, if the sandbox was ended because of a limit.
    pub(crate) fn limit_exceeded(&self) -> Option<LimitKind> {
        self.watchdog.as_ref()?.limit_exceeded()
    }

    /// Set if the machine was too busy to run the program. In this case the exceeded limit does not
    /// show an error in the program.
    pub(crate) fn cpu_starvation(&self) -> Option<CpuStarvation> {
        self.watchdog.as_ref()?.cpu_starvation()
    }

    /// The exceeded limit, if an exceeded limit is the cause of this wait status.
    pub(crate) fn limit_behind(&self, status: i32) -> Option<LimitKind> {
        self.watchdog.as_ref()?.limit_behind(status)
    }

    /// The value of RLIMIT_NPROC that allows the program `limit` processes. The kernel counts all
    /// processes of the program's user (getrlimit(2)). If the program runs as the observer's user,
    /// the user's current processes are added to `limit`.
    pub(crate) fn process_limit(&self, limit: u64) -> u64 {
        match self.scratch_dir.is_some() && self.leased_uid.is_none() {
            true => limit + threads_of(geteuid().as_raw()),
            false => limit + 1, // the sandbox's first process is counted, too
        }
    }
}

fn leased_uid() -> Result<LeasedUid, LaunchError> {
    let refused = |why: String| {
        LaunchError::NoSandbox(format!("the program cannot run as another user: {why}"))
    };
    if !geteuid().is_root() {
        return Err(refused("only root can change the user; run this as root".to_owned()));
    }
    let users = sandbox_user::unused_uids().ok_or_else(|| {
        refused(
            "this container has only the user root; map more users into the container".to_owned(),
        )
    })?;
    LeasedUid::new(users).map_err(|error| refused(error.to_string()))
}

/// The number of threads of a user.
fn threads_of(uid: u32) -> u64 {
    let count = |entry: fs::DirEntry| {
        let owner = entry.metadata().ok()?.uid();
        let is_process = entry.file_name().as_encoded_bytes()[0].is_ascii_digit();
        (owner == uid && is_process).then(|| {
            fs::read_dir(entry.path().join("task")).map_or(0, |tasks| tasks.count() as u64)
        })
    };
    fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(count).sum()
}
