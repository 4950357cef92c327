//! A failure in full: what was done, what the kernel shows, what the mistake is called.

use super::{Line, lesson::hanging, line::cut, line::side_by_side, tables::tables, wrapped};
use course::report::{Cause, Step};
use textwrap::core::display_width;

/// A narrower screen gets the log below the steps in place of beside them.
const TWO_COLUMNS: usize = 60;
/// The longest text from a server that is shown whole, in columns.
const LONG: usize = 240;

/// A Common Mistakes row of the lesson.
pub struct Mistake<'a> {
    /// What goes wrong.
    pub mistake: &'a str,
    /// What to do about it.
    pub fix: &'a str,
}

/// A cause in at most `width` columns, with the row that describes it where the lesson has one.
pub fn failure(cause: &Cause, row: Option<Mistake<'_>>, width: usize) -> Vec<Line> {
    let blocks = [
        paragraph(Line::new().plain("    "), &cause.summary, width, Line::strong),
        steps(&cause.steps, width),
        tables(&cause.evidence, width),
        outcome(cause, width),
        advice(cause, row, width),
    ];
    let filled = blocks.into_iter().filter(|block| !block.is_empty());
    let mut lines: Vec<_> = filled.flat_map(|block| [vec![Line::new()], block].concat()).collect();
    lines.push(Line::new());
    lines
}

/// The numbered steps, each with what the server logged: beside it, or below where it is narrow.
fn steps(steps: &[Step], width: usize) -> Vec<Line> {
    let digits = steps.len().to_string().len();
    let indent = 6 + digits + 2;
    let longest = steps.iter().map(|step| display_width(&step.did)).max().unwrap_or(0);
    let beside = width >= TWO_COLUMNS;
    let room = if beside { longest.min((width - indent) / 2) } else { width - indent };
    let log = if beside { indent + room + 2 } else { indent };
    let mut lines = Vec::new();
    for (step, number) in steps.iter().zip(1..) {
        let number = Line::new().plain("      ").faint(&format!("{number:>digits$}"));
        let done = hanging(number, indent, &cut(&step.did, LONG), room);
        let logged = logged(&step.logged, width - log);
        match beside {
            true => lines.extend(joined(done, logged, log)),
            false => lines.extend(done.into_iter().chain(joined(Vec::new(), logged, log))),
        }
    }
    lines
}

/// `left` lines with `right` pieces beside them from `column` on.
fn joined(left: Vec<Line>, right: Vec<String>, column: usize) -> Vec<Line> {
    let height = left.len().max(right.len());
    let mut left = left.into_iter();
    let mut right = right.into_iter();
    let lines = (0..height).map(|_| {
        let line = left.next().unwrap_or_default();
        match right.next() {
            Some(piece) => line.to(column).faint(&piece),
            None => line,
        }
    });
    lines.collect()
}

/// Log lines in pieces of at most `width` columns; of many, the first and the last.
fn logged(lines: &[String], width: usize) -> Vec<String> {
    let line = |line: &String| cut(line, LONG);
    let shown = match lines {
        [] => return Vec::new(),
        [first, second, third, hidden @ .., last] if hidden.len() > 2 => {
            let more = format!("… {} more", hidden.len());
            vec![line(first), line(second), line(third), more, line(last)]
        }
        _ => lines.iter().map(line).collect(),
    };
    side_by_side(shown.iter().map(String::as_str), " · ", width)
}

fn outcome(cause: &Cause, width: usize) -> Vec<Line> {
    let part = |name: &str, text: &str| match text {
        "" => Vec::new(),
        _ => paragraph(Line::new().plain("      ").faint(name), text, width, Line::plain),
    };
    [part("expected  ", &cause.expected), part("observed  ", &cause.observed)].concat()
}

fn advice(cause: &Cause, row: Option<Mistake<'_>>, width: usize) -> Vec<Line> {
    let part = |name: &str, text: &str, paint: Paint| match text {
        "" => Vec::new(),
        _ => paragraph(Line::new().plain("    ").faint(name), text, width, paint),
    };
    let mut lines = Vec::new();
    if let Some(row) = row {
        lines.extend(part("Common mistake: ", row.mistake, Line::plain));
        lines.extend(part("           Fix: ", row.fix, Line::plain));
    }
    // A command is copied: it stays on one line whatever the width.
    if !cause.replay.is_empty() {
        lines.push(Line::new().plain("    ").faint("again: ").plain(&cause.replay));
    }
    lines
}

