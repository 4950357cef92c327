//! Parses a `lesson.md` into a [`Lesson`]. The front matter is parsed first, and then the sections.

mod criteria;
mod front_matter;
mod hints;
mod id_comment;
mod labels;
pub(crate) mod markdown;
mod mistake_rows;
mod outline;
mod points;
mod study_aids;
mod title;

pub(crate) use front_matter::is_lesson_id;
pub(crate) use id_comment::is_id;

use crate::lesson::{Lesson, Output, Picture, Section, Text};
use crate::problem::{Collector, Problems, utf8};
use markdown::{Block, Content, Source};
use outline::{Outline, SectionBlocks};
use std::path::Path;

impl Lesson {
    /// Parses the text of a lesson. `path` is the file's path, relative to the course's root.
    ///
    /// # Errors
    /// Every [`Problem`](crate::problem::Problem) of the text, each with its line.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, Problems> {
        let text = utf8(path, bytes)?;
        let mut problems = Collector::new(path);
        let lesson = read_lesson(path, text, &mut problems);
        problems.finish(lesson)
    }
}

impl Output {
    /// The output blocks of a file that is not a lesson, such as README.md.
    ///
    /// # Errors
    /// The file is not UTF-8, or an output comment is not followed by a fenced block.
    pub fn all(path: &Path, bytes: &[u8]) -> Result<Vec<Output>, Problems> {
        let text = utf8(path, bytes)?;
        let mut problems = Collector::new(path);
        let source = Source::read(text, 0, &mut problems);
        let outputs = outputs(&source.blocks, &mut problems);
        problems.finish(outputs)
    }
}

fn read_lesson(path: &Path, text: &str, problems: &mut Collector) -> Lesson {
    let (front, body) = front_matter::read(path, text, problems);
    let source = Source::read(text, body, problems);
    let outline = Outline::of(&source, &front, problems);
    let [goal, what_you_build, why_it_matters] =
        labels::introduction(&source, outline.introduction, problems);
    let tasks = labels::tasks(&source, &outline, problems);
    let criteria = criteria::read(&outline, problems);
    let mut mistakes = mistake_rows::read(&outline, problems);
    hints::read(&outline, &mut mistakes, problems);
    let points = front.points.checked(&criteria, problems);
    Lesson {
        path: path.to_owned(),
        id: front.id,
        title: front.title,
        order: front.order,
        duration_min: front.duration_min,
        page: front.page,
        points,
        goal,
        outcomes: study_aids::outcomes(&source, outline.introduction, problems),
        what_you_build,
        why_it_matters,
        warmup: section_text(&source, &outline, Section::Warmup, problems),
        warmup_answers: study_aids::warmup_answers(&source, &outline, problems),
        tasks,
        ship: section_text(&source, &outline, Section::Ship, problems),
        criteria,
        open_questions: study_aids::open_questions(&outline, problems),
        mistakes,
        proof: section_text(&source, &outline, Section::Proof, problems),
        hero_visual: drawing(&outline, problems),
        future_lock: section_text(&source, &outline, Section::FutureLock, problems),
        outputs: outputs(&source.blocks, problems),
        pictures: pictures(&source, problems),
        sections: outline.sections.iter().map(|each| (each.section, each.line)).collect(),
    }
}

/// The whole text of a section.
fn section_text(
    source: &Source<'_>,
    outline: &Outline<'_>,
    section: Section,
    problems: &mut Collector,
) -> Text {
    let Some(SectionBlocks { line, blocks, .. }) = outline.section(section) else {
        return Text::default();
    };
    let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else {
        problems.at(*line, format!("section \"{}\" is empty; write it", section.name()));
        return Text::default();
    };
    let markdown = source.slice(first.range.start..last.range.end);
    Text { markdown, line: *line }
}

/// The first fenced block in the section Hero Visual.
fn drawing(outline: &Outline<'_>, problems: &mut Collector) -> Text {
    let Some(section) = outline.section(Section::HeroVisual) else {
        return Text::default();
    };
    for block in section.blocks {
        if let Content::Code { text, .. } = &block.content
            && !text.trim().is_empty()
        {
            return Text { markdown: text.clone(), line: section.line };
        }
    }
    problems.at(section.line, "the Hero Visual has no drawing; put one in a fenced block");
    Text::default()
}

/// Each comment `<!-- output: COMMAND -->`, with the fenced block that follows it.
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
        let next = blocks.get(index + 1).map(|next| &next.content);
        let Some(Content::Code { text, fenced: Some(range) }) = next else {
            let message = "no fenced block follows this comment; put one on the next line";
            problems.at(block.line, message);
            continue;
        };
        let (text, range) = (text.clone(), range.clone());
        outputs.push(Output { command, text, range, line: block.line });
    }
    outputs
}

/// Each comment `<!-- picture: COMMAND -->`, with the picture that follows it.
fn pictures(source: &Source<'_>, problems: &mut Collector) -> Vec<Picture> {
    let mut pictures = Vec::new();
    for (block, next) in source.blocks.iter().zip(source.blocks.iter().skip(1)) {
        let Content::Comment(comment) = &block.content else {
            continue;
        };
        let Some(command) = comment.strip_prefix("picture:") else {
            continue;
        };
        let command = command.trim().to_owned();
        let file = command.split_once(" --svg ").and_then(|(_, rest)| rest.split(' ').next());
        let Some(file) = file.map(str::to_owned) else {
            problems.at(block.line, "this command draws no picture; write --svg FILE");
            continue;
        };
        if !source.slice(next.range.clone()).contains(&format!("]({file})")) {
            let message = format!("no picture follows this comment; write ![…]({file}) below it");
            problems.at(block.line, message);
        }
        pictures.push(Picture { command, file, line: block.line });
    }
    pictures
}
