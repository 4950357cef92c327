//! The numbered steps of a failure, each with what the server logged: beside it, or below.

use super::line::{Line, cut, hanging, wrapped};
use course::report::Step;
use textwrap::core::display_width;

const INDENT: usize = 6;
const GAP: usize = 2;
/// The log needs this much beside the steps, e.g. for `[DISCONNECT] fd=10 slot=10`.
const LOG: usize = 26;
/// The longest text that is shown whole, in columns.
const LONG: usize = 240;

/// Steps as lines of at most `width` columns.
pub(super) fn steps(steps: &[Step], width: usize) -> Vec<Line> {
    let digits = steps.len().to_string().len();
    let indent = INDENT + digits + GAP;
    let told: Vec<_> = steps.iter().map(told).collect();
    let log = log_column(&told, indent, width);
    let mut lines = Vec::new();
    for (step, number) in told.iter().zip(1..) {
        let number = Line::new().to(INDENT).faint(&format!("{number:>digits$}"));
        // Only a step with a log beside it has to leave it room.
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
    }
    lines
}

/// What is shown of a step; of many log lines, the first and the last.
fn told(Step { did, logged }: &Step) -> Step {
    let line = |line: &String| cut(line, LONG);
    let logged = match logged.as_slice() {
        [first, second, third, hidden @ .., last] if hidden.len() > 2 => {
            let more = format!("… {} more", hidden.len());
            vec![line(first), line(second), line(third), more, line(last)]
        }
        logged => logged.iter().map(line).collect(),
    };
    Step { did: line(did), logged }
}

/// The column of the log, if it fits to the right of every step that it belongs to.
fn log_column(steps: &[Step], indent: usize, width: usize) -> Option<usize> {
    let columns = |text: &String| display_width(text);
    let logging = steps.iter().filter(|step| !step.logged.is_empty());
    let done = logging.clone().map(|step| columns(&step.did)).max()?;
    let log = logging.flat_map(|step| &step.logged).map(columns).max()?;
    let column = indent + done + GAP;
    (column + log.min(LOG) <= width).then_some(column)
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

/// Log lines on one line where they fit `width` columns, on a line each where not.
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
        Step { did: did.into(), logged: logged.iter().map(|line| line.to_string()).collect() }
    }

    fn shown(given: &[Step], width: usize) -> Vec<String> {
        steps(given, width).iter().map(Line::text).collect()
    }

    fn story() -> Vec<Step> {
        vec![
            step("started with PORT=7000", &["[START] active=0/64"]),
            step("A, B connected", &["[ACCEPT] fd=4 slot=0", "[ACCEPT] fd=5 slot=1"]),
            step("the server never slept: poll = 1, read = 0, over and over", &[]),
        ]
    }

    #[test]
    fn the_log_stands_to_the_right_where_it_fits() {
        let expected = [
            "      1  started with PORT=7000  [START] active=0/64",
            "      2  A, B connected          [ACCEPT] fd=4 slot=0 · [ACCEPT] fd=5 slot=1",
            "      3  the server never slept: poll = 1, read = 0, over and over",
        ];
        assert_eq!(shown(&story(), 80), expected);
    }

    #[test]
    fn a_line_each_where_they_do_not_fit_on_one() {
        let expected = [
            "      2  A, B connected          [ACCEPT] fd=4 slot=0",
            "                                 [ACCEPT] fd=5 slot=1",
        ];
        assert_eq!(shown(&story(), 68)[1..3], expected);
    }

    #[test]
    fn the_log_stands_below_on_a_narrow_screen() {
        let expected = [
            "      1  started with PORT=7000",
            "           [START] active=0/64",
            "      2  A, B connected",
            "           [ACCEPT] fd=4 slot=0",
            "           [ACCEPT] fd=5 slot=1",
            "      3  the server never slept: poll =",
            "         1, read = 0, over and over",
        ];
        assert_eq!(shown(&story(), 40), expected);
    }
}
