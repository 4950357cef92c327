//! Turns the events of the Markdown parser into blocks.

use super::{Block, Content, Inline};
use crate::problem::Collector;
use pulldown_cmark::{CodeBlockKind, Event, OffsetIter, Options, Parser, Tag, TagEnd};
use std::ops::Range;

/// Reads the blocks of a text in order.
pub(super) struct Reader<'a, 'p> {
    text: &'a str,
    /// The byte at which the Markdown begins. The offsets of the events are relative to this byte.
    body: usize,
    /// The byte at which each line begins.
    lines: Vec<usize>,
    events: OffsetIter<'a>,
    unclosed_at: Option<usize>,
    problems: &'p mut Collector,
}

impl<'a, 'p> Reader<'a, 'p> {
    /// Reads `text` from byte `body` on.
    pub(super) fn new(text: &'a str, body: usize, problems: &'p mut Collector) -> Self {
        let options = Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS;
        let events = Parser::new_ext(&text[body..], options).into_offset_iter();
        Reader { text, body, lines: lines(text), events, unclosed_at: None, problems }
    }

    /// The top-level blocks, and the line of the first block that is never closed, if there is one.
    pub(super) fn blocks(mut self) -> (Vec<Block>, Option<usize>) {
        let mut blocks = Vec::new();
        while let Some((event, range)) = self.next() {
            if let Event::Start(tag) = event {
                let line = self.line(range.start);
                let content = self.content(tag, range.clone());
                blocks.push(Block { line, range, content });
            }
        }
        (blocks, self.unclosed_at)
    }

    fn next(&mut self) -> Option<(Event<'a>, Range<usize>)> {
        let (event, range) = self.events.next()?;
        Some((event, range.start + self.body..range.end + self.body))
    }

    fn line(&self, byte: usize) -> usize {
        self.lines.partition_point(|&start| start <= byte)
    }

    fn content(&mut self, tag: Tag<'a>, range: Range<usize>) -> Content {
        match tag {
            Tag::Heading { level, .. } => {
                Content::Heading(level as usize, self.inline(range.start))
            }
            Tag::Paragraph => Content::Paragraph(self.inline(range.start)),
            Tag::List(number) => Content::List { ordered: number.is_some(), items: self.items() },
            Tag::Table(_) => Content::Table(self.rows()),
            Tag::CodeBlock(kind) => self.code(kind, range),
            Tag::HtmlBlock => self.html(range),
            _ => {
                self.skip();
                Content::Other
            }
        }
    }

    /// Reads the items of a list, up to the end of the list.
    fn items(&mut self) -> Vec<Inline> {
        let mut items = Vec::new();
        while let Some((Event::Start(_), range)) = self.next() {
            items.push(self.inline(range.start));
        }
        items
    }

    /// Reads the rows of a table, up to the end of the table.
    fn rows(&mut self) -> Vec<Vec<Inline>> {
        let mut rows = Vec::new();
        while let Some((Event::Start(_), _)) = self.next() {
            rows.push(self.items());
        }
        rows
    }

    fn code(&mut self, kind: CodeBlockKind<'_>, range: Range<usize>) -> Content {
        let mut text = String::new();
        while let Some((Event::Text(piece), _)) = self.next() {
            text.push_str(&piece);
        }
        let fenced = match kind {
            CodeBlockKind::Indented => None,
            CodeBlockKind::Fenced(_) => self.between_fences(range),
        };
        Content::Code { text, fenced }
    }

    /// The range of bytes between the line of the opening fence and the line of the closing fence.
    fn between_fences(&mut self, range: Range<usize>) -> Option<Range<usize>> {
        let block = self.text[range.clone()].trim_end();
        let inside = block.find('\n').zip(block.rfind('\n'));
        let closed = |&(_, last): &(usize, usize)| {
            let fence = block[last..].trim();
            fence.starts_with("```") || fence.starts_with("~~~")
        };
        match inside.filter(closed) {
            Some((first, last)) => Some(range.start + first + 1..range.start + last + 1),
            None => {
                self.unclosed(
                    range.start,
                    "this code block is never closed; end it with its opening marks",
                );
                None
            }
        }
    }

    fn html(&mut self, range: Range<usize>) -> Content {
        self.skip();
        let html = self.text[range.clone()].trim();
        let Some(comment) = html.strip_prefix("<!--") else {
            return Content::Html(html.to_owned());
        };
        match comment.strip_suffix("-->") {
            Some(comment) => Content::Comment(comment.trim().to_owned()),
            None if comment.contains("-->") => Content::Other,
            None => {
                self.unclosed(range.start, "this comment is never closed; end it with -->");
                Content::Other
            }
        }
    }

    fn unclosed(&mut self, byte: usize, message: &str) {
        let line = self.line(byte);
        self.unclosed_at.get_or_insert(line);
        self.problems.at(line, message);
    }

    /// Reads running text up to the end of the element that has just begun.
    fn inline(&mut self, start: usize) -> Inline {
        let mut inline = Inline { line: self.line(start), start, ..Inline::default() };
        let mut prose = String::new();
        let mut depth = 0;
        while let Some((event, range)) = self.next() {
            match event {
                Event::Start(Tag::List(_)) => self.skip(),
                Event::Start(_) => depth += 1,
                Event::End(_) if depth == 0 => break,
                Event::End(end) => {
                    depth -= 1;
                    if end == TagEnd::Strong {
                        inline.after_bold(range);
                    }
                }
                Event::Text(text) => {
                    inline.text.push_str(&text);
                    prose.push_str(&text);
                }
                Event::Code(text) => inline.text.push_str(&text),
                Event::SoftBreak | Event::HardBreak => inline.text.push(' '),
                Event::InlineHtml(html) | Event::Html(html) => inline.html(&html),
                _ => {}
            }
        }
        inline.text.truncate(inline.text.trim_end().len());
        // In code, `<!--` is text. In other text, `<!--` begins a comment that has no end.
        if prose.contains("<!--") {
            self.problems.at(inline.line, "a comment here is never closed; end it with -->");
        }
        inline
    }

    /// Skips everything up to the end of the element that has just begun.
    fn skip(&mut self) {
        let mut depth = 1;
        while depth > 0 {
            match self.next() {
                Some((Event::Start(_), _)) => depth += 1,
                Some((Event::End(_), _)) => depth -= 1,
                Some(_) => {}
                None => return,
            }
        }
    }
}

/// The byte at which each line begins.
fn lines(text: &str) -> Vec<usize> {
    let after = text.match_indices('\n').map(|(newline, _)| newline + 1);
    std::iter::once(0).chain(after.filter(|&start| start < text.len())).collect()
}
