//! The progress of a run: a progress bar on a terminal, and otherwise a line for each batch.

use crate::mutant::Mutant;
use crate::results::Finding;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

/// The progress on standard error.
pub(crate) struct Progress {
    bar: ProgressBar,
    is_terminal: bool,
    survivors: AtomicUsize,
}

const BAR: &str = "  {bar:24} {pos}/{len}  {left}  {msg}";

impl Progress {
    /// The progress at the start: none of the `mutants` is proved yet.
    pub(crate) fn new(mutants: usize) -> Self {
        let is_terminal = io::stderr().is_terminal();
        let bar = ProgressBar::new(mutants as u64);
        if is_terminal {
            bar.enable_steady_tick(Duration::from_millis(500)); // updates the time left
        } else {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        // The template is a valid constant, so the default style is never used.
        let style = ProgressStyle::with_template(BAR).unwrap_or(ProgressStyle::default_bar());
        bar.set_style(style.with_key("left", left));
        Self { bar, is_terminal, survivors: AtomicUsize::new(0) }
    }

    /// Shows that this number of mutants is being built.
    pub(crate) fn building(&self, mutants: usize) {
        let survivors = self.survivors.load(Relaxed);
        if self.is_terminal {
            self.bar.set_message(format!("building {mutants} · {survivors} survived"));
            return;
        }
        let (done, all) = (self.bar.position(), self.bar.length().unwrap_or(0));
        // If standard error is closed, the run goes on.
        let _ = writeln!(io::stderr(), "  {done}/{all} · {survivors} survived");
    }

    /// Shows that one more mutant is done.
    pub(crate) fn done(&self, mutant: &Mutant, finding: &Finding) {
        if *finding == Finding::Survived {
            self.survivors.fetch_add(1, Relaxed);
        }
        let survivors = self.survivors.load(Relaxed);
        let name = mutant.file.file_name().unwrap_or_default().display();
        self.bar.set_message(format!("{name}:{} · {survivors} survived", mutant.line));
        self.bar.inc(1);
    }

    /// Removes the progress bar.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// Writes the estimated time left, once at least one mutant is done.
fn left(state: &ProgressState, to: &mut dyn fmt::Write) {
    if state.pos() > 0 {
        // If this write fails, the bar has no estimate.
        let _ = write!(to, "{:#} left", HumanDuration(state.eta()));
    }
}
