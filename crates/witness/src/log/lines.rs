//! Splits the bytes of a terminal into lines. Removes the markers that the observer has written
//! into the same terminal.

use super::Line;
use std::ops::RangeInclusive;

/// The lines of a stream so far. The number and the length of the lines are limited, because a
/// program may write without end.
#[derive(Debug)]
pub(crate) struct Lines {
    finished: Vec<Line>,
    /// The maximum number of bytes of one line that are kept.
    max_line: usize,
    kept: usize,
    unfinished: Vec<u8>,
    /// Bytes that may be the beginning of a marker.
    undecided: Vec<u8>,
    /// The number of the last marker that was created.
    markers_made: u32,
    /// The number of the last marker that has arrived.
    markers_seen: u32,
}

/// The maximum numbers of lines and bytes that are kept. Later lines are discarded.
const MAX_LINES: usize = 20_000;
const MAX_BYTES: usize = 8 << 20;
/// The maximum number of bytes of one line that are kept, unless [`Lines::keep`] sets another one. The
/// rest of the line is discarded.
const MAX_LINE: usize = 4_096;

/// The first and the last bytes of a marker. A number with eight hexadecimal digits is between
/// them.
const FENCE: &[u8] = b"\0\x1e\0";
const MARKER_LENGTH: usize = 2 * FENCE.len() + 8;

impl Default for Lines {
    fn default() -> Self {
        Self {
            finished: Vec::new(),
            max_line: MAX_LINE,
            kept: 0,
            unfinished: Vec::new(),
            undecided: Vec::new(),
            markers_made: 0,
            markers_seen: 0,
        }
    }
}

impl Lines {
    /// Sets the maximum number of bytes of one line that are kept.
    pub(crate) fn keep(&mut self, max_line: usize) {
        self.max_line = max_line;
    }

    pub(crate) fn finished(&self) -> &[Line] {
        &self.finished
    }

    /// Takes the finished lines.
    pub(crate) fn take(&mut self) -> Vec<Line> {
        self.kept = 0;
        std::mem::take(&mut self.finished)
    }

    /// The number of bytes in the kept lines.
    pub(crate) fn kept(&self) -> usize {
        self.kept
    }

    /// Creates a new marker. The caller writes the marker into the stream.
    pub(crate) fn next_marker(&mut self) -> Vec<u8> {
        self.markers_made += 1;
        [FENCE, format!("{:08x}", self.markers_made).as_bytes(), FENCE].concat()
    }

    /// Whether every created marker has arrived.
    pub(crate) fn has_all_markers(&self) -> bool {
        self.markers_seen == self.markers_made
    }

    /// Adds bytes that have arrived. The last byte may be inside a line or inside a marker.
    pub(crate) fn append(&mut self, bytes: &[u8]) {
        let mut stream = std::mem::take(&mut self.undecided);
        stream.extend_from_slice(bytes);
        let mut rest = stream.as_slice();
        while !self.has_all_markers()
            && let Some((before, number, after)) =
                split_at_marker(rest, self.markers_seen + 1..=self.markers_made)
        {
            self.append_text(before);
            (self.markers_seen, rest) = (number, after);
        }
        // If a marker has not arrived yet, the last bytes may be the beginning of this marker.
        let undecided_length =
            if self.has_all_markers() { 0 } else { rest.len().min(MARKER_LENGTH - 1) };
        let (settled, undecided) = rest.split_at(rest.len() - undecided_length);
        self.append_text(settled);
        self.undecided = undecided.to_vec();
    }

    fn append_text(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = match piece.split_last() {
                Some((b'\n', text)) => (text, true),
                _ => (piece, false),
            };
            let room = self.max_line.saturating_sub(self.unfinished.len()).min(text.len());
            self.unfinished.extend_from_slice(&text[..room]);
            if ends {
                self.finish();
            }
        }
    }

    fn finish(&mut self) {
        let line = std::mem::take(&mut self.unfinished);
        if self.finished.len() < MAX_LINES && self.kept + line.len() <= MAX_BYTES {
            self.kept += line.len();
            let text = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
            self.finished.push(Line { text });
        }
    }
}

/// Finds the first marker with one of the `awaited` numbers. Returns the bytes before the marker,
/// the marker's number, and the bytes after the marker.
fn split_at_marker(bytes: &[u8], awaited: RangeInclusive<u32>) -> Option<(&[u8], u32, &[u8])> {
    let mut places = 0..(bytes.len() + 1).saturating_sub(MARKER_LENGTH);
    places.find_map(|at| {
        let (before, rest) = bytes.split_at(at);
        let digits = rest.strip_prefix(FENCE)?.get(..8)?;
        let after = rest[FENCE.len() + 8..].strip_prefix(FENCE)?;
        let number = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        awaited.contains(&number).then_some((before, number, after))
    })
}
