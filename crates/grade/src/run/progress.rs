//! What is seen while a class is graded: a bar on a terminal, a line for each submission elsewhere.

use crate::model::{LessonGrade, Submission};
use crate::report::plain;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;
use xtask::show::visible;

/// How far the work is, on standard error.
pub(super) struct Progress {
    bar: ProgressBar,
    tells_each: bool,
    is_stopping: AtomicBool,
}

/// What became of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// It is as it was when it was graded before.
    Unchanged,
    /// It was graded now, or one with the same content was.
    Graded,
    /// Ctrl-C came first; nothing is kept of it.
    Stopped,
}

const BAR: &str = "  {bar:24} {pos}/{len}  {left}  {msg}";

impl Progress {
    /// Nothing of so many submissions.
    pub(super) fn new(submissions: usize) -> Self {
        let is_terminal = io::stderr().is_terminal();
        let bar = ProgressBar::new(submissions as u64);
        if is_terminal {
            bar.enable_steady_tick(Duration::from_millis(500)); // the time left goes on
        } else {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        // The template is a constant, so it is right.
        let style = ProgressStyle::with_template(BAR).unwrap_or(ProgressStyle::default_bar());
        bar.set_style(style.with_key("left", left));
        Self { bar, tells_each: !is_terminal, is_stopping: AtomicBool::new(false) }
    }

    /// One that says nothing.
    #[cfg(test)]
    pub(super) fn silent() -> Self {
        let bar = ProgressBar::hidden();
        Self { bar, tells_each: false, is_stopping: AtomicBool::new(false) }
    }

    /// One more is done.
    pub(super) fn done(&self, submission: &Submission, done: Done) {
        if done == Done::Stopped {
            return;
        }
        self.bar.inc(1);
        if done == Done::Unchanged {
            return self.bar.reset_eta(); // it took no time
        }
        let name = visible(&submission.student).into_owned();
        if self.tells_each {
            let at = format!("{}/{}", self.bar.position(), self.bar.length().unwrap_or(0));
            self.say(&format!("{at}  {name}  {}", verdicts(submission)));
        }
        self.bar.set_message(name);
    }

    /// So many have to be graded once more.
    pub(super) fn again(&self, submissions: usize) {
        if submissions > 0 {
            self.say(&format!("once more, one at a time: {submissions} inconclusive"));
            self.bar.inc_length(submissions as u64);
        }
    }

    /// Ctrl-C was seen.
    pub(super) fn stopping(&self) {
        if !self.is_stopping.swap(true, SeqCst) {
            self.say("stopping: what is kept stays");
        }
    }

    /// Nothing more is to come.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }

    /// A line of its own, above the bar.
    fn say(&self, text: &str) {
        // Nobody is left to tell where standard error is closed.
        self.bar.suspend(|| drop(writeln!(io::stderr(), "  {text}")));
    }
}

/// The time left, once anything is known of it.
fn left(state: &ProgressState, to: &mut dyn fmt::Write) {
    if state.pos() > 0 {
        // What cannot be written is not shown.
        let _ = write!(to, "{:#} left", HumanDuration(state.eta()));
    }
}

fn verdicts(submission: &Submission) -> String {
    let lesson = |it: &LessonGrade| format!("{} {}", it.lesson, plain::verdict(it.verdict));
    let lessons: Vec<_> = submission.lessons.iter().map(lesson).collect();
    lessons.join(" · ")
}
