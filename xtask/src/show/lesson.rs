//! A lesson's heading, a line for each of its criteria, and its last line.

use super::{Line, line::cut, wrapped};
use course::report::{Status, Verdict};
use std::time::Duration;
use textwrap::core::display_width;

/// The first line of a lesson.
pub struct Heading<'a> {
    /// e.g. `w03-l02`.
    pub id: &'a str,
    /// The lesson's title.
    pub title: &'a str,
    /// What stands at the right, e.g. `solution · boxed`.
    pub note: &'a str,
}

impl Heading<'_> {
    /// The heading in `width` columns; the note gets a line of its own where it does not fit.
    pub fn lines(&self, width: usize) -> Vec<Line> {
        let indent = display_width(self.id) + 2;
        let mut lines = Vec::new();
        for (row, piece) in wrapped(self.title, width.saturating_sub(indent)).iter().enumerate() {
            let id = if row == 0 { self.id } else { "" };
            lines.push(Line::new().strong(id).to(indent).strong(piece));
        }
        add_at_right(&mut lines, Line::new().faint(&cut(self.note, width)), width);
        lines
    }
}

/// Between an id and its sentence.
const GAP: usize = 2;

/// The column that holds the ids of a lesson's criteria.
pub struct Ids {
    width: usize,
}

impl Ids {
    /// A column that fits every one of `ids`.
    pub fn of<'a>(ids: impl IntoIterator<Item = &'a str>) -> Self {
        let width = ids.into_iter().map(display_width).max().unwrap_or(0);
        Self { width: width.min(24) }
    }

    /// `  ✗ id    text    note` in `width` columns, the text wrapped in its own column.
    pub fn lines(
        &self,
        status: Status,
        id: &str,
        text: &str,
        note: &str,
        width: usize,
    ) -> Vec<Line> {
        let indent = 4 + self.width + GAP;
        let room = match note {
            "" => width.saturating_sub(indent),
            _ => width.saturating_sub(indent + 2 + display_width(note)),
        };
        let start = Line::new().plain("  ").then(mark(status)).plain(" ").plain(id);
        let mut lines = hanging(start, indent, text, room);
        if let Some(first) = lines.first_mut().filter(|_| !note.is_empty()) {
            *first = std::mem::take(first).to(width - display_width(note)).faint(note);
        }
        lines
    }

    /// `    id    text`: a criterion that nobody was asked.
    pub fn stated(&self, id: &str, text: &str, width: usize) -> Vec<Line> {
        let indent = 4 + self.width + GAP;
        hanging(Line::new().plain("    ").plain(id), indent, text, width.saturating_sub(indent))
    }
}

/// `text` wrapped in `room` columns from `indent` on, beside `start`: one line at least.
pub fn hanging(start: Line, indent: usize, text: &str, room: usize) -> Vec<Line> {
    let mut start = Some(start);
    let line = |piece: &String| start.take().unwrap_or_default().to(indent).plain(piece);
    wrapped(text, room).iter().map(line).collect()
}

/// The sign of a status, coloured: `✓` proved, `✗` failed, `–` not run, `?` could not be seen.
pub fn mark(status: Status) -> Line {
    match status {
        Status::Proved => Line::new().good("✓"),
        Status::Failed => Line::new().bad("✗"),
        Status::Skipped => Line::new().faint("–"),
        Status::Inconclusive => Line::new().unsure("?"),
    }
}

/// A lesson's last line: its verdict, then what else is to say, e.g. `proved · 10 of 10 · 58 ms`.
pub fn last(verdict: Verdict, parts: &[String]) -> Line {
    let line = match verdict {
        Verdict::Proved => Line::new().good("proved"),
        Verdict::NotYet => Line::new().bad("not yet"),
        Verdict::Inconclusive => Line::new().unsure("inconclusive"),
    };
    parts.iter().fold(line, |line, part| line.faint(" · ").plain(part))
}

/// A duration as people read it: `58 ms`, `12.3 s`.
pub fn time(elapsed: Duration) -> String {
    match elapsed.as_secs() {
        0..10 => format!("{} ms", elapsed.as_millis()),
        _ => format!("{:.1} s", elapsed.as_secs_f64()),
    }
}

/// A number of things: `1 task`, `4 tasks`.
pub fn amount(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

fn add_at_right(lines: &mut Vec<Line>, note: Line, width: usize) {
    let column = width.saturating_sub(note.width());
    match lines.pop() {
        Some(last) if last.width() + 2 <= column => lines.push(last.to(column).then(note)),
        Some(last) => lines.extend([last, Line::new().to(column).then(note)]),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: &[Line]) -> Vec<String> {
        lines.iter().map(Line::text).collect()
    }

    #[test]
    fn a_criterion_fits_one_line_with_its_task_at_the_right() {
        let ids = Ids::of(["slots", "no-fd-leak"]);
        let lines = ids.lines(Status::Failed, "slots", "clients are tracked", "Task 2", 50);
        assert_eq!(texts(&lines), ["  ✗ slots       clients are tracked         Task 2"]);
    }

    #[test]
    fn a_long_sentence_wraps_in_its_column() {
        let ids = Ids::of(["slots"]);
        let lines = ids.lines(Status::Proved, "slots", "five clients are tracked at once", "", 32);
        let shown = ["  ✓ slots  five clients are", "           tracked at once"];
        assert_eq!(texts(&lines), shown);
    }

    #[test]
    fn a_heading_gives_its_note_a_line_where_there_is_no_room() {
        let heading = Heading { id: "w1", title: "Accept and track", note: "solution · boxed" };
        assert_eq!(texts(&heading.lines(40)), ["w1  Accept and track    solution · boxed"]);
        let narrow = ["w1  Accept and track", "                solution · boxed"];
        assert_eq!(texts(&heading.lines(32)), narrow);
    }

    #[test]
    fn times_are_short() {
        assert_eq!(time(Duration::from_micros(58_400)), "58 ms");
        assert_eq!(time(Duration::from_millis(12_345)), "12.3 s");
    }
}
