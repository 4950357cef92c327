//! The headings of a lesson: which section is where, and what is missing, unknown or out of order.

use super::front_matter::FrontMatter;
use super::markdown::{Block, Content, Source};
use super::title;
use crate::lesson::Section;
use crate::problem::{Collector, nearest, suggest};

/// The lesson's blocks, under the headings that they stand under.
pub(crate) struct Outline<'a> {
    /// What stands between the title and the first section.
    pub(crate) intro: &'a [Block],
    /// In the order of the file.
    pub(crate) parts: Vec<Part<'a>>,
    /// In the order of the file.
    pub(crate) tasks: Vec<TaskPart<'a>>,
}

/// One section, without its heading.
pub(crate) struct Part<'a> {
    pub(crate) section: Section,
    pub(crate) line: usize,
    pub(crate) blocks: &'a [Block],
}

/// One task, without its heading.
pub(crate) struct TaskPart<'a> {
    pub(crate) number: u32,
    pub(crate) title: String,
    pub(crate) line: usize,
    pub(crate) blocks: &'a [Block],
}

/// A heading and what stands below it, up to the next one.
struct Heading<'a> {
    level: usize,
    text: &'a str,
    line: usize,
    blocks: &'a [Block],
}

impl<'a> Outline<'a> {
    /// Sorts the blocks of `source` by heading.
    pub(crate) fn of(
        source: &'a Source<'_>,
        front: &FrontMatter,
        problems: &mut Collector,
    ) -> Self {
        let (before, headings) = headings(&source.blocks);
        if let Some(block) = before.first() {
            problems.at(block.line, "text before the title; move it below");
        }
        let intro = intro(&headings, source, front, problems);
        let (parts, tasks) = (Vec::new(), Vec::new());
        let mut outline = Outline {
            intro,
            parts,
            tasks,
        };
        for heading in headings.into_iter().filter(|heading| heading.level > 1) {
            outline.add(heading, problems);
        }
        outline.check_order(problems);
        outline.check_complete(source, problems);
        outline
    }

    /// A section, the first of its name.
    pub(crate) fn part(&self, section: Section) -> Option<&Part<'a>> {
        self.parts.iter().find(|part| part.section == section)
    }

    fn add(&mut self, heading: Heading<'a>, problems: &mut Collector) {
        let Heading {
            level,
            text,
            line,
            blocks,
        } = heading;
        let under_work = self
            .parts
            .last()
            .is_some_and(|part| part.section == Section::Work);
        if level == 4 && under_work {
            return self.add_task(heading, problems);
        }
        let Some(section) = section(text) else {
            return problems.at(line, unknown(text));
        };
        if level != section.level() {
            let marks = "#".repeat(section.level());
            problems.at(
                line,
                format!("\"{text}\" at the wrong level; write `{marks} {text}`"),
            );
        }
        if let Some(first) = self.part(section) {
            let (name, first) = (section.name(), first.line);
            let message = format!("section \"{name}\" is already on line {first}; join the two");
            return problems.at(line, message);
        }
        self.parts.push(Part {
            section,
            line,
            blocks,
        });
    }

    fn add_task(&mut self, heading: Heading<'a>, problems: &mut Collector) {
        let Heading {
            text, line, blocks, ..
        } = heading;
        let Some((number, title)) = task(text) else {
            let message = format!("\"{text}\" is not a task; write `#### Task N — Title`");
            return problems.at(line, message);
        };
        let expected = self.tasks.len() as u32 + 1;
        if number != expected {
            let message =
                format!("task {number} where task {expected} belongs; number them from 1");
            problems.at(line, message);
        }
        self.tasks.push(TaskPart {
            number,
            title,
            line,
            blocks,
        });
    }

    fn check_order(&self, problems: &mut Collector) {
        for pair in self.parts.windows(2) {
            let (before, after) = (&pair[0], &pair[1]);
            if after.section < before.section {
                let (name, other) = (after.section.name(), before.section.name());
                let message =
                    format!("section \"{name}\" out of order; move it before \"{other}\"");
                problems.at(after.line, message);
            }
        }
    }

    /// Reports missing sections, unless an unclosed block has swallowed them.
    fn check_complete(&self, source: &Source<'_>, problems: &mut Collector) {
        if source.cut.is_some() {
            return;
        }
        let mut line = self.parts.first().map_or(1, |part| part.line);
        for section in Section::ALL {
            match self.part(section) {
                Some(part) => line = part.line,
                None => {
                    let marks = "#".repeat(section.level());
                    let name = section.name();
                    let message = format!("missing section \"{name}\"; add `{marks} {name}` below");
                    problems.at(line.min(source.last_line()), message);
                }
            }
        }
        if self.tasks.is_empty()
            && let Some(work) = self.part(Section::Work)
        {
            problems.at(work.line, "no task; write `#### Task 1 — Title`");
        }
    }
}

/// What stands before the first heading, and the headings.
fn headings(blocks: &[Block]) -> (&[Block], Vec<Heading<'_>>) {
    let mut headings: Vec<Heading<'_>> = Vec::new();
    let mut end = blocks.len();
    for (index, block) in blocks.iter().enumerate().rev() {
        // Deeper headings are part of a section's text.
        if let Content::Heading(level @ 1..=4, inline) = &block.content {
            let (text, line) = (inline.text.as_str(), block.line);
            headings.push(Heading {
                level: *level,
                text,
                line,
                blocks: &blocks[index + 1..end],
            });
            end = index;
        }
    }
    headings.reverse();
    (&blocks[..end], headings)
}

/// What stands below the title. There is one title, and it agrees with the front matter.
fn intro<'a>(
    headings: &[Heading<'a>],
    source: &Source<'_>,
    front: &FrontMatter,
    problems: &mut Collector,
) -> &'a [Block] {
    let mut titles = headings.iter().filter(|heading| heading.level == 1);
    let Some(title) = titles.next() else {
        if source.cut.is_none() {
            let message = "no title; write `# Lesson N (N/M): Title` below the front matter";
            problems.at(1, message);
        }
        return &[];
    };
    title::check(title.text, title.line, front, problems);
    for title in titles {
        let message = "a second title; a section's heading begins with ##";
        problems.at(title.line, message);
    }
    title.blocks
}

/// The section of this heading: its name without a remark, as in `Warmup (15 min)`.
fn section(heading: &str) -> Option<Section> {
    let name = bare(heading);
    Section::ALL
        .into_iter()
        .find(|section| section.name().eq_ignore_ascii_case(name))
}

fn bare(heading: &str) -> &str {
    heading.split_once(" (").map_or(heading, |(name, _)| name)
}

fn unknown(heading: &str) -> String {
    let near = nearest(bare(heading), Section::ALL.map(Section::name));
    let hint = suggest(near, "take it out, or use #####");
    format!("unknown section \"{heading}\"; {hint}")
}

/// Number and title of `Task 2 — Let clients in`.
fn task(heading: &str) -> Option<(u32, String)> {
    let (number, title) = heading.strip_prefix("Task ")?.split_once(" — ")?;
    let title = title.trim();
    (!title.is_empty()).then_some((number.parse().ok()?, title.to_owned()))
}
