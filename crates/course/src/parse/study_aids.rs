//! The study aids, which help a student to learn and which no proof checks: outcomes, answers and
//! open questions.

use super::markdown::{Block, Content, Source};
use super::outline::Outline;
use crate::lesson::{Section, Text};
use crate::problem::Collector;
use std::ops::Range;

/// The words before the list of outcomes.
const OUTCOMES: &str = "You will be able to:";

/// The bullet list that follows [`OUTCOMES`] in the introduction. `None` if the introduction does
/// not have these words.
pub(crate) fn outcomes(
    source: &Source<'_>,
    introduction: &[Block],
    problems: &mut Collector,
) -> Option<Text> {
    let announces = |block: &Block| match &block.content {
        Content::Paragraph(inline) => inline.text.ends_with(OUTCOMES),
        _ => false,
    };
    let index = introduction.iter().position(announces)?;
    let line = introduction[index].line;
    match introduction.get(index + 1) {
        Some(Block { content: Content::List { ordered: false, .. }, range, .. }) => {
            Some(Text { markdown: source.slice(range.clone()), line })
        }
        _ => {
            let message = format!("no bullet list follows \"{OUTCOMES}\"; write one below");
            problems.at(line, message);
            None
        }
    }
}

/// The text between `<details>` and `</details>` in the Warmup. `None` if there is no such element.
pub(crate) fn warmup_answers(
    source: &Source<'_>,
    outline: &Outline<'_>,
    problems: &mut Collector,
) -> Option<Text> {
    let blocks = outline.section(Section::Warmup)?.blocks;
    let opening = blocks.iter().position(|block| html(block).starts_with("<details"))?;
    let line = blocks[opening].line;
    let closes = |block: &Block| html(block).contains("</details>");
    let Some(length) = blocks[opening..].iter().position(closes) else {
        problems.at(line, "this fold is never closed; end it with a line </details>");
        return None;
    };
    let markdown = source.slice(inside(blocks, opening, opening + length));
    if markdown.is_empty() {
        let message = "this fold holds no Markdown; leave a blank line after </summary> and \
                       before </details>, and write the answers between them";
        problems.at(line, message);
    }
    Some(Text { markdown, line })
}

/// The range of bytes between two blocks. It is empty if both are the same block.
fn inside(blocks: &[Block], opening: usize, closing: usize) -> Range<usize> {
    let start = blocks[opening].range.end;
    start..blocks[closing].range.start.max(start)
}

fn html(block: &Block) -> &str {
    match &block.content {
        Content::Html(html) => html,
        _ => "",
    }
}

/// The items of the numbered list in Done When. This list is below the bullets that a proof checks.
pub(crate) fn open_questions(outline: &Outline<'_>, problems: &mut Collector) -> Vec<Text> {
    let Some(section) = outline.section(Section::DoneWhen) else {
        return Vec::new();
    };
    let mut questions = Vec::new();
    for block in section.blocks {
        match &block.content {
            Content::List { ordered: true, items } => questions.extend(items),
            Content::List { ordered: false, .. } if !questions.is_empty() => {
                let message = "these bullets follow the open questions; move them above";
                problems.at(block.line, message);
            }
            _ => {}
        }
    }
    for question in &questions {
        if !question.comments.is_empty() {
            let message = "an open question has no id; write it as a bullet, or take the id out";
            problems.at(question.line, message);
        }
    }
    let text = |question: &&super::markdown::Inline| Text {
        markdown: question.text.clone(),
        line: question.line,
    };
    questions.iter().map(text).collect()
}
