//! What the server tells on standard output: one line an event, in the order of events.

use std::fmt::{self, Display};
use std::io::{self, Write};
use std::os::fd::RawFd;

/// The server listens, and `active` of its `capacity` slots are in use.
pub fn start(active: usize, capacity: usize) {
    line(format_args!("[START] active={active}/{capacity}"));
}

/// A client is in the table.
pub fn accept(fd: RawFd, slot: usize) {
    line(format_args!("[ACCEPT] fd={fd} slot={slot}"));
}

/// A client has left: `fd` is the descriptor that it had, and `slot` is free again.
pub fn disconnect(fd: RawFd, slot: usize) {
    line(format_args!("[DISCONNECT] fd={fd} slot={slot}"));
}

/// A client was turned away, for `active` of `capacity` slots were in use.
pub fn reject(active: usize, capacity: usize) {
    line(format_args!("[REJECT] at capacity ({active}/{capacity})"));
}

/// Anything else worth a line.
pub fn note(text: impl Display) {
    line(format_args!("{text}"));
}

/// A server outlives the reader of its log: a line that cannot be written is lost.
fn line(text: fmt::Arguments<'_>) {
    let _ = write_line(&mut io::stdout().lock(), text);
}

fn write_line(out: &mut impl Write, text: fmt::Arguments<'_>) -> io::Result<()> {
    writeln!(out, "{text}")?;
    out.flush()
}
