//! The server's log on standard output: one line for each event, in the order of the events.

use sockhelpers::log_line;
use std::fmt::Display;
use std::os::fd::RawFd;

/// Logs that the server listens, with `active` of its `capacity` slots in use.
pub fn start(active: usize, capacity: usize) {
    log_line(format_args!("[START] active={active}/{capacity}"));
}

/// Logs that a client is in the table. `fd` is the client's descriptor, and `slot` is its slot.
pub fn accept(fd: RawFd, slot: usize) {
    log_line(format_args!("[ACCEPT] fd={fd} slot={slot}"));
}

/// Logs that a client was removed. `fd` was the client's descriptor, and `slot` is free again.
pub fn disconnect(fd: RawFd, slot: usize) {
    log_line(format_args!("[DISCONNECT] fd={fd} slot={slot}"));
}

/// Logs that a client was rejected, with `active` of `capacity` slots in use.
pub fn reject(active: usize, capacity: usize) {
    log_line(format_args!("[REJECT] at capacity ({active}/{capacity})"));
}

/// Logs any other event.
pub fn note(text: impl Display) {
    log_line(text);
}
