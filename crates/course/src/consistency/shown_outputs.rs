//! A block that shows what a command prints has a comment that names the command.
//!
//! Without the comment, nothing compares the block with the command's output, and the block becomes
//! out of date.

use crate::lesson::{Lesson, Section};
use crate::parse::markdown::{Content, Source};
use crate::problem::{Collector, Problem, Problems, utf8};
use std::path::Path;

/// The beginnings of lines that only the commands of the course print: the last line of a report or
/// of a table, and the line of a criterion.
const PRINTED: [&str; 9] = [
    "proved · ",
    "not yet · ",
    "inconclusive · ",
    "all caught · ",
    "not all caught · ",
    "  ✓ ",
    "  ✗ ",
    "  – ",
    "  ? ",
];

/// Reports each fenced block that shows a command's output but has no output comment. `path` is the
/// path of the text, relative to the course's root.
///
/// # Errors
/// The text is not UTF-8.
pub fn check_text(path: &Path, bytes: &[u8]) -> Result<Vec<Problem>, Problems> {
    let text = utf8(path, bytes)?;
    let mut problems = Collector::new(path);
    // Problems of the Markdown itself are reported where the text is parsed.
    let blocks = Source::read(text, 0, &mut Collector::new(path)).blocks;
    for (index, block) in blocks.iter().enumerate() {
        let Content::Code { text, fenced: Some(_) } = &block.content else {
            continue;
        };
        let before = index.checked_sub(1).and_then(|index| blocks.get(index));
        let is_marked = before.is_some_and(|before| match &before.content {
            Content::Comment(comment) => comment.starts_with("output:"),
            _ => false,
        });
        if !is_marked && text.lines().any(is_printed) {
            let message = "this block shows what a command prints; write \
                           `<!-- output: cargo xtask … -->` on the line above it";
            problems.at(block.line, message);
        }
    }
    Ok(problems.into_problems())
}

fn is_printed(line: &str) -> bool {
    PRINTED.iter().any(|start| line.starts_with(start))
}

/// Reports a lesson whose section Proof does not show what the proof of the solution prints.
pub(super) fn check_proof_section(lesson: &Lesson, problems: &mut Collector) {
    let (start, end) = (lesson.line_of(Section::Proof), lesson.line_of(Section::HeroVisual));
    if !lesson.outputs.iter().any(|output| (start..end).contains(&output.line)) {
        let message = format!(
            "the section Proof shows no output; add a block after \
             `<!-- output: cargo xtask prove {} --solution -->`",
            lesson.id
        );
        problems.at(start, message);
    }
}
