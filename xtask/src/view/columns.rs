//! The columns of the table of descriptors.

use proofs::{FileRow, WaitsWith};
use terminal::show::{Line, cut};

/// The cells of a row: what is in each column.
type Cells = [String; COUNT];

/// The number of columns.
const COUNT: usize = 7;
const HEADS: [&str; COUNT] = ["fd", "state", "what", "slot", "unread", "unsent", ""];
const WHAT: usize = 2;
const ENTRY: usize = 6;
/// The columns that are left out if the window is too narrow, in this order.
const LEFT_OUT: [usize; 3] = [5, 4, 3];
/// The columns before the first one, for the marks.
pub(super) const MARGIN: usize = 2;
/// The free columns between two columns, and before the entry.
const GAP: usize = 1;
const GAP_OF_ENTRY: usize = 2;
/// The minimum width of the column of names.
const NARROWEST_NAME: usize = 11;

/// The columns that are shown, each with its width.
pub(super) struct Columns {
    heads: Cells,
    widths: [usize; COUNT],
}

impl Columns {
    /// Columns for these rows, in `width` columns of the terminal.
    pub(super) fn of<'a>(
        rows: impl Iterator<Item = &'a FileRow>,
        waits_with: WaitsWith,
        width: usize,
    ) -> Self {
        let mut heads = HEADS.map(str::to_owned);
        heads[ENTRY] = match waits_with {
            WaitsWith::Neither => String::new(),
            WaitsWith::Poll => "asks poll for".to_owned(),
            WaitsWith::Epoll => "interest list".to_owned(),
        };
        let mut widths = heads.each_ref().map(|head| Line::new().plain(head).width());
        // A column without any information is not shown.
        let mut is_used = [true, true, true, false, false, false, waits_with != WaitsWith::Neither];
        for cells in rows.map(cells) {
            for (column, cell) in cells.iter().enumerate() {
                widths[column] = widths[column].max(Line::new().plain(cell).width());
                is_used[column] |= !cell.is_empty();
            }
        }
        for (width, is_used) in widths.iter_mut().zip(is_used) {
            *width *= usize::from(is_used);
        }
        let mut columns = Self { heads, widths };
        columns.fit(width);
        columns
    }

    /// Leaves columns out, and then shortens the names and the entries, until a row fits.
    fn fit(&mut self, width: usize) {
        for column in LEFT_OUT {
            if self.width() > width {
                self.widths[column] = 0;
            }
        }
        let too_wide = self.width().saturating_sub(width);
        let shorter = self.widths[WHAT].saturating_sub(too_wide).max(NARROWEST_NAME);
        self.widths[WHAT] = shorter.min(self.widths[WHAT]);
        let too_wide = self.width().saturating_sub(width);
        self.widths[ENTRY] = self.widths[ENTRY].saturating_sub(too_wide);
    }

    fn width(&self) -> usize {
        let shown = |column: &usize| self.widths[*column] > 0;
        MARGIN + (0..COUNT).filter(shown).map(|it| gap(it) + self.widths[it]).sum::<usize>()
    }

    /// The line with the names of the columns.
    pub(super) fn head(&self) -> Line {
        self.line(Line::new(), &self.heads, Line::faint)
    }

    /// The line of a row.
    pub(super) fn row(&self, row: &FileRow, is_chosen: bool) -> Line {
        let (mark, style): (Line, fn(Line, &str) -> Line) = match (row.wrong, is_chosen) {
            (true, true) => (Line::new().bad("▸›"), Line::bad),
            (true, false) => (Line::new().bad("▸"), Line::bad),
            (false, true) => (Line::new().strong(" ›"), Line::strong),
            (false, false) => (Line::new(), Line::plain),
        };
        let mut cells = cells(row);
        if row.fd.is_none() {
            cells[0] = "–".to_owned();
        }
        self.line(mark, &cells, style)
    }

    fn line(&self, start: Line, cells: &Cells, style: fn(Line, &str) -> Line) -> Line {
        let mut at = MARGIN;
        let mut line = start;
        for (column, cell) in cells.iter().enumerate() {
            let width = self.widths[column];
            if width == 0 {
                continue;
            }
            at += gap(column);
            let text = cut(cell, width);
            // Numbers stand at the right of their column.
            let is_number = matches!(column, 3..=5);
            let indent = if is_number { width - Line::new().plain(&text).width() } else { 0 };
            if !text.is_empty() {
                line = style(line.to(at + indent), &text);
            }
            at += width;
        }
        line
    }
}

fn gap(column: usize) -> usize {
    match column {
        0 => 0,
        ENTRY => GAP_OF_ENTRY,
        _ => GAP,
    }
}

fn cells(row: &FileRow) -> Cells {
    let number = |number: Option<usize>| number.map(|it| it.to_string()).unwrap_or_default();
    [
        row.fd.map(|fd| fd.to_string()).unwrap_or_default(),
        row.state.to_owned(),
        row.name.clone(),
        number(row.slot),
        row.unread.clone().unwrap_or_default(),
        number(row.unsent.map(|unsent| unsent as usize)),
        row.entry.clone().unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(fd: i32) -> FileRow {
        FileRow {
            fd: Some(fd),
            state: "ESTABLISHED",
            name: format!("client {fd}, half-closed"),
            slot: Some(0),
            unread: Some("EOF".to_owned()),
            unsent: Some(0),
            entry: Some("[1] POLLIN|POLLOUT".to_owned()),
            wrong: fd == 5,
        }
    }

    fn text(width: usize) -> String {
        let rows = [client(4), client(5)];
        let columns = Columns::of(rows.iter(), WaitsWith::Poll, width);
        let lines = [columns.head(), columns.row(&rows[0], false), columns.row(&rows[1], true)];
        assert!(lines.iter().all(|line| line.width() <= width), "{lines:?}");
        lines.map(|line| line.text() + "\n").concat()
    }

    #[test]
    fn a_wide_window_has_every_column() {
        let expected = "  fd state       what                  slot unread unsent  asks poll for
  4  ESTABLISHED client 4, half-closed    0    EOF      0  [1] POLLIN|POLLOUT
▸›5  ESTABLISHED client 5, half-closed    0    EOF      0  [1] POLLIN|POLLOUT
";
        assert_eq!(text(80), expected);
    }

    #[test]
    fn a_narrow_window_has_the_most_important_columns() {
        assert!(text(60).contains("client 5, half-closed  [1] POLLIN|POLLOUT"), "{}", text(60));
        assert!(text(46).contains("[1] POLLIN"), "{}", text(46));
        assert!(!text(46).contains("unread"));
    }

    #[test]
    fn columns_without_information_are_left_out() {
        let row = FileRow { slot: None, unread: None, unsent: None, entry: None, ..client(3) };
        let columns = Columns::of([row].iter(), WaitsWith::Neither, 80);
        assert_eq!(columns.head().text(), "  fd state       what");
    }
}
