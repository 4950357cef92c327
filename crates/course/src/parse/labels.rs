//! Text under bold labels: `**Goal:**` in the introduction, `**Do:**` in a task.

use super::markdown::{Block, Content, Source};
use super::outline::{Outline, TaskPart};
use crate::lesson::{Task, Text};
use crate::problem::Collector;

/// Goal, What you build, Why it matters.
pub(crate) fn intro(source: &Source<'_>, blocks: &[Block], problems: &mut Collector) -> [Text; 3] {
    if blocks.is_empty() && source.cut.is_some() {
        return Default::default();
    }
    let line = blocks.first().map_or(1, |block| block.line);
    let home = Home {
        name: "the introduction",
        line,
        blocks,
    };
    home.read(
        source,
        ["Goal", "What you build", "Why it matters"],
        problems,
    )
}

/// Every task, with its Do, Test and Expected.
pub(crate) fn tasks(
    source: &Source<'_>,
    outline: &Outline<'_>,
    problems: &mut Collector,
) -> Vec<Task> {
    outline
        .tasks
        .iter()
        .map(|task| read_task(source, task, problems))
        .collect()
}

fn read_task(source: &Source<'_>, part: &TaskPart<'_>, problems: &mut Collector) -> Task {
    let TaskPart {
        number,
        ref title,
        line,
        blocks,
    } = *part;
    let home = Home {
        name: &format!("task {number}"),
        line,
        blocks,
    };
    let [work, test, expected] = home.read(source, ["Do", "Test", "Expected"], problems);
    Task {
        number,
        title: title.clone(),
        work,
        test,
        expected,
        line,
    }
}

/// The blocks that hold labelled text.
struct Home<'a> {
    name: &'a str,
    line: usize,
    blocks: &'a [Block],
}

/// A label and the bytes of its text.
struct Labelled<'a> {
    label: &'a str,
    line: usize,
    start: usize,
    end: usize,
}

impl<'a> Home<'a> {
    /// The text under each of `labels`, in that order.
    fn read<const N: usize>(
        &self,
        source: &Source<'_>,
        labels: [&str; N],
        problems: &mut Collector,
    ) -> [Text; N] {
        let found = self.find(&labels);
        let order: Vec<&str> = found.iter().map(|each| each.label).collect();
        if order.len() >= N && order != labels {
            let labels = labels.join(", ");
            let message = format!(
                "{} must have each label once and in order: {labels}",
                self.name
            );
            problems.at(self.line, message);
        }
        labels.map(|label| {
            let Some(each) = found.iter().find(|each| each.label == label) else {
                let message = format!(
                    "{} has no **{label}:**; begin a paragraph with it",
                    self.name
                );
                problems.at(self.line, message);
                return Text::default();
            };
            let markdown = source.slice(each.start..each.end);
            if markdown.is_empty() {
                problems.at(
                    each.line,
                    format!("**{label}:** is empty in {}; write it", self.name),
                );
            }
            Text {
                markdown,
                line: each.line,
            }
        })
    }

    /// The paragraphs that begin with one of `labels`, each up to the next.
    fn find(&self, labels: &[&str]) -> Vec<Labelled<'a>> {
        let mut found: Vec<Labelled<'a>> = Vec::new();
        let mut end = self.blocks.last().map_or(0, |block| block.range.end);
        for block in self.blocks.iter().rev() {
            if let Content::Paragraph(inline) = &block.content
                && let Some((label, start)) = &inline.label
                && labels.contains(&label.as_str())
            {
                found.push(Labelled {
                    label,
                    line: block.line,
                    start: *start,
                    end,
                });
                end = block.range.start;
            }
        }
        found.reverse();
        found
    }
}
