//! What a proof reports: a finding for each criterion, a cause for each that is not `proved`.
//!
//! [`Report`] serializes to the one document of `prove --format json`;
//! `report.schema.json` beside this crate's manifest describes it.

use serde::{Deserialize, Serialize, Serializer};
use std::time::Duration;

/// How one criterion came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The kernel confirms the sentence.
    Proved,
    /// The sentence does not hold; the cause says why.
    Failed,
    /// Not asked: what it stands on failed.
    Skipped,
    /// The machine hid or refused what the check needs. Never the student's fault, never a pass.
    Inconclusive,
}

/// How a whole lesson came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every criterion is proved.
    Proved,
    /// A criterion failed.
    NotYet,
    /// Nothing failed, but something could not be seen.
    Inconclusive,
}

impl Verdict {
    /// The verdict that a lesson's findings add up to. No finding at all proves nothing.
    pub fn of(findings: impl IntoIterator<Item = Status>) -> Self {
        let mut verdict = None;
        for status in findings {
            match status {
                Status::Proved => _ = verdict.get_or_insert(Verdict::Proved),
                Status::Failed | Status::Skipped => return Verdict::NotYet,
                Status::Inconclusive => verdict = Some(Verdict::Inconclusive),
            }
        }
        verdict.unwrap_or(Verdict::NotYet)
    }
}

/// What the check of one criterion found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The criterion's id, as in `lesson.md`.
    pub criterion: String,
    /// How it came out.
    pub status: Status,
    /// Why it is not proved; `None` exactly when it is.
    pub cause: Option<Cause>,
    /// How long the check took.
    pub elapsed: Duration,
}

/// Why a criterion is not proved, told so that a learner can see it happen again.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Cause {
    /// A short name that stays the same, e.g. `fd-leak`.
    pub id: String,
    /// The Common Mistakes row that describes it, where there is one.
    pub mistake: Option<String>,
    /// The cause in one sentence.
    pub summary: String,
    /// What was done, in order, and what the server logged meanwhile.
    #[serde(serialize_with = "as_lines")]
    pub steps: Vec<Step>,
    /// What a right server shows at the end of the steps.
    pub expected: String,
    /// What this one showed.
    pub observed: String,
    /// The kernel's own tables at that moment.
    #[serde(serialize_with = "as_rows")]
    pub evidence: Vec<Table>,
    /// The command that does it again.
    pub replay: String,
}

/// One thing that the proof did or saw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// e.g. `B sent "hello" and closed`.
    pub did: String,
    /// The server's log lines that followed.
    pub logged: Vec<String>,
}

/// A table of evidence, drawn beside its neighbours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// e.g. `the kernel says`.
    pub title: String,
    /// From the top.
    pub rows: Vec<Row>,
}

/// One row of evidence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The row that should not be, or should be otherwise.
    pub wrong: bool,
    /// Its columns, already aligned with the other rows' by spaces.
    pub text: String,
}

/// The document that `prove --format json` prints.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The version of this layout: 1.
    pub schema: u32,
    /// In the order in which they were asked for.
    pub lessons: Vec<LessonReport>,
}

/// What was found out about one lesson.
#[derive(Clone, Debug, Serialize)]
pub struct LessonReport {
    /// e.g. `w03-l02`.
    pub lesson: String,
    /// The lesson's title.
    pub title: String,
    /// Whose server it was.
    pub subject: Subject,
    /// How servers were kept apart: `strong`, `uid-drop`, `landlock` or `plain`; `None` when none
    /// was launched.
    pub launch: Option<String>,
    /// What the findings add up to.
    pub verdict: Verdict,
    /// How the build went.
    pub build: Build,
    /// The proof's wall time, without the build.
    pub millis: f64,
    /// In the lesson's order.
    pub criteria: Vec<CriterionReport>,
}

/// Whose server was asked.
#[derive(Clone, Debug, Serialize)]
pub struct Subject {
    /// Where it comes from.
    pub kind: SubjectKind,
    /// The crate's name, or the command line.
    pub name: String,
}

/// Where a server under test comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectKind {
    /// The student's crate.
    Crate,
    /// The reference.
    Solution,
    /// Any command line.
    Command,
}

/// How the build went.
#[derive(Clone, Debug, Serialize)]
pub struct Build {
    /// Whether there is a program to ask.
    pub status: BuildStatus,
    /// The build's wall time.
    pub millis: f64,
    /// The compiler's own words, when it failed.
    pub message: Option<String>,
}

/// Whether there is a program to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BuildStatus {
    /// Built, or already up to date.
    Ok,
    /// The compiler refused it.
    Failed,
    /// Nothing to build: a command.
    None,
}

/// One criterion as the lesson states it and as the proof found it.
#[derive(Clone, Debug, Serialize)]
pub struct CriterionReport {
    /// e.g. `no-fd-leak`.
    pub id: String,
    /// `prove` or `guard`.
    pub kind: crate::lesson::Kind,
    /// The task that it belongs to.
    pub task: u32,
    /// The lesson's own sentence.
    pub text: String,
    /// How it came out.
    pub status: Status,
    /// How long the check took.
    pub millis: f64,
    /// Why it is not proved.
    pub cause: Option<Cause>,
}

fn as_lines<S: Serializer>(steps: &[Step], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(steps.iter().map(|step| match step.logged.as_slice() {
        [] => step.did.clone(),
        logged => format!("{}: {}", step.did, logged.join(" · ")),
    }))
}

fn as_rows<S: Serializer>(tables: &[Table], serializer: S) -> Result<S::Ok, S::Error> {
    let rows = tables.iter().flat_map(|table| {
        table.rows.iter().map(move |row| {
            let mark = if row.wrong { "▸ " } else { "" };
            format!("{}: {mark}{}", table.title, row.text)
        })
    });
    serializer.collect_seq(rows)
}
