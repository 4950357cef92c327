//! Divides a lesson at its headings. Reports sections that are missing, unknown or out of order.

use super::front_matter::FrontMatter;
use super::markdown::{Block, Content, Source};
use super::title;
use crate::lesson::Section;
use crate::problem::{Collector, nearest, suggest};

/// The lesson's blocks, grouped by heading.
pub(crate) struct Outline<'a> {
    /// The blocks between the title and the first section.
    pub(crate) introduction: &'a [Block],
    /// The sections, in the order of the file.
    pub(crate) sections: Vec<SectionBlocks<'a>>,
    /// The tasks, in the order of the file.
    pub(crate) tasks: Vec<TaskBlocks<'a>>,
}

/// The blocks of one section, without its heading.
pub(crate) struct SectionBlocks<'a> {
    pub(crate) section: Section,
    pub(crate) line: usize,
    pub(crate) blocks: &'a [Block],
}

/// The blocks of one task, without its heading.
pub(crate) struct TaskBlocks<'a> {
    pub(crate) number: u32,
    pub(crate) title: String,
    pub(crate) line: usize,
    pub(crate) blocks: &'a [Block],
}

/// A heading and the blocks between it and the next heading.
struct Heading<'a> {
    level: usize,
    text: &'a str,
    line: usize,
    blocks: &'a [Block],
}

impl<'a> Outline<'a> {
    /// Groups the blocks of `source` by heading.
    pub(crate) fn of(
        source: &'a Source<'_>,
        front: &FrontMatter,
        problems: &mut Collector,
    ) -> Self {
        let (before, headings) = headings(&source.blocks);
        if let Some(block) = before.first() {
            problems.at(block.line, "text before the title; move it below");
        }
        let introduction = introduction(&headings, source, front, problems);
        let (sections, tasks) = (Vec::new(), Vec::new());
        let mut outline = Outline { introduction, sections, tasks };
        for heading in headings.into_iter().filter(|heading| heading.level > 1) {
            outline.add(heading, problems);
        }
        outline.check_order(problems);
        outline.check_complete(source, problems);
        outline
    }

    /// The first section of this name. `None` if the lesson does not have this section.
    pub(crate) fn section(&self, section: Section) -> Option<&SectionBlocks<'a>> {
        self.sections.iter().find(|each| each.section == section)
    }

    fn add(&mut self, heading: Heading<'a>, problems: &mut Collector) {
        let Heading { level, text, line, blocks } = heading;
        let under_work = self.sections.last().is_some_and(|each| each.section == Section::Work);
        if level == 4 && under_work {
            return self.add_task(heading, problems);
        }
        let Some(section) = section_of(text) else {
            return problems.at(line, unknown(text));
        };
        if level != section.level() {
            let marks = "#".repeat(section.level());
            problems.at(line, format!("\"{text}\" is at the wrong level; write `{marks} {text}`"));
        }
        if let Some(first) = self.section(section) {
            let (name, first) = (section.name(), first.line);
            let message = format!("section \"{name}\" is already on line {first}; join the two");
            return problems.at(line, message);
        }
        self.sections.push(SectionBlocks { section, line, blocks });
    }

    fn add_task(&mut self, heading: Heading<'a>, problems: &mut Collector) {
        let Heading { text, line, blocks, .. } = heading;
        let Some((number, title)) = task_of(text) else {
            let message = format!("\"{text}\" is not a task; write `#### Task N — Title`");
            return problems.at(line, message);
        };
        let expected = self.tasks.len() as u32 + 1;
        if number != expected {
            let message =
                format!("task {number} where task {expected} is expected; number the tasks from 1");
            problems.at(line, message);
        }
        self.tasks.push(TaskBlocks { number, title, line, blocks });
    }

    fn check_order(&self, problems: &mut Collector) {
        for pair in self.sections.windows(2) {
            let (before, after) = (&pair[0], &pair[1]);
            if after.section < before.section {
                let (name, other) = (after.section.name(), before.section.name());
                let message =
                    format!("section \"{name}\" is out of order; move it before \"{other}\"");
                problems.at(after.line, message);
            }
        }
    }

    /// Reports missing sections. Reports nothing if a block is never closed, because this block may
    /// hide the sections.
    fn check_complete(&self, source: &Source<'_>, problems: &mut Collector) {
        if source.unclosed_at.is_some() {
            return;
        }
        let mut line = self.sections.first().map_or(1, |each| each.line);
        for section in Section::ALL {
            match self.section(section) {
                Some(found) => line = found.line,
                None => {
                    let marks = "#".repeat(section.level());
                    let name = section.name();
                    let message = format!("missing section \"{name}\"; add `{marks} {name}` below");
                    problems.at(line.min(source.last_line()), message);
                }
            }
        }
        if self.tasks.is_empty()
            && let Some(work) = self.section(Section::Work)
        {
            problems.at(work.line, "no task; write `#### Task 1 — Title`");
        }
    }
}

/// The blocks before the first heading, and the headings.
fn headings(blocks: &[Block]) -> (&[Block], Vec<Heading<'_>>) {
    let mut headings: Vec<Heading<'_>> = Vec::new();
    let mut end = blocks.len();
    for (index, block) in blocks.iter().enumerate().rev() {
        // Headings of a deeper level are part of a section's text.
        if let Content::Heading(level @ 1..=4, inline) = &block.content {
            let (text, line) = (inline.text.as_str(), block.line);
            headings.push(Heading { level: *level, text, line, blocks: &blocks[index + 1..end] });
            end = index;
        }
    }
    headings.reverse();
    (&blocks[..end], headings)
}

/// The blocks below the title. Reports a missing title, a second title, and a title that differs
/// from the front matter.
fn introduction<'a>(
    headings: &[Heading<'a>],
    source: &Source<'_>,
    front: &FrontMatter,
    problems: &mut Collector,
) -> &'a [Block] {
    let mut titles = headings.iter().filter(|heading| heading.level == 1);
    let Some(title) = titles.next() else {
        if source.unclosed_at.is_none() {
            let message = "no title; write `# Lesson N (N/M): Title` below the front matter";
            problems.at(1, message);
        }
        return &[];
    };
    title::check(title.text, title.line, front, problems);
    for title in titles {
        let message = "this is a second title; begin a section's heading with ##";
        problems.at(title.line, message);
    }
    title.blocks
}

/// The section that a heading names. Words in brackets are ignored, as in `Warmup (15 min)`.
fn section_of(heading: &str) -> Option<Section> {
    let name = without_remark(heading);
    Section::ALL.into_iter().find(|section| section.name().eq_ignore_ascii_case(name))
}

fn without_remark(heading: &str) -> &str {
    heading.split_once(" (").map_or(heading, |(name, _)| name)
}

fn unknown(heading: &str) -> String {
    let near = nearest(without_remark(heading), Section::ALL.map(Section::name));
    let hint = suggest(near, "take it out, or use #####");
    format!("unknown section \"{heading}\"; {hint}")
}

/// The number and the title in `Task 2 — Accept clients`.
fn task_of(heading: &str) -> Option<(u32, String)> {
    let (number, title) = heading.strip_prefix("Task ")?.split_once(" — ")?;
    let title = title.trim();
    (!title.is_empty()).then_some((number.parse().ok()?, title.to_owned()))
}
