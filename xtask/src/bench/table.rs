//! A benchmark's figures as a table, with a line for each case.

use super::report::{Figures, Heading, Record, Row};
use course::report::Status;
use terminal::show::{self, Line, hanging, mark};
use textwrap::core::display_width;

/// The width of one figure, in columns.
const FIGURE: usize = 10;
/// The widths of the ratio and of its limit, in columns.
const RATIO: [usize; 2] = [8, 11];
/// The width of two pairs of figures, the ratio and its limit, in columns.
const FIGURES: usize = 4 * FIGURE + RATIO[0] + RATIO[1];
/// The minimum number of columns for a case beside its figures. On a narrower screen, only the
/// ratio is shown.
const CASE: usize = 21;

/// One record of the benchmark's output, in lines of at most `width` columns.
pub(super) fn lines(record: &Record, width: usize) -> Vec<Line> {
    match record {
        Record::Heading(heading) => head(heading, width),
        Record::Row(row) => case(row, width),
        Record::Note(note) => hanging(Line::new(), 2, note, width - 2, Line::faint),
    }
}

/// The title, and the columns' heads.
fn head(heading: &Heading, width: usize) -> Vec<Line> {
    let Heading { bench, title, server, reference, columns, promises, runs } = heading;
    let note = format!("median of {runs}");
    let mut lines = show::Heading { id: bench, title, note: &note }.lines(width);
    let reference = reference.as_deref().unwrap_or_default();
    let ratio_end = width - RATIO[1];
    if width < CASE + FIGURES {
        lines.push(right(Line::new(), ratio_end, &format!("{server} / {reference}"), Line::faint));
        return lines;
    }
    let pairs = columns.iter().enumerate();
    lines.push(pairs.fold(Line::new(), |line, (pair, name)| {
        right(line, figure_end(width, 2 * pair + 1), name, Line::faint)
    }));
    let names = [server, reference, server, reference].into_iter().enumerate();
    let names = names.fold(Line::new(), |line, (index, name)| {
        right(line, figure_end(width, index), name, Line::faint)
    });
    let names = right(names, ratio_end, "ratio", Line::faint);
    lines.push(match promises {
        true => right(names, width - 2, "promised", Line::faint),
        false => names,
    });
    lines
}

/// A case, wrapped in its column, with its figures.
fn case(row: &Row, width: usize) -> Vec<Line> {
    if width < CASE + FIGURES {
        let mut lines = hanging(Line::new(), 2, &row.case, width - 2, Line::plain);
        lines.push(ratio(Line::new(), row, width));
        return lines;
    }
    let room = width - FIGURES - 2;
    let mut lines = hanging(Line::new(), 2, &row.case, room, Line::plain);
    if let Some(first) = lines.first_mut() {
        *first = ratio(figures(std::mem::take(first), row, width), row, width);
    }
    lines
}

fn figures(line: Line, row: &Row, width: usize) -> Line {
    let reference = row.reference.unwrap_or_default();
    let cells = [speed(&row.server), speed(&reference), cost(&row.server), cost(&reference)];
    cells
        .iter()
        .enumerate()
        .fold(line, |line, (index, cell)| right(line, figure_end(width, index), cell, Line::plain))
}

fn ratio(line: Line, row: &Row, width: usize) -> Line {
    let Some(ratio) = row.ratio else { return line };
    let line = right(line, width - RATIO[1], &format!("{ratio:.2}"), Line::strong);
    let Some(limit) = row.limit else { return line };
    let line = right(line, width - 2, &format!("≤ {limit:.2}"), Line::faint);
    let status = if ratio <= limit { Status::Proved } else { Status::Failed };
    line.plain(" ").then(mark(status))
}

/// The column where figure `index` of four ends.
fn figure_end(width: usize, index: usize) -> usize {
    width - FIGURES + (index + 1) * FIGURE
}

