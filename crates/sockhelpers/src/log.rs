//! Writing a line of a server's log.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a line to standard output and flushes it immediately.
///
/// fork(2) copies a line that is still in the buffer, and both processes then write that line. The
/// flush prevents this. If the line cannot be written, it is discarded without an error. Therefore
/// a server continues to run when the reader of its log has exited.
pub fn log_line(text: impl Display) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
