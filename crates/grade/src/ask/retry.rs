//! What several runs of one criterion add up to.

use crate::model::{Cause, CriterionGrade};
use course::lesson::Lesson;
use course::report::{CriterionReport, Status};

/// The runs of one criterion so far.
pub(super) struct Attempts {
    /// The first report, and the first failure's in place of it.
    report: CriterionReport,
    cause: Option<Cause>,
    /// Runs that came to a conclusion.
    runs: u32,
    failed: u32,
    /// Runs in which the machine hid what was to be seen.
    unseen: u32,
    /// Whether every failure had the same cause.
    alike: bool,
    told: bool,
}

impl Attempts {
    pub(super) fn new(lesson: &Lesson, report: CriterionReport) -> Self {
        let (runs, failed, unseen) = (0, 0, 0);
        let cause = None;
        let first = report.clone();
        let mut one = Self { report, cause, runs, failed, unseen, alike: true, told: false };
        one.add(lesson, first);
        one
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
                    self.alike &= is_same(&self.cause, &cause);
                }
                return;
            }
            Status::Inconclusive => self.unseen += 1,
            Status::Skipped => {}
        }
        if self.failed == 0 {
            (self.report, self.cause) = (report, cause);
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.report.id
    }

    /// Whether it has failed, and has to be asked again to know how often it does.
    pub(super) fn is_open(&self) -> bool {
        let always = self.alike && self.failed == self.runs && self.failed > 1;
        self.failed > 0 && !always
    }

    /// Whether it was not asked, for what it stands on has failed.
    pub(super) fn is_skipped(&self) -> bool {
        self.status() == Status::Skipped
    }

    /// Whether another round may change what is known of it.
    pub(super) fn is_unsettled(&self) -> bool {
        self.is_open() || self.is_skipped()
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed > 0
    }

    /// Tells `found`, once, as soon as nothing can change any more.
    pub(super) fn tell(&mut self, found: &mut dyn FnMut(&CriterionGrade)) {
        if !self.is_unsettled() {
            self.tell_at_last(found);
        }
    }

    /// Tells `found`, once, whatever is known.
    pub(super) fn tell_at_last(&mut self, found: &mut dyn FnMut(&CriterionGrade)) {
        if !self.told {
            self.told = true;
            found(&self.grade());
        }
    }

    fn status(&self) -> Status {
        match (self.failed, self.runs, self.unseen) {
            // A single failure that the machine kept from being confirmed.
            (1, 1, 1..) => Status::Inconclusive,
            (1.., ..) => Status::Failed,
            (0, 1.., _) => Status::Proved,
            (0, 0, 1..) => Status::Inconclusive,
            (0, 0, 0) => Status::Skipped,
        }
    }

    /// What is known.
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

/// Whether two failures are the same one.
fn is_same(one: &Option<Cause>, other: &Option<Cause>) -> bool {
    let name = |cause: &Option<Cause>| {
        cause
            .as_ref()
            .map(|cause| (cause.id.clone(), cause.mistake.as_ref().map(|it| it.id.clone())))
    };
    name(one) == name(other)
}
