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
