//! The results of one round, which is one build and one proof: the results so far, and the report that
//! is made from them.

use super::messages::{Message, Whole};
use crate::prove;
use course::report::{
    Build, BuildStatus, CriterionReport, LessonReport, ProgramKind, ReportedProgram, Todo,
};
use programs::lesson_check::LessonCheck;

/// What a round has found so far.
#[derive(Default)]
pub(super) struct Results {
    built: Option<Built>,
    /// The criteria in the order in which they were checked.
    pub(super) criteria: Vec<CriterionReport>,
}

struct Built {
    program: ReportedProgram,
    isolation: Option<String>,
    build: Build,
    todos: Vec<Todo>,
}

/// How a round has ended.
pub(super) enum Ended {
    /// Every criterion was checked.
    Checked(LessonReport),
    /// The program does not compile.
    DoesNotCompile { report: LessonReport, errors: String },
    /// There is no verdict, for this reason.
    Failed(String),
}

impl Results {
    /// Whether the program is built, and the proof has begun.
    pub(super) fn is_built(&self) -> bool {
        self.built.is_some()
    }

    /// Adds a message. Returns how the round has ended, if it has.
    pub(super) fn add(&mut self, check: &LessonCheck<'_>, message: Message) -> Option<Ended> {
        match message {
            Message::Built { kind, name, isolation, errors, millis, todos } => {
                let todos = todos.into_iter().map(|(task, place)| Todo { task, place }).collect();
                let program = ReportedProgram { kind, name };
                let build = build(kind, millis, errors.is_some());
                self.built = Some(Built { program, isolation, build, todos });
                let errors = errors?;
                self.criteria = check.not_run();
                let report = self.report(check, 0.0)?;
                Some(Ended::DoesNotCompile { report, errors })
            }
            Message::Criterion { id, status, millis, cause } => {
                let known = check.criteria.iter().find(|each| each.id == id)?;
                self.criteria.push(CriterionReport {
                    id,
                    kind: known.kind,
                    task: known.task,
                    text: known.text.clone(),
                    status,
                    millis,
                    cause: cause.map(|Whole(cause)| cause),
                });
                None
            }
            Message::End { millis } => self.report(check, millis).map(Ended::Checked),
            Message::Error { text } => Some(Ended::Failed(text)),
        }
    }

    /// The report, with the criteria in the lesson's order.
    fn report(&mut self, check: &LessonCheck<'_>, millis: f64) -> Option<LessonReport> {
        let built = self.built.take()?;
        let mut criteria = std::mem::take(&mut self.criteria);
        criteria.sort_by_key(|report| check.ids().position(|id| id == report.id));
        Some(LessonReport {
            lesson: check.lesson.id.clone(),
            title: check.lesson.title.clone(),
            subject: built.program,
            isolation: built.isolation,
            verdict: prove::verdict(&criteria, &built.todos),
            build: built.build,
            millis,
            criteria,
            todos: built.todos,
        })
    }
}

fn build(kind: ProgramKind, millis: f64, has_failed: bool) -> Build {
    let status = match kind {
        _ if has_failed => BuildStatus::Failed,
        ProgramKind::Command => BuildStatus::None,
        _ => BuildStatus::Ok,
    };
    Build { status, millis, message: None }
}
