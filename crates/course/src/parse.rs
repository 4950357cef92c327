//! From the text of a `lesson.md` to a [`Lesson`]: front matter, sections, and what stands in each.

mod front_matter;
mod labels;
mod mark;
mod markdown;
mod outline;
mod points;
mod title;
mod worth;

pub(crate) use mark::is_id;

use crate::lesson::{Lesson, Output, Section, Text};
use crate::problem::{Collector, Problems, utf8};
use markdown::{Block, Content, Source};
use outline::{Outline, Part};
use std::path::Path;

/// Reads a lesson, or reports everything that is wrong with it.
pub(crate) fn lesson(path: &Path, bytes: &[u8]) -> Result<Lesson, Problems> {
    let text = utf8(path, bytes)?;
    let mut problems = Collector::new(path);
    let lesson = read(path, text, &mut problems);
    problems.finish(lesson)
}

/// Reads the output blocks of any text.
pub(crate) fn outputs_of(path: &Path, bytes: &[u8]) -> Result<Vec<Output>, Problems> {
    let text = utf8(path, bytes)?;
    let mut problems = Collector::new(path);
    let source = Source::read(text, 0, &mut problems);
    let outputs = outputs(&source.blocks, &mut problems);
    problems.finish(outputs)
}

fn read(path: &Path, text: &str, problems: &mut Collector) -> Lesson {
    let (front, body) = front_matter::read(path, text, problems);
    let source = Source::read(text, body, problems);
    let outline = Outline::of(&source, &front, problems);
    let [goal, builds, matters] = labels::intro(&source, outline.intro, problems);
    let tasks = labels::tasks(&source, &outline, problems);
    let criteria = points::criteria(&outline, problems);
    let mistakes = points::mistakes(&outline, problems);
    let worth = front.worth.of(&criteria, problems);
    Lesson {
        path: path.to_owned(),
        id: front.id,
        title: front.title,
        order: front.order,
        duration_min: front.duration_min,
        page: front.page,
        worth,
        goal,
        builds,
        matters,
        warmup: prose(&source, &outline, Section::Warmup, problems),
        tasks,
        ship: prose(&source, &outline, Section::Ship, problems),
        criteria,
        mistakes,
        proof: prose(&source, &outline, Section::Proof, problems),
        hero_visual: drawing(&outline, problems),
        future_lock: prose(&source, &outline, Section::FutureLock, problems),
        outputs: outputs(&source.blocks, problems),
        sections: outline.parts.iter().map(|part| (part.section, part.line)).collect(),
    }
}

/// A section's whole text.
fn prose(
    source: &Source<'_>,
    outline: &Outline<'_>,
    section: Section,
    problems: &mut Collector,
) -> Text {
    let Some(Part { line, blocks, .. }) = outline.part(section) else {
        return Text::default();
    };
    let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else {
        problems.at(*line, format!("section \"{}\" is empty; write it", section.name()));
        return Text::default();
    };
    let markdown = source.slice(first.range.start..last.range.end);
    Text { markdown, line: *line }
}

/// The first fenced block of the Hero Visual.
fn drawing(outline: &Outline<'_>, problems: &mut Collector) -> Text {
    let Some(part) = outline.part(Section::HeroVisual) else {
        return Text::default();
    };
    for block in part.blocks {
        if let Content::Code { text, .. } = &block.content
            && !text.trim().is_empty()
        {
            return Text { markdown: text.clone(), line: part.line };
        }
    }
    problems.at(part.line, "the Hero Visual has no drawing; put it in a fenced block");
    Text::default()
}

/// Each `<!-- output: COMMAND -->` with the fenced block that follows it.
fn outputs(blocks: &[Block], problems: &mut Collector) -> Vec<Output> {
    let mut outputs = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        let Content::Comment(comment) = &block.content else {
            continue;
        };
        let Some(command) = comment.strip_prefix("output:") else {
            continue;
        };
        let command = command.trim().to_owned();
        let fence = blocks.get(index + 1).map(|next| &next.content);
        let Some(Content::Code { text, fenced: Some(range) }) = fence else {
            let message = "no fenced block follows this comment; put one on the next line";
            problems.at(block.line, message);
            continue;
        };
        let (text, range) = (text.clone(), range.clone());
        outputs.push(Output { command, text, range, line: block.line });
    }
    outputs
}
