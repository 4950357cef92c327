//! Begins rounds, and collects what they find.

use super::MainLoop;
use crate::remembered;
use crate::watch::own_code::OwnCode;
use crate::watch::results::{Ended, Results};
use crate::watch::round::{Output, Round};
use anyhow::{Context, Result};
use course::report::{CriterionReport, Status};
use std::time::Instant;
use terminal::tty::can_move_cursor;

impl MainLoop<'_> {
    /// After a save: begins again, first with the criteria that the change can touch.
    pub(super) fn saved(&mut self) -> Result<()> {
        let code = OwnCode::read(self.check.lesson);
        let touched = code.touched(&self.code, self.check.lesson);
        self.code = code;
        self.begin(touched)
    }

    /// Begins a round. A round that is running ends first.
    pub(super) fn begin(&mut self, touched: Vec<String>) -> Result<()> {
        self.round = None;
        self.results = Results::default();
        self.ended = None;
        self.other = None;
        let failed = self.failed.iter().cloned();
        let first: Vec<_> = failed.chain(touched).collect();
        self.round = Some((Round::start(&first)?, Instant::now()));
        self.draw()
    }

    /// Reads what the round has found, and shows it.
    pub(super) fn read_round(&mut self) -> Result<()> {
        let Some((round, _)) = &mut self.round else { return Ok(()) };
        match round.read().context("cannot read the results of a round")? {
            Output::Messages(messages) => {
                for message in messages {
                    if let Some(ended) = self.results.add(self.check, message) {
                        self.end(ended);
                    }
                }
            }
            Output::End { text } => {
                self.round = None;
                if self.ended.is_some() {
                    return Ok(());
                }
                self.ended = Some(Ended::Failed(format!("the proof has ended early\n{text}")));
            }
        }
        // Without cursor movement, only the verdict is shown, and not each step towards it.
        let is_shown = self.other.is_none() && (self.ended.is_some() || can_move_cursor());
        if is_shown { self.draw() } else { Ok(()) }
    }

    /// Remembers how a round has ended.
    fn end(&mut self, ended: Ended) {
        let is_failed = |each: &&CriterionReport| each.status == Status::Failed;
        match &ended {
            Ended::Checked(report) => {
                self.failed = report.criteria.iter().find(is_failed).map(|it| it.id.clone());
                self.is_first = remembered::record(self.check, std::slice::from_ref(report));
            }
            Ended::DoesNotCompile { report, .. } => {
                remembered::record(self.check, std::slice::from_ref(report));
            }
            Ended::Failed(_) => {}
        }
        self.ended = Some(ended);
    }
}
