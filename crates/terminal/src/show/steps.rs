//! The numbered steps of a failure, each with the server's log lines beside or below it.

use super::line::{Line, cut, hanging, wrapped};
use course::report::Step;
use textwrap::core::display_width;

const INDENT: usize = 6;
const GAP: usize = 2;
/// The number of columns that the log needs beside the steps, e.g. for `[DISCONNECT] fd=10
/// slot=10`.
const LOG: usize = 26;
/// The maximum length of a text, in columns. A longer text is cut.
const LONG: usize = 240;

/// The number of the program's own lines that are shown for one step, and in all steps together.
const PRINTED: usize = 4;
const ALL_PRINTED: usize = 10;

/// The steps in lines of at most `width` columns. With `all`, every line that the program printed is
/// shown.
pub(super) fn steps(steps: &[Step], width: usize, all: bool) -> Vec<Line> {
    let digits = steps.len().to_string().len();
    let indent = INDENT + digits + GAP;
    let shown: Vec<_> = steps.iter().map(shortened).collect();
    let log = log_column(&shown, indent, width);
    let printed = if all { in_full(steps) } else { last_printed(steps) };
    let mut lines = Vec::new();
    for ((step, number), printed) in shown.iter().zip(1..).zip(&printed) {
        let number = Line::new().to(INDENT).faint(&format!("{number:>digits$}"));
        // A step that has log lines leaves room for these lines. A step that has no log lines can
        // use the whole width.
        let end = log.filter(|_| !step.logged.is_empty()).map_or(width, |column| column - GAP);
        let done = hanging(number, indent, &step.did, end - indent, Line::plain);
        let (left, column) = match log {
            Some(column) => (done, column),
            None => {
                lines.extend(done);
                (Vec::new(), indent + GAP)
            }
        };
        lines.extend(joined(left, in_lines(&step.logged, width - column), column));
        for text in printed {
            let room = width - indent - BAR;
            let pieces = if all { wrapped(text, room) } else { vec![cut(text, room)] };
            let piece = |text: &String| Line::new().to(indent).faint(&format!("│ {text}"));
            lines.extend(pieces.iter().map(piece));
        }
    }
    lines
}

/// The number of columns of the mark before a line that the program printed.
const BAR: usize = 2;

/// Every line that the program printed, for each step.
fn in_full(steps: &[Step]) -> Vec<Vec<String>> {
    steps.iter().map(|step| step.printed.clone()).collect()
}

/// The lines that the program printed last, for each step. Of many lines, only the number is shown.
fn last_printed(steps: &[Step]) -> Vec<Vec<String>> {
    let mut room = ALL_PRINTED;
    let mut all: Vec<_> = steps
        .iter()
        .rev()
        .map(|step| {
            let lines = &step.printed;
            // A line with the number of the hidden lines takes the place of one line.
            let limit = PRINTED.min(room);
            let kept = if lines.len() <= limit { lines.len() } else { limit.saturating_sub(1) };
            let hidden = lines.len() - kept;
            room -= kept;
            let note = (hidden > 0).then(|| format!("… {hidden} lines (--all shows them)"));
            note.into_iter().chain(lines[hidden..].iter().cloned()).collect()
        })
        .collect();
    all.reverse();
    all
}

/// The part of a step that is shown. Of many log lines, the first three and the last line are
/// shown.
fn shortened(Step { did, logged, .. }: &Step) -> Step {
    let line = |line: &String| cut(line, LONG);
    let logged = match logged.as_slice() {
        [first, second, third, hidden @ .., last] if hidden.len() > 2 => {
            let more = format!("… {} more", hidden.len());
            vec![line(first), line(second), line(third), more, line(last)]
        }
        logged => logged.iter().map(line).collect(),
    };
    Step { did: line(did), logged, printed: Vec::new() }
}

