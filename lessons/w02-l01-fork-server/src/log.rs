//! The server's log on standard output: one line for each event, in the order of the events.

use nix::unistd::Pid;
use sockhelpers::log_line;
use std::fmt::Display;
use std::os::fd::RawFd;

/// Logs that the server listens on `port`.
pub fn start(port: u16) {
    log_line(format_args!("[START] port={port}"));
}

/// Logs that the child process `child` serves the client whose descriptor in the parent is `fd`.
pub fn fork(child: Pid, fd: RawFd) {
    log_line(format_args!("[FORK] pid={child} fd={fd}"));
}

/// Logs any other event.
pub fn note(text: impl Display) {
    log_line(text);
}
