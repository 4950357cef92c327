//! Restarts a system call that tracing has interrupted.
//!
//! The kernel itself restarts most of the interrupted calls. epoll_wait(2) and a few other calls
//! return EINTR instead (signal(7), "Interruption of system calls and library functions by stop
//! signals"). A program without signal handlers may not expect EINTR.

use nix::unistd::Pid;

/// Makes a stopped thread repeat the call that has just returned EINTR. If the program has a
/// pending signal, this signal was the cause of EINTR, and this function changes nothing.
#[cfg(target_arch = "x86_64")]
pub(super) fn restart_syscall(thread: Pid) {
    use nix::sys::ptrace::{getregs, setregs};
    /// The length of the instructions `syscall` and `int 0x80` in bytes.
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

/// On other architectures the call is not restarted, because the registers no longer contain the
/// first argument of the call.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn restart_syscall(_thread: Pid) {}

#[cfg(target_arch = "x86_64")]
/// Whether a signal that the thread does not block is pending.
fn has_signal(thread: Pid) -> bool {
    let process = procfs::process::Process::new(thread.as_raw());
    let status = process.and_then(|process| process.status());
    status.map_or(true, |it| (it.sigpnd | it.shdpnd) & !it.sigblk != 0)
}
