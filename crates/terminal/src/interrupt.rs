//! Ctrl-C: the compiler that we started ends with us, and the exit status says so.
//!
//! Servers need no care here: the witness ties each one's life to ours.

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
};
use std::io;
use std::process::{Child, Output, exit};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering::SeqCst};
use std::thread;

static BUILD: AtomicI32 = AtomicI32::new(0);
static PATIENT: AtomicBool = AtomicBool::new(false);
static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Ends this process on SIGINT and SIGTERM, with 128 and the signal's number as a shell reports it.
///
/// # Errors
/// The kernel's, where a handler cannot be set.
pub fn listen() -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    thread::spawn(move || {
        for signal in signals.forever() {
            end_build();
            let first = !REQUESTED.swap(true, SeqCst);
            if !(first && PATIENT.load(SeqCst) && signal == SIGINT) {
                exit(128 + signal);
            }
        }
    });
    Ok(())
}

/// Runs `work` so that the first Ctrl-C only makes [`requested`] true; the second ends the process.
pub fn patiently<T>(work: impl FnOnce() -> T) -> T {
    PATIENT.store(true, SeqCst);
    let done = work();
    PATIENT.store(false, SeqCst);
    done
}

/// Whether Ctrl-C asked to stop.
pub fn requested() -> bool {
    REQUESTED.load(SeqCst)
}

/// Waits for a build and collects its output; Ctrl-C ends it.
///
/// # Errors
/// As [`Child::wait_with_output`].
pub fn wait(build: Child) -> io::Result<Output> {
    BUILD.store(build.id().try_into().unwrap_or(0), SeqCst);
    let output = build.wait_with_output();
    BUILD.store(0, SeqCst);
    output
}

fn end_build() {
    let build = BUILD.swap(0, SeqCst);
    if build > 0 {
        // It may have ended by itself meanwhile.
        let _ = kill(Pid::from_raw(build), Signal::SIGTERM);
    }
}
