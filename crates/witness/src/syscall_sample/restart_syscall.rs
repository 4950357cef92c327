//! Restarts a system call that tracing has interrupted.
//!
//! The kernel itself restarts most of the interrupted calls. epoll_wait(2) and a few other calls
//! return EINTR instead (signal(7), "Interruption of system calls and library functions by stop
//! signals"). A program without signal handlers may not expect EINTR.

use nix::unistd::Pid;
use sandbox::Call;

/// The result of a call that the kernel continues with restart_syscall(2) (linux/errno.h,
/// ERESTART_RESTARTBLOCK).
#[cfg(target_arch = "x86_64")]
const CONTINUES: i64 = -516;
/// What the register of the result contains when a call begins.
#[cfg(target_arch = "x86_64")]
const BEGINS: i64 = -(libc::ENOSYS as i64);

/// The call that the current stop of a thread has interrupted, if the kernel will continue it with
/// restart_syscall(2), which does not show what it was. If the stop has interrupted
/// restart_syscall(2) itself, the call is `before`. If the thread has stopped at the beginning of a
/// call, the end of the trace may interrupt this call.
#[cfg(target_arch = "x86_64")]
pub(super) fn interrupted_call(thread: Pid, before: Option<Call>) -> Option<Call> {
    let it = nix::sys::ptrace::getregs(thread).ok()?;
    let call = Call {
        number: it.orig_rax as i64,
        arguments: [it.rdi, it.rsi, it.rdx, it.r10, it.r8, it.r9],
    };
    match call.is_restart() {
        true => before,
        false => {
            let is_continued = matches!(it.rax as i64, CONTINUES | BEGINS);
            (is_continued && call.number >= 0).then_some(call)
        }
    }
}

/// On other architectures, the registers no longer contain the first argument of the call.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn interrupted_call(_thread: Pid, _before: Option<Call>) -> Option<Call> {
    None
}

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
