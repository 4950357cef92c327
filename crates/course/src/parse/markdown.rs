//! Markdown as a list of blocks with their lines. Only the part of Markdown that lessons use is
//! supported.

mod reader;

use crate::problem::Collector;
use reader::Reader;
use std::ops::Range;

/// The text of a file and its blocks.
pub(crate) struct Source<'a> {
    text: &'a str,
    /// The top-level blocks in order, without rules (`---`).
    pub(crate) blocks: Vec<Block>,
    /// The line of the first comment or code block that is never closed. Such a block hides the
    /// rest of the file.
    pub(crate) unclosed_at: Option<usize>,
}

/// One block, with its line and its range of bytes.
pub(crate) struct Block {
    pub(crate) line: usize,
    pub(crate) range: Range<usize>,
    pub(crate) content: Content,
}

/// The content of a block.
pub(crate) enum Content {
    /// A heading and its level. For example, `##` has level 2.
    Heading(usize, Inline),
    Paragraph(Inline),
    /// The items of a list, without the lists inside them. `ordered` is true for a numbered list.
    List {
        ordered: bool,
        items: Vec<Inline>,
    },
    /// The rows of a table. The head is the first row.
    Table(Vec<Vec<Inline>>),
    /// A code block. `fenced` has the range of bytes between the fences. `fenced` is `None` if the
    /// block is indented or never closed.
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
    /// A bold label at the beginning, such as `**Goal:**`, without its colon, and the byte after
    /// the label.
    pub(crate) label: Option<(String, usize)>,
    /// The comments. Each has the length of the part of `text` that is before the comment.
    pub(crate) comments: Vec<(String, usize)>,
}

impl<'a> Source<'a> {
    /// Reads `text` from byte `body` on.
    pub(crate) fn read(text: &'a str, body: usize, problems: &mut Collector) -> Self {
        let (blocks, unclosed_at) = Reader::new(text, body, problems).blocks();
        Source { text, blocks, unclosed_at }
    }

    /// The Markdown in this range of bytes, trimmed.
    pub(crate) fn slice(&self, range: Range<usize>) -> String {
        self.text[range].trim().to_owned()
    }

    /// The number of the last line of the file, counted from 1.
    pub(crate) fn last_line(&self) -> usize {
        self.text.lines().count().max(1)
    }
}

impl Inline {
    /// Called at the end of bold words. The words are a label if they are at the beginning of the
    /// text and end with a colon.
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
