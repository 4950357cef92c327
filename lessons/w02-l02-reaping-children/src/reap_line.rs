//! The log line `[REAP]`, written from a signal handler.

use crate::ended_child::{End, EndedChild};
use std::io::Write;

/// The number of bytes of the longest line, and some more.
const LONGEST: usize = 64;

/// Logs that a child was reaped, and how the child has ended.
///
/// A signal handler may run while the program is in the middle of any function: for example while
/// `println` has locked standard output, or while the allocator changes its lists. Therefore this
/// function takes no lock and no memory. It formats the line in an array of its own, and writes the
/// line with one call of write(2), which signal handlers may call (signal-safety(7)).
pub fn write(child: EndedChild) {
    let mut line = [0; LONGEST];
    let mut room = &mut line[..];
    // No line is longer than the array, so there is no error.
    let _ = match child.end {
        End::Exited(status) => writeln!(room, "[REAP] pid={} status={status}", child.pid),
        End::Killed(signal) => writeln!(room, "[REAP] pid={} signal={signal}", child.pid),
    };
    let length = LONGEST - room.len();
    // SAFETY: `line` has at least `length` bytes. If the line cannot be written, it is discarded,
    // so that the server continues to run when the reader of its log has exited.
    unsafe { libc::write(libc::STDOUT_FILENO, line.as_ptr().cast(), length) };
}
