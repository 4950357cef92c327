//! Restarts a system call that tracing has interrupted.
//!
//! The kernel restarts most calls itself. epoll_wait(2) and a few others return EINTR instead
//! (signal(7), "Interruption of system calls and library functions by stop signals"), which a
//! program without signal handlers need not expect.

use nix::unistd::Pid;

/// Makes a stopped thread repeat the call that has just returned EINTR. If the program has a pending
/// signal, that signal was the cause of EINTR, and nothing is changed.
#[cfg(target_arch = "x86_64")]
pub(super) fn restart_syscall(thread: Pid) {
    use nix::sys::ptrace::{getregs, setregs};
    /// `syscall` and `int 0x80` are two bytes each.
    const INSTRUCTION: u64 = 2;

    let Ok(mut registers) = getregs(thread) else { return };
    let is_in_call = registers.orig_rax as i64 >= 0;
    let was_interrupted = registers.rax as i64 == -i64::from(libc::EINTR);
    if is_in_call && was_interrupted && !has_signal(thread) {
        registers.rax = registers.orig_rax;
        registers.rip -= INSTRUCTION;
        let _ = setregs(thread, registers);
    }
}

/// On other architectures nothing is restarted, because the registers no longer hold the call's
/// first argument.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn restart_syscall(_thread: Pid) {}

#[cfg(target_arch = "x86_64")]
/// Whether a signal that the thread does not block is pending.
fn has_signal(thread: Pid) -> bool {
    let process = procfs::process::Process::new(thread.as_raw());
    let status = process.and_then(|process| process.status());
    status.map_or(true, |it| (it.sigpnd | it.shdpnd) & !it.sigblk != 0)
}
