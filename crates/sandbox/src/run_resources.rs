//! The resources of this machine that a run uses, depending on its isolation level. They are
//! released at the end of the run.

use crate::control::Control;
use crate::error::LaunchError;
use crate::isolation::IsolationLevel;
use crate::landlock::{self, Permitted, Ruleset};
use crate::leased_uid::LeasedUid;
use crate::policy::{LimitKind, Limits, SandboxPolicy};
use crate::root_layout::WORK_DIR;
use crate::sandbox_user::{self, SandboxUser};
use crate::scratch_dir::ScratchDir;
use crate::starvation::CpuStarvation;
use crate::watchdog::Watchdog;
use nix::unistd::{geteuid, isatty};
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A run's user, folder, and watchdog. Dropping this value releases them, which must happen after
/// the sandbox has ended.
#[derive(Debug, Default)]
pub(crate) struct RunResources {
    watchdog: Option<Watchdog>,
    /// The user of a sandbox with a user namespace.
    pub(crate) sandbox_user: Option<SandboxUser>,
    /// The writable folder, where the sandbox has no file system of its own.
    scratch_dir: Option<ScratchDir>,
    /// The user id on this machine, where the sandbox has no user namespace.
    leased_uid: Option<LeasedUid>,
}

impl RunResources {
    /// Takes what a run on this level needs. The run's folder gets links to the entries of
    /// `directory`.
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
        resources.watchdog = Some(Watchdog::new(policy.limits, folder, control)?);
        Ok(resources)
    }

    /// The user id that the program gets.
    pub(crate) fn user(&self) -> Option<u32> {
        self.leased_uid.as_ref().map(|leased_uid| leased_uid.uid)
    }

    /// The working directory of an untrusted program.
    pub(crate) fn home(&self) -> &Path {
        self.scratch_dir.as_ref().map_or(Path::new(WORK_DIR), ScratchDir::path)
    }

    /// Opens the scratch folder, so that it can be read after the program has ended; `None` where
    /// there is no such folder.
    pub(crate) fn open_home(&self) -> io::Result<Option<OwnedFd>> {
        self.scratch_dir.as_ref().map(|it| Ok(fs::File::open(it.path())?.into())).transpose()
    }

    /// Lets the program open this stream once more, by `/dev/stdout` or `/proc/self/fd`.
    pub(crate) fn chown_stream(&self, stream: &OwnedFd) -> io::Result<()> {
        self.leased_uid.as_ref().map_or(Ok(()), |it| it.chown_stream(stream))?;
        self.sandbox_user.map_or(Ok(()), |it| it.chown_stream(stream))
    }

    /// The Landlock restrictions of the program, if it gets any.
    pub(crate) fn ruleset(
        &self,
        level: IsolationLevel,
        policy: Option<&SandboxPolicy>,
        output: &OwnedFd,
        port: Option<u16>,
    ) -> Result<Option<Ruleset>, LaunchError> {
        let made = match (level, policy) {
            (IsolationLevel::Namespaces | IsolationLevel::None, _) => return Ok(None),
            (IsolationLevel::OtherUser, None) if !landlock::keeps_signals_in() => return Ok(None),
            (IsolationLevel::OtherUser, Some(_)) if landlock::version() == 0 => return Ok(None),
            (_, None) => Ruleset::own(),
            (_, Some(policy)) => Ruleset::for_untrusted(&Permitted {
                visible: policy.visible.iter().map(|path| path.as_path()).collect(),
                folder: self.home(),
                terminal: isatty(output).unwrap_or(false).then(|| output.as_raw_fd()),
                port,
            }),
        };
        let why = |error: io::Error| {
            let wanted = if policy.is_some() { 1 } else { landlock::SCOPES };
            LaunchError::NoSandbox(landlock::why_not(wanted).unwrap_or_else(|| error.to_string()))
        };
        made.map(Some).map_err(why)
    }

    /// Begins to watch the sandbox that has this first process.
    pub(crate) fn watch(&mut self, init: i32) -> io::Result<()> {
        self.watchdog.as_mut().map_or(Ok(()), |it| it.begin(init))
    }

    /// The limits that are enforced, if any.
    pub(crate) fn limits(&self) -> Option<Limits> {
        self.watchdog.as_ref().map(Watchdog::limits)
    }

    /// Ends the sandbox for a limit that the caller has seen exceeded.
    pub(crate) fn end(&self, limit: LimitKind) {
        if let Some(watchdog) = &self.watchdog {
            watchdog.end(limit);
        }
    }

    /// The limit for which the sandbox was ended.
    pub(crate) fn limit_exceeded(&self) -> Option<LimitKind> {
        self.watchdog.as_ref()?.limit_exceeded()
    }

    /// Why that limit says nothing about the program, because the machine was too busy.
    pub(crate) fn cpu_starvation(&self) -> Option<CpuStarvation> {
        self.watchdog.as_ref()?.cpu_starvation()
    }

    /// The exceeded limit, if it is the cause of this wait status.
    pub(crate) fn limit_behind(&self, status: i32) -> Option<LimitKind> {
        self.watchdog.as_ref()?.limit_behind(status)
    }

    /// The kernel's limit on the processes of the program's user, so that the program can have
    /// `limit` of them (getrlimit(2), RLIMIT_NPROC). Where the program runs as the observer's user,
    /// the processes that this user has now are added.
    pub(crate) fn process_limit(&self, limit: u64) -> u64 {
        match self.scratch_dir.is_some() && self.leased_uid.is_none() {
            true => limit + threads_of(geteuid().as_raw()),
            false => limit + 1, // the sandbox's first process counts, too
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
        refused("this container has no user but root; map more users into it".to_owned())
    })?;
    LeasedUid::new(users).map_err(|error| refused(error.to_string()))
}

/// How many threads a user has.
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
