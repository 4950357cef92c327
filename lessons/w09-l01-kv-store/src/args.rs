//! The name and the arguments of a command, as slices of the input buffer: nothing is copied.

use std::ops::{Index, Range};

/// The range of an argument in the buffer, in bytes.
pub type Span = Range<usize>;

/// The arguments of a command, borrowed from the buffer that contains the command. As in C's
/// `argv`, argument 0 is the command's name.
#[derive(Clone, Copy, Debug)]
pub struct Args<'a> {
    bytes: &'a [u8],
    spans: &'a [Span],
}

impl<'a> Args<'a> {
    /// Creates arguments that are the parts of `bytes` at these `spans`. Each span must lie within
    /// `bytes`.
    pub fn new(bytes: &'a [u8], spans: &'a [Span]) -> Args<'a> {
        Args { bytes, spans }
    }

    /// The number of arguments, including the name.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// The memory that a copy of the arguments takes, in bytes.
    pub fn size(&self) -> usize {
        let bytes: usize = self.spans.iter().map(Span::len).sum();
        bytes + size_of_val(self.spans) + size_of::<OwnedArgs>()
    }

    /// Whether the command has not even a name. This is the case for an empty line and for an empty
    /// array.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The arguments from number `first` on.
    pub fn rest(&self, first: usize) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let bytes = self.bytes;
        self.spans[first.min(self.spans.len())..].iter().map(move |span| &bytes[span.clone()])
    }

    /// The argument at `index`; `None` if there are fewer arguments.
    pub fn get(&self, index: usize) -> Option<&'a [u8]> {
        self.spans.get(index).map(|span| &self.bytes[span.clone()])
    }

    /// Whether the argument at `index` is `word`. The case of letters is ignored.
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

/// A copy of a command and its arguments. A command that waits for EXEC is copied, because the
/// input buffer is overwritten before EXEC arrives.
#[derive(Debug)]
pub struct OwnedArgs {
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

impl OwnedArgs {
    /// The copied arguments.
    pub fn args(&self) -> Args<'_> {
        Args::new(&self.bytes, &self.spans)
    }
}

impl From<Args<'_>> for OwnedArgs {
    fn from(args: Args<'_>) -> Self {
        let (mut bytes, mut spans) = (Vec::new(), Vec::with_capacity(args.len()));
        for arg in args.rest(0) {
            spans.push(bytes.len()..bytes.len() + arg.len());
            bytes.extend_from_slice(arg);
        }
        OwnedArgs { bytes, spans }
    }
}
