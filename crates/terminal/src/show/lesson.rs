//! The lines about one lesson: its heading, a line for each criterion, and its last line.

use super::line::{AddText, Line, hanging, shortened};
use course::report::{Status, Verdict};
use std::time::Duration;
use textwrap::core::display_width;

/// The first line of a lesson.
pub struct Heading<'a> {
    /// The lesson's id, e.g. `w03-l02`.
    pub id: &'a str,
    /// The lesson's title.
    pub title: &'a str,
    /// A note at the right, e.g. `solution · sandboxed`.
    pub note: &'a str,
}

/// The minimum number of columns for a note. With fewer columns, the note moves to a line of its
/// own.
const NOTE: usize = 24;

impl Heading<'_> {
    /// The heading in `width` columns, with the note at the right.
    pub fn lines(&self, width: usize) -> Vec<Line> {
        let indent = display_width(self.id) + 2;
        let id = Line::new().strong(self.id);
        let room = width.saturating_sub(indent);
        let mut lines = hanging(id, indent, self.title, room, Line::strong);
        let used = lines.last().map_or(0, Line::width);
        let room = width.saturating_sub(used + 2);
        if room < NOTE.min(display_width(self.note)) {
            lines.push(Line::new());
            add_at_right(&mut lines, &shortened(self.note, width), width);
        } else {
            add_at_right(&mut lines, &shortened(self.note, room), width);
        }
        lines
    }
}

/// The columns between an id and its sentence.
const GAP: usize = 2;
/// The minimum number of columns for a criterion's sentence beside the criterion's id. With fewer
/// columns, the sentence begins on a line of its own.
const SENTENCE: usize = 28;

/// The column with the ids of a lesson's criteria.
pub struct IdColumn {
    width: usize,
}

impl IdColumn {
    /// A column that is wide enough for each of `ids`.
    pub fn of<'a>(ids: impl IntoIterator<Item = &'a str>) -> Self {
        let width = ids.into_iter().map(display_width).max().unwrap_or(0);
        Self { width: width.min(24) }
    }

    /// `  ✗ id    text    note` in `width` columns, with the text wrapped in its own column.
    pub fn lines(
        &self,
        status: Status,
        id: &str,
        text: &str,
        note: &str,
        width: usize,
    ) -> Vec<Line> {
        let add = if status == Status::Skipped { Line::faint } else { Line::plain };
        self.marked(mark(status), id, text, note, width, add)
    }

    /// The same as [`lines`](Self::lines), with any sign of one column. `add` is the style.
    pub fn marked(
        &self,
        sign: Line,
        id: &str,
        text: &str,
        note: &str,
        width: usize,
        add: AddText,
    ) -> Vec<Line> {
        let start = add(Line::new().plain("  ").then(sign).plain(" "), id);
        self.beside(start, text, note, width, add)
    }

    /// `    id    text`: a criterion without a status.
    pub fn stated(&self, id: &str, text: &str, width: usize) -> Vec<Line> {
        self.beside(Line::new().plain("    ").plain(id), text, "", width, Line::plain)
    }

    /// Text and note beside an id. If there is not enough room, the text is below the id.
    fn beside(&self, id: Line, text: &str, note: &str, width: usize, add: AddText) -> Vec<Line> {
        let indent = 4 + self.width + GAP;
        let note_room = if note.is_empty() { 0 } else { display_width(note) + GAP };
        if width < indent + SENTENCE {
            let mut lines = vec![id];
            add_at_right(&mut lines, note, width);
            lines.extend(hanging(Line::new(), 6, text, width.saturating_sub(6), add));
            return lines;
        }
        let mut lines = hanging(id, indent, text, width - indent - note_room, add);
        add_at_right(&mut lines[..1], note, width);
        lines
    }
}

