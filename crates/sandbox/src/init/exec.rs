//! The last steps before `execve`, in the process that becomes the program.

use super::hardening::{harden, refuse_calls};
use super::kernel::check;
use super::report::{report, report_refusal, send_descriptors};
use super::steps::{refused, step};
use super::{ExecPlan, InitPlan};
use crate::control::tag;
use crate::landlock;
use libc::{c_int, c_ulong};
use std::os::fd::AsRawFd;
use std::ptr;

/// Applies the restrictions of the plan to this process, and executes the program.
pub(super) unsafe fn become_program(plan: &InitPlan, program: &ExecPlan, environment: usize) -> ! {
    // SAFETY: the system calls use memory and descriptors that the plan keeps alive; `execve` or
    // `_exit` ends this copy.
    unsafe {
        // Set signals, session and standard streams as a program expects them.
        reset_signals();
        libc::setsid();
        libc::dup2(program.input.as_raw_fd(), 0);
        libc::dup2(program.output.as_raw_fd(), 1);
        libc::dup2(program.errors.as_raw_fd(), 2);

        // Enter the working directory and become the program's user. Both may need capabilities,
        // which the hardening drops.
        let entered = check(libc::chdir(program.directory.as_ptr()))
            .and_then(|_| program.user.map_or(Ok(()), |user| become_user(user)));
        if let (Ok(()), Some(hardening)) = (entered, &program.hardening)
            && let Err(errno) = harden(hardening)
        {
            exit_refused(plan, step::LIMITS, errno);
        }

        // Set PR_SET_NO_NEW_PRIVS before Landlock and seccomp, because both require this attribute.
        let entered = entered
            .and_then(|_| check(libc::setrlimit(libc::RLIMIT_NOFILE, &program.descriptors)))
            .and_then(|_| check(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)))
            .and_then(|_| match &program.ruleset {
                Some(ruleset) => landlock::restrict_self(ruleset.as_raw_fd()),
                None => Ok(()),
            });
        if let Err(errno) = entered {
            report(plan, tag::EXEC_FAILED, 0, errno);
            libc::_exit(127);
        }

        // Install the filter that refuses calls last, because this filter refuses seccomp(2) as
        // well.
        if let Err(errno) = install_notify_filter(plan, program) {
            report(plan, tag::NOTIFY_REFUSED, 0, errno);
            libc::_exit(127);
        }
        if let Some(Err(errno)) = program.hardening.as_ref().map(|it| refuse_calls(it)) {
            exit_refused(plan, step::FILTER, errno);
        }

        // Report the start, and execute the program with no descriptors except the standard
        // streams.
        report(plan, tag::STARTED, 0, 0);
        libc::syscall(libc::SYS_close_range, 3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
        let arguments = &program.arguments.pointers;
        let environments = &program.environments;
        let environment = &environments[environment.min(environments.len() - 1)].pointers;
        libc::execve(program.path.as_ptr(), arguments.as_ptr(), environment.as_ptr());
        report(plan, tag::EXEC_FAILED, 0, *libc::__errno_location());
        libc::_exit(127);
    }
}

/// Becomes a user without supplementary groups and capabilities. A process that has no id of root
/// cannot regain capabilities (capabilities(7)).
pub(super) unsafe fn become_user(user: u32) -> Result<(), i32> {
    // SAFETY: the system calls use only numbers, and change only this process. The C library's
    // functions are not called, because they would take locks.
    unsafe {
        let mut capability: c_ulong = 0;
        while libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) == 0 {
            capability += 1;
        }
        check(libc::syscall(libc::SYS_setgroups, 0, ptr::null::<u32>()) as c_int)?;
        check(libc::syscall(libc::SYS_setresgid, user, user, user) as c_int)?;
        check(libc::syscall(libc::SYS_setresuid, user, user, user) as c_int).map(drop)
    }
}

/// Reports that the kernel refused a step that restricts the program, and ends this process.
unsafe fn exit_refused(plan: &InitPlan, step: u8, errno: i32) -> ! {
    // SAFETY: reports the step and ends this copy.
    unsafe {
        report_refusal(plan, &refused(step)(errno));
        libc::_exit(127);
    }
}

/// Sets all signals to their default dispositions, as programs expect. Otherwise a signal that the
/// observer ignores would stay ignored after `execve` (signal(7)). For example, Rust's runtime
/// ignores SIGPIPE, a shell ignores SIGINT in background jobs, and a parent may ignore SIGCHLD.
unsafe fn reset_signals() {
    // SAFETY: changes this process's own dispositions and mask; the set is a local variable.
    unsafe {
        for signal in 1..=libc::SIGRTMAX() {
            // This call fails for SIGKILL, SIGSTOP and the C library's own signals.
            libc::signal(signal, libc::SIG_DFL);
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, ptr::null_mut());
    }
}

/// Installs the filter that reports system calls, and sends the filter's listener descriptor to the
/// observer (seccomp_unotify(2)).
unsafe fn install_notify_filter(plan: &InitPlan, program: &ExecPlan) -> Result<(), i32> {
    if program.notify_filter.is_empty() {
        return Ok(());
    }
    // SAFETY: the filter outlives the call, which copies it.
    unsafe {
        let code = libc::sock_fprog {
            len: program.notify_filter.len() as u16,
            filter: program.notify_filter.as_ptr().cast_mut(),
        };
        let (mode, flags) = (libc::SECCOMP_SET_MODE_FILTER, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER);
        let listener = libc::syscall(libc::SYS_seccomp, mode, flags, &code) as c_int;
        let listener = check(listener)?;
        send_descriptors(plan.control.as_raw_fd(), tag::NOTIFY_LISTENER, &[listener], 0)
    }
}
