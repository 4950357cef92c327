//! What the server writes.

use super::snapshot::LogLine;
use crate::log_event::LogEvent;
use std::collections::{BTreeMap, VecDeque};
use witness::{Line, Server};

/// The number of lines that are kept.
const MAX_LINES: usize = 1000;

/// The last lines of the server, and what they say about slots.
#[derive(Default)]
pub(super) struct Output {
    pub(super) lines: VecDeque<LogLine>,
    /// The slot of each descriptor that the server has logged.
    pub(super) slots: BTreeMap<i32, usize>,
    /// The beginning of a line of standard error.
    unfinished: Vec<u8>,
}

impl Output {
    /// Reads what the server has written. Returns whether there was a line.
    pub(super) fn read(&mut self, server: &mut Server) -> bool {
        // An error means that a stopped call cannot be answered. The server then sleeps in this call,
        // which is seen.
        let _ = server.poll_events();
        let lines = server.take_log();
        let mut has_line = !lines.is_empty();
        for line in lines {
            self.note_slot(&line);
            self.lines.push_back(LogLine::Stdout(line.text));
        }
        has_line |= self.add_errors(&server.take_stderr(), server.exit().is_some());
        let too_many = self.lines.len().saturating_sub(MAX_LINES);
        self.lines.drain(..too_many);
        has_line
    }

    fn note_slot(&mut self, line: &Line) {
        match LogEvent::of(line) {
            Some(LogEvent::Accept { fd: Some(fd), slot: Some(slot) }) => {
                self.slots.insert(fd, slot);
            }
            Some(LogEvent::Disconnect { fd: Some(fd), .. }) => {
                self.slots.remove(&fd);
            }
            _ => {}
        }
    }

    /// Adds bytes of standard error. Returns whether they finish a line. `is_last` is whether no
    /// more bytes will come.
    fn add_errors(&mut self, bytes: &[u8], is_last: bool) -> bool {
        self.unfinished.extend(bytes);
        let complete = match self.unfinished.iter().rposition(|byte| *byte == b'\n') {
            _ if is_last => self.unfinished.len(),
            Some(last) => last + 1,
            None => 0,
        };
        let complete: Vec<_> = self.unfinished.drain(..complete).collect();
        let text = String::from_utf8_lossy(&complete);
        let count = self.lines.len();
        self.lines.extend(text.lines().map(|line| LogLine::Stderr(line.to_owned())));
        self.lines.len() > count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_standard_error_are_joined_from_pieces() {
        let mut output = Output::default();
        assert!(!output.add_errors(b"thread 'main' pan", false));
        assert!(output.add_errors(b"icked\nat ", false));
        assert!(!output.add_errors(b"", false));
        assert!(output.add_errors(b"line 3", true));
        let lines = ["thread 'main' panicked", "at line 3"];
        assert!(output.lines.iter().eq(&lines.map(|line| LogLine::Stderr(line.to_owned()))));
    }

    #[test]
    fn a_slot_belongs_to_a_descriptor_until_its_client_leaves() {
        let mut output = Output::default();
        let mut log = |text: &str| {
            output.note_slot(&Line { text: text.to_owned() });
            output.slots.clone()
        };
        assert_eq!(log("[ACCEPT] fd=5 slot=0").get(&5), Some(&0));
        assert_eq!(log("[DISCONNECT] fd=4 slot=0").get(&5), Some(&0));
        assert!(log("[DISCONNECT] fd=5 slot=0").is_empty());
        assert!(log("[ACCEPT] fd=-1 slot=none").is_empty());
    }
}
