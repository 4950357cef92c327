//! Writing a line of a server's log.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a line to standard output and flushes it at once.
///
/// A line that stayed in the buffer would be copied by fork(2) and written twice. A line that
/// cannot be written is dropped without an error: a server goes on when the reader of its log has
/// exited.
pub fn log_line(text: impl Display) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
