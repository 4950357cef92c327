//! One lesson as its `lesson.md` states it.

use crate::parse;
use crate::problem::{Problems, Unknown};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A lesson: its text in parts, each with the line where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    /// Its `lesson.md`, from the course's root.
    pub path: PathBuf,
    /// e.g. `w03-l02`.
    pub id: String,
    /// e.g. `Accept & Track Many Clients`.
    pub title: String,
    /// Its place in its week, from 1.
    pub order: u32,
    /// How long it takes, in minutes.
    pub duration_min: u32,
    /// What kind of page it is.
    pub page: Page,
    /// What it is worth where it is graded.
    pub worth: Worth,
    /// What the student can do afterwards.
    pub goal: Text,
    /// What the student makes.
    pub builds: Text,
    /// Why it is worth the time.
    pub matters: Text,
    /// Questions before the work.
    pub warmup: Text,
    /// From 1 up.
    pub tasks: Vec<Task>,
    /// The commands that hand the work in.
    pub ship: Text,
    /// In the order in which they are asked: by task, and within a task as they stand in the text.
    pub criteria: Vec<Criterion>,
    /// The rows of Common Mistakes.
    pub mistakes: Vec<Mistake>,
    /// What to hand in.
    pub proof: Text,
    /// The drawing, without its fence.
    pub hero_visual: Text,
    /// Which lessons build on this one.
    pub future_lock: Text,
    /// The places that show what a command prints.
    pub outputs: Vec<Output>,
    /// The line of each section's heading.
    pub sections: Vec<(Section, usize)>,
}

/// What kind of page a `lesson.md` is: `type` in its front matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// A lesson with tasks and a proof.
    #[default]
    Lesson,
}

/// What a lesson is worth: `points` in its front matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Worth {
    /// A point for each criterion: nothing is said.
    #[default]
    Equal,
    /// So many points for the whole lesson, shared equally by its criteria.
    Whole(f64),
    /// Points by the criterion's id; 1 for each that is not named.
    Each(BTreeMap<String, f64>),
}

/// A part of the text, and where it begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// Markdown as it stands in the file, trimmed.
    pub markdown: String,
    /// The line of its heading or label, from 1.
    pub line: usize,
}

/// One task of the Work section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// From 1.
    pub number: u32,
    /// e.g. `Let clients in`.
    pub title: String,
    /// What to write.
    pub work: Text,
    /// What to run.
    pub test: Text,
    /// What it shows.
    pub expected: Text,
    /// The line of its heading.
    pub line: usize,
}

/// One sentence that a proof checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Criterion {
    /// e.g. `no-fd-leak`; unique in its lesson.
    pub id: String,
    /// Which list it stands in.
    pub kind: Kind,
    /// The task that it belongs to.
    pub task: u32,
    /// The sentence, without Markdown marks and comment.
    pub text: String,
    /// The line of its bullet.
    pub line: usize,
}

/// Where a criterion's sentence stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A bullet of the Prove list.
    Prove,
    /// A Done When bullet.
    Guard,
}

/// One row of Common Mistakes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// e.g. `forgot-close`; unique in its lesson.
    pub id: String,
    /// True where it cannot be checked: no wrong server belongs to it.
    pub advice: bool,
    /// What one does wrong, as a gerund phrase, without Markdown marks.
    pub mistake: String,
    /// What to do instead, without Markdown marks and comment.
    pub fix: String,
    /// The line of its row.
    pub line: usize,
}

/// A fenced block that shows what a command prints, and that the command fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// e.g. `cargo xtask list w03-l02`.
    pub command: String,
    /// What stands in the block, to the newline of its last line.
    pub text: String,
    /// The bytes of the file that `text` takes.
    pub range: Range<usize>,
    /// The line of the comment that names the command.
    pub line: usize,
}

impl Output {
    /// The blocks of a text that is no lesson, such as the README.
    ///
    /// # Errors
    /// A text that is not UTF-8, or a comment with no block after it.
    pub fn all(path: &Path, bytes: &[u8]) -> Result<Vec<Output>, Problems> {
        parse::outputs_of(path, bytes)
    }
}

/// A section of every lesson, in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is named as its heading is")]
pub enum Section {
    TrainingSession,
    Warmup,
    Work,
    Prove,
    Ship,
    DoneWhen,
    CommonMistakes,
    Proof,
    HeroVisual,
    FutureLock,
}

impl Section {
    /// Every section, in the order in which they come.
    pub const ALL: [Section; 10] = {
        use Section::*;
        [
            TrainingSession,
            Warmup,
            Work,
            Prove,
            Ship,
            DoneWhen,
            CommonMistakes,
            Proof,
            HeroVisual,
            FutureLock,
        ]
    };

    /// Its heading, without the marks.
    pub fn name(self) -> &'static str {
        match self {
            Section::TrainingSession => "TRAINING SESSION",
            Section::Warmup => "Warmup",
            Section::Work => "Work",
            Section::Prove => "Prove",
            Section::Ship => "Ship",
            Section::DoneWhen => "Done When",
            Section::CommonMistakes => "Common Mistakes",
            Section::Proof => "Proof",
            Section::HeroVisual => "Hero Visual",
            Section::FutureLock => "Future Lock",
        }
    }

    /// How deep its heading is: 2 is `##`.
    pub fn level(self) -> usize {
        match self {
            Section::Warmup | Section::Work | Section::Prove | Section::Ship => 3,
            _ => 2,
        }
    }
}

impl Lesson {
    /// Reads a lesson's text. `path` says which file it is, from the course's root.
    ///
    /// # Errors
    /// Every [`Problem`](crate::problem::Problem) of the text, each with its line.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, Problems> {
        parse::lesson(path, bytes)
    }

    /// The folder of its crate, from the course's root, e.g. `lessons/w03-l02-poll-tracker`.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// The criterion of this id.
    ///
    /// # Errors
    /// [`Unknown`], which suggests the id that was probably meant.
    pub fn criterion(&self, id: &str) -> Result<&Criterion, Unknown> {
        self.criteria.iter().find(|criterion| criterion.id == id).ok_or_else(|| Unknown {
            kind: "criterion",
            name: id.to_owned(),
            home: self.id.clone(),
            names: self.criteria.iter().map(|criterion| criterion.id.clone()).collect(),
        })
    }

    /// The Common Mistakes row of this id.
    pub fn mistake(&self, id: &str) -> Option<&Mistake> {
        self.mistakes.iter().find(|mistake| mistake.id == id)
    }

    /// The line of a section's heading; 1 where it is missing.
    pub fn line_of(&self, section: Section) -> usize {
        let found = self.sections.iter().find(|(each, _)| *each == section);
        found.map_or(1, |(_, line)| *line)
    }
}
