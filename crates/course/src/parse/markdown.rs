//! Markdown as a list of blocks with their lines: the part of Markdown that lessons use.

mod reader;

use crate::problem::Collector;
use reader::Reader;
use std::ops::Range;

/// The text of a file and its blocks.
pub(crate) struct Source<'a> {
    text: &'a str,
    /// The top-level blocks in order, without rules (`---`).
    pub(crate) blocks: Vec<Block>,
    /// The line of a comment or fence that is never closed and so hides the rest of the file.
    pub(crate) unclosed_at: Option<usize>,
}

/// One block with its line and its bytes.
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
    /// The items of a list, without the lists inside them; `ordered` is true for `1.`, `2.`.
    List {
        ordered: bool,
        items: Vec<Inline>,
    },
    /// The rows of a table, the head first.
    Table(Vec<Vec<Inline>>),
    /// A code block; `fenced` has the bytes between the fences, where there are fences.
    Code {
        text: String,
        fenced: Option<Range<usize>>,
    },
    /// The text of an HTML comment, trimmed.
    Comment(String),
    /// Any other HTML, trimmed.
    Html(String),
    Other,
}

/// Running text: the content of a paragraph, a heading, a list item or a table cell.
#[derive(Default)]
pub(crate) struct Inline {
    pub(crate) line: usize,
    /// The byte at which the text begins.
    start: usize,
    /// The text without Markdown marks and comments.
    pub(crate) text: String,
    /// A bold label at the beginning, such as `**Goal:**`, without its colon; and the byte after it.
    pub(crate) label: Option<(String, usize)>,
    /// The comments, each with the length of the part of `text` before it.
    pub(crate) comments: Vec<(String, usize)>,
}

impl<'a> Source<'a> {
    /// Reads `text` from byte `body` on.
    pub(crate) fn read(text: &'a str, body: usize, problems: &mut Collector) -> Self {
        let (blocks, unclosed_at) = Reader::new(text, body, problems).blocks();
        Source { text, blocks, unclosed_at }
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
    /// Called at the end of bold words: they are a label if the text begins with them.
    fn after_bold(&mut self, bold: Range<usize>) {
        let opens = bold.start == self.start;
        if let Some(label) = self.text.strip_suffix(':').filter(|_| opens) {
            self.label = Some((label.to_owned(), bold.end));
        }
    }

    /// Called for inline HTML: keeps a comment and ignores a tag.
    fn html(&mut self, html: &str) {
        let comment = html.trim().strip_prefix("<!--").and_then(|rest| rest.strip_suffix("-->"));
        if let Some(comment) = comment {
            self.comments.push((comment.trim().to_owned(), self.text.len()));
        }
    }
}
