//! The result of several runs of one criterion.

use crate::model::{Cause, CriterionGrade};
use course::lesson::Lesson;
use course::report::{CriterionReport, Status};

/// The runs of one criterion so far.
pub(super) struct Attempts {
    /// The report of the first failed run. As long as no run has failed, this is the report of the
    /// last run.
    report: CriterionReport,
    /// The cause from `report`.
    cause: Option<Cause>,
    /// The number of runs that passed or failed.
    runs: u32,
    /// The number of runs that failed.
    failed: u32,
    /// The number of runs in which the grader could not observe enough.
    inconclusive: u32,
    /// Whether all failures had the same cause.
    same_cause: bool,
    /// Whether the result was passed to the caller.
    is_reported: bool,
}

impl Attempts {
    /// Counts the first run.
    pub(super) fn new(lesson: &Lesson, report: CriterionReport) -> Self {
        let first = report.clone();
        let mut attempts = Self {
            report,
            cause: None,
            runs: 0,
            failed: 0,
            inconclusive: 0,
            same_cause: true,
            is_reported: false,
        };
        attempts.add(lesson, first);
        attempts
    }

    /// Counts one more run.
    pub(super) fn add(&mut self, lesson: &Lesson, mut report: CriterionReport) {
        let cause = report.cause.take().map(|cause| Cause::of(lesson, cause));
        match report.status {
            Status::Proved => self.runs += 1,
            Status::Failed => {
                (self.runs, self.failed) = (self.runs + 1, self.failed + 1);
                if self.failed == 1 {
                    (self.report, self.cause) = (report, cause);
                } else {
                    self.same_cause &= is_same(&self.cause, &cause);
                }
                return;
            }
            Status::Inconclusive => self.inconclusive += 1,
            Status::Skipped => {}
        }
        if self.failed == 0 {
            (self.report, self.cause) = (report, cause);
        }
    }

    /// The criterion's id.
    pub(super) fn id(&self) -> &str {
        &self.report.id
    }

    /// Whether the criterion has failed, and more runs must show how often it fails.
    pub(super) fn needs_another_run(&self) -> bool {
        let always = self.same_cause && self.failed == self.runs && self.failed > 1;
        self.failed > 0 && !always
    }

    /// Whether the criterion was not checked because another criterion, on which it depends, has
    /// failed.
    pub(super) fn is_skipped(&self) -> bool {
        self.status() == Status::Skipped
    }

    /// Whether the result is final: the criterion is not run again.
    pub(super) fn is_final(&self) -> bool {
        !self.needs_another_run() && !self.is_skipped()
    }

    /// Whether a run has failed.
    pub(super) fn has_failed(&self) -> bool {
        self.failed > 0
    }

    /// Passes the result to `on_result` if the result is final. Each result is passed only once.
    pub(super) fn report_if_final(&mut self, on_result: &mut dyn FnMut(&CriterionGrade)) {
        if self.is_final() {
            self.report_once(on_result);
        }
    }

    /// Passes the result so far to `on_result`, unless a result was passed before.
    pub(super) fn report_once(&mut self, on_result: &mut dyn FnMut(&CriterionGrade)) {
        if !self.is_reported {
            self.is_reported = true;
            on_result(&self.grade());
        }
    }

    fn status(&self) -> Status {
        match (self.failed, self.runs, self.inconclusive) {
            // One run failed, and every further run was inconclusive. Therefore no run has
            // confirmed the failure.
            (1, 1, 1..) => Status::Inconclusive,
            (1.., ..) => Status::Failed,
            (0, 1.., _) => Status::Proved,
            (0, 0, 1..) => Status::Inconclusive,
            (0, 0, 0) => Status::Skipped,
        }
    }

    /// The result so far.
    pub(super) fn grade(&self) -> CriterionGrade {
        let report = self.report.clone();
        let status = self.status();
        CriterionGrade {
            id: report.id,
            kind: report.kind,
            task: report.task,
            text: report.text,
            status,
            runs: self.runs,
            failed: self.failed,
            millis: report.millis,
            cause: self.cause.clone().filter(|_| status != Status::Proved),
        }
    }
}

/// Whether two failures have the same cause: the same id, and the same mistake.
fn is_same(one: &Option<Cause>, other: &Option<Cause>) -> bool {
    let name = |cause: &Option<Cause>| {
        cause
            .as_ref()
            .map(|cause| (cause.id.clone(), cause.mistake.as_ref().map(|it| it.id.clone())))
    };
    name(one) == name(other)
}
