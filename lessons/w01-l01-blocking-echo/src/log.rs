//! What the server tells on standard output: one line an event, in the order of events.
#![cfg_attr(not(feature = "solution"), allow(dead_code, reason = "tasks are still to do"))]

use sockhelpers::log_line;
use std::fmt::Display;
use std::os::fd::RawFd;

/// The server listens on `port`.
pub fn start(port: u16) {
    log_line(format_args!("[START] port={port}"));
}

/// A client is being served.
pub fn accept(fd: RawFd) {
    log_line(format_args!("[ACCEPT] fd={fd}"));
}

/// A client has left: `fd` is the descriptor that it had.
pub fn disconnect(fd: RawFd) {
    log_line(format_args!("[DISCONNECT] fd={fd}"));
}

/// Anything else worth a line.
pub fn note(text: impl Display) {
    log_line(text);
}
