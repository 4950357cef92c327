//! How strongly a program can be isolated from this machine.

pub(crate) mod refusal;
mod unbounded;

use crate::control::{Control, Message};
use crate::init::{self, InitPlan, STEPS};
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, getegid, geteuid};
use std::ffi::CString;
use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::OnceLock;

/// How strongly a program is isolated, from the strongest level to the weakest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IsolationLevel {
    /// The program has its own network, process ids and mounts (namespaces(7)). Several programs on
    /// this level can listen on the same port.
    Namespaces,
    /// The program has its own user id and uses this machine's network. The program cannot signal
    /// the processes of other users. Only root can use this level. If the kernel has Landlock,
    /// Landlock restricts an untrusted program as well. Without Landlock, the program can read
    /// every file that all users may read, and connect to any address.
    OtherUser,
    /// The program is a child process that uses this machine's network, and Landlock restricts the
    /// program (landlock(7)). The caller's own program cannot signal other processes. An untrusted
    /// program, in addition, can use only the files and the port that its policy allows.
    Landlock,
    /// The program is a child process that uses this machine's network. Only one program at a time
    /// can listen on a port.
    None,
}

impl fmt::Display for IsolationLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            IsolationLevel::Namespaces => "namespaces",
            IsolationLevel::OtherUser => "other-user",
            IsolationLevel::Landlock => "landlock",
            IsolationLevel::None => "none",
        })
    }
}

/// The error about a name that is not the name of an isolation level.
#[derive(Debug, thiserror::Error)]
#[error("there is no isolation level {0:?}; the levels are namespaces, other-user, landlock, none")]
pub struct UnknownIsolation(String);

impl FromStr for IsolationLevel {
    type Err = UnknownIsolation;

    fn from_str(name: &str) -> Result<Self, UnknownIsolation> {
        let named = IsolationLevel::ALL.into_iter().find(|level| level.to_string() == name);
        named.ok_or_else(|| UnknownIsolation(name.to_owned()))
    }
}

impl IsolationLevel {
    /// All levels, the strongest level first.
    pub const ALL: [IsolationLevel; 4] = [
        IsolationLevel::Namespaces,
        IsolationLevel::OtherUser,
        IsolationLevel::Landlock,
        IsolationLevel::None,
    ];

    /// Whether programs on this level use the ports of this machine. Only one program at a time can
    /// listen on such a port.
    pub fn shares_ports(self) -> bool {
        self != IsolationLevel::Namespaces
    }

    /// The namespaces that this level uses for the caller's own program (clone(2)), or why the
    /// machine refuses these namespaces.
    pub(crate) fn namespaces(self) -> Result<libc::c_int, String> {
        match self {
            IsolationLevel::Namespaces => namespaces_for_own_programs().clone(),
            IsolationLevel::OtherUser | IsolationLevel::Landlock | IsolationLevel::None => Ok(0),
        }
    }
}

const OWN_PROGRAM_NAMESPACES: libc::c_int =
    libc::CLONE_NEWNET | libc::CLONE_NEWPID | libc::CLONE_NEWNS;

/// The namespaces for the caller's own program on this machine, or why the machine refuses these
/// namespaces. The result is computed once.
pub(crate) fn namespaces_for_own_programs() -> &'static Result<libc::c_int, String> {
    static FOUND: OnceLock<Result<libc::c_int, String>> = OnceLock::new();
    FOUND.get_or_init(|| {
        // Root can create the other namespaces without a user namespace. Without a user namespace,
        // root keeps its access to other users' files.
        if geteuid().is_root() && try_namespaces(OWN_PROGRAM_NAMESPACES).is_ok() {
            return Ok(OWN_PROGRAM_NAMESPACES);
        }
        try_namespaces(OWN_PROGRAM_NAMESPACES | libc::CLONE_NEWUSER)
            .map(|()| OWN_PROGRAM_NAMESPACES | libc::CLONE_NEWUSER)
    })
}

/// Tests whether a sandbox with these namespaces can be built. The sandbox runs no program.
fn try_namespaces(namespaces: libc::c_int) -> Result<(), String> {
    let fault = |error: io::Error| format!("a sandbox cannot be built: {error}");
    let (control, theirs) = Control::pair().map_err(fault)?;
    let plan = InitPlan {
        namespaces,
        identity: identity_map(namespaces),
        root: None,
        files: Vec::new(),
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
            Err(refusal::explain(step, &errno.into()))
        }
        other => Err(format!("a sandbox cannot be built: {other:?}")),
    }
}

/// The lines of uid_map and gid_map that map this user to itself (user_namespaces(7)); `None`
/// without a user namespace.
pub(crate) fn identity_map(namespaces: libc::c_int) -> Option<(CString, CString)> {
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
    fn a_level_is_found_by_its_name() {
        for level in IsolationLevel::ALL {
            assert_eq!(level.to_string().parse::<IsolationLevel>().unwrap(), level);
        }
        assert!("jail".parse::<IsolationLevel>().unwrap_err().to_string().contains("other-user"));
    }
}
