//! A command and its arguments: parts of what the client has sent, not copies.

use std::ops::{Index, Range};

/// Where an argument lies.
pub type Span = Range<usize>;

/// A command's words, its name first, borrowed from the buffer that they arrived in.
#[derive(Clone, Copy, Debug)]
pub struct Args<'a> {
    bytes: &'a [u8],
    spans: &'a [Span],
}

impl<'a> Args<'a> {
    /// The parts of `bytes` that `spans` name; each must lie within.
    pub fn new(bytes: &'a [u8], spans: &'a [Span]) -> Args<'a> {
        Args { bytes, spans }
    }

    /// How many words there are, the name included.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// No words at all: an empty line, or an array of none.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The words from number `first` on.
    pub fn rest(&self, first: usize) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let bytes = self.bytes;
        self.spans[first.min(self.spans.len())..].iter().map(move |span| &bytes[span.clone()])
    }

    /// The word at `index`, if there are so many.
    pub fn get(&self, index: usize) -> Option<&'a [u8]> {
        self.spans.get(index).map(|span| &self.bytes[span.clone()])
    }

    /// Whether the word at `index` is `word`, in capitals or not.
    pub fn is(&self, index: usize, word: &str) -> bool {
        self.get(index).is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes()))
    }
}

impl Index<usize> for Args<'_> {
    type Output = [u8];

    fn index(&self, index: usize) -> &[u8] {
        &self.bytes[self.spans[index].clone()]
    }
}

/// A command that waits for its turn, and so outlives the buffer that it arrived in.
#[derive(Debug)]
pub struct Kept {
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

impl Kept {
    /// The words again.
    pub fn args(&self) -> Args<'_> {
        Args::new(&self.bytes, &self.spans)
    }
}

impl From<Args<'_>> for Kept {
    fn from(args: Args<'_>) -> Self {
        let (mut bytes, mut spans) = (Vec::new(), Vec::with_capacity(args.len()));
        for word in args.rest(0) {
            spans.push(bytes.len()..bytes.len() + word.len());
            bytes.extend_from_slice(word);
        }
        Kept { bytes, spans }
    }
}
