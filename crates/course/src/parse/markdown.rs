//! Markdown as a list of blocks, each with its line: no more of it than a lesson uses.

mod reader;

use crate::problem::Collector;
use reader::Reader;
use std::ops::Range;

/// The text of a file and its blocks.
pub(crate) struct Source<'a> {
    text: &'a str,
    /// Top-level blocks from the top; rules (`---`) are left out.
    pub(crate) blocks: Vec<Block>,
    /// The line of a comment or fence that is never closed and so hides the rest.
    pub(crate) cut: Option<usize>,
}

/// One block and where it stands.
pub(crate) struct Block {
    pub(crate) line: usize,
    pub(crate) range: Range<usize>,
    pub(crate) content: Content,
}

/// What a block holds.
pub(crate) enum Content {
    /// A heading and its depth: `##` is 2.
    Heading(usize, Inline),
    Paragraph(Inline),
    /// Its items, without the lists in them.
    List(Vec<Inline>),
    /// Its rows, the head first.
    Table(Vec<Vec<Inline>>),
    /// A code block; where it is fenced, the bytes between the fences.
    Code {
        text: String,
        fenced: Option<Range<usize>>,
    },
    /// What an HTML comment says, trimmed.
    Comment(String),
    Other,
}

/// Running text.
#[derive(Default)]
pub(crate) struct Inline {
    pub(crate) line: usize,
    /// The byte at which it begins.
    start: usize,
    /// Without Markdown marks and comments.
    pub(crate) text: String,
    /// The bold words before a colon that it opens with, and the byte after them.
    pub(crate) label: Option<(String, usize)>,
    /// What its comments say, and how much of `text` stands before each.
    pub(crate) comments: Vec<(String, usize)>,
}

impl<'a> Source<'a> {
    /// Reads `text` from byte `body` on.
    pub(crate) fn read(text: &'a str, body: usize, problems: &mut Collector) -> Self {
        let (blocks, cut) = Reader::new(text, body, problems).blocks();
        Source { text, blocks, cut }
    }

    /// The Markdown in these bytes, trimmed.
    pub(crate) fn slice(&self, range: Range<usize>) -> String {
        self.text[range].trim().to_owned()
    }

    /// The last line of the file, from 1.
    pub(crate) fn last_line(&self) -> usize {
        self.text.lines().count().max(1)
    }
}

impl Inline {
    /// Bold words have just ended: they are a label if nothing stands before them.
    fn after_bold(&mut self, bold: Range<usize>) {
        let opens = bold.start == self.start;
        if let Some(label) = self.text.strip_suffix(':').filter(|_| opens) {
            self.label = Some((label.to_owned(), bold.end));
        }
    }

    /// Inline HTML: a comment, or a tag that is of no concern.
    fn html(&mut self, html: &str) {
        let comment = html
            .trim()
            .strip_prefix("<!--")
            .and_then(|rest| rest.strip_suffix("-->"));
        if let Some(comment) = comment {
            self.comments
                .push((comment.trim().to_owned(), self.text.len()));
        }
    }
}
