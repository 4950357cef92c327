//! The hints for the rows of Common Mistakes.
//!
//! The hints follow the table. Below a heading `##### id` with the id of a row, a numbered list has
//! the hints: a question, a pointer, and nearly the answer.

use super::markdown::{Block, Content};
use super::outline::Outline;
use crate::lesson::{Mistake, Section, Text};
use crate::problem::{Collector, nearest, suggest};

/// The number of hints of a row.
const HINTS: usize = 3;
/// The level of a heading with the id of a row.
const LEVEL: usize = 5;

/// Adds the hints to their rows. Reports hints without a row, and rows with a wrong number of hints.
pub(crate) fn read(outline: &Outline<'_>, mistakes: &mut [Mistake], problems: &mut Collector) {
    let Some(section) = outline.section(Section::CommonMistakes) else { return };
    for (index, block) in section.blocks.iter().enumerate() {
        let Content::Heading(LEVEL, heading) = &block.content else { continue };
        let id = heading.text.as_str();
        let hints = list(section.blocks.get(index + 1));
        let ids: Vec<_> = mistakes.iter().map(|row| row.id.clone()).collect();
        let Some(row) = mistakes.iter_mut().find(|row| row.id == id) else {
            let near = nearest(id, ids.iter().map(String::as_str));
            let hint = suggest(near, "write the id of a row");
            problems.at(block.line, format!("hints for an unknown mistake \"{id}\"; {hint}"));
            continue;
        };
        if !row.hints.is_empty() {
            let first = row.hints[0].line;
            let message = format!("\"{id}\" already has hints on line {first}; keep one list");
            problems.at(block.line, message);
        } else if hints.len() != HINTS {
            let message = format!(
                "\"{id}\" has {} hints; write a numbered list of {HINTS} below: a question, a \
                 pointer, nearly the answer",
                hints.len()
            );
            problems.at(block.line, message);
        } else {
            row.hints = hints;
        }
    }
}

/// The items of a numbered list.
fn list(block: Option<&Block>) -> Vec<Text> {
    match block.map(|block| &block.content) {
        Some(Content::List { ordered: true, items }) => {
            items.iter().map(|it| Text { markdown: it.text.clone(), line: it.line }).collect()
        }
        _ => Vec::new(),
    }
}
