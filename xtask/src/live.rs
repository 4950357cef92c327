//! What a learner sees while a lesson is being proved.

use crate::ask::Question;
use crate::show::{self, Ids, Line, Screen, brief, last};
use crate::tally;
use course::report::{CriterionReport, LessonReport, Status, Verdict};
use std::io;
use std::time::Duration;

/// Shows each criterion as soon as it is known, the first failure in full.
pub struct Live<'a> {
    question: &'a Question<'a>,
    screen: &'a mut Screen,
    ids: Ids,
    in_full: bool,
    all: bool,
}

impl<'a> Live<'a> {
    /// Nothing shown yet; with `all`, every failure will be shown in full.
    pub fn new(question: &'a Question<'a>, all: bool, screen: &'a mut Screen) -> Self {
        Self { question, screen, ids: Ids::of(question.ids()), in_full: true, all }
    }

    /// Shows one criterion.
    ///
    /// # Errors
    /// The screen's own.
    pub fn found(&mut self, report: &CriterionReport) -> io::Result<()> {
        let width = self.screen.width();
        let summary = report.cause.as_ref().map_or_else(String::new, brief);
        let task = format!("Task {}", report.task);
        let in_full = self.in_full || self.all;
        let (text, note) = match report.status {
            Status::Proved => (report.text.clone(), ""),
            Status::Failed if in_full => (report.text.clone(), task.as_str()),
            Status::Failed => (summary, ""),
            Status::Skipped => (format!("not run: {summary}"), ""),
            Status::Inconclusive => (format!("could not be seen: {summary}"), ""),
        };
        self.screen.show_all(&self.ids.lines(report.status, &report.id, &text, note, width))?;
        if let (Status::Failed, true, Some(cause)) = (report.status, in_full, &report.cause) {
            self.in_full = false;
            self.screen.show_all(&tally::in_full(self.question.lesson, cause, width))?;
        }
        Ok(())
    }
}

/// A lesson's last line: its verdict, how much of it is proved, where to go on, how long it took.
pub fn end(report: &LessonReport, elapsed: Duration) -> Line {
    let criteria = &report.criteria;
    let proved = criteria.iter().filter(|each| each.status == Status::Proved).count();
    let unseen = criteria.iter().filter(|each| each.status == Status::Inconclusive).count();
    let mut parts = match report.verdict {
        Verdict::Inconclusive => {
            vec![format!("{proved} of {} proved, {unseen} could not be seen", criteria.len())]
        }
        _ => vec![format!("{proved} of {}", criteria.len())],
    };
    parts.extend(tally::next(criteria));
    parts.push(show::time(elapsed));
    last(report.verdict, &parts)
}
