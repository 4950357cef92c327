//! How far apart from this machine a server can be kept here.

pub(crate) mod refusal;

use crate::launch::{Launch, LaunchError};
use crate::sandbox::confine::Confinement;
use crate::sandbox::control::{Control, Message};
use crate::sandbox::init::{self, Plan, STEPS};
use crate::sandbox::landlock;
use crate::stuck::{Exit, Stuck};
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, getegid, geteuid};
use std::ffi::CString;
use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::OnceLock;

/// How a server is kept apart, from the strongest to the weakest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Network, process ids and mounts of its own: any number of servers can hold the same port.
    Strong,
    /// A user of its own on this machine's network, which takes root: it can signal nobody else's
    /// processes. Where there is Landlock, a program that nobody vouches for is held back by it, too;
    /// without, it reads what everybody may, and connects to anyone.
    UidDrop,
    /// A child process that Landlock holds back (landlock(7)), on this machine's network: one's own
    /// from signalling others, one that nobody vouches for from others' files and ports, too.
    Landlock,
    /// A child process on this machine's network: a port is held once.
    Plain,
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Tier::Strong => "strong",
            Tier::UidDrop => "uid-drop",
            Tier::Landlock => "landlock",
            Tier::Plain => "plain",
        })
    }
}

/// A name that no tier has.
#[derive(Debug, thiserror::Error)]
#[error("there is no tier {0:?}; there are strong, uid-drop, landlock, plain")]
pub struct NoSuchTier(String);

impl FromStr for Tier {
    type Err = NoSuchTier;

    fn from_str(name: &str) -> Result<Self, NoSuchTier> {
        let named = Tier::ALL.into_iter().find(|tier| tier.to_string() == name);
        named.ok_or_else(|| NoSuchTier(name.to_owned()))
    }
}

impl Tier {
    /// Every tier, the strongest first.
    pub const ALL: [Tier; 4] = [Tier::Strong, Tier::UidDrop, Tier::Landlock, Tier::Plain];

    /// The strongest tier that this machine permits for one's own program, found once by trying.
    ///
    /// [`UidDrop`](Tier::UidDrop) is none of them: another user cannot write what is its owner's.
    pub fn here() -> Self {
        let own = [Tier::Strong, Tier::Landlock];
        own.into_iter().find(|tier| tier.refusal().is_none()).unwrap_or(Tier::Plain)
    }

    /// The strongest tier that this machine permits for a program that nobody vouches for, found
    /// once by trying.
    pub fn for_strangers() -> Self {
        let possible = |tier: &Tier| tier.refusal_to_strangers().is_none();
        Tier::ALL.into_iter().find(possible).unwrap_or(Tier::Plain)
    }

    /// Whether its programs have the ports of this machine, each of which is held once.
    pub fn shares_ports(self) -> bool {
        self != Tier::Strong
    }

    /// Why one's own program cannot be kept apart like this here, and what to do about it; `None`
    /// when it can.
    pub fn refusal(self) -> Option<&'static str> {
        static UID_DROP: OnceLock<Option<String>> = OnceLock::new();
        match self {
            Tier::Strong => ground().as_ref().err().map(String::as_str),
            Tier::UidDrop => UID_DROP.get_or_init(|| run_true(self, None).err()).as_deref(),
            Tier::Landlock => landlock::refusal(),
            Tier::Plain => None,
        }
    }

    /// Why a program that nobody vouches for cannot be kept apart like this here, and what to do
    /// about it; `None` when it can.
    pub fn refusal_to_strangers(self) -> Option<&'static str> {
        static FOUND: [OnceLock<Option<String>>; 4] = [const { OnceLock::new() }; 4];
        let confinement = || Some(Confinement::default());
        FOUND[self as usize].get_or_init(|| run_true(self, confinement()).err()).as_deref()
    }

    /// The namespaces that it takes (clone(2)), or why they cannot be had here.
    pub(crate) fn namespaces(self) -> Result<libc::c_int, String> {
        match self {
            Tier::Strong => ground().clone(),
            Tier::UidDrop | Tier::Landlock | Tier::Plain => Ok(0),
        }
    }
}

const BOX: libc::c_int = libc::CLONE_NEWNET | libc::CLONE_NEWPID | libc::CLONE_NEWNS;

/// The namespaces that make a box here, or why none does.
fn ground() -> &'static Result<libc::c_int, String> {
    static GROUND: OnceLock<Result<libc::c_int, String>> = OnceLock::new();
    GROUND.get_or_init(|| {
        // Root needs no user namespace, and keeps its rights to other users' files without one.
        if geteuid().is_root() && build_empty(BOX).is_ok() {
            return Ok(BOX);
        }
        build_empty(BOX | libc::CLONE_NEWUSER).map(|()| BOX | libc::CLONE_NEWUSER)
    })
}

/// Builds an empty box and takes it down again.
fn build_empty(namespaces: libc::c_int) -> Result<(), String> {
    let fault = |error: io::Error| format!("a box cannot be built: {error}");
    let (control, theirs) = Control::pair().map_err(fault)?;
    let plan = Plan {
        namespaces,
        identity: identity(namespaces),
        view: None,
        leaves_groups: false,
        control: theirs,
        program: None,
    };
    let pid = init::launch(&plan).map_err(|error| refusal::explain("clone(2)", &error))?;
    drop(plan);
    let answer = control.receive(true);
    let _ = waitpid(Pid::from_raw(pid), None);
    match answer {
        Ok(Some(Message::Ready)) => Ok(()),
        Ok(Some(Message::Refused { step, errno, .. })) => {
            let step = STEPS.get(usize::from(step)).unwrap_or(&"a step");
            Err(refusal::explain(step, &io::Error::from_raw_os_error(errno)))
        }
        other => Err(format!("a box cannot be built: {other:?}")),
    }
}

/// In a user namespace one is oneself, and nobody else is anybody (user_namespaces(7)).
pub(crate) fn identity(namespaces: libc::c_int) -> Option<(CString, CString)> {
    let line = |id: u32| CString::new(format!("{id} {id} 1\n")).ok();
    if namespaces & libc::CLONE_NEWUSER == 0 {
        return None;
    }
    line(geteuid().as_raw()).zip(line(getegid().as_raw()))
}

/// Runs true(1) as programs of this tier are run.
fn run_true(tier: Tier, confinement: Option<Confinement>) -> Result<(), String> {
    let mut launch = Launch::new("true").env("PATH", "/usr/bin:/bin").tier(tier);
    if let Some(confinement) = confinement {
        launch = launch.confined(confinement);
    }
    let mut server = launch.start().map_err(|error| match error {
        LaunchError::NoBox(why) => why,
        other => other.to_string(),
    })?;
    match server.until(|_| Ok(None::<()>)) {
        Err(Stuck::Ended(Exit::Status(0))) => Ok(()),
        Err(stuck) => Err(format!("true(1) was started there, and {stuck}")),
        Ok(()) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_is_found_by_its_name() {
        for tier in Tier::ALL {
            assert_eq!(tier.to_string().parse::<Tier>().unwrap(), tier);
        }
        assert!("boxed".parse::<Tier>().unwrap_err().to_string().contains("uid-drop"));
    }

    #[test]
    fn the_strongest_comes_first() {
        assert!(Tier::ALL.is_sorted());
        assert!(Tier::here() >= Tier::for_strangers());
    }

    #[test]
    fn what_is_chosen_is_not_refused() {
        assert_eq!(Tier::here().refusal(), None);
        assert_eq!(Tier::for_strangers().refusal_to_strangers(), None);
    }
}
