//! Handles Ctrl-C: ends the compiler that this process has started, and then this process.
//!
//! Servers are not handled here. When this process ends, the kernel closes its connection to each
//! sandbox. Then the first process of the sandbox ends the server.

use crate::tty;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use signal_hook::{
    consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGWINCH},
    iterator::Signals,
};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, Output, exit};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

/// The process id of the child that [`wait`] waits for. 0 if there is no such child.
static CHILD: AtomicI32 = AtomicI32::new(0);
/// Whether [`deferred`] is running.
static DEFERRED: AtomicBool = AtomicBool::new(false);
/// Whether [`forwarded`] is running.
static FORWARDED: AtomicBool = AtomicBool::new(false);
/// The time in which a command must have ended after a forwarded SIGTERM or SIGHUP.
const TIME_TO_END: Duration = Duration::from_secs(5);
/// Whether a signal has come.
static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Makes SIGINT and SIGTERM end this process. The exit status is 128 plus the signal's number, as a
/// shell reports it.
///
/// # Errors
/// The kernel's error, if a signal handler cannot be set.
pub fn listen() -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    thread::spawn(move || {
        for signal in signals.forever() {
            if FORWARDED.load(SeqCst) {
                continue;
            }
            end_child();
            let is_first = !REQUESTED.swap(true, SeqCst);
            let is_deferred = is_first && DEFERRED.load(SeqCst) && signal == SIGINT;
            if !is_deferred {
                exit(128 + signal);
            }
        }
    });
    Ok(())
}

/// Runs `work`. The first Ctrl-C only makes [`requested`] true, so that `work` can end by itself.
/// The second Ctrl-C ends the process.
pub fn deferred<T>(work: impl FnOnce() -> T) -> T {
    DEFERRED.store(true, SeqCst);
    let done = work();
    DEFERRED.store(false, SeqCst);
    done
}

/// Runs `work`, which handles the signals of a terminal itself: SIGINT, SIGTERM, SIGHUP, SIGTSTP,
/// SIGCONT and SIGWINCH. For each signal, the stream has a byte with the signal's number.
///
/// After SIGTERM or SIGHUP, `work` has 5 seconds to end, for example if its terminal takes no more
/// text. Then the terminal is restored, and this process ends.
///
/// # Errors
/// The kernel's error, if a signal handler cannot be set.
pub fn forwarded<T>(work: impl FnOnce(&UnixStream) -> T) -> io::Result<T> {
    let (reader, mut writer) = UnixStream::pair()?;
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH])?;
    let handle = signals.handle();
    FORWARDED.store(true, SeqCst);
    let forwarder = thread::spawn(move || {
        for signal in signals.forever() {
            // After an error, `work` has ended and nobody reads.
            let _ = writer.write_all(&[signal.try_into().unwrap_or(0)]);
            if signal == SIGTERM || signal == SIGHUP {
                thread::spawn(move || end_late(signal));
            }
        }
    });
    let done = work(&reader);
    handle.close();
    // The thread has no panic to pass on.
    let _ = forwarder.join();
    FORWARDED.store(false, SeqCst);
    Ok(done)
}

/// The signals that end a command which handles the signals of a terminal itself.
pub const ENDING: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

/// The next signal of the stream that [`forwarded`] passes on. Waits if there is none.
///
/// # Errors
/// The error of read(2).
pub fn next_signal(mut signals: &UnixStream) -> io::Result<Option<Signal>> {
    let mut number = [0];
    signals.read_exact(&mut number)?;
    Ok(Signal::try_from(i32::from(number[0])).ok())
}

fn end_late(signal: i32) {
    thread::sleep(TIME_TO_END);
    tty::restore();
    exit(128 + signal);
}

/// Whether Ctrl-C was pressed.
pub fn requested() -> bool {
    REQUESTED.load(SeqCst)
}

/// Waits for a child process and collects its output. Ctrl-C ends the child.
///
/// # Errors
/// As [`Child::wait_with_output`].
pub fn wait(child: Child) -> io::Result<Output> {
    CHILD.store(child.id().try_into().unwrap_or(0), SeqCst);
    let output = child.wait_with_output();
    CHILD.store(0, SeqCst);
    output
}

fn end_child() {
    let child = CHILD.swap(0, SeqCst);
    if child > 0 {
        // An error only means that the child has ended already (kill(2), ESRCH).
        let _ = kill(Pid::from_raw(child), Signal::SIGTERM);
    }
}
