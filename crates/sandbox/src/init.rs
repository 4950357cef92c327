//! The first process of a box: it builds the box, starts the program, and outlives what it left.
//!
//! It runs in a copy of a process that may have had many threads, so until `execve` it makes system
//! calls and nothing else: no allocation, no lock, no panic (signal-safety(7)). Everything that it
//! needs was laid out in a [`InitPlan`] beforehand.
//!
//! The program is not process 1 itself: process 1 ignores a SIGTERM that it does not handle, and is
//! given every orphan, which would falsify what is said about zombies (pid_namespaces(7)).

mod build;
mod exec;
mod hardening;
mod kernel;
mod kill_tree;
mod mount;
mod report;
mod steps;
mod supervise;

use crate::control::tag;
use crate::landlock::Ruleset;
use crate::root_layout::{MountStep, RootLayout};
use libc::{c_char, c_int, c_ulong};
use nix::sys::signal::{SigSet, SigmaskHow};
use std::ffi::CString;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::ptr;

pub(crate) use hardening::Hardening;
pub(crate) use steps::{STEPS, step};

/// What the first process is to do, laid out before the clone.
pub(crate) struct InitPlan {
    /// The namespaces to enter (clone(2)); 0 for a plain child.
    pub(crate) namespaces: c_int,
    /// The lines of uid_map and gid_map, in a user namespace.
    pub(crate) identity: Option<(CString, CString)>,
    /// What is seen in a box for a program that nobody vouches for. The observer maps its user, and
    /// says so; `identity` is `None`.
    pub(crate) root: Option<RootLayout>,
    /// Whether the box's user can leave the observer's groups.
    pub(crate) leaves_groups: bool,
    /// The line to the observer.
    pub(crate) control: OwnedFd,
    /// What to start; `None` to find out whether a box can be built here.
    pub(crate) program: Option<ExecPlan>,
}

/// The program, ready for `execve`.
pub(crate) struct ExecPlan {
    pub(crate) path: CString,
    pub(crate) arguments: CStringArray,
    pub(crate) environment: CStringArray,
    pub(crate) directory: CString,
    pub(crate) input: OwnedFd,
    pub(crate) output: OwnedFd,
    pub(crate) errors: OwnedFd,
    /// How many descriptors it may have.
    pub(crate) descriptors: libc::rlimit,
    /// What is taken from a program that nobody vouches for.
    pub(crate) hardening: Option<Hardening>,
    /// The user that it runs as, and that nobody else is; the observer's own where there is none.
    pub(crate) user: Option<u32>,
    /// What it may do to others, where Landlock says so.
    pub(crate) ruleset: Option<Ruleset>,
    /// Holds back the calls that a gate decides on.
    pub(crate) notify_filter: Vec<libc::sock_filter>,
}

/// A null-terminated array of C strings, as `execve` wants it.
pub(crate) struct CStringArray {
    pointers: Vec<*const c_char>,
    _owners: Vec<CString>,
}

impl CStringArray {
    pub(crate) fn new(owners: Vec<CString>) -> Self {
        let pointers = owners.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect();
        Self { pointers, _owners: owners }
    }
}

/// Clones the first process and returns its process id.
pub(crate) fn launch(plan: &InitPlan) -> std::io::Result<i32> {
    let kept = plan.descriptors();
    // No handler of the observer's may run in the copy: it takes signals by signalfd(2) alone.
    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
    let flags = c_ulong::from((plan.namespaces | libc::SIGCHLD) as u32);
    // SAFETY: without CLONE_VM the child has a copy of this address space, stack included, and
    // `run` keeps to what is allowed in the copy of a process with threads.
    let result = match unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) } {
        -1 => Err(std::io::Error::last_os_error()),
        0 => run(plan, &kept),
        pid => Ok(pid as i32),
    };
    before.thread_set_mask()?;
    result
}

impl InitPlan {
    /// The descriptors that the first process uses, in order.
    fn descriptors(&self) -> Vec<RawFd> {
        let program = self.program.iter().flat_map(|it| [&it.input, &it.output, &it.errors]);
        let trees = self.root.iter().flat_map(|root| &root.steps).filter_map(|step| match step {
            MountStep::Tree { from, .. } => Some(from),
            _ => None,
        });
        let all = [&self.control].into_iter().chain(program).chain(trees);
        let ruleset = self.program.iter().filter_map(|it| it.ruleset.as_ref());
        let mut kept: Vec<_> =
            all.map(AsRawFd::as_raw_fd).chain(ruleset.map(AsRawFd::as_raw_fd)).collect();
        kept.sort_unstable();
        kept
    }
}

fn run(plan: &InitPlan, kept: &[RawFd]) -> ! {
    // SAFETY: system calls on descriptors and buffers that `plan` keeps alive.
    unsafe {
        libc::setsid(); // the observer's terminal has nothing to say to the box
        keep_only(kept);
        if let Err(refused) = build::build(plan) {
            report::tell_refused(plan, &refused);
            libc::_exit(1);
        }
        report::tell(plan, tag::READY, 0, 0);
        match &plan.program {
            Some(program) => supervise::supervise(plan, program),
            None => libc::_exit(0),
        }
    }
}

/// Closes what was inherited: another box's line, held open here, would keep that box alive.
unsafe fn keep_only(kept: &[RawFd]) {
    let mut from = 3;
    for &fd in kept {
        let fd = fd as u32;
        if from < fd {
            // SAFETY: closing descriptors that this copy does not use.
            unsafe { libc::syscall(libc::SYS_close_range, from, fd - 1, 0) };
        }
        from = fd + 1;
    }
    // SAFETY: as above.
    unsafe { libc::syscall(libc::SYS_close_range, from, u32::MAX, 0) };
}
