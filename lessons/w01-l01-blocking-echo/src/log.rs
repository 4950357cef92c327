//! The server's log on standard output: one line for each event, in the order of the events.
#![cfg_attr(not(feature = "solution"), allow(dead_code, reason = "tasks are still to do"))]

use sockhelpers::log_line;
use std::fmt::Display;
use std::os::fd::RawFd;

/// Logs that the server listens on `port`.
pub fn start(port: u16) {
    log_line(format_args!("[START] port={port}"));
}

/// Logs that a client was accepted. `fd` is the client's descriptor.
pub fn accept(fd: RawFd) {
    log_line(format_args!("[ACCEPT] fd={fd}"));
}

/// Logs that a client's descriptor, `fd`, was closed.
pub fn disconnect(fd: RawFd) {
    log_line(format_args!("[DISCONNECT] fd={fd}"));
}

/// Logs any other event.
pub fn note(text: impl Display) {
    log_line(text);
}
