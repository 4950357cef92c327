//! One line of a server's log.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a line to standard output, at once: nothing stays in a buffer, of which a child made by
/// fork(2) would get a copy. A server outlives the reader of its log, so a line that cannot be
/// written is lost.
pub fn log_line(text: impl Display) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
