//! What the server tells on standard output: one line an event, in the order of events.

use nix::unistd::Pid;
use std::fmt::{self, Display};
use std::io::{self, Write};
use std::os::fd::RawFd;

/// The server listens on `port`.
pub fn start(port: u16) {
    line(format_args!("[START] port={port}"));
}

/// The client that `accept` gave as `fd` has a child of its own.
pub fn fork(child: Pid, fd: RawFd) {
    line(format_args!("[FORK] pid={child} fd={fd}"));
}

/// Anything else worth a line.
pub fn note(text: impl Display) {
    line(format_args!("{text}"));
}

/// A server outlives the reader of its log: a line that cannot be written is lost.
fn line(text: fmt::Arguments<'_>) {
    let _ = write_line(&mut io::stdout().lock(), text);
}

/// Leaves nothing in the buffer: a child gets a copy of it, and would write it a second time.
fn write_line(out: &mut impl Write, text: fmt::Arguments<'_>) -> io::Result<()> {
    writeln!(out, "{text}")?;
    out.flush()
}