/// The coloured sign of a status: `✓` proved, `✗` failed, `–` not run, `?` inconclusive.
pub fn mark(status: Status) -> Line {
    match status {
        Status::Proved => Line::new().good("✓"),
        Status::Failed => Line::new().bad("✗"),
        Status::Skipped => Line::new().faint("–"),
        Status::Inconclusive => Line::new().unsure("?"),
    }
}

/// A lesson's last line: its verdict, followed by `parts`, e.g. `proved · 10 of 10 · 58 ms`.
pub fn last(verdict: Verdict, parts: &[String]) -> Line {
    let line = match verdict {
        Verdict::Proved => Line::new().good("proved"),
        Verdict::NotYet => Line::new().bad("not yet"),
        Verdict::Inconclusive => Line::new().unsure("inconclusive"),
    };
    parts.iter().fold(line, |line, part| line.faint(" · ").plain(part))
}

/// A duration, e.g. `58 ms` or `12.3 s`.
pub fn time(elapsed: Duration) -> String {
    match elapsed.as_secs() {
        0..10 => format!("{} ms", elapsed.as_millis()),
        _ => format!("{:.1} s", elapsed.as_secs_f64()),
    }
}

/// A number of things, e.g. `1 task` or `4 tasks`.
pub fn amount(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

/// Adds `note` to the last of `lines`, right-aligned in `width` columns.
fn add_at_right(lines: &mut [Line], note: &str, width: usize) {
    if let Some(last) = lines.last_mut().filter(|_| !note.is_empty()) {
        let column = width.saturating_sub(display_width(note));
        *last = std::mem::take(last).to(column).faint(note);
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
        let ids = IdColumn::of(["slots", "no-fd-leak"]);
        let lines = ids.lines(Status::Failed, "slots", "clients are tracked", "Task 2", 50);
        assert_eq!(texts(&lines), ["  ✗ slots       clients are tracked         Task 2"]);
    }

    #[test]
    fn a_long_sentence_wraps_in_its_column() {
        let ids = IdColumn::of(["slots"]);
        let lines =
            ids.lines(Status::Proved, "slots", "five clients are tracked, all at once", "", 40);
        let shown = ["  ✓ slots  five clients are tracked, all", "           at once"];
        assert_eq!(texts(&lines), shown);
    }

    #[test]
    fn a_narrow_screen_puts_the_sentence_below_its_id() {
        let ids = IdColumn::of(["accept-again"]);
        let lines = ids.lines(Status::Failed, "accept-again", "it accepts again", "Task 2", 40);
        let shown = ["  ✗ accept-again                  Task 2", "      it accepts again"];
        assert_eq!(texts(&lines), shown);
    }

    #[test]
    fn a_skipped_criterion_is_dim() {
        let lines = IdColumn::of(["a"]).lines(Status::Skipped, "a", "not run", "", 80);
        assert_eq!(lines[0].rendered().matches("\x1b[2m").count(), 3, "sign, id and text are dim");
    }

    #[test]
    fn a_long_command_is_shortened_to_stay_on_the_line() {
        let note = format!("{}/server · sandboxed", "x".repeat(200));
        let heading = Heading { id: "w1", title: "Accept", note: &note };
        let shown = ["w1  Accept  xxxxxxxxxxx…xxxxxx/server · sandboxed"];
        assert_eq!(texts(&heading.lines(49)), shown);
    }

    #[test]
    fn a_note_without_room_gets_a_line_of_its_own() {
        let heading =
            Heading { id: "w1", title: "Accept and track", note: "solution · sandboxed" };
        assert_eq!(texts(&heading.lines(43)), ["w1  Accept and track   solution · sandboxed"]);
        let narrow = ["w1  Accept and track", "            solution · sandboxed"];
        assert_eq!(texts(&heading.lines(32)), narrow);
    }

    #[test]
    fn times_are_short() {
        assert_eq!(time(Duration::from_micros(58_400)), "58 ms");
        assert_eq!(time(Duration::from_millis(12_345)), "12.3 s");
    }
}
