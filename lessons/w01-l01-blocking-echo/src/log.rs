//! What the server tells on standard output: one line an event, in the order of events.
#![cfg_attr(not(feature = "solution"), allow(dead_code, reason = "tasks are still to do"))]

use std::fmt::{self, Display};
use std::io::{self, Write};
use std::os::fd::RawFd;

/// The server listens on `port`.
pub fn start(port: u16) {
    line(format_args!("[START] port={port}"));
}

/// A client is being served.
pub fn accept(fd: RawFd) {
    line(format_args!("[ACCEPT] fd={fd}"));
}

/// A client has left: `fd` is the descriptor that it had.
pub fn disconnect(fd: RawFd) {
    line(format_args!("[DISCONNECT] fd={fd}"));
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
