//! What a run is given of this machine by its tier, and gives back when it is over.

use crate::sandbox::confine::{Confinement, Limit, Limits};
use crate::sandbox::control::Control;
use crate::sandbox::error::LaunchError;
use crate::sandbox::inhabitant::{self, Inhabitant};
use crate::sandbox::landlock::{self, Permitted, Rules};
use crate::sandbox::lodger::Lodger;
use crate::sandbox::lodging::Lodging;
use crate::sandbox::tier::Tier;
use crate::sandbox::view::OWN;
use crate::sandbox::watchdog::Watchdog;
use crate::starved::Starved;
use nix::unistd::{geteuid, isatty};
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Whose a run is, where it lives, and who watches it. What it holds is given back when dropped, which
/// is to be after the box has ended.
#[derive(Debug, Default)]
pub(crate) struct Quarters {
    watchdog: Option<Watchdog>,
    /// Who it is in a box with users of its own.
    pub(crate) inhabitant: Option<Inhabitant>,
    /// The folder that it may write, where the box has no file system of its own.
    lodging: Option<Lodging>,
    /// Who it is on this machine, where the box has no users of its own.
    lodger: Option<Lodger>,
}

impl Quarters {
    /// Takes what a run on this tier needs; `directory` is linked into its folder.
    pub(crate) fn take(
        tier: Tier,
        confinement: Option<&Confinement>,
        directory: Option<&Path>,
        control: &Control,
    ) -> Result<Self, LaunchError> {
        let mut quarters = Self::default();
        if tier == Tier::UidDrop {
            quarters.lodger = Some(lodger()?);
        }
        let Some(confinement) = confinement else { return Ok(quarters) };
        if tier == Tier::Strong {
            quarters.inhabitant = Some(Inhabitant::new());
        } else {
            let lodging = Lodging::new(quarters.user())?;
            directory.map_or(Ok(()), |folder| lodging.link(folder))?;
            quarters.lodging = Some(lodging);
        }
        let folder = quarters.lodging.as_ref().map(|it| it.path().to_owned());
        quarters.watchdog = Some(Watchdog::new(confinement.limits, folder, control)?);
        Ok(quarters)
    }

    /// The user that the program is to become.
    pub(crate) fn user(&self) -> Option<u32> {
        self.lodger.as_ref().map(|lodger| lodger.uid)
    }

    /// The folder that a confined program runs in.
    pub(crate) fn home(&self) -> &Path {
        self.lodging.as_ref().map_or(Path::new(OWN), Lodging::path)
    }

    /// That folder, to be looked into when the program is gone.
    pub(crate) fn open_home(&self) -> io::Result<Option<OwnedFd>> {
        self.lodging.as_ref().map(|it| Ok(fs::File::open(it.path())?.into())).transpose()
    }

    /// Lets the program open this once more, by `/dev/stdout` or `/proc/self/fd`.
    pub(crate) fn own(&self, stream: &OwnedFd) -> io::Result<()> {
        self.lodger.as_ref().map_or(Ok(()), |it| it.own(stream))?;
        self.inhabitant.map_or(Ok(()), |it| it.own(stream))
    }

    /// What Landlock is to hold the program back from.
    pub(crate) fn rules(
        &self,
        tier: Tier,
        confinement: Option<&Confinement>,
        output: &OwnedFd,
        port: Option<u16>,
    ) -> Result<Option<Rules>, LaunchError> {
        let made = match (tier, confinement) {
            (Tier::Strong | Tier::Plain, _) => return Ok(None),
            (Tier::UidDrop, None) if !landlock::keeps_signals_in() => return Ok(None),
            (Tier::UidDrop, Some(_)) if landlock::version() == 0 => return Ok(None),
            (_, None) => Rules::own(),
            (_, Some(confinement)) => Rules::for_stranger(&Permitted {
                visible: confinement.visible.iter().map(|path| path.as_path()).collect(),
                folder: self.home(),
                terminal: isatty(output).unwrap_or(false).then(|| output.as_raw_fd()),
                port,
            }),
        };
        let why = |error: io::Error| {
            let wanted = if confinement.is_some() { 1 } else { landlock::SCOPES };
            LaunchError::NoBox(landlock::why_not(wanted).unwrap_or_else(|| error.to_string()))
        };
        made.map(Some).map_err(why)
    }

    /// Begins to watch the box that has this first process.
    pub(crate) fn watch(&mut self, init: i32) -> io::Result<()> {
        self.watchdog.as_mut().map_or(Ok(()), |it| it.begin(init))
    }

    /// The limits that are kept, where there are any.
    pub(crate) fn limits(&self) -> Option<Limits> {
        self.watchdog.as_ref().map(Watchdog::limits)
    }

    /// Ends the box for a limit that somebody else has seen it go over.
    pub(crate) fn end(&self, limit: Limit) {
        if let Some(watchdog) = &self.watchdog {
            watchdog.end(limit);
        }
    }

    /// The limit for which the box was ended.
    pub(crate) fn over(&self) -> Option<Limit> {
        self.watchdog.as_ref()?.over()
    }

    /// Why nothing can be concluded from that limit.
    pub(crate) fn excuse(&self) -> Option<Starved> {
        self.watchdog.as_ref()?.excuse()
    }

    /// The limit that a program went over which has ended with this wait status.
    pub(crate) fn cause_of(&self, status: i32) -> Option<Limit> {
        self.watchdog.as_ref()?.cause_of(status)
    }

    /// How many processes its user may have, where the program may have so many (getrlimit(2),
    /// RLIMIT_NPROC): where the user is the observer's own, those that it has now come on top.
    pub(crate) fn processes(&self, limit: u64) -> u64 {
        match self.lodging.is_some() && self.lodger.is_none() {
            true => limit + threads_of(geteuid().as_raw()),
            false => limit + 1, // the box's first process is counted, too
        }
    }
}

fn lodger() -> Result<Lodger, LaunchError> {
    let refused = |why: String| LaunchError::NoBox(format!("a user of its own: {why}"));
    if !geteuid().is_root() {
        return Err(refused("only root can give one; run this as root".to_owned()));
    }
    let users = inhabitant::strangers().ok_or_else(|| {
        refused("this container has root alone; map more users into it".to_owned())
    })?;
    Lodger::new(users).map_err(|error| refused(error.to_string()))
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
