//! What is on the screen, in lines for its parts.

use super::{body, help};
use crate::run::log_lines::{stderr_line, stdout_line};
use proofs::{ClientRow, LogLine, Snapshot};
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::{Constraint, Layout, Rect};
use ratatui_core::style::Style;
use ratatui_core::text;
use terminal::show::{Heading, Line, cut};

/// What the first line shows.
pub(super) struct Title {
    pub(super) id: String,
    pub(super) title: String,
    /// The name of the server.
    pub(super) name: String,
}

/// All that is drawn.
pub(super) struct Picture<'a> {
    pub(super) title: &'a Title,
    pub(super) settings: &'a str,
    pub(super) snapshot: &'a Snapshot,
    pub(super) log: Vec<&'a LogLine>,
    /// The index of the chosen client.
    pub(super) chosen: Option<usize>,
    /// The line that is being typed.
    pub(super) input: Option<&'a str>,
    /// What the last key has done, or why it has done nothing.
    pub(super) note: &'a str,
    pub(super) shows_help: bool,
    /// Whether the lesson's program is a client, so that the user plays the server.
    pub(super) plays_server: bool,
    pub(super) in_colour: bool,
}

/// The smallest window.
const MIN_WIDTH: u16 = 44;
const MIN_HEIGHT: u16 = 14;
/// The number of rows from which on a window counts as high.
const HIGH: u16 = 20;
/// The rows of the log that are always shown, with its title: in a high window, and in another one.
const LOG: [u16; 2] = [5, 3];
/// The maximum number of rows for clients and for what the chosen one has received, with their title.
const CLIENTS: [usize; 2] = [7, 4];
/// The number of lines of the chosen client that are shown.
const RECEIVED: usize = 3;

