//! The report of a proof: a finding for each criterion. A criterion that is not proved has a cause.
//!
//! [`Report`] serializes to the document that `prove --format json` prints. The file
//! `report.schema.json` in this crate's folder describes this document.

use serde::{Deserialize, Serialize, Serializer};
use std::time::Duration;

/// The result of one criterion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The kernel confirms the criterion's sentence.
    Proved,
    /// The sentence is not true for this server. The cause says why.
    Failed,
    /// The criterion was not checked, because a criterion that it depends on has failed.
    Skipped,
    /// The machine does not show, or does not permit, what the check needs. This is not the
    /// student's fault, but the criterion is not proved.
    Inconclusive,
}

/// The result of a whole lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every criterion is proved.
    Proved,
    /// A criterion failed.
    NotYet,
    /// No criterion failed, but at least one could not be checked.
    Inconclusive,
}

impl Verdict {
    /// The verdict for the findings of a lesson. Without any finding, the lesson is not proved.
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

/// The outcome of one criterion's check.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The criterion's id, as in `lesson.md`.
    pub criterion: String,
    /// The criterion's result.
    pub status: Status,
    /// The reason why the criterion is not proved. `None` if the criterion is proved.
    pub cause: Option<Cause>,
    /// The time that the check took.
    pub elapsed: Duration,
    /// The seed from which the check has drawn its values. `None` if the check draws no values.
    pub seed: Option<u64>,
}

/// The reason why a criterion is not proved. The steps show a learner how to repeat the failure.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Cause {
    /// A short, stable name, e.g. `fd-leak`.
    pub id: String,
    /// The id of the Common Mistakes row that describes the cause, if there is such a row.
    pub mistake: Option<String>,
    /// The cause in one sentence.
    pub summary: String,
    /// The actions of the proof in their order, with the lines that the server logged after each
    /// action.
    #[serde(serialize_with = "as_lines")]
    pub steps: Vec<Step>,
    /// What a correct server shows at the end of the steps.
    pub expected: String,
    /// What this server showed.
    pub observed: String,
    /// How the server ended, e.g. `was killed by SIGSEGV`. `None` if it was running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<String>,
    /// The kernel's tables when the check failed.
    #[serde(serialize_with = "as_rows")]
    pub evidence: Vec<Table>,
    /// The command that repeats the check.
    pub replay: String,
}

/// One action or observation of the proof.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The action, e.g. `B sent "hello" and closed`.
    pub did: String,
    /// The lines that the server logged after this action.
    pub logged: Vec<String>,
    /// The other lines that the program printed after this action: its own lines on standard
    /// output, then those on standard error.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub printed: Vec<String>,
}

/// A table of evidence. The terminal shows several tables side by side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// The title, e.g. `the kernel says`.
    pub title: String,
    /// The rows, from the top.
    pub rows: Vec<Row>,
}

/// One row of evidence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Whether the row shows the fault: the row should not exist, or should be different.
    pub wrong: bool,
    /// The columns, aligned by spaces with the columns of the other rows.
    pub text: String,
}

/// The document that `prove --format json` prints.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The version of the document's layout: 1.
    pub schema: u32,
    /// The lessons, in the order of the command line.
    pub lessons: Vec<LessonReport>,
}

/// The result of one lesson.
#[derive(Clone, Debug, Serialize)]
pub struct LessonReport {
    /// The lesson's id, e.g. `w03-l02`.
    pub lesson: String,
    /// The lesson's title.
    pub title: String,
    /// The program that was checked.
    pub subject: ReportedProgram,
    /// The level of isolation: `namespaces`, `other-user`, `landlock` or `none`. `None` if no
    /// program was launched.
    pub isolation: Option<String>,
    /// The verdict for all criteria.
    pub verdict: Verdict,
    /// The result of the build.
    pub build: Build,
    /// The proof's wall time in milliseconds, without the build.
    pub millis: f64,
    /// The criteria, in the lesson's order.
    pub criteria: Vec<CriterionReport>,
    /// The `todo!`s that are left in the student's files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub todos: Vec<Todo>,
}

/// A `todo!` that is left in the student's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Todo {
    /// The number of the task, if the message of the `todo!` names a task.
    pub task: Option<u32>,
    /// The file and the line, e.g. `lessons/w03-l02-poll-tracker/src/server.rs:66`.
    pub place: String,
}

/// The program that was checked.
#[derive(Clone, Debug, Serialize)]
pub struct ReportedProgram {
    /// Where the program comes from.
    pub kind: ProgramKind,
    /// The crate's name, or the command line.
    pub name: String,
}

/// Where a program comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProgramKind {
    /// The student's crate.
    Crate,
    /// The course's solution.
    Solution,
    /// Any command line.
    Command,
}

/// The result of the build.
#[derive(Clone, Debug, Serialize)]
pub struct Build {
    /// Whether the build made a program.
    pub status: BuildStatus,
    /// The build's wall time in milliseconds.
    pub millis: f64,
    /// The compiler's messages, if the build failed.
    pub message: Option<String>,
}

/// Whether the build made a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BuildStatus {
    /// The program was built, or was up to date.
    Ok,
    /// The compiler rejected the program.
    Failed,
    /// There was nothing to build, because the program is a command.
    None,
}

/// The report of one criterion: the lesson's sentence and the result of the check.
#[derive(Clone, Debug, Serialize)]
pub struct CriterionReport {
    /// The criterion's id, e.g. `no-fd-leak`.
    pub id: String,
    /// The list that contains the sentence: `prove` or `guard`.
    pub kind: crate::lesson::Kind,
    /// The number of the criterion's task.
    pub task: u32,
    /// The lesson's own sentence.
    pub text: String,
    /// The criterion's result.
    pub status: Status,
    /// The time that the check took, in milliseconds.
    pub millis: f64,
    /// The reason why the criterion is not proved. `None` if the criterion is proved.
    pub cause: Option<Cause>,
}

fn as_lines<S: Serializer>(steps: &[Step], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(steps.iter().map(|step| {
        let printed = step.printed.iter().map(|line| format!("│ {line}"));
        let lines: Vec<_> = step.logged.iter().cloned().chain(printed).collect();
        match lines.as_slice() {
            [] => step.did.clone(),
            lines => format!("{}: {}", step.did, lines.join(" · ")),
        }
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
