//! Checks one server against one lesson. Joins the proof's findings with the lesson's own
//! sentences.

use crate::library_places;
use anyhow::{Context, Result, bail};
use course::lesson::{Criterion, Lesson};
use course::reached_todo::ReachedTodo;
use course::report::{Cause, CriterionReport, Finding, Status};
use proofs::{HarnessError, ProgramUnderTest, Proof};
use std::time::Duration;

/// The criteria of one lesson by which a server is checked.
pub struct LessonCheck<'a> {
    /// The lesson's text.
    pub lesson: &'a Lesson,
    /// The lesson's proof.
    pub proof: &'static Proof,
    /// The criteria to check, in the lesson's order.
    pub criteria: Vec<&'a Criterion>,
    /// The flags with which `cargo xtask prove` runs the same server again, e.g. ` --cmd ./server`.
    /// These flags are added to the command that repeats a failure.
    pub flags: String,
    /// The ids of the criteria that are checked and reported before the others.
    pub first: Vec<String>,
}

impl<'a> LessonCheck<'a> {
    /// Selects the criteria of `lesson` whose ids are in `only`. If `only` is empty, selects all
    /// criteria.
    ///
    /// # Errors
    /// The lesson does not have one of the ids, or only its text or only its proof has one of the
    /// criteria.
    pub fn new(lesson: &'a Lesson, only: &[String]) -> Result<Self> {
        let Some(proof) = proofs::of(&lesson.id) else {
            bail!(
                "lesson {} has no proof yet; `cargo xtask prove` alone lists the lessons that have one",
                lesson.id
            );
        };
        for id in only {
            lesson.criterion(id)?;
        }
        let is_wanted = |id: &str| only.is_empty() || only.iter().any(|only| only == id);
        let ids = proof.criteria.iter().map(|criterion| criterion.id).filter(|id| is_wanted(id));
        let criteria: Vec<_> =
            ids.map(|id| lesson.criterion(id).with_context(disagreement)).collect::<Result<_>>()?;
        if let Some(id) = only.iter().find(|id| !criteria.iter().any(|known| known.id == **id)) {
            bail!("criterion {id} of {} is only in the text; {}", lesson.id, disagreement());
        }
        Ok(Self { lesson, proof, criteria, flags: String::new(), first: Vec::new() })
    }

    /// The ids of the criteria to check.
    pub fn ids(&self) -> impl Iterator<Item = &'a str> {
        self.criteria.iter().map(|criterion| criterion.id.as_str())
    }

    /// Runs the proof on a program. Calls `on_report` for each criterion as soon as its result is
    /// known.
    ///
    /// # Errors
    /// Nothing can be said about the server: its program does not exist, or its port is in use.
    pub fn run(
        &self,
        program: &ProgramUnderTest,
        on_report: &mut dyn FnMut(&CriterionReport),
    ) -> Result<Vec<CriterionReport>> {
        let only: Vec<_> = self.ids().map(str::to_owned).collect();
        let mut reports = Vec::with_capacity(only.len());
        let mut collect = |finding: Finding| {
            if let Some(report) = self.report(finding) {
                on_report(&report);
                reports.push(report);
            }
        };
        let proved = proofs::prove(self.proof, program, &only, &self.first, &mut collect);
        proved.map_err(|HarnessError(fault)| anyhow::anyhow!("{}: {fault}", self.lesson.id))?;
        match only.iter().find(|id| !reports.iter().any(|report| report.id == **id)) {
            Some(id) => bail!(
                "{}: the proof reports nothing about {id}; correct it in crates/proofs",
                self.lesson.id
            ),
            None => Ok(reports),
        }
    }

    /// The report of a server that does not compile. Every criterion is skipped.
    pub fn not_run(&self) -> Vec<CriterionReport> {
        let finding = |criterion: &&Criterion| Finding {
            criterion: criterion.id.clone(),
            status: Status::Skipped,
            elapsed: Duration::ZERO,
            seed: None,
            cause: Some(Cause {
                id: "build-failed".into(),
                summary: "it depends on a server that compiles".into(),
                ..Cause::default()
            }),
        };
        self.criteria.iter().map(finding).filter_map(|finding| self.report(finding)).collect()
    }

    /// The report of a finding; `None` if this check does not have its criterion.
    pub fn report(&self, finding: Finding) -> Option<CriterionReport> {
        let criterion = self.criteria.iter().find(|known| known.id == finding.criterion)?;
        let cause = finding.cause.map(library_places::explained).map(|cause| Cause {
            id: self.cause_id(&cause, criterion),
            replay: self.replay(&criterion.id, finding.seed),
            // The proofs know the rows of all lessons, and this lesson may not have the row.
            mistake: cause.mistake.filter(|id| self.lesson.mistake(id).is_some()),
            ..cause
        });
        Some(CriterionReport {
            id: criterion.id.clone(),
            kind: criterion.kind,
            task: criterion.task,
            text: criterion.text.clone(),
            status: finding.status,
            millis: finding.elapsed.as_secs_f64() * 1e3,
            cause,
        })
    }

    /// The id of a cause. A `todo!` of a later task of this lesson is not what the criterion asks for:
    /// the steps show how the server came there.
    fn cause_id(&self, cause: &Cause, criterion: &Criterion) -> String {
        let is_later = |todo: &ReachedTodo<'_>| {
            todo.task > criterion.task && todo.lesson().is_none_or(|id| id == self.lesson.id)
        };
        match ReachedTodo::of(cause).filter(is_later) {
            Some(_) => ReachedTodo::CAUSE_OF_LATER_TASK.to_owned(),
            None => cause.id.clone(),
        }
    }

    /// The command that checks this criterion for the same server again, with the values that are
    /// drawn from `seed`.
    fn replay(&self, criterion: &str, seed: Option<u64>) -> String {
        let flags = &self.flags;
        let seed = seed.map_or_else(String::new, |seed| format!(" --seed {seed}"));
        format!("cargo xtask prove {} --only {criterion}{flags}{seed}", self.lesson.id)
    }
}

fn disagreement() -> &'static str {
    "text and proof disagree: run `cargo xtask check`"
}
