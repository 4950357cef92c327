//! The result of grading. Every output format is written from this model.

mod hand_in;

pub use hand_in::{
    Allowance, Extension, FileReport, HandInTime, IgnoredFile, LessonFiles, Person, TimeSource,
};

use course::lesson::{Kind, Lesson};
use course::report::{self, Status, Step, Table};
use serde::{Deserialize, Serialize};

/// One student's graded submission. It has no points, because a rubric computes the points from the
/// verdicts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    /// The student's name, from the roster, the platform's conventions, or the name of the folder
    /// or archive. It has readable characters only, and is unique in a class.
    pub student: String,
    /// When it was handed in; `None` if this is not known.
    pub submitted: Option<HandInTime>,
    /// The student's id and e-mail address, where they are known.
    #[serde(default)]
    pub person: Person,
    /// How much later than others the student may hand in.
    #[serde(default)]
    pub allowance: Allowance,
    /// The files that were used, ignored and filled in.
    #[serde(default)]
    pub files: FileReport,
    /// The hash of the content, in hexadecimal; empty if the content could not be read.
    pub digest: String,
    /// Notes for the student and the instructor: which files were omitted, and why.
    pub notes: Vec<String>,
    /// The graded lessons, in the course's order.
    pub lessons: Vec<LessonGrade>,
}

/// One lesson of a submission.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LessonGrade {
    /// The lesson's id, e.g. `w03-l02`.
    pub lesson: String,
    /// The lesson's title.
    pub title: String,
    /// The verdict on the whole lesson.
    pub verdict: Verdict,
    /// Why the submission was refused or could not be graded; empty otherwise.
    pub reason: String,
    /// The isolation level of the sandbox, e.g. `namespaces`; empty if nothing ran.
    pub isolation: String,
    /// The result of the build.
    pub build: Build,
    /// The proof's wall time, in seconds.
    pub seconds: f64,
    /// When the proof ended, in seconds since 1970. `None` if nothing ran.
    #[serde(default)]
    pub graded: Option<i64>,
    /// The criteria, in the lesson's order. If there was no program, all of them are `skipped`.
    pub criteria: Vec<CriterionGrade>,
}

/// The verdict on a lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every criterion is proved.
    Proved,
    /// A criterion failed, or the build failed.
    NotYet,
    /// The grader could not observe enough. The lesson must be graded again. Until then, its points
    /// are unknown, and not zero.
    Inconclusive,
    /// The submission has nothing for this lesson.
    Missing,
    /// The student is in the roster and has handed in nothing at all.
    NotHandedIn,
    /// The submission is invalid, for example a damaged archive.
    Refused,
}

/// The result of a build.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Build {
    /// Whether the build succeeded.
    pub status: BuildStatus,
    /// The build's wall time in seconds; 0 if another submission with the same content was built
    /// before.
    pub seconds: f64,
    /// The compiler's output if the build failed; empty otherwise.
    pub message: String,
}

/// Whether a build succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BuildStatus {
    /// The build made a program.
    Ok,
    /// The compiler reported an error, or the build exceeded a limit.
    Failed,
    /// Nothing had to be built.
    None,
}

/// The result for one criterion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CriterionGrade {
    /// The criterion's id, e.g. `no-fd-leak`.
    pub id: String,
    /// Whether the criterion is a bullet of the Prove list or a guard.
    pub kind: Kind,
    /// The number of the task that the criterion belongs to.
    pub task: u32,
    /// The criterion as a sentence, from the lesson.
    pub text: String,
    /// The result of all runs together.
    pub status: Status,
    /// The number of runs that passed or failed. It is more than 1 only if a run failed.
    pub runs: u32,
    /// The number of runs that failed. If this number is from 1 to `runs` - 1, the server is flaky.
    pub failed: u32,
    /// The duration of the first failed run, or else of the only run, in milliseconds.
    pub millis: f64,
    /// Why the criterion is not proved; `None` if it is proved.
    pub cause: Option<Cause>,
}

/// Why a criterion is not proved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// The cause's short name, which does not change, e.g. `fd-leak`.
    pub id: String,
    /// The row of the lesson's Common Mistakes that describes the cause, if there is one.
    pub mistake: Option<Mistake>,
    /// The cause in one sentence.
    pub summary: String,
    /// The steps of the test in order, with the lines that the server logged during each step.
    pub steps: Vec<Step>,
    /// What a correct server shows at the end of the steps.
    pub expected: String,
    /// What this server showed at the end of the steps.
    pub observed: String,
    /// The kernel's tables at the end of the steps.
    pub evidence: Vec<Table>,
    /// The command with which the student repeats the failure.
    pub replay: String,
}

/// A row of a lesson's Common Mistakes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mistake {
    /// The mistake's id, e.g. `forgot-close`.
    pub id: String,
    /// The lesson's description of the mistake.
    pub mistake: String,
    /// The lesson's advice on how to fix it.
    pub fix: String,
}

impl Cause {
    /// The cause that a proof of `lesson` reported, with the lesson's text of the mistake.
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
    /// Whether the criterion failed in one run and was proved in another.
    pub fn is_flaky(&self) -> bool {
        (1..self.runs).contains(&self.failed)
    }
}
