//! Tables of evidence. The tables are side by side if the screen is wide enough. Otherwise each
//! table is below the table before it.

use super::{Line, line::cut};
use course::report::{Row, Table};
use textwrap::core::display_width;

const INDENT: usize = 6;
const GAP: usize = 3;
/// The maximum number of rows that are all shown. Of a longer table, only the first rows and the
/// wrong rows are shown.
const LONG: usize = 14;

/// The tables in lines of at most `width` columns. A table without rows is not shown.
pub(super) fn tables(tables: &[Table], width: usize) -> Vec<Line> {
    let tables = tables.iter().filter(|table| !table.rows.is_empty());
    let drawn: Vec<_> = tables.map(|table| draw(table, width - INDENT)).collect();
    let needed: usize = drawn.iter().map(|rows| widest(rows) + GAP).sum();
    if needed <= width - INDENT + GAP {
        return beside(&drawn);
    }
    let stacked: Vec<_> = drawn.iter().map(|rows| beside(std::slice::from_ref(rows))).collect();
    stacked.join(&Line::new())
}

/// A table's title and rows, with a mark before each wrong row.
fn draw(table: &Table, width: usize) -> Vec<Line> {
    let mut lines = vec![Line::new().faint(&cut(&table.title, width))];
    for (row, hidden) in chosen(&table.rows, LONG) {
        let text = cut(&row.text, width - 2);
        lines.push(match row.wrong {
            true => Line::new().bad(&format!("▸ {text}")),
            false => Line::new().plain(&format!("  {text}")),
        });
        if hidden > 0 {
            lines.push(Line::new().faint(&format!("  … {hidden} more")));
        }
    }
    lines
}

/// The rows to show, each with the number of rows after it that are not shown. If there are more
/// than `most` rows, only the first rows and the wrong rows are shown.
pub fn chosen(rows: &[Row], most: usize) -> Vec<(&Row, usize)> {
    let mut chosen: Vec<(&Row, usize)> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let first = index < most / 2;
        let wrong = row.wrong && chosen.len() < most;
        match chosen.last_mut() {
            Some((_, hidden)) if rows.len() > most && !first && !wrong => *hidden += 1,
            _ => chosen.push((row, 0)),
        }
    }
    chosen
}

/// Joins tables so that they are side by side.
fn beside(drawn: &[Vec<Line>]) -> Vec<Line> {
    let height = drawn.iter().map(Vec::len).max().unwrap_or(0);
    let line = |row: usize| {
        let mut column = INDENT;
        let mut line = Line::new();
        for table in drawn {
            if let Some(cell) = table.get(row) {
                line = line.to(column).then(cell.clone());
            }
            column += widest(table) + GAP;
        }
        line
    };
    (0..height).map(line).collect()
}

fn widest(lines: &[Line]) -> usize {
    lines.iter().map(|line| display_width(&line.text())).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(title: &str, rows: &[&str], wrong: usize) -> Table {
        let row =
            |(index, text): (usize, &&str)| Row { wrong: index == wrong, text: text.to_string() };
        Table { title: title.into(), rows: rows.iter().enumerate().map(row).collect() }
    }

    fn shown(given: &[Table], width: usize) -> Vec<String> {
        tables(given, width).iter().map(Line::text).collect()
    }

    #[test]
    fn two_tables_are_side_by_side() {
        let given = [table("kernel", &["3 LISTEN", "5 CLOSE_WAIT"], 1), table("server", &["3"], 9)];
        let expected =
            ["      kernel           server", "        3 LISTEN         3", "      ▸ 5 CLOSE_WAIT"];
        assert_eq!(shown(&given, 80), expected);
    }

    #[test]
    fn tables_are_one_below_the_other_on_a_narrow_screen() {
        let given =
            [table("the kernel says", &["3 LISTEN 0.0.0.0:7000"], 9), table("server", &["3"], 9)];
        assert_eq!(shown(&given, 32).len(), 5);
    }

    #[test]
    fn a_table_without_rows_is_not_shown() {
        assert!(shown(&[table("the kernel says", &[], 9)], 80).is_empty());
    }

    #[test]
    fn a_long_table_shows_its_first_and_its_wrong_rows() {
        let rows = vec!["4 ESTABLISHED"; 1000];
        let lines = shown(&[table("kernel", &rows, 700)], 80);
        assert!(lines.len() < 15, "{lines:?}");
        assert!(lines.iter().any(|line| line.contains("▸")));
        assert!(lines.iter().any(|line| line.contains("… 693 more")), "{lines:?}");
    }
}
