//! The table of the server's processes and descriptors.

use super::columns::{Columns, MARGIN};
use proofs::{FileRow, Phase, ProcessRow, Snapshot};
use terminal::show::{Line, cut};

/// A line of the table.
pub(super) struct BodyLine {
    line: Line,
    /// Whether the line is about the chosen client.
    is_chosen: bool,
    is_wrong: bool,
    /// Whether the line is shown even if others have no room.
    is_pinned: bool,
}

impl BodyLine {
    fn plain(line: Line) -> Self {
        Self { line, is_chosen: false, is_wrong: false, is_pinned: false }
    }

    fn pinned(self) -> Self {
        Self { is_pinned: true, ..self }
    }
}

/// The lines of the table, of at most `width` columns. `chosen` is the name of the chosen client.
pub(super) fn lines(snapshot: &Snapshot, chosen: Option<&str>, width: usize) -> Vec<BodyLine> {
    let files = snapshot.processes.iter().flat_map(|process| &process.files);
    let files = files.chain(&snapshot.without_descriptor);
    let columns = Columns::of(files, snapshot.waits_with, width);
    let mut lines = Vec::new();
    for (index, process) in snapshot.processes.iter().enumerate() {
        let heading = heading(process, width).into_iter();
        match index {
            0 => {
                lines.extend(heading.map(BodyLine::pinned));
                lines.push(BodyLine::plain(columns.head()).pinned());
            }
            _ => lines.extend(heading),
        }
        lines.extend(process.files.iter().map(|file| row(&columns, file, chosen)));
    }
    lines.extend(snapshot.without_descriptor.iter().map(|file| row(&columns, file, chosen)));
    lines.extend(
        snapshot.problems.iter().map(|problem| {
            BodyLine::plain(Line::new().unsure(&cut(&format!("? {problem}"), width)))
        }),
    );
    lines
}

/// How far the program is, if it does not run, or if clients cannot connect. `noun` is what the program
/// is, and `settings` name the port.
pub(super) fn phase(snapshot: &Snapshot, noun: &str, settings: &str) -> Option<Line> {
    match &snapshot.phase {
        Phase::Listening => None,
        Phase::NotListening => {
            Some(Line::new().unsure(&format!("not listening yet with {settings}")))
        }
        Phase::Ended(how) => Some(Line::new().unsure(&format!("the {noun} {how}"))),
    }
}

fn row(columns: &Columns, file: &FileRow, chosen: Option<&str>) -> BodyLine {
    let is_of = |name: &str| {
        let rest = file.name.strip_prefix("client ").and_then(|rest| rest.strip_prefix(name));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(','))
    };
    let is_chosen = chosen.is_some_and(is_of);
    BodyLine { is_chosen, is_wrong: file.wrong, ..BodyLine::plain(columns.row(file, is_chosen)) }
}

/// What a process is, and what its threads do.
fn heading(process: &ProcessRow, width: usize) -> Vec<BodyLine> {
    let kind = if process.is_child { "└ child" } else { "process" };
    let start = format!("{kind} {} · ", process.pid);
    if process.is_zombie {
        let text = cut(
            &format!("{start}zombie: it has ended, and its parent has not waited for it"),
            width - MARGIN,
        );
        let line = Line::new().bad("▸").to(MARGIN).bad(&text);
        return vec![BodyLine { is_wrong: true, ..BodyLine::plain(line) }];
    }
    let indent = start.chars().count();
    let text = |(index, (text, count)): (usize, &(String, usize))| {
        let count = if *count > 1 { format!("{count} threads ") } else { String::new() };
        let text = format!("{count}{text}");
        let line = match index {
            0 => Line::new().to(MARGIN).strong(start.trim_end_matches(" · ")).faint(" · "),
            _ => Line::new().to(MARGIN + indent),
        };
        BodyLine::plain(line.plain(&cut(&text, width.saturating_sub(MARGIN + indent))))
    };
    process.threads.iter().enumerate().map(text).collect()
}

/// At most `room` of the lines: the pinned ones, and those around the chosen client, or around the
/// first wrong row. A last line says how many are not shown.
pub(super) fn window(mut lines: Vec<BodyLine>, room: usize) -> Vec<Line> {
    if lines.len() <= room {
        return lines.into_iter().map(|it| it.line).collect();
    }
    let wrong = lines.iter().filter(|it| it.is_wrong).count();
    let mut window: Vec<_> = lines.extract_if(.., |it| it.is_pinned).map(|it| it.line).collect();
    window.truncate(room.saturating_sub(2));
    let shown = room.saturating_sub(window.len() + 1);
    let hidden = lines.len() - shown;
    let focus = lines.iter().position(|it| it.is_chosen);
    let focus = focus.or_else(|| lines.iter().position(|it| it.is_wrong)).unwrap_or(0);
    let start = focus.saturating_sub(shown / 2).min(hidden);
    window.extend(lines.into_iter().skip(start).take(shown).map(|it| it.line));
    let marked = if wrong > 0 { format!(" · ▸ marks {wrong} of all") } else { String::new() };
    window.push(Line::new().to(MARGIN).faint(&format!("… {hidden} more lines{marked}")));
    window
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_and_the_pinned_lines_are_shown() {
        let line = |index: usize| BodyLine {
            is_pinned: index < 2,
            is_chosen: index == 50,
            is_wrong: index == 90,
            ..BodyLine::plain(Line::new().plain(&index.to_string()))
        };
        let shown: Vec<_> =
            window((0..100).map(line).collect(), 8).iter().map(Line::text).collect();
        let expected =
            ["0", "1", "48", "49", "50", "51", "52", "  … 93 more lines · ▸ marks 1 of all"];
        assert_eq!(shown, expected);
        for room in 0..8 {
            assert!(window((0..100).map(line).collect(), room).len() <= room.max(1));
        }
        assert_eq!(window((0..5).map(line).collect(), 5).len(), 5);
    }
}
