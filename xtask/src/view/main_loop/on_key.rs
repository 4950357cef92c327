//! What the keys do.

use super::MainLoop;
use crate::view::keys::Key;

/// The maximum number of bytes of a line that is typed.
const MAX_LINE: usize = 4096;

/// Why a key that is about a client does nothing.
const NO_CLIENT: &str = "There is no client: n opens one.";

impl MainLoop<'_> {
    /// Does what a key asks for. Returns whether the view ends.
    pub(super) fn on_key(&mut self, key: Key) -> bool {
        self.note.clear();
        if self.input.is_some() {
            self.type_key(key);
            return false;
        }
        let had_help = std::mem::take(&mut self.shows_help);
        match key {
            Key::Char('q') | Key::End => return true,
            _ if had_help => {}
            Key::Char('?') => self.shows_help = true,
            Key::Char(digit @ '1'..='9') => self.choose_number(digit as usize - '1' as usize),
            Key::Previous => self.choose_by(-1),
            Key::Next => self.choose_by(1),
            Key::Enter => self.begin_line(),
            Key::Char(letter) => self.letter(letter.to_ascii_lowercase()),
            _ => {}
        }
        false
    }

    fn letter(&mut self, letter: char) {
        let done = match letter {
            'n' => self.open(),
            'f' => self.fill(),
            'a' if self.view.plays_server() => self.as_client(|view, index| view.answer(index)),
            'h' => self.as_client(|view, index| view.half_close(index)),
            'r' => self.leave(|view, index| view.reset(index)),
            'c' => self.leave(|view, index| view.close(index)),
            's' => {
                self.view.stop_or_continue();
                Ok(())
            }
            'e' => self.view.inject_fault(),
            _ => Ok(()),
        };
        if let Err(why) = done {
            self.note = why;
        }
    }

    fn open(&mut self) -> Result<(), String> {
        let index = self.view.open()?;
        // The connection of a client that was started again comes later.
        self.chosen = (!self.view.plays_server()).then_some(index);
        Ok(())
    }

    fn fill(&mut self) -> Result<(), String> {
        self.note = self.view.fill()?;
        if self.chosen.is_none() {
            self.choose_by(1);
        }
        Ok(())
    }

    /// Does something as the chosen client.
    fn as_client(
        &mut self,
        work: impl FnOnce(&mut proofs::View, usize) -> Result<(), String>,
    ) -> Result<(), String> {
        let none = match self.view.plays_server() {
            true => "The client has not connected.",
            false => NO_CLIENT,
        };
        let index = self.chosen.ok_or(none)?;
        work(&mut self.view, index)
    }

    /// Ends the chosen client, and chooses the one after it.
    fn leave(
        &mut self,
        work: impl FnOnce(&mut proofs::View, usize) -> Result<(), String>,
    ) -> Result<(), String> {
        let open = self.open_clients();
        self.as_client(work)?;
        let at = open.iter().position(|index| Some(*index) == self.chosen);
        let after = at.and_then(|at| open.get(at + 1).or_else(|| open.get(at.checked_sub(1)?)));
        self.chosen = after.copied();
        Ok(())
    }

    fn choose_number(&mut self, number: usize) {
        match self.open_clients().get(number) {
            Some(index) => self.chosen = Some(*index),
            None => self.note = format!("There is no client {}.", number + 1),
        }
    }

    /// Chooses the client before or after the chosen one.
    pub(super) fn choose_by(&mut self, steps: isize) {
        let open = self.open_clients();
        let at = open.iter().position(|index| Some(*index) == self.chosen);
        let at = at.map_or(0, |at| at.saturating_add_signed(steps).min(open.len() - 1));
        self.chosen = open.get(at).copied();
    }

    /// The indices of the clients that have not left.
    fn open_clients(&self) -> Vec<usize> {
        let clients = self.view.clients().into_iter().enumerate();
        clients.filter(|(_, client)| client.is_open).map(|(index, _)| index).collect()
    }

    fn begin_line(&mut self) {
        match self.chosen.is_some() || self.view.plays_server() {
            true => self.input = Some(String::new()),
            false => self.note = NO_CLIENT.to_owned(),
        }
    }

    /// Adds a key to the line that is being typed, or sends the line.
    fn type_key(&mut self, key: Key) {
        let Some(line) = &mut self.input else { return };
        match key {
            Key::Char(character) if line.len() < MAX_LINE => line.push(character),
            Key::Backspace => drop(line.pop()),
            Key::Clear => line.clear(),
            Key::Escape | Key::End => self.input = None,
            Key::Enter => self.send(),
            _ => {}
        }
    }

    fn send(&mut self) {
        let line = self.input.take().unwrap_or_default() + "\n";
        if self.view.plays_server() {
            return self.view.type_line(line.as_bytes());
        }
        let sent = self.chosen.map_or(Ok(0), |index| self.view.send(index, line.as_bytes()));
        match sent {
            Ok(sent) if sent == line.len() => {}
            Ok(sent) => {
                self.note = format!(
                    "{sent} of {} bytes were sent: the buffers are full, and the server does not read",
                    line.len()
                );
            }
            Err(why) => self.note = why,
        }
    }
}
