//! The first process of a sandbox. This process builds the sandbox, starts the program, and in the
//! end kills all processes that the program has started.
//!
//! The first process is a copy of the observer, which may have many threads. A thread that does not
//! exist in the copy may have held a lock. Therefore the first process only makes system calls: it
//! allocates no memory, takes no lock, and does not panic (signal-safety(7)). The observer prepares
//! everything that the first process needs in an [`InitPlan`].
//!
//! The program itself is not process 1, because process 1 of a PID namespace behaves differently
//! from other processes (pid_namespaces(7)). Process 1 ignores a SIGTERM for which it has no
//! handler. Process 1 also becomes the parent of every orphan. The program would then have zombies
//! that it does not have outside of a sandbox.

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

/// What the first process does. The observer prepares the plan before it clones the first process.
pub(crate) struct InitPlan {
    /// The new namespaces (clone(2)); 0 for a child process without new namespaces.
    pub(crate) namespaces: c_int,
    /// If the first process maps its own user: the lines of uid_map and gid_map.
    pub(crate) identity: Option<(CString, CString)>,
    /// The root file system of an untrusted program's sandbox. In such a sandbox the observer maps
    /// the user and sends a message afterwards, and `identity` is `None`.
    pub(crate) root: Option<RootLayout>,
    /// Files that have other contents for the program than on this machine. Empty if `root` is set:
    /// then the steps of `root` write these files.
    pub(crate) files: Vec<OwnFile>,
    /// Whether the sandbox's user can leave the observer's groups.
    pub(crate) leaves_groups: bool,
    /// The connection to the observer.
    pub(crate) control: OwnedFd,
    /// The program to start; `None` if the plan only tests whether a sandbox can be built on this
    /// machine.
    pub(crate) program: Option<ExecPlan>,
}

/// A file that has contents of its own in the sandbox.
pub(crate) struct OwnFile {
    pub(crate) path: CString,
    pub(crate) contents: CString,
}

/// The prepared arguments of `execve`, and the restrictions of the program.
pub(crate) struct ExecPlan {
    pub(crate) path: CString,
    pub(crate) arguments: CStringArray,
    /// The environment of the first start, and those of later starts.
    pub(crate) environments: Vec<CStringArray>,
    pub(crate) directory: CString,
    /// Whether the program starts only when the observer asks for it.
    pub(crate) starts_later: bool,
    pub(crate) input: OwnedFd,
    pub(crate) output: OwnedFd,
    pub(crate) errors: OwnedFd,
    /// The program's descriptor limit.
    pub(crate) descriptors: libc::rlimit,
    /// The limits and filters of an untrusted program.
    pub(crate) hardening: Option<Hardening>,
    /// The user id that only this program has; `None` if the program runs as the observer's user.
    pub(crate) user: Option<u32>,
    /// The Landlock restrictions, if any.
    pub(crate) ruleset: Option<Ruleset>,
    /// The filter that reports system calls to the observer (seccomp_unotify(2)); empty if no call
    /// is reported.
    pub(crate) notify_filter: Vec<libc::sock_filter>,
}

/// A null-terminated array of C strings, as `execve` requires.
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
    // Block all signals, because no signal handler of the observer may run in the copy. The copy
    // receives signals only through signalfd(2).
    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
    let flags = c_ulong::from((plan.namespaces | libc::SIGCHLD) as u32);
    // SAFETY: without CLONE_VM the child has a copy of this address space, including the stack.
    // `run` does only what is allowed in the copy of a process with threads.
    let result = match unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) } {
        -1 => Err(std::io::Error::last_os_error()),
        0 => run(plan, &kept),
        pid => Ok(pid as i32),
    };
    before.thread_set_mask()?;
    result
}

impl InitPlan {
    /// The descriptors that the first process uses, in ascending order.
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
        libc::setsid(); // the observer's terminal must not send signals to the sandbox
        close_all_but(kept);
        if let Err(refused) = build::build(plan) {
            report::report_refusal(plan, &refused);
            libc::_exit(1);
        }
        report::report(plan, tag::READY, 0, 0);
        match &plan.program {
            Some(program) => supervise::supervise(plan, program),
            None => libc::_exit(0),
        }
    }
}

/// Closes all inherited descriptors except the kept ones. One of the inherited descriptors may be
/// the connection to another sandbox. If it stayed open in this process, that sandbox would not
/// end.
unsafe fn close_all_but(kept: &[RawFd]) {
    let mut from = 3;
    for &fd in kept {
        let fd = fd as u32;
        if from < fd {
            // SAFETY: this copy does not use the descriptors that are closed.
            unsafe { libc::syscall(libc::SYS_close_range, from, fd - 1, 0) };
        }
        from = fd + 1;
    }
    // SAFETY: as above.
    unsafe { libc::syscall(libc::SYS_close_range, from, u32::MAX, 0) };
}