impl Picture<'_> {
    /// Draws all parts.
    pub(super) fn draw(&self, buffer: &mut Buffer) {
        let area = buffer.area;
        if area.width < MIN_WIDTH || area.height < MIN_HEIGHT {
            let text =
                format!("The window needs {MIN_WIDTH} columns and {MIN_HEIGHT} rows. q quits");
            let lines = terminal::show::wrapped(&text, usize::from(area.width));
            let lines: Vec<_> = lines.iter().map(|line| Line::new().plain(line)).collect();
            return self.put(buffer, area, &lines);
        }
        let width = usize::from(area.width);
        let heading = self.heading(width);
        let is_low = usize::from(area.height < HIGH);
        let clients = self.clients(width, CLIENTS[is_low]);
        let body = body::lines(self.snapshot, self.chosen_name(), width);
        let room = usize::from(area.height).saturating_sub(heading.len() + clients.len() + 2);
        let body_height = body.len().min(room.saturating_sub(usize::from(LOG[is_low])));
        let [top, table, middle, log, note, keys] = Layout::vertical([
            Constraint::Length(heading.len() as u16),
            Constraint::Length(body_height as u16),
            Constraint::Length(clients.len() as u16),
            Constraint::Min(LOG[is_low]),
            Constraint::Length(1),
            Constraint::Length(1),
        ])
        .areas(area);
        self.put(buffer, top, &heading);
        if self.shows_help {
            let rest = Rect { height: area.height - top.height - 1, y: top.bottom(), ..area };
            self.put(buffer, rest, &help::lines(width, self.plays_server));
        } else {
            self.put(buffer, table, &body::window(body, body_height));
            self.put(buffer, middle, &clients);
            self.put(buffer, log, &self.log(width, usize::from(log.height)));
            self.put(buffer, note, &[self.note(width)]);
        }
        self.put(buffer, keys, &[self.last_line(width)]);
    }

    fn put(&self, buffer: &mut Buffer, area: Rect, lines: &[Line]) {
        for (row, line) in lines.iter().take(usize::from(area.height)).enumerate() {
            let style = |style: anstyle::Style| match self.in_colour {
                true => Style::from(style),
                false => Style::default(),
            };
            let spans =
                line.spans().map(|(own, text)| text::Span::styled(text.to_owned(), style(own)));
            let line = text::Line::from_iter(spans);
            buffer.set_line(area.x, area.y + row as u16, &line, area.width);
        }
    }

    fn heading(&self, width: usize) -> Vec<Line> {
        let note = format!("{} · {}", self.title.name, self.settings);
        let heading = Heading { id: &self.title.id, title: &self.title.title, note: &note };
        let mut lines = heading.lines(width);
        lines.extend(body::phase(self.snapshot, self.noun(), self.settings));
        lines
    }

    /// What the lesson's program is.
    fn noun(&self) -> &'static str {
        if self.plays_server { "client" } else { "server" }
    }

    fn chosen_name(&self) -> Option<&str> {
        self.chosen_client().map(|client| client.name.as_str())
    }

    fn chosen_client(&self) -> Option<&ClientRow> {
        self.snapshot.clients.get(self.chosen?)
    }

    /// The clients that have not left, with what they have received.
    fn clients(&self, width: usize, most: usize) -> Vec<Line> {
        let open: Vec<_> =
            self.snapshot.clients.iter().enumerate().filter(|(_, it)| it.is_open).collect();
        let title = match (open.len(), self.plays_server) {
            (_, true) => "you are the server".to_owned(),
            (0, false) => "clients: n opens one".to_owned(),
            (count, false) => format!("clients: {count}"),
        };
        let mut lines = vec![rule(&title, width)];
        let at = open.iter().position(|(index, _)| Some(*index) == self.chosen).unwrap_or(0);
        let received = self.chosen_client().map_or(&[][..], |client| &client.lines);
        let received = &received[received.len().saturating_sub(RECEIVED.min(most - 2))..];
        let room = most - 1 - received.len();
        let start = at.saturating_sub(room / 2).min(open.len().saturating_sub(room));
        for (number, (index, client)) in open.iter().enumerate().skip(start).take(room) {
            let is_chosen = Some(*index) == self.chosen;
            lines.push(client_line(number + 1, client, is_chosen, width));
            if is_chosen {
                let line =
                    |text: &String| Line::new().to(10).faint("│ ").plain(&cut(text, width - 12));
                lines.extend(received.iter().map(line));
            }
        }
        lines
    }

    fn log(&self, width: usize, room: usize) -> Vec<Line> {
        let line = |line: &&LogLine| {
            let short = |text: &str| cut(text, width.saturating_sub(2));
            match line {
                LogLine::Stdout(text) => stdout_line(&short(text)),
                LogLine::Stderr(text) => stderr_line(&short(text)),
            }
        };
        let shown = room.saturating_sub(1);
        let first = self.log.len().saturating_sub(shown);
        let mut lines = vec![rule(
            if self.plays_server { "log of the client" } else { "log of the server" },
            width,
        )];
        lines.extend(self.log[first..].iter().map(line));
        lines
    }

    fn note(&self, width: usize) -> Line {
        let stopped = if self.snapshot.is_stopped { "stopped: s continues it" } else { "" };
        let fault = self.snapshot.fault.as_deref().unwrap_or_default();
        let texts: Vec<_> =
            [self.note, stopped, fault].into_iter().filter(|text| !text.is_empty()).collect();
        Line::new().unsure(&cut(&texts.join("  "), width))
    }

    /// The line of keys, or the line that is typed.
    fn last_line(&self, width: usize) -> Line {
        let Some(input) = self.input else { return help::keys(width, self.plays_server) };
        let prompt = match self.chosen_name().filter(|_| !self.plays_server) {
            Some(name) => format!("{name} sends: "),
            None => "standard input of the client: ".to_owned(),
        };
        let room = width.saturating_sub(prompt.len() + 1);
        // The end of a long line is shown.
        let skipped = input.chars().count().saturating_sub(room);
        let shown: String = input.chars().skip(skipped).collect();
        Line::new().strong(&prompt).plain(&shown).faint("▏")
    }
}

fn client_line(number: usize, client: &ClientRow, is_chosen: bool, width: usize) -> Line {
    let mark = if is_chosen { Line::new().strong(" ›") } else { Line::new() };
    let line = mark.to(2).faint(&format!("{number:>2} "));
    let line = if is_chosen { line.strong(&client.name) } else { line.plain(&client.name) };
    let counts = format!("sent {} · received {}", client.sent, client.received);
    let line = line.to(10).plain(&counts);
    let line = match client.state {
        "" => line,
        state => line.faint(" · ").unsure(state),
    };
    match client.lines.last().filter(|_| !is_chosen) {
        Some(last) => {
            let room = width.saturating_sub(line.width() + 3);
            line.faint(" │ ").plain(&cut(last, room))
        }
        None => line,
    }
}

/// A line that begins a part of the screen.
fn rule(title: &str, width: usize) -> Line {
    let rest = width.saturating_sub(title.chars().count() + 4);
    Line::new().faint(&format!("── {title} {}", "─".repeat(rest)))
}
