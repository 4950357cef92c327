//! Collects the changes of all operators.

use super::{Change, Operator};
use programs::starter_regions::Region;
use std::ops::Range;
use syn::ReturnType;
use syn::spanned::Spanned;

/// The most characters of code that a description quotes.
const MAX_QUOTED: usize = 60;

/// The changes of a file that are found so far, and the place in the tree.
pub(super) struct Collector<'a> {
    text: &'a str,
    /// The bytes of each region's content.
    regions: Vec<Range<usize>>,
    /// The return types of the functions around the present node. `None` stands for a closure.
    pub(super) functions: Vec<Option<ReturnType>>,
    /// The number of patterns around the present node.
    pub(super) patterns: usize,
    /// Whether the present node is the operand of `!`.
    pub(super) is_negated: bool,
    pub(super) changes: Vec<Change>,
}

impl<'a> Collector<'a> {
    /// Collects changes of the code in `regions` of `text`.
    pub(super) fn new(text: &'a str, regions: &[Region]) -> Self {
        let mut lines = vec![0];
        lines.extend(text.match_indices('\n').map(|(newline, _)| newline + 1));
        // The content begins on the line after the opening comment. Lines are counted from 1.
        let content = |region: &Region| lines[region.opens]..lines[region.closes - 1];
        Self {
            text,
            regions: regions.iter().map(content).collect(),
            functions: Vec::new(),
            patterns: 0,
            is_negated: false,
            changes: Vec::new(),
        }
    }

    /// The source text of a node.
    pub(super) fn text_of(&self, node: &impl Spanned) -> &'a str {
        &self.text[range(node)]
    }

    /// The source text in a range of bytes.
    pub(super) fn slice(&self, range: Range<usize>) -> &'a str {
        &self.text[range]
    }

    /// Whether a node is in a region.
    pub(super) fn is_inside(&self, node: &impl Spanned) -> bool {
        let range = range(node);
        self.regions.iter().any(|region| region.start <= range.start && range.end <= region.end)
    }

    /// Adds a change that replaces a node by another text.
    pub(super) fn replace(
        &mut self,
        operator: Operator,
        node: &impl Spanned,
        replacement: impl Into<String>,
    ) {
        let replacement = replacement.into();
        let what = format!("`{}` became `{}`", quoted(self.text_of(node)), quoted(&replacement));
        self.add(operator, range(node), replacement, what);
    }

    /// Adds a change that removes a node.
    pub(super) fn drop(&mut self, operator: Operator, node: &impl Spanned) {
        let what = format!("dropped `{}`", quoted(self.text_of(node)));
        self.add(operator, range(node), String::new(), what);
    }

    /// Adds a change, unless its range reaches beyond a region.
    pub(super) fn add(
        &mut self,
        operator: Operator,
        range: Range<usize>,
        replacement: String,
        what: String,
    ) {
        let is_inside =
            self.regions.iter().any(|it| it.start <= range.start && range.end <= it.end);
        if is_inside {
            self.changes.push(Change { operator, range, replacement, what });
        }
    }
}

/// The bytes of the file that a node occupies.
pub(super) fn range(node: &impl Spanned) -> Range<usize> {
    node.span().byte_range()
}

/// Code on one line, without comments, shortened.
pub(super) fn quoted(code: &str) -> String {
    let code = code.lines().map(|line| line.split("// ").next().unwrap_or(line));
    let line = code.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MAX_QUOTED {
        return line;
    }
    line.chars().take(MAX_QUOTED - 1).chain(['…']).collect()
}
