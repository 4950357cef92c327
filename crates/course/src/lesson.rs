//! The content of a `lesson.md`: one lesson.

mod section;
mod test_command;

pub use section::Section;
pub use test_command::{Selection, TestCommand};

use crate::problem::UnknownName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A lesson: the front matter and the parts of the text. Each part has its line.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    /// The path of `lesson.md`, relative to the course's root.
    pub path: PathBuf,
    /// The lesson's id, e.g. `w03-l02`.
    pub id: String,
    /// The title, e.g. `Accept & Track Many Clients`.
    pub title: String,
    /// The lesson's number within its week, counted from 1.
    pub order: u32,
    /// The time that a student needs, in minutes.
    pub duration_min: u32,
    /// The type of page.
    pub page: Page,
    /// The points that the lesson gives if it is graded.
    pub points: Points,
    /// What the student can do after the lesson.
    pub goal: Text,
    /// The list below `You will be able to:`. `None` if the text has no such list.
    pub outcomes: Option<Text>,
    /// What the student makes.
    pub what_you_build: Text,
    /// The reason why the lesson is worth the student's time.
    pub why_it_matters: Text,
    /// Questions before the work, with the `<details>` element that contains their answers.
    pub warmup: Text,
    /// The text inside the Warmup's `<details>`. `None` if there is no such element.
    pub warmup_answers: Option<Text>,
    /// The tasks in order. The first task has number 1.
    pub tasks: Vec<Task>,
    /// The commands by which the student hands in the work.
    pub ship: Text,
    /// The criteria, in the order in which a proof checks them: sorted by task, and within a task
    /// in the order of the text.
    pub criteria: Vec<Criterion>,
    /// The numbered list of Done When. No command answers these questions.
    pub open_questions: Vec<Text>,
    /// The rows of Common Mistakes.
    pub mistakes: Vec<Mistake>,
    /// What the student hands in.
    pub proof: Text,
    /// The drawing, without the marks of its code block.
    pub hero_visual: Text,
    /// The lessons that build on this one.
    pub future_lock: Text,
    /// The blocks that show what a command prints.
    pub outputs: Vec<Output>,
    /// The pictures that a command draws.
    pub pictures: Vec<Picture>,
    /// Each section, with the line of the section's heading.
    pub sections: Vec<(Section, usize)>,
}

/// The page type of a `lesson.md`: `type` in its front matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// A lesson with tasks and a proof.
    #[default]
    Lesson,
}

/// The points that a lesson gives: `points` in its front matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Points {
    /// One point for each criterion. This applies if the front matter does not mention points.
    #[default]
    Equal,
    /// A total for the lesson. The criteria share it equally.
    Total(f64),
    /// The points of each criterion, by the criterion's id. A criterion that is not listed gives
    /// one point.
    PerCriterion(BTreeMap<String, f64>),
}

/// A part of the text, with the line at which it begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The Markdown text of the part in the file, trimmed.
    pub markdown: String,
    /// The line of the part's heading or label, counted from 1.
    pub line: usize,
}

/// One task of the Work section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The task's number, counted from 1.
    pub number: u32,
    /// The title, e.g. `Accept clients`.
    pub title: String,
    /// `**Predict:**` a question about what will happen. `None` if the task has no such label.
    pub predict: Option<Text>,
    /// `**Invariant:**` a condition that is true before and after each step. `None` if the task has
    /// no such label.
    pub invariant: Option<Text>,
    /// `**Do:**` what the student writes.
    pub work: Text,
    /// `**Test:**` what the student runs.
    pub test: Text,
    /// The commands in the Test that prove criteria. Empty if the Test has another command.
    pub test_commands: Vec<TestCommand>,
    /// `**Expected:**` what the test shows.
    pub expected: Text,
    /// The line of the task's heading.
    pub line: usize,
}

/// A criterion: one sentence that a proof checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Criterion {
    /// The id, e.g. `no-fd-leak`. It is unique within the lesson.
    pub id: String,
    /// The list that contains the sentence.
    pub kind: Kind,
    /// The number of the task that the criterion belongs to.
    pub task: u32,
    /// The sentence, without Markdown marks and without the comment.
    pub text: String,
    /// The line of the bullet.
    pub line: usize,
}

/// The list that contains a criterion's sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A bullet of the Prove list.
    Prove,
    /// A bullet of the Done When list.
    Guard,
}

/// One row of Common Mistakes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The id, e.g. `forgot-close`. It is unique within the lesson.
    pub id: String,
    /// Whether the row is advice only. No proof can check such a row, so it has no wrong server.
    pub advice: bool,
    /// The mistake as a gerund phrase, without Markdown marks.
    pub mistake: String,
    /// What to do instead, without Markdown marks and without the comment.
    pub fix: String,
    /// Three hints for a student who has made the mistake: a question, a pointer, and nearly the
    /// answer. Empty if the text has no hints for this row.
    pub hints: Vec<Text>,
    /// The line of the row.
    pub line: usize,
}

/// A fenced block whose text is the output of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The command, e.g. `cargo xtask list w03-l02`.
    pub command: String,
    /// The text of the block, including the newline of its last line.
    pub text: String,
    /// The range of bytes that `text` occupies in the file.
    pub range: Range<usize>,
    /// The line of the comment that names the command.
    pub line: usize,
}

/// A picture that a command draws, in a file in the lesson's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The command, e.g. `cargo xtask timeline w03-l02 slots --solution --svg timeline.svg`.
    pub command: String,
    /// The name of the file, which follows `--svg` in the command.
    pub file: String,
    /// The line of the comment that names the command.
    pub line: usize,
}

impl Lesson {
    /// The folder of the lesson's crate, relative to the course's root, e.g.
    /// `lessons/w03-l02-poll-tracker`.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// The criterion with this id.
    ///
    /// # Errors
    /// [`UnknownName`], which suggests the id that was probably meant.
    pub fn criterion(&self, id: &str) -> Result<&Criterion, UnknownName> {
        self.criteria.iter().find(|criterion| criterion.id == id).ok_or_else(|| UnknownName {
            kind: "criterion",
            name: id.to_owned(),
            scope: self.id.clone(),
            known: self.criteria.iter().map(|criterion| criterion.id.clone()).collect(),
        })
    }

    /// The Common Mistakes row with this id.
    pub fn mistake(&self, id: &str) -> Option<&Mistake> {
        self.mistakes.iter().find(|mistake| mistake.id == id)
    }

    /// The line of a section's heading. 1 if the section is missing.
    pub fn line_of(&self, section: Section) -> usize {
        let found = self.sections.iter().find(|(each, _)| *each == section);
        found.map_or(1, |(_, line)| *line)
    }
}
