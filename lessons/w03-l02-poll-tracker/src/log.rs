//! What the server tells on standard output: one line an event, in the order of events.

use sockhelpers::log_line;
use std::fmt::Display;
use std::os::fd::RawFd;

/// The server listens, and `active` of its `capacity` slots are in use.
pub fn start(active: usize, capacity: usize) {
    log_line(format_args!("[START] active={active}/{capacity}"));
}

/// A client is in the table.
pub fn accept(fd: RawFd, slot: usize) {
    log_line(format_args!("[ACCEPT] fd={fd} slot={slot}"));
}

/// A client has left: `fd` is the descriptor that it had, and `slot` is free again.
pub fn disconnect(fd: RawFd, slot: usize) {
    log_line(format_args!("[DISCONNECT] fd={fd} slot={slot}"));
}

/// A client was turned away, for `active` of `capacity` slots were in use.
pub fn reject(active: usize, capacity: usize) {
    log_line(format_args!("[REJECT] at capacity ({active}/{capacity})"));
}

/// Anything else worth a line.
pub fn note(text: impl Display) {
    log_line(text);
}
