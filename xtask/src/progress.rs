//! The lines that are shown while a lesson's server is checked.

use crate::next_steps;
use course::lesson::Lesson;
use course::report::{Cause, CriterionReport, LessonReport, Status, Verdict};
use programs::lesson_check::LessonCheck;
use std::io;
use std::time::Duration;
use terminal::show::{
    self, IdColumn, Line, Mistake, Screen, brief, failure, failure_in_full, failure_within, last,
};

/// Shows the criteria one after another, and the first failure in full.
pub(crate) struct Progress<'a> {
    check: &'a LessonCheck<'a>,
    screen: &'a mut Screen,
    ids: IdColumn,
    /// Whether every failure is shown in full.
    all: bool,
    /// Whether a failure has been shown in full.
    has_shown_failure: bool,
    /// Whether the reader knows that the machine is too busy.
    has_explained_busy_machine: bool,
}

impl<'a> Progress<'a> {
    /// Starts with no criterion shown. With `all`, every failure is shown in full.
    pub(crate) fn new(check: &'a LessonCheck<'a>, all: bool, screen: &'a mut Screen) -> Self {
        let ids = IdColumn::of(check.ids());
        let (has_shown_failure, has_explained_busy_machine) = (false, false);
        Self { check, screen, ids, all, has_shown_failure, has_explained_busy_machine }
    }

    /// Why a criterion is inconclusive. That the machine is too busy is explained once for the
    /// lesson.
    fn why_unknown(&mut self, summary: &str) -> String {
        if !next_steps::is_busy_machine(summary) {
            return summary.to_owned();
        }
        if self.has_explained_busy_machine {
            return "the machine was too busy".to_owned();
        }
        self.has_explained_busy_machine = true;
        summary.to_owned()
    }

    /// Shows one criterion.
    ///
    /// # Errors
    /// The errors of [`Screen::show`].
    pub(crate) fn criterion(&mut self, report: &CriterionReport) -> io::Result<()> {
        let width = self.screen.width();
        let summary = report.cause.as_ref().map_or_else(String::new, brief);
        let task = format!("Task {}", report.task);
        let in_full = self.all || !self.has_shown_failure;
        let (text, note) = match report.status {
            Status::Proved => (report.text.clone(), ""),
            Status::Failed if in_full => (report.text.clone(), task.as_str()),
            Status::Failed => (summary, ""),
            Status::Skipped => (format!("not run: {summary}"), ""),
            Status::Inconclusive => (format!("inconclusive: {}", self.why_unknown(&summary)), ""),
        };
        self.screen.show_all(&self.ids.lines(report.status, &report.id, &text, note, width))?;
        if let (Status::Failed, true, Some(cause)) = (report.status, in_full, &report.cause) {
            self.has_shown_failure = true;
            self.screen.show_all(&full_cause(self.check.lesson, cause, self.all, width))?;
        }
        Ok(())
    }
}

/// A lesson's last line: its verdict, the number of proved criteria, the next task, and the time.
pub(crate) fn end(lesson: &Lesson, report: &LessonReport, elapsed: Duration) -> Line {
    let criteria = &report.criteria;
    let proved = criteria.iter().filter(|each| each.status == Status::Proved).count();
    let unknown = criteria.iter().filter(|each| each.status == Status::Inconclusive).count();
    let mut parts = match report.verdict {
        Verdict::Inconclusive => {
            vec![format!("{proved} of {} proved, {unknown} could not be seen", criteria.len())]
        }
        _ => vec![format!("{proved} of {}", criteria.len())],
    };
    let blocking = next_steps::blocking(&report.todos, criteria);
    parts.extend(next_steps::next_task(lesson, criteria, &blocking));
    parts.push(show::time(elapsed));
    last(report.verdict, &parts)
}

/// Formats the whole cause of a failure. If the lesson's Common Mistakes table has a row for this
/// cause, the row is included. With `all`, every line that the program printed is included.
pub(crate) fn full_cause(lesson: &Lesson, cause: &Cause, all: bool, width: usize) -> Vec<Line> {
    with_row(lesson, cause, |row| match all {
        true => failure_in_full(cause, row, width),
        false => failure(cause, row, width),
    })
}

/// As [`full_cause`], in at most `rows` lines. Returns whether something was left out.
pub(crate) fn cause_within(
    lesson: &Lesson,
    cause: &Cause,
    width: usize,
    rows: usize,
) -> (Vec<Line>, bool) {
    with_row(lesson, cause, |row| failure_within(cause, row, width, rows))
}

/// Calls `format` with the row of the lesson's Common Mistakes table for this cause.
fn with_row<T>(lesson: &Lesson, cause: &Cause, format: impl FnOnce(Option<Mistake<'_>>) -> T) -> T {
    let row = cause.mistake.as_deref().and_then(|id| lesson.mistake(id));
    let file = lesson.path.file_name().unwrap_or_default().to_string_lossy();
    let place = format!("{file}:{}", row.map_or(1, |row| row.line));
    format(row.map(|row| Mistake { mistake: &row.mistake, fix: &row.fix, place: &place }))
}

// <staff>
#[cfg(test)]
mod tests {
    use super::*;
    use course::lesson::Kind;
    use std::path::Path;

    fn report(id: &str, status: Status, summary: &str) -> CriterionReport {
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
        let mut screen = Screen::in_memory(60);
        let mut progress = Progress::new(&check, all, &mut screen);
        reports.iter().for_each(|report| progress.criterion(report).unwrap());
        screen.text().to_owned()
    }

    #[test]
    fn what_the_machine_hides_is_inconclusive() {
        let why = "/proc/812/mem is hidden here";
        let text = shown(false, &[report("watch-set", Status::Inconclusive, why)]);
        assert_eq!(text, format!("  ? watch-set  inconclusive: {why}\n"));
    }

    #[test]
    fn a_machine_that_is_too_busy_is_explained_once() {
        let why = "the machine was too busy: the server waited for 7.5 of 9.9 s";
        let text =
            shown(false, &["slots", "reuse"].map(|id| report(id, Status::Inconclusive, why)));
        assert_eq!(text.matches("7.5 of 9.9 s").count(), 1, "{text}");
        assert!(text.ends_with("? reuse  inconclusive: the machine was too busy\n"), "{text}");
    }

    #[test]
    fn the_first_failure_is_shown_in_full_and_the_others_in_a_line() {
        let failures = ["slots", "reuse"].map(|id| report(id, Status::Failed, "It is wrong."));
        let first = format!("  ✗ slots  {:<43}Task 2\n\n    It is wrong.\n\n", "the sentence");
        assert_eq!(shown(false, &failures), first + "  ✗ reuse  It is wrong.\n");
    }

    #[test]
    fn with_all_every_failure_is_shown_in_full() {
        let failures = ["slots", "reuse"].map(|id| report(id, Status::Failed, "It is wrong."));
        assert_eq!(shown(true, &failures).matches("Task 2\n\n    It is wrong.\n").count(), 2);
    }

    #[test]
    fn a_skipped_criterion_says_what_it_depends_on() {
        let text = shown(false, &[report("reuse", Status::Skipped, "it depends on slots")]);
        assert_eq!(text, "  – reuse  not run: it depends on slots\n");
    }
}
// </staff>
