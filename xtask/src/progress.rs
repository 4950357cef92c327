//! What a learner sees while a lesson is being proved.

use crate::repeat;
use course::report::{CriterionReport, LessonReport, Status, Verdict};
use programs::lesson_check::LessonCheck;
use std::io;
use std::time::Duration;
use terminal::show::{self, Ids, Line, Screen, brief, last};

/// Shows each criterion as soon as it is known, the first failure in full.
pub(crate) struct Progress<'a> {
    check: &'a LessonCheck<'a>,
    screen: &'a mut Screen,
    ids: Ids,
    in_full: bool,
    all: bool,
}

impl<'a> Progress<'a> {
    /// Nothing shown yet; with `all`, every failure will be shown in full.
    pub(crate) fn new(check: &'a LessonCheck<'a>, all: bool, screen: &'a mut Screen) -> Self {
        Self { check, screen, ids: Ids::of(check.ids()), in_full: true, all }
    }

    /// Shows one criterion.
    ///
    /// # Errors
    /// The screen's own.
    pub(crate) fn found(&mut self, report: &CriterionReport) -> io::Result<()> {
        let width = self.screen.width();
        let summary = report.cause.as_ref().map_or_else(String::new, brief);
        let task = format!("Task {}", report.task);
        let in_full = self.in_full || self.all;
        let (text, note) = match report.status {
            Status::Proved => (report.text.clone(), ""),
            Status::Failed if in_full => (report.text.clone(), task.as_str()),
            Status::Failed => (summary, ""),
            Status::Skipped => (format!("not run: {summary}"), ""),
            Status::Inconclusive => (format!("inconclusive: {summary}"), ""),
        };
        self.screen.show_all(&self.ids.lines(report.status, &report.id, &text, note, width))?;
        if let (Status::Failed, true, Some(cause)) = (report.status, in_full, &report.cause) {
            self.in_full = false;
            self.screen.show_all(&repeat::in_full(self.check.lesson, cause, width))?;
        }
        Ok(())
    }
}

/// A lesson's last line: its verdict, how much of it is proved, where to go on, how long it took.
pub(crate) fn end(report: &LessonReport, elapsed: Duration) -> Line {
    let criteria = &report.criteria;
    let proved = criteria.iter().filter(|each| each.status == Status::Proved).count();
    let unseen = criteria.iter().filter(|each| each.status == Status::Inconclusive).count();
    let mut parts = match report.verdict {
        Verdict::Inconclusive => {
            vec![format!("{proved} of {} proved, {unseen} could not be seen", criteria.len())]
        }
        _ => vec![format!("{proved} of {}", criteria.len())],
    };
    parts.extend(repeat::next(criteria));
    parts.push(show::time(elapsed));
    last(report.verdict, &parts)
}

// <staff>
#[cfg(test)]
mod tests {
    use super::*;
    use course::lesson::{Kind, Lesson};
    use course::report::Cause;
    use std::path::Path;

    fn found(id: &str, status: Status, summary: &str) -> CriterionReport {
        let cause = Cause { summary: summary.into(), ..Cause::default() };
        CriterionReport {
            id: id.into(),
            kind: Kind::Prove,
            task: 2,
            text: "the sentence".into(),
            status,
            millis: 1.0,
            cause: Some(cause),
        }
    }

    fn shown(all: bool, reports: &[CriterionReport]) -> String {
        let text = include_bytes!("../../lessons/w03-l02-poll-tracker/lesson.md");
        let lesson = Lesson::parse(Path::new("lesson.md"), text).unwrap();
        let only: Vec<_> = reports.iter().map(|report| report.id.clone()).collect();
        let check = LessonCheck::new(&lesson, &only).unwrap();
        let mut screen = Screen::kept(60);
        let mut live = Progress::new(&check, all, &mut screen);
        reports.iter().for_each(|report| live.found(report).unwrap());
        screen.text().to_owned()
    }

    #[test]
    fn what_the_machine_hides_is_inconclusive() {
        let why = "/proc/812/mem is hidden here";
        let text = shown(false, &[found("watch-set", Status::Inconclusive, why)]);
        assert_eq!(text, format!("  ? watch-set  inconclusive: {why}\n"));
    }

    #[test]
    fn the_first_failure_is_told_in_full_and_the_others_in_a_line() {
        let failures = ["slots", "reuse"].map(|id| found(id, Status::Failed, "It is wrong."));
        let first = format!("  ✗ slots  {:<43}Task 2\n\n    It is wrong.\n\n", "the sentence");
        assert_eq!(shown(false, &failures), first + "  ✗ reuse  It is wrong.\n");
    }

    #[test]
    fn all_tells_every_failure_in_full() {
        let failures = ["slots", "reuse"].map(|id| found(id, Status::Failed, "It is wrong."));
        assert_eq!(shown(true, &failures).matches("Task 2\n\n    It is wrong.\n").count(), 2);
    }

    #[test]
    fn what_was_not_run_says_what_it_stands_on() {
        let text = shown(false, &[found("reuse", Status::Skipped, "it stands on slots")]);
        assert_eq!(text, "  – reuse  not run: it stands on slots\n");
    }
}
// </staff>