type Paint = fn(Line, &str) -> Line;

/// Text that hangs from its first line's start.
fn paragraph(start: Line, text: &str, width: usize, paint: Paint) -> Vec<Line> {
    let indent = start.width();
    let mut start = Some(start);
    let pieces = wrapped(&cut(text, LONG * 3), width - indent);
    let line = |piece: &String| paint(start.take().unwrap_or_default().to(indent), piece);
    pieces.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use course::report::{Row, Table};

    fn leak() -> Cause {
        let step = |did: &str, logged: &[&str]| Step {
            did: did.into(),
            logged: logged.iter().map(|line| line.to_string()).collect(),
        };
        let row = |wrong, text: &str| Row { wrong, text: text.into() };
        Cause {
            id: "fd-leak".into(),
            summary: "The server logged that client B left, but never closed its socket.".into(),
            steps: vec![
                step("A, B connected", &["[ACCEPT] fd=4 slot=0", "[ACCEPT] fd=5 slot=1"]),
                step("B sent \"hello\", then closed", &[]),
                step("the server read 5 bytes, then 0", &["[DISCONNECT] fd=5 slot=1"]),
            ],
            expected: "descriptors 3 4".into(),
            observed: "descriptors 3 4 5".into(),
            evidence: vec![
                Table {
                    title: "the kernel says".into(),
                    rows: vec![
                        row(false, "4  ESTABLISHED  A"),
                        row(true, "5  CLOSE_WAIT   B, gone"),
                    ],
                },
                Table {
                    title: "the server asks poll for".into(),
                    rows: vec![row(false, "[1] 4  POLLIN")],
                },
            ],
            replay: "cargo xtask prove w03-l02 --only no-fd-leak".into(),
            ..Cause::default()
        }
    }

    fn shown(cause: &Cause, width: usize) -> String {
        let row = Mistake {
            mistake: "Forgetting to close the descriptor",
            fix: "Drop it with the slot.",
        };
        let lines = failure(cause, Some(row), width);
        assert!(lines.iter().all(|line| line.width() <= width), "wider than {width}");
        lines.iter().map(|line| line.text() + "\n").collect()
    }

    #[test]
    fn eighty_columns_put_the_log_beside_the_steps() {
        let expected = r#"
    The server logged that client B left, but never closed its socket.

      1  A, B connected                   [ACCEPT] fd=4 slot=0 ·
                                          [ACCEPT] fd=5 slot=1
      2  B sent "hello", then closed
      3  the server read 5 bytes, then 0  [DISCONNECT] fd=5 slot=1

      the kernel says             the server asks poll for
        4  ESTABLISHED  A           [1] 4  POLLIN
      ▸ 5  CLOSE_WAIT   B, gone

      expected  descriptors 3 4
      observed  descriptors 3 4 5

    Common mistake: Forgetting to close the descriptor
               Fix: Drop it with the slot.
    again: cargo xtask prove w03-l02 --only no-fd-leak

"#;
        assert_eq!(shown(&leak(), 80), expected);
    }

    #[test]
    fn fifty_columns_put_it_below_them() {
        let text = shown(&leak(), 54);
        let expected = "
      1  A, B connected
         [ACCEPT] fd=4 slot=0 · [ACCEPT] fd=5 slot=1
      2  B sent \"hello\", then closed
";
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("▸ 5  CLOSE_WAIT   B, gone\n\n      the server asks"), "{text}");
    }

    #[test]
    fn what_a_server_prints_cannot_command_the_terminal() {
        let mut cause = leak();
        cause.steps[0].logged = vec!["\x1b[2J\x1b]0;owned\x07".into()];
        cause.observed = "\x1b[32m✓ proved\r".into();
        let lines = failure(&cause, None, 80);
        assert!(lines.iter().all(|line| !line.text().contains(char::is_control)));
        let text: String = lines.iter().map(|line| line.text()).collect();
        assert!(text.contains(r"\x1b[2J\x1b]0;owned\x07"), "{text}");
        assert!(text.contains(r"observed  \x1b[32m✓ proved\r"), "{text}");
    }

    #[test]
    fn a_flood_of_log_lines_stays_short() {
        let mut cause = leak();
        cause.steps[0].logged = vec!["x".repeat(100_000); 1000];
        cause.observed = "y".repeat(1 << 20);
        assert!(failure(&cause, None, 80).len() < 80);
    }
}