/// The column where the log begins. `None` if there is not enough room for the log to the right of
/// every step that has log lines.
fn log_column(steps: &[Step], indent: usize, width: usize) -> Option<usize> {
    let columns = |text: &String| display_width(text);
    let logging = steps.iter().filter(|step| !step.logged.is_empty());
    let done = logging.clone().map(|step| columns(&step.did)).max()?;
    let log = logging.flat_map(|step| &step.logged).map(columns).max()?;
    let column = indent + done + GAP;
    (column + log.min(LOG) <= width).then_some(column)
}

/// Joins the lines of `left` with the pieces of `right`, which begin at `column`.
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

/// The log lines side by side, if they fit into `width` columns. Otherwise each log line has a line
/// of its own.
fn in_lines(logged: &[String], width: usize) -> Vec<String> {
    let side_by_side = logged.join(" · ");
    match display_width(&side_by_side) {
        0 => Vec::new(),
        columns if columns <= width => vec![side_by_side],
        _ => logged.iter().flat_map(|line| wrapped(line, width)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(did: &str, logged: &[&str]) -> Step {
        Step {
            did: did.into(),
            logged: logged.iter().map(|line| line.to_string()).collect(),
            printed: Vec::new(),
        }
    }

    fn shown(given: &[Step], width: usize) -> Vec<String> {
        steps(given, width, false).iter().map(Line::text).collect()
    }

    fn example() -> Vec<Step> {
        vec![
            step("started with PORT=7000", &["[START] active=0/64"]),
            step("A, B connected", &["[ACCEPT] fd=4 slot=0", "[ACCEPT] fd=5 slot=1"]),
            step("the server repeats the same calls: poll = 1, read = 0, poll = 1", &[]),
        ]
    }

    #[test]
    fn the_log_is_to_the_right_where_it_fits() {
        let expected = [
            "      1  started with PORT=7000  [START] active=0/64",
            "      2  A, B connected          [ACCEPT] fd=4 slot=0 · [ACCEPT] fd=5 slot=1",
            "      3  the server repeats the same calls: poll = 1, read = 0, poll = 1",
        ];
        assert_eq!(shown(&example(), 80), expected);
    }

    #[test]
    fn log_lines_that_do_not_fit_on_one_line_get_a_line_each() {
        let expected = [
            "      2  A, B connected          [ACCEPT] fd=4 slot=0",
            "                                 [ACCEPT] fd=5 slot=1",
        ];
        assert_eq!(shown(&example(), 68)[1..3], expected);
    }

    #[test]
    fn the_log_is_below_the_step_on_a_narrow_screen() {
        let expected = [
            "      1  started with PORT=7000",
            "           [START] active=0/64",
            "      2  A, B connected",
            "           [ACCEPT] fd=4 slot=0",
            "           [ACCEPT] fd=5 slot=1",
            "      3  the server repeats the same",
            "         calls: poll = 1, read = 0, poll",
            "         = 1",
        ];
        assert_eq!(shown(&example(), 40), expected);
    }

    #[test]
    fn what_the_program_printed_is_below_its_step() {
        let mut given = example();
        given[1].printed = vec!["new client".into(), "\x1b[31mfd 5".into()];
        let lines = shown(&given, 80);
        assert_eq!(lines[2], "         │ new client");
        assert_eq!(lines[3], r"         │ \x1b[31mfd 5");
    }

    #[test]
    fn of_many_printed_lines_the_last_ones_are_shown() {
        let mut given = example();
        given[0].printed = vec!["early".into(); 9];
        given[1].printed = (0..50).map(|number| format!("line {number}")).collect();
        given[2].printed = vec!["late".into(); 4];
        let lines = shown(&given, 80).join("\n");
        assert!(lines.contains("│ … 7 lines (--all shows them)\n         │ early"), "{lines}");
        assert!(lines.contains("│ … 47 lines (--all shows them)\n         │ line 47"), "{lines}");
        assert_eq!(lines.matches("│ late").count(), 4, "{lines}");
        let lines = steps(&given, 80, true).iter().map(Line::text).collect::<Vec<_>>().join("\n");
        assert!(lines.contains("│ line 0\n") && !lines.contains("--all"), "{lines}");
    }
}
