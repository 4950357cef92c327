//! What the keys ask for.

use super::{End, MainLoop};
use crate::watch::frame::{self, rendered};
use crate::watch::keys::Key;
use crate::watch::results::Ended;
use crate::{hint, list};
use anyhow::Result;
use nix::sys::signal::Signal;
use terminal::paths;
use terminal::show::Line;
use terminal::tty::can_move_cursor;

impl MainLoop<'_> {
    /// Does what a key asks for. Returns how watching ends, if it does.
    pub(super) fn on_key(&mut self, key: Key) -> Result<Option<End>> {
        self.other = None;
        let done = match key {
            Key::Quit => return Ok(Some(End::Quit)),
            Key::Again => return self.begin(Vec::new()).map(|()| None),
            Key::Other => Ok(None),
            Key::Hint => self.hint().map(|()| None),
            Key::List => self.list(),
            Key::All => self.everything(),
            Key::Text => self.front.page_file(&paths::root().join(&self.check.lesson.path)),
            Key::Run => self.run_server("run"),
            Key::View => self.run_server("view"),
        };
        match done {
            Ok(Some(signal)) => return Ok(Some(End::Signal(signal))),
            Ok(None) => {}
            Err(error) => self.other = Some(self.frame().error(&format!("{error:#}"))),
        }
        self.draw()?;
        Ok(None)
    }

    fn hint(&mut self) -> Result<()> {
        let width = self.frame().width;
        let mut hints = hint::next_hint(self.course, self.check.lesson, None, None, width)?;
        let next = if hints.is_last { "t shows the lesson's text" } else { "h gives another hint" };
        hints.lines.push(Line::new().faint("next: ").plain(next));
        self.other = Some(hints.lines);
        Ok(())
    }

    /// The tasks and criteria, with their last results.
    fn list(&mut self) -> Result<Option<Signal>> {
        let report = match &self.ended {
            Some(Ended::Checked(report)) => Some(report),
            _ => None,
        };
        let status = |id: &str| {
            let criterion = report?.criteria.iter().find(|each| each.id == id)?;
            Some(criterion.status)
        };
        let lines = list::contents(self.check.lesson, self.frame().width, status);
        self.show(lines)
    }

    /// The last report, with nothing left out.
    fn everything(&mut self) -> Result<Option<Signal>> {
        match &self.ended {
            Some(Ended::Checked(report)) => {
                let lines = self.frame().everything(report);
                self.show(lines)
            }
            Some(Ended::DoesNotCompile { errors, .. }) => self.front.page(errors),
            _ => Ok(None),
        }
    }

    /// Shows lines on the screen if they fit, or else in the pager.
    fn show(&mut self, lines: Vec<Line>) -> Result<Option<Signal>> {
        if !self.frame().fits(&lines) {
            return self.front.page(&rendered(&lines).join("\n"));
        }
        self.other = Some(lines);
        Ok(None)
    }

    /// Gives the server to `run` or `view`, until the user ends this command, and then proves again.
    fn run_server(&mut self, command: &str) -> Result<Option<Signal>> {
        // Without isolation, the proof and the server need the same port.
        self.round = None;
        frame::draw(&[], can_move_cursor())?;
        let mut arguments = vec![command.to_owned(), self.check.lesson.id.clone()];
        arguments.extend(self.program.arguments_of_run());
        let mut signal = self.front.run_own(&arguments)?;
        if signal.is_none() {
            signal = self.front.any_key()?;
        }
        if signal.is_none() {
            self.begin(Vec::new())?;
        }
        Ok(signal)
    }
}
