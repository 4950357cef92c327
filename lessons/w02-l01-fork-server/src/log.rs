//! What the server tells on standard output: one line an event, in the order of events.

use nix::unistd::Pid;
use sockhelpers::log_line;
use std::fmt::Display;
use std::os::fd::RawFd;

/// The server listens on `port`.
pub fn start(port: u16) {
    log_line(format_args!("[START] port={port}"));
}

/// The client that `accept` gave as `fd` has a child of its own.
pub fn fork(child: Pid, fd: RawFd) {
    log_line(format_args!("[FORK] pid={child} fd={fd}"));
}

/// Anything else worth a line.
pub fn note(text: impl Display) {
    log_line(text);
}
