//! One lesson asked of one server: the proof's findings joined with the lesson's own sentences.

use anyhow::{Context, Result, bail};
use course::lesson::{Criterion, Lesson};
use course::report::{Cause, CriterionReport, Finding, Status};
use proofs::{Fault, Proof, Subject};
use std::time::Duration;

/// What is asked of one lesson's server.
pub struct LessonCheck<'a> {
    /// The lesson's text.
    pub lesson: &'a Lesson,
    /// The lesson's checks.
    pub proof: &'static Proof,
    /// The criteria to ask, in the lesson's order.
    pub criteria: Vec<&'a Criterion>,
    /// What the replay of a criterion needs to choose the same server, e.g. ` --cmd ./server`.
    pub flags: String,
}

impl<'a> LessonCheck<'a> {
    /// The criteria of `lesson` that `only` names, or all of them where it names none.
    ///
    /// # Errors
    /// An id that the lesson does not have, or that its text and its proof do not agree on.
    pub fn new(lesson: &'a Lesson, only: &[String]) -> Result<Self> {
        let Some(proof) = proofs::of(&lesson.id) else {
            bail!(
                "lesson {} has no proof yet; `cargo xtask prove` alone lists those that have",
                lesson.id
            );
        };
        for id in only {
            lesson.criterion(id)?;
        }
        let asked = |id: &str| only.is_empty() || only.iter().any(|only| only == id);
        let ids = proof.criteria.iter().map(|criterion| criterion.id).filter(|id| asked(id));
        let criteria: Vec<_> =
            ids.map(|id| lesson.criterion(id).with_context(disagreement)).collect::<Result<_>>()?;
        if let Some(id) = only.iter().find(|id| !criteria.iter().any(|known| known.id == **id)) {
            bail!("criterion {id} of {} is in the text alone; {}", lesson.id, disagreement());
        }
        Ok(Self { lesson, proof, criteria, flags: String::new() })
    }

    /// The ids of the criteria to ask.
    pub fn ids(&self) -> impl Iterator<Item = &'a str> {
        self.criteria.iter().map(|criterion| criterion.id.as_str())
    }

    /// Asks, and calls `found` with each answer as soon as it is known.
    ///
    /// # Errors
    /// Where nothing can be said of the server: its program does not exist, or its port is taken.
    pub fn ask(
        &self,
        subject: &Subject,
        found: &mut dyn FnMut(&CriterionReport),
    ) -> Result<Vec<CriterionReport>> {
        let only: Vec<_> = self.ids().map(str::to_owned).collect();
        let mut reports = Vec::with_capacity(only.len());
        let mut collect = |finding: Finding| {
            if let Some(report) = self.report(finding) {
                found(&report);
                reports.push(report);
            }
        };
        let asked = proofs::prove(self.proof, subject, &only, &mut collect);
        asked.map_err(|Fault(fault)| anyhow::anyhow!("{}: {fault}", self.lesson.id))?;
        match only.iter().find(|id| !reports.iter().any(|report| report.id == **id)) {
            Some(id) => bail!(
                "{}: the proof says nothing of {id}; mend it in crates/proofs",
                self.lesson.id
            ),
            None => Ok(reports),
        }
    }

    /// The report of a server that could not be built: nothing was asked of it.
    pub fn unasked(&self) -> Vec<CriterionReport> {
        let finding = |criterion: &&Criterion| Finding {
            criterion: criterion.id.clone(),
            status: Status::Skipped,
            elapsed: Duration::ZERO,
            cause: Some(Cause {
                id: "build-failed".into(),
                summary: "it stands on a server that compiles".into(),
                ..Cause::default()
            }),
        };
        self.criteria.iter().map(finding).filter_map(|finding| self.report(finding)).collect()
    }

    fn report(&self, finding: Finding) -> Option<CriterionReport> {
        let criterion = self.criteria.iter().find(|known| known.id == finding.criterion)?;
        let cause =
            finding.cause.map(|cause| Cause { replay: self.replay(&criterion.id), ..cause });
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

    fn replay(&self, criterion: &str) -> String {
        let flags = &self.flags;
        format!("cargo xtask prove {} --only {criterion}{flags}", self.lesson.id)
    }
}

fn disagreement() -> &'static str {
    "text and proof disagree: run `cargo xtask check`"
}
