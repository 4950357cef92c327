//! A box that was begun: how it is refused, and how it ends.

use crate::sandbox::control::{Control, Message};
use crate::sandbox::error::LaunchError;
use crate::sandbox::init::{STEPS, step};
use crate::sandbox::quarters::Quarters;
use crate::sandbox::tier::refusal::explain;
use crate::sandbox::view::{Own, View};
use nix::errno::Errno;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// A box in which the program is about to start.
pub(crate) struct Begun {
    pub(crate) init: i32,
    pub(crate) control: Control,
    pub(crate) shown: Shown,
    pub(crate) quarters: Quarters,
}

/// What a refusal names.
pub(crate) struct Shown {
    pub(super) program: PathBuf,
    pub(super) view: Option<View>,
}

impl Shown {
    /// What there is to know of the program's folder.
    pub(crate) fn own(&self) -> Option<Own> {
        self.view.as_ref().map(|view| view.own.clone())
    }

    /// Whether `message` is none of the ways in which a launch is refused.
    pub(crate) fn check(&self, message: &Message) -> Result<(), LaunchError> {
        let error = io::Error::from_raw_os_error;
        match *message {
            Message::Refused { step, piece, errno } => {
                Err(LaunchError::NoBox(explain(&self.name(step, piece), &error(errno))))
            }
            Message::GateRefused { errno } => Err(LaunchError::NoGate(error(errno))),
            Message::ExecFailed { errno } => Err(LaunchError::Refused {
                program: self.program.display().to_string(),
                error: error(errno),
            }),
            _ => Ok(()),
        }
    }

    fn name(&self, number: u8, piece: u16) -> String {
        let step = STEPS.get(usize::from(number)).unwrap_or(&"a step");
        let mut pieces = self.view.iter().flat_map(|view| &view.pieces);
        match pieces.nth(usize::from(piece)) {
            Some(piece) if number == step::VIEW => format!("{step}: {}", piece.describe()),
            _ => (*step).to_owned(),
        }
    }
}

/// Ends a box, and returns when it is gone: the processor time that it has used.
pub(crate) fn end(init: i32, control: &Control) -> Duration {
    control.hang_up();
    // SAFETY: plain data, which the kernel fills.
    let mut used: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: a child of this process's own, and a local.
        let result = unsafe { libc::wait4(init, std::ptr::null_mut(), 0, &mut used) };
        if Errno::result(result) != Err(Errno::EINTR) {
            break;
        }
    }
    let time = |it: libc::timeval| {
        Duration::from_secs(it.tv_sec as u64) + Duration::from_micros(it.tv_usec as u64)
    };
    time(used.ru_utime) + time(used.ru_stime)
}
