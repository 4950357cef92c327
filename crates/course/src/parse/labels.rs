//! The texts under bold labels: `**Goal:**` in the introduction, `**Do:**` in a task.

use super::markdown::{Block, Content, Source};
use super::outline::{Outline, TaskBlocks};
use crate::lesson::{Task, TestCommand, Text};
use crate::problem::Collector;

/// The labels of the introduction, in order.
const INTRODUCTION: [&str; 3] = ["Goal", "What you build", "Why it matters"];

/// The labels of a task, in order. The parser accepts a task without the first two labels. The
/// consistency check requires them.
const TASK: [&str; 5] = ["Predict", "Invariant", "Do", "Test", "Expected"];

/// The text of Goal, What you build and Why it matters.
pub(crate) fn introduction(
    source: &Source<'_>,
    blocks: &[Block],
    problems: &mut Collector,
) -> [Text; 3] {
    if blocks.is_empty() && source.unclosed_at.is_some() {
        return Default::default();
    }
    let line = blocks.first().map_or(1, |block| block.line);
    let part = LabelledPart::new("the introduction", line, blocks, &INTRODUCTION, problems);
    INTRODUCTION.map(|label| part.required(label, source, problems))
}

/// Every task with its labelled texts.
pub(crate) fn tasks(
    source: &Source<'_>,
    outline: &Outline<'_>,
    problems: &mut Collector,
) -> Vec<Task> {
    outline.tasks.iter().map(|task| read_task(source, task, problems)).collect()
}

fn read_task(source: &Source<'_>, task: &TaskBlocks<'_>, problems: &mut Collector) -> Task {
    let TaskBlocks { number, ref title, line, blocks } = *task;
    let part = LabelledPart::new(&format!("task {number}"), line, blocks, &TASK, problems);
    Task {
        number,
        title: title.clone(),
        predict: part.optional("Predict", source, problems),
        invariant: part.optional("Invariant", source, problems),
        work: part.required("Do", source, problems),
        test: part.required("Test", source, problems),
        test_commands: part.commands("Test", blocks),
        expected: part.required("Expected", source, problems),
        line,
    }
}

/// A part of the lesson that contains labelled texts.
struct LabelledPart<'a> {
    /// The part's name for messages, e.g. `task 2`.
    name: String,
    line: usize,
    texts: Vec<LabelledText<'a>>,
}

/// A label, and the range of bytes of its text.
struct LabelledText<'a> {
    label: &'a str,
    line: usize,
    start: usize,
    end: usize,
}

impl<'a> LabelledPart<'a> {
    /// Finds `labels` in `blocks`, and reports a label that is repeated or out of order.
    fn new(
        name: &str,
        line: usize,
        blocks: &'a [Block],
        labels: &[&str],
        problems: &mut Collector,
    ) -> Self {
        let texts = find(blocks, labels);
        let position = |text: &LabelledText<'_>| labels.iter().position(|each| *each == text.label);
        if !texts.is_sorted_by(|before, after| position(before) < position(after)) {
            let labels = labels.join(", ");
            problems.at(line, format!("{name} must have each label once and in order: {labels}"));
        }
        Self { name: name.to_owned(), line, texts }
    }

    /// The text under `label`. If the label is missing, this is reported.
    fn required(&self, label: &str, source: &Source<'_>, problems: &mut Collector) -> Text {
        self.optional(label, source, problems).unwrap_or_else(|| {
            let message = format!("{} has no **{label}:**; begin a paragraph with it", self.name);
            problems.at(self.line, message);
            Text::default()
        })
    }

    /// The commands in the code blocks under `label` that prove criteria.
    fn commands(&self, label: &str, blocks: &[Block]) -> Vec<TestCommand> {
        let Some(found) = self.texts.iter().find(|each| each.label == label) else {
            return Vec::new();
        };
        let range = found.start..found.end;
        let inside = blocks.iter().filter(|block| range.contains(&block.range.start));
        let commands = |block: &Block| match &block.content {
            // The first line of the code is the line after the fence.
            Content::Code { text, fenced: Some(_) } => {
                let lines = text.lines().zip(block.line + 1..);
                lines.filter_map(|(text, line)| TestCommand::of(text, line)).collect()
            }
            _ => Vec::new(),
        };
        inside.flat_map(commands).collect()
    }

    /// The text under `label`. `None` if the part does not have this label. An empty text is
    /// reported.
    fn optional(&self, label: &str, source: &Source<'_>, problems: &mut Collector) -> Option<Text> {
        let found = self.texts.iter().find(|each| each.label == label)?;
        let markdown = source.slice(found.start..found.end);
        if markdown.is_empty() {
            problems.at(found.line, format!("**{label}:** is empty in {}; write it", self.name));
        }
        Some(Text { markdown, line: found.line })
    }
}

/// The paragraphs that begin with one of `labels`. The text of a label ends where the next label
/// begins.
fn find<'a>(blocks: &'a [Block], labels: &[&str]) -> Vec<LabelledText<'a>> {
    let mut found = Vec::new();
    let mut end = blocks.last().map_or(0, |block| block.range.end);
    for block in blocks.iter().rev() {
        if let Content::Paragraph(inline) = &block.content
            && let Some((label, start)) = &inline.label
            && labels.contains(&label.as_str())
        {
            found.push(LabelledText { label, line: block.line, start: *start, end });
            end = block.range.start;
        }
    }
    found.reverse();
    found
}
