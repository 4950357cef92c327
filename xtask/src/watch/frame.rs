//! What is on the screen: the state of the round, in no more lines than the terminal has.

mod compiler_words;

use super::keys;
use super::results::Results;
use crate::{after_lesson, next_steps, progress};
use course::catalogue::Course;
use course::report::{Cause, CriterionReport, LessonReport, Status};
use programs::lesson_check::LessonCheck;
use std::io::{self, Write};
use std::time::Duration;
use terminal::show::{Heading, IdColumn, Line, hanging, mark};

/// The terminal's size, and what every frame shows.
pub(super) struct Frame<'a> {
    pub(super) course: &'a Course,
    pub(super) check: &'a LessonCheck<'a>,
    /// The note in the heading.
    pub(super) note: String,
    pub(super) width: usize,
    pub(super) rows: usize,
}

/// The time after which a build or a proof shows how long it takes.
const SLOW: Duration = Duration::from_secs(2);

/// The statuses in the order in which they are shown.
const ALL: [Status; 4] = [Status::Failed, Status::Inconclusive, Status::Proved, Status::Skipped];

/// The statuses of the criteria that are not proved.
const NOT_PROVED: [Status; 3] = [Status::Failed, Status::Inconclusive, Status::Skipped];

impl Frame<'_> {
    /// A round that has not ended: the results that are known.
    pub(super) fn running(&self, results: &Results, elapsed: Duration) -> Vec<String> {
        let what = if results.is_built() { "proving" } else { "building" };
        let seconds = match elapsed {
            elapsed if elapsed < SLOW => String::new(),
            elapsed => format!(" · {} s", elapsed.as_secs()),
        };
        let mut lines = self.heading();
        lines.extend(self.groups(&results.criteria, &ALL));
        lines.push(Line::new());
        lines.push(Line::new().faint(what).faint(&seconds));
        self.finished(lines)
    }

    /// The verdict, the first failure, and what comes next.
    pub(super) fn verdict(&self, report: &LessonReport, is_first: bool) -> Vec<String> {
        let mut lines = self.heading();
        match failed(report).next() {
            // The number of the proved criteria is in the verdict, and `l` lists them.
            Some((first, _)) => {
                let others = report.criteria.iter().filter(|each| each.id != first.id);
                let others: Vec<_> = others.cloned().collect();
                lines.extend(self.groups(&others, &NOT_PROVED));
            }
            None => {
                lines.extend(self.groups(&report.criteria, &ALL));
                lines.push(Line::new());
            }
        }
        lines.push(self.last(report));
        let mut next = self.next(report, is_first);
        // What the student can do now and the open questions need much room.
        let is_long = lines.len() + next.len() + 2 > self.rows;
        if is_long {
            next = self.next(report, false);
        }
        let room = self.rows.saturating_sub(lines.len() + next.len() + 1);
        let (cause, is_shorter) = self.first_cause(report, room);
        lines.extend(cause);
        lines.extend(next);
        if let Some(end) = lines.last_mut().filter(|_| is_shorter || is_long) {
            *end = std::mem::take(end).faint(" · a shows more");
        }
        self.finished(lines)
    }

    /// The verdict, every failure, and what comes next. Nothing is left out.
    pub(super) fn everything(&self, report: &LessonReport) -> Vec<Line> {
        let mut lines = self.heading();
        lines.extend(self.groups(&report.criteria, &ALL));
        lines.push(self.last(report));
        lines.extend(self.failures(report));
        lines.extend(self.next(report, true));
        lines
    }

    /// Why there is no verdict.
    pub(super) fn no_verdict(&self, why: &str) -> Vec<String> {
        let mut lines = self.error(why);
        lines.truncate(self.rows - 3);
        lines.push(Line::new());
        lines.push(Line::new().faint("next: ").plain("correct this, then save, or press p"));
        self.finished(lines)
    }

    /// An error, such as the reason why a key has no effect.
    pub(super) fn error(&self, why: &str) -> Vec<Line> {
        let mut lines = self.heading();
        for (index, text) in why.lines().enumerate() {
            let start = if index == 0 { Line::new().bad("error").plain(": ") } else { Line::new() };
            lines.extend(hanging(start, 7, text, self.width - 7, Line::plain));
        }
        lines
    }

    /// Other lines, such as a hint.
    pub(super) fn other(&self, lines: Vec<Line>) -> Vec<String> {
        self.finished(lines)
    }

    /// Whether lines fit the screen, with the line of keys.
    pub(super) fn fits(&self, lines: &[Line]) -> bool {
        lines.len() + 2 <= self.rows
    }

    /// The line with the verdict.
    fn last(&self, report: &LessonReport) -> Line {
        progress::end(self.check.lesson, report, Duration::from_secs_f64(report.millis / 1e3))
    }

    fn heading(&self) -> Vec<Line> {
        let lesson = self.check.lesson;
        Heading { id: &lesson.id, title: &lesson.title, note: &self.note }.lines(self.width)
    }

    /// The ids of the criteria, a group for each status: `✓ starts · slots`.
    fn groups(&self, criteria: &[CriterionReport], statuses: &[Status]) -> Vec<Line> {
        let ids = |status: Status| {
            let own = criteria.iter().filter(move |each| each.status == status);
            own.map(|each| each.id.as_str()).collect::<Vec<_>>().join(" · ")
        };
        let mut lines = Vec::new();
        for &status in statuses {
            let ids = ids(status);
            if !ids.is_empty() {
                let start = Line::new().plain("  ").then(mark(status));
                let style = if status == Status::Skipped { Line::faint } else { Line::plain };
                lines.extend(hanging(start, 4, &ids, self.width - 4, style));
            }
        }
        lines
    }

    /// The first failure in at most `room` lines. Returns whether something was left out.
    fn first_cause(&self, report: &LessonReport, room: usize) -> (Vec<Line>, bool) {
        let Some((criterion, cause)) = failed(report).next() else {
            return (Vec::new(), false);
        };
        let mut lines = self.failed(criterion);
        // Saving the file repeats the check, so the command is not needed.
        let cause = Cause { replay: String::new(), ..cause.clone() };
        let room = room.saturating_sub(lines.len());
        let (cause, is_shorter) =
            progress::cause_within(self.check.lesson, &cause, self.width, room);
        lines.extend(cause);
        (lines, is_shorter)
    }

    /// A failed criterion, as `prove` shows it.
    fn failed(&self, criterion: &CriterionReport) -> Vec<Line> {
        let ids = IdColumn::of([criterion.id.as_str()]);
        let task = format!("Task {}", criterion.task);
        ids.lines(Status::Failed, &criterion.id, &criterion.text, &task, self.width)
    }

    /// Every failure in full.
    fn failures(&self, report: &LessonReport) -> Vec<Line> {
        let mut lines = Vec::new();
        for (criterion, cause) in failed(report) {
            lines.extend(self.failed(criterion));
            lines.extend(progress::full_cause(self.check.lesson, cause, true, self.width));
        }
        lines
    }

    /// What the student does next.
    fn next(&self, report: &LessonReport, is_first: bool) -> Vec<Line> {
        let reports = std::slice::from_ref(report);
        let mut lines = next_steps::tasks_left(&report.todos, false, self.width);
        lines.extend(next_steps::on_busy_machine(report, self.width));
        lines.extend(after_lesson::lines(self.course, self.check, reports, is_first, self.width));
        if next_steps::hint(self.check.lesson, reports).is_some() {
            let text = "correct it, and save · h gives a hint";
            lines.push(Line::new().faint("next: ").plain(text));
        }
        lines
    }

    /// The first lines that fit, and the line of keys.
    fn finished(&self, mut lines: Vec<Line>) -> Vec<String> {
        lines.truncate(self.rows - 1);
        lines.push(keys::line(self.width));
        rendered(&lines)
    }
}

/// The criteria that have failed, with their causes.
fn failed(report: &LessonReport) -> impl Iterator<Item = (&CriterionReport, &Cause)> {
    let failed = report.criteria.iter().filter(|each| each.status == Status::Failed);
    failed.filter_map(|each| Some((each, each.cause.as_ref()?)))
}

/// Lines with ANSI escapes for their styles.
pub(super) fn rendered(lines: &[Line]) -> Vec<String> {
    lines.iter().map(Line::rendered).collect()
}

/// Replaces what is on the screen. A terminal without cursor movement gets the lines below the others.
///
/// # Errors
/// The error of write(2), for example because the terminal is gone.
pub(super) fn draw(lines: &[String], can_clear: bool) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    if can_clear {
        // Home, and clear to the end of the screen (console_codes(4)).
        stdout.write_all(b"\x1b[H\x1b[J")?;
    }
    let mut coloured = anstream::AutoStream::auto(&mut stdout);
    // Without a line break after the last line, no line scrolls away.
    coloured.write_all(lines.join("\n").as_bytes())?;
    if !can_clear {
        coloured.write_all(b"\n")?;
    }
    coloured.flush()
}
