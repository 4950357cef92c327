//! What is known of a submission: the one model that every format is written from.

use course::lesson::{Kind, Lesson};
use course::report::{self, Status, Step, Table};
use serde::{Deserialize, Serialize};

/// One student's submission, graded. Points are not in it: a rubric gives them afterwards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    /// Whose it is: the name of its folder or archive, in readable characters, once in a class.
    pub student: String,
    /// When it was handed in, in seconds since 1970: its newest file's time.
    pub submitted: Option<i64>,
    /// The hash of what was handed in, in hexadecimal; empty where it could not be read.
    pub digest: String,
    /// What its author or the instructor should know: files that were left out, and why.
    pub notes: Vec<String>,
    /// In the course's order.
    pub lessons: Vec<LessonGrade>,
}

/// One lesson of a submission.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LessonGrade {
    /// e.g. `w03-l02`.
    pub lesson: String,
    /// The lesson's title.
    pub title: String,
    /// What the findings add up to.
    pub verdict: Verdict,
    /// Why it was refused, or could not be graded; empty otherwise.
    pub reason: String,
    /// The box that it ran in, e.g. `strong`; empty where nothing ran.
    pub isolation: String,
    /// How its build went.
    pub build: Build,
    /// The proof's wall time, in seconds.
    pub seconds: f64,
    /// In the lesson's order. All of them `skipped` where there was no program to ask.
    pub criteria: Vec<CriterionGrade>,
}

/// How a lesson came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every criterion is proved.
    Proved,
    /// A criterion failed, or it could not be built.
    NotYet,
    /// The grader could not see enough: to be run again, and never a zero.
    Inconclusive,
    /// Nothing was handed in for this lesson.
    Missing,
    /// What was handed in cannot be a submission: a broken archive, say.
    Refused,
}

/// How a build went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Build {
    /// Whether there is a program.
    pub status: BuildStatus,
    /// Its wall time in seconds; 0 where another submission with the same content was built before.
    pub seconds: f64,
    /// The compiler's own words where it failed.
    pub message: String,
}

/// Whether there is a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BuildStatus {
    /// There is.
    Ok,
    /// The compiler refused it, or it went over a limit.
    Failed,
    /// Nothing had to be built.
    None,
}

/// One criterion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CriterionGrade {
    /// e.g. `no-fd-leak`.
    pub id: String,
    /// A bullet of the Prove list, or a guard.
    pub kind: Kind,
    /// The task that it belongs to.
    pub task: u32,
    /// The lesson's own sentence.
    pub text: String,
    /// How it came out.
    pub status: Status,
    /// How often it was asked: once, unless it failed.
    pub runs: u32,
    /// How often it failed. Between 1 and `runs` - 1: the server is flaky.
    pub failed: u32,
    /// The first failure's time, or the only run's, in milliseconds.
    pub millis: f64,
    /// Why it is not proved.
    pub cause: Option<Cause>,
}

/// Why a criterion is not proved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// A short name that stays the same, e.g. `fd-leak`.
    pub id: String,
    /// The lesson's Common Mistakes row, where it is one.
    pub mistake: Option<Mistake>,
    /// The cause in one sentence.
    pub summary: String,
    /// What was done, in order, and what the server logged meanwhile.
    pub steps: Vec<Step>,
    /// What a right server shows at the end of the steps.
    pub expected: String,
    /// What this one showed.
    pub observed: String,
    /// The kernel's own tables at that moment.
    pub evidence: Vec<Table>,
    /// The command with which the student sees it again.
    pub replay: String,
}

/// A row of a lesson's Common Mistakes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mistake {
    /// e.g. `forgot-close`.
    pub id: String,
    /// The mistake in the lesson's words.
    pub mistake: String,
    /// What to do about it, in the lesson's words.
    pub fix: String,
}

impl Cause {
    /// What a proof of `lesson` found, with the lesson's own words for the mistake.
    pub fn of(lesson: &Lesson, cause: report::Cause) -> Self {
        let row = cause.mistake.as_deref().and_then(|id| lesson.mistake(id));
        let mistake = row.map(|row| Mistake {
            id: row.id.clone(),
            mistake: row.mistake.clone(),
            fix: row.fix.clone(),
        });
        Self {
            id: cause.id,
            mistake,
            summary: cause.summary,
            steps: cause.steps,
            expected: cause.expected,
            observed: cause.observed,
            evidence: cause.evidence,
            replay: cause.replay,
        }
    }
}

impl CriterionGrade {
    /// Whether it failed in one run and held in another.
    pub fn is_flaky(&self) -> bool {
        (1..self.runs).contains(&self.failed)
    }
}
