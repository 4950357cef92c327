//! How far apart from this machine a server can be kept here.

use crate::control::{Control, Message};
use crate::init::{self, Plan, STEPS};
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, getegid, geteuid};
use std::ffi::CString;
use std::fmt;
use std::io;
use std::sync::OnceLock;

/// How a server is kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Network, process ids and mounts of its own: any number of servers can hold the same port.
    Boxed,
    /// A child process on this machine's network: a port is held once.
    Plain,
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Tier::Boxed => "boxed",
            Tier::Plain => "plain",
        })
    }
}

impl Tier {
    /// The strongest tier that this machine permits, found once by building an empty box.
    pub fn here() -> Self {
        if ground().is_ok() { Tier::Boxed } else { Tier::Plain }
    }

    /// Why a box cannot be built here; `None` when it can.
    pub fn refusal() -> Option<&'static str> {
        ground().as_ref().err().map(String::as_str)
    }

    /// The namespaces that it takes (clone(2)), or why they cannot be had here.
    pub(crate) fn namespaces(self) -> Result<libc::c_int, String> {
        match self {
            Tier::Boxed => ground().clone(),
            Tier::Plain => Ok(0),
        }
    }
}

const BOX: libc::c_int = libc::CLONE_NEWNET | libc::CLONE_NEWPID | libc::CLONE_NEWNS;

/// The namespaces that make a box here, or why none does.
fn ground() -> &'static Result<libc::c_int, String> {
    static GROUND: OnceLock<Result<libc::c_int, String>> = OnceLock::new();
    GROUND.get_or_init(|| {
        // Root needs no user namespace, and keeps its rights to other users' files without one.
        if geteuid().is_root() && try_out(BOX).is_ok() {
            return Ok(BOX);
        }
        try_out(BOX | libc::CLONE_NEWUSER).map(|()| BOX | libc::CLONE_NEWUSER)
    })
}

/// Builds an empty box and takes it down again.
fn try_out(namespaces: libc::c_int) -> Result<(), String> {
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
    let pid = init::launch(&plan).map_err(|error| explain("clone(2)", error))?;
    drop(plan);
    let answer = control.receive(true);
    let _ = waitpid(Pid::from_raw(pid), None);
    match answer {
        Ok(Some(Message::Ready)) => Ok(()),
        Ok(Some(Message::Refused { step, errno, .. })) => {
            let step = STEPS.get(usize::from(step)).unwrap_or(&"a step");
            Err(explain(step, io::Error::from_raw_os_error(errno)))
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

fn explain(step: &str, error: io::Error) -> String {
    let advice = match error.raw_os_error() {
        Some(libc::EPERM) => "the container's seccomp profile or a sysctl forbids namespaces",
        Some(libc::ENOSPC) => "raise /proc/sys/user/max_user_namespaces",
        Some(libc::EACCES) => {
            "on Ubuntu, see the sysctl kernel.apparmor_restrict_unprivileged_userns"
        }
        _ => "namespaces are not available",
    };
    format!("{step}: {error}; {advice}")
}
