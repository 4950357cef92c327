//! The progress of grading: a progress bar on a terminal, and otherwise a line for each submission.

use crate::model::{LessonGrade, Submission};
use crate::report::plain;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;
use terminal::show::{visible, without_commands};

/// The progress on standard error.
pub(super) struct Progress {
    bar: ProgressBar,
    prints_each: bool,
    is_stopping: AtomicBool,
}

/// What happened to a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// The submission was graded in an earlier run, and its results have not changed.
    Unchanged,
    /// The submission was graded in this run, or another submission with the same content was
    /// graded.
    Graded,
    /// Ctrl-C was pressed before the submission was graded. No result was saved.
    Stopped,
}

const BAR: &str = "  {bar:24} {pos}/{len}  {left}  {msg}";

impl Progress {
    /// The progress at the start: none of the `submissions` is graded yet.
    pub(super) fn new(submissions: usize) -> Self {
        let is_terminal = io::stderr().is_terminal();
        let bar = ProgressBar::new(submissions as u64);
        if is_terminal {
            bar.enable_steady_tick(Duration::from_millis(500)); // updates the time left
        } else {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        // The template is a valid constant, so the default style is never used.
        let style = ProgressStyle::with_template(BAR).unwrap_or(ProgressStyle::default_bar());
        bar.set_style(style.with_key("left", left));
        Self { bar, prints_each: !is_terminal, is_stopping: AtomicBool::new(false) }
    }

    /// A progress that prints nothing.
    #[cfg(test)]
    pub(super) fn silent() -> Self {
        let bar = ProgressBar::hidden();
        Self { bar, prints_each: false, is_stopping: AtomicBool::new(false) }
    }

    /// Shows that one more submission is done.
    pub(super) fn done(&self, submission: &Submission, done: Done) {
        if done == Done::Stopped {
            return;
        }
        self.bar.inc(1);
        if done == Done::Unchanged {
            return self.bar.reset_eta(); // it took no time: it must not change the estimate
        }
        let name = without_commands(&visible(&submission.student));
        if self.prints_each {
            let at = format!("{}/{}", self.bar.position(), self.bar.length().unwrap_or(0));
            self.print(&format!("{at}  {name}  {}", verdicts(submission)));
        }
        self.bar.set_message(name);
    }

    /// Shows that this number of submissions is graded once more.
    pub(super) fn retrying(&self, submissions: usize) {
        if submissions > 0 {
            self.print(&format!("{submissions} inconclusive: grading again, one at a time"));
            self.bar.inc_length(submissions as u64);
        }
    }

    /// Shows, only once, that Ctrl-C was pressed.
    pub(super) fn stopping(&self) {
        if !self.is_stopping.swap(true, SeqCst) {
            self.print("stopping: finished results are kept");
        }
    }

    /// Removes the progress bar, because nothing more will be graded.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }

    /// Prints a line above the progress bar.
    fn print(&self, text: &str) {
        // If standard error is closed, the grading continues.
        self.bar.suspend(|| drop(writeln!(io::stderr(), "  {text}")));
    }
}

/// Writes the estimated time left, once at least one submission is done.
fn left(state: &ProgressState, to: &mut dyn fmt::Write) {
    if state.pos() > 0 {
        // If this write fails, the bar has no estimate.
        let _ = write!(to, "{:#} left", HumanDuration(state.eta()));
    }
}

fn verdicts(submission: &Submission) -> String {
    let lesson = |it: &LessonGrade| format!("{} {}", it.lesson, plain::verdict(it.verdict));
    let lessons: Vec<_> = submission.lessons.iter().map(lesson).collect();
    lessons.join(" · ")
}