/// Adds `text` so that it ends at column `end`.
fn right(line: Line, end: usize, text: &str, paint: fn(Line, &str) -> Line) -> Line {
    match text {
        "" => line,
        text => paint(line.to(end.saturating_sub(display_width(text))), text),
    }
}

fn speed(figures: &Figures) -> String {
    let rate = figures.per_second.map(|rate| scaled(rate, ["", "k", "M"]));
    let time = figures.round_trip_us.map(|time| scaled(time * 1e3, [" ns", " µs", " ms"]));
    rate.or(time).unwrap_or_default()
}

fn cost(figures: &Figures) -> String {
    let bytes = figures.bytes.map(|bytes| scaled(bytes, [" B", " kB", " MB"]));
    let time = figures.cpu_ns.map(|time| scaled(time, [" ns", " µs", " ms"]));
    bytes.or(time).unwrap_or_default()
}

/// `value` with three digits and one of three units. Each unit is a thousand times the previous
/// unit.
fn scaled(value: f64, units: [&str; 3]) -> String {
    let (value, unit) = match value {
        _ if value < 999.5 => (value, units[0]),
        _ if value < 999.5e3 => (value / 1e3, units[1]),
        _ => (value / 1e6, units[2]),
    };
    let decimals = match value {
        _ if value < 9.995 && unit != units[0] => 2,
        _ if value < 99.95 && unit != units[0] => 1,
        _ => 0,
    };
    format!("{value:.decimals$}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heading() -> Record {
        Record::Heading(Heading {
            bench: "store".into(),
            title: "50 connections, 3-byte values".into(),
            server: "store".into(),
            reference: Some("Redis".into()),
            columns: ["requests a second".into(), "server CPU for each".into()],
            promises: true,
            runs: 5,
        })
    }

    fn row(ratio: f64) -> Record {
        let figures = |per_second, cpu_ns| Figures {
            per_second: Some(per_second),
            cpu_ns: Some(cpu_ns),
            ..Figures::default()
        };
        Record::Row(Row {
            case: "GET, 16 a pipeline".into(),
            server: figures(2_710_000.0, 368.0),
            reference: Some(figures(1_960_000.0, 510.0)),
            ratio: Some(ratio),
            limit: Some(0.72),
        })
    }

    fn shown(records: &[Record], width: usize) -> Vec<String> {
        records.iter().flat_map(|record| lines(record, width)).map(|line| line.text()).collect()
    }

    #[test]
    fn figures_are_below_their_names() {
        let expected = [
            "store  50 connections, 3-byte values                                 median of 5",
            "                        requests a second server CPU for each",
            "                          store     Redis     store     Redis   ratio promised",
            "  GET, 16 a pipeline      2.71M     1.96M    368 ns    510 ns    0.56   ≤ 0.72 ✓",
        ];
        assert_eq!(shown(&[heading(), row(0.56)], 80), expected);
    }

    #[test]
    fn a_narrow_screen_shows_only_the_ratio() {
        let lines = shown(&[heading(), row(0.56)], 40);
        assert!(lines.iter().all(|line| display_width(line) <= 40), "{lines:#?}");
        assert!(lines.iter().any(|line| line.ends_with("0.56   ≤ 0.72 ✓")), "{lines:#?}");
    }

    #[test]
    fn a_broken_promise_is_marked() {
        assert!(shown(&[row(0.73)], 80)[0].ends_with("0.73   ≤ 0.72 ✗"));
    }

    #[test]
    fn figures_have_three_digits() {
        let units = [" ns", " µs", " ms"];
        let expected = [
            (0.4, "0 ns"),
            (51.6, "52 ns"),
            (999.4, "999 ns"),
            (999.9, "1.00 µs"),
            (9_999.0, "10.0 µs"),
            (51_620.0, "51.6 µs"),
            (918_000.0, "918 µs"),
            (1_655_000.0, "1.66 ms"),
        ];
        for (value, text) in expected {
            assert_eq!(scaled(value, units), text);
        }
    }
}
