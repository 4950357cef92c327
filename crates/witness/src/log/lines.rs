//! Bytes become lines; the observer's own marks are taken out.

use super::Line;
use std::ops::RangeInclusive;

/// The lines of a stream so far. What a stranger writes is kept within bounds.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    finished: Vec<Line>,
    kept: usize,
    unfinished: Vec<u8>,
    /// Bytes that may be the beginning of a mark.
    undecided: Vec<u8>,
    /// Marks that were made, and the last that was seen.
    made: u32,
    seen: u32,
}

/// A server that logs more than this, in lines or in bytes, is not kept to the end of it.
const LINES: usize = 20_000;
const BYTES: usize = 8 << 20;
/// What is kept of one line.
const LINE: usize = 4_096;

/// A mark: these, a number in eight hexadecimal digits, and these again.
const FENCE: &[u8] = b"\0\x1e\0";
const MARK: usize = 2 * FENCE.len() + 8;

impl Lines {
    pub(crate) fn finished(&self) -> &[Line] {
        &self.finished
    }

    /// Bytes of the lines that are kept.
    pub(crate) fn kept(&self) -> usize {
        self.kept
    }

    /// Bytes to write into the stream, which say where it was then.
    pub(crate) fn next_mark(&mut self) -> Vec<u8> {
        self.made += 1;
        [FENCE, format!("{:08x}", self.made).as_bytes(), FENCE].concat()
    }

    /// Whether the last mark has come through.
    pub(crate) fn is_marked(&self) -> bool {
        self.seen == self.made
    }

    /// Takes in what has come, cut anywhere.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        let mut stream = std::mem::take(&mut self.undecided);
        stream.extend_from_slice(bytes);
        let mut rest = stream.as_slice();
        while !self.is_marked()
            && let Some((before, number, after)) = split_at_mark(rest, self.seen + 1..=self.made)
        {
            self.append(before);
            (self.seen, rest) = (number, after);
        }
        // While a mark is on its way, the end of what has come may be its beginning.
        let held = if self.is_marked() { 0 } else { rest.len().min(MARK - 1) };
        let (settled, undecided) = rest.split_at(rest.len() - held);
        self.append(settled);
        self.undecided = undecided.to_vec();
    }

    fn append(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = match piece.split_last() {
                Some((b'\n', text)) => (text, true),
                _ => (piece, false),
            };
            let room = LINE.saturating_sub(self.unfinished.len()).min(text.len());
            self.unfinished.extend_from_slice(&text[..room]);
            if ends {
                self.finish();
            }
        }
    }

    fn finish(&mut self) {
        let line = std::mem::take(&mut self.unfinished);
        if self.finished.len() < LINES && self.kept + line.len() <= BYTES {
            self.kept += line.len();
            let text = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
            self.finished.push(Line { text });
        }
    }
}

/// What comes before the first mark with one of the numbers, its number, and what comes after it.
fn split_at_mark(bytes: &[u8], awaited: RangeInclusive<u32>) -> Option<(&[u8], u32, &[u8])> {
    let mut places = 0..(bytes.len() + 1).saturating_sub(MARK);
    places.find_map(|at| {
        let (before, rest) = bytes.split_at(at);
        let digits = rest.strip_prefix(FENCE)?.get(..8)?;
        let after = rest[FENCE.len() + 8..].strip_prefix(FENCE)?;
        let number = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        awaited.contains(&number).then_some((before, number, after))
    })
}
