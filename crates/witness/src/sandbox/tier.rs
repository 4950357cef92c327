//! How far apart from this machine a server can be kept here.

pub(crate) mod refusal;

use crate::sandbox::control::{Control, Message};
use crate::sandbox::init::{self, Plan, STEPS};
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

    /// Whether its programs have the ports of this machine, each of which is held once.
    pub fn shares_ports(self) -> bool {
        self != Tier::Strong
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
pub(crate) fn ground() -> &'static Result<libc::c_int, String> {
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
}
