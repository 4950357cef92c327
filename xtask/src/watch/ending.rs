//! Ends a process that `watch` has started.

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

/// The time that a process has to end after SIGTERM.
const TIME_TO_END: Duration = Duration::from_secs(2);

/// Asks the process to end, and kills it if it does not. `send` sends a signal to the process, or to its
/// group.
pub(super) fn end(child: &mut Child, send: impl Fn(Pid, Signal) -> nix::Result<()>) {
    let pid = Pid::from_raw(child.id().cast_signed());
    // An error only means that there is no such process any more (kill(2), ESRCH).
    let _ = send(pid, Signal::SIGTERM);
    let start = Instant::now();
    while let Ok(None) = child.try_wait() {
        if start.elapsed() > TIME_TO_END {
            let _ = send(pid, Signal::SIGKILL);
            let _ = child.wait();
            return;
        }
        thread::sleep(Duration::from_millis(2));
    }
}
