//! Shows a chart of a run in the terminal: a column for each client, process and thread, and a row for
//! each event.

use super::line::{Line, cut, hanging};
use course::timeline::{Chart, Column, Row};
use textwrap::core::display_width;

/// The columns of the time, and the space between two columns.
const TIME: usize = 8;
const GAP: usize = 2;
/// The minimum width of the column of a client.
const CLIENT: usize = 14;

/// The chart in lines of at most `width` columns. `failure` is what was wrong in the end.
pub fn chart(chart: &Chart, failure: Option<&str>, width: usize) -> Vec<Line> {
    let widths = widths(&chart.columns, width);
    let mut lines = vec![heading(&chart.columns, &widths)];
    if chart.left_out > 0 {
        let text = format!("… {} events before", chart.left_out);
        lines.push(Line::new().to(TIME + GAP).faint(&text));
    }
    for row in &chart.rows {
        lines.extend(lines_of(chart, row, &widths, width));
    }
    if let Some(failure) = failure {
        let start = Line::new().bad("✗").to(GAP);
        lines.extend(hanging(start, GAP, failure, width.saturating_sub(GAP), Line::bad));
    }
    lines
}

/// The width of each column. The clients get little, the programs what is left.
fn widths(columns: &[Column], width: usize) -> Vec<usize> {
    let room = width.saturating_sub(TIME + GAP * columns.len()).max(columns.len());
    let clients = columns.iter().filter(|column| column.is_client).count();
    let programs = columns.len() - clients;
    let of_client = match clients {
        0 => 0,
        1 => (room / 3).max(CLIENT),
        _ => (room / (clients + 2 * programs)).max(CLIENT.min(room / columns.len())),
    };
    let of_program = room.saturating_sub(of_client * clients) / programs.max(1);
    columns.iter().map(|it| if it.is_client { of_client } else { of_program }.max(1)).collect()
}

fn start_of(widths: &[usize], column: usize) -> usize {
    TIME + GAP + widths[..column].iter().map(|width| width + GAP).sum::<usize>()
}

fn heading(columns: &[Column], widths: &[usize]) -> Line {
    let time = Line::new().faint(&format!("{:>TIME$}", "ms"));
    columns.iter().enumerate().fold(time, |line, (number, column)| {
        line.to(start_of(widths, number)).strong(&cut(&column.name, widths[number]))
    })
}

fn lines_of(chart: &Chart, row: &Row, widths: &[usize], width: usize) -> Vec<Line> {
    let Some(column) = row.column else {
        let start = Line::new().faint("──").to(GAP + 1);
        return hanging(start, GAP + 1, &row.text, width.saturating_sub(GAP + 1), Line::strong);
    };
    let time = format!("{:>TIME$.1}", row.at.as_secs_f64() * 1e3);
    let mut line = Line::new().faint(&time);
    let exists = |number: usize| number == column || chart.columns[number].exists(row.at);
    for (number, cell) in widths.iter().enumerate().filter(|(number, _)| exists(*number)) {
        line = line.to(start_of(widths, number));
        line = match number == column {
            true => style(row)(line, &text(row, column, *cell)),
            false if chart.columns[number].is_client => line.faint("│"),
            false if chart.sleeps(number, row.at) => line.faint("┆"),
            false => line.faint("┃"),
        };
    }
    vec![line]
}

/// The text of a row, with an arrow to the column that bytes or a connection go to.
fn text(row: &Row, column: usize, width: usize) -> String {
    match row.to {
        Some(to) if to < column => format!("◀ {}", within(&row.text, width.saturating_sub(2))),
        Some(to) if to > column => {
            let text = within(&row.text, width.saturating_sub(2));
            let rest = width.saturating_sub(display_width(&text) + 2);
            format!("{text} {}▶", "─".repeat(rest))
        }
        _ => within(&row.text, width),
    }
}

/// `text` in at most `width` columns. If the text is longer, `…` replaces the end of a call's
/// arguments, and the result stays.
fn within(text: &str, width: usize) -> String {
    /// The fewest columns for the name of a call and the start of its arguments.
    const CALL: usize = 12;
    let result = text.rfind(") = ").map_or("", |at| &text[at..]);
    let room = width.saturating_sub(display_width(result));
    if display_width(text) <= width || result.is_empty() || room < CALL {
        return cut(text, width);
    }
    cut(&text[..text.len() - result.len()], room) + result
}

fn style(row: &Row) -> fn(Line, &str) -> Line {
    match (row.has_failed, row.is_print) {
        (true, _) => Line::unsure,
        (_, true) => Line::good,
        _ => Line::plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_call_keeps_its_result() {
        let call = "poll([3, 6, 5 POLLIN|POLLERR|POLLHUP, 7 POLLIN]) = 2";
        assert_eq!(within(call, 30), "poll([3, 6, 5 POLLIN|POL…) = 2");
        assert_eq!(within(call, 14), "poll([3, 6, 5…");
        assert_eq!(within("close(7) = 0", 30), "close(7) = 0");
        assert_eq!(within("O resets its connection", 10), "O resets …");
    }
    use course::timeline::Sleep;
    use std::time::Duration;

    fn example() -> Chart {
        let column = |name: &str, is_client, from| {
            let until = Duration::MAX;
            Column { name: name.to_owned(), is_client, from: Duration::from_millis(from), until }
        };
        let row = |millis, column, text: &str, to| Row {
            at: Duration::from_millis(millis),
            column,
            text: text.to_owned(),
            to,
            is_print: false,
            has_failed: false,
        };
        let millis = Duration::from_millis;
        Chart {
            columns: vec![column("program", false, 0), column("A", true, 2), column("B", true, 6)],
            rows: vec![
                row(1, None, "A connected", None),
                row(2, Some(1), "connects", Some(0)),
                row(5, Some(0), "accept4(3, the listener) = 5, client A", None),
                row(6, Some(0), "write(5) = 2", Some(1)),
            ],
            left_out: 0,
            sleeps: vec![Sleep { column: 0, from: millis(1), until: millis(5) }],
            calls: vec!["accept4", "write"],
        }
    }

    #[test]
    fn the_columns_stand_side_by_side() {
        let lines = chart(&example(), Some("A is not closed."), 70);
        let lines: Vec<_> = lines.iter().map(Line::text).collect();
        assert_eq!(
            lines,
            [
                "      ms  program                       A               B",
                "── A connected",
                "     2.0  ┆                             ◀ connects",
                "     5.0  accept4(3, t…) = 5, client A  │",
                "     6.0  write(5) = 2 ──────────────▶  │               │",
                "✗ A is not closed.",
            ]
        );
    }

    #[test]
    fn every_line_fits() {
        for width in [32, 60, 80] {
            let lines = chart(&example(), Some("A is not closed, and stays open."), width);
            assert!(lines.iter().all(|line| line.width() <= width), "{width}");
        }
    }
}
