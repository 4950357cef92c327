//! The table with a row for each wrong server and a column for each criterion.

use super::{Line, line::side_by_side, mark, wrapped};
use course::report::Status;
use textwrap::core::display_width;

/// The column where the signs begin if they do not fit beside the name.
const BELOW: usize = 6;

/// The result of each criterion for one wrong server.
pub struct MistakeResult<'a> {
    /// The mistake's id.
    pub id: &'a str,
    /// The criterion that must catch the mistake.
    pub criterion: &'a str,
    /// The status of each criterion, in the lesson's order.
    pub statuses: Vec<Status>,
    /// The reason why the mistake does not count as caught. `None` if the mistake is caught.
    pub missed: Option<String>,
}

/// The table's layout.
pub struct MistakeTable<'a> {
    /// The criteria's ids.
    criteria: &'a [&'a str],
    /// The width of the longest id of a mistake, in columns.
    names: usize,
}

impl<'a> MistakeTable<'a> {
    /// A table with these mistakes as rows and these criteria as columns.
    pub fn new(criteria: &'a [&'a str], mistakes: impl IntoIterator<Item = &'a str>) -> Self {
        Self { criteria, names: mistakes.into_iter().map(display_width).max().unwrap_or(0) }
    }

    /// The table's head: the legend, which gives each criterion a letter, and the letters above
    /// their columns.
    pub fn head(&self, width: usize) -> Vec<Line> {
        let lettered = ('a'..='z').cycle().zip(self.criteria);
        let legend: Vec<_> =
            lettered.clone().map(|(letter, id)| format!("{letter} {id}")).collect();
        let legend = side_by_side(legend.iter().map(String::as_str), "   ", width - 2);
        let legend = legend.iter().map(|piece| Line::new().plain("  ").faint(piece));
        let mut lines: Vec<_> = legend.collect();
        let letters: String = lettered.map(|(letter, _)| format!(" {letter} ")).collect();
        let column = if self.fits(width) { self.indent() } else { BELOW };
        lines.extend([Line::new(), Line::new().to(column).faint(letters.trim_end())]);
        lines
    }

    /// The row of one mistake: a sign for each criterion. The criterion that must catch the mistake
    /// is in brackets.
    pub fn row(&self, result: &MistakeResult<'_>, width: usize) -> Vec<Line> {
        let verdict = if result.missed.is_none() { Status::Proved } else { Status::Failed };
        let start = Line::new().plain("  ").then(mark(verdict)).plain(" ").plain(result.id);
        let cells = self.criteria.iter().zip(&result.statuses);
        let cells = cells.fold(Line::new(), |line, (id, status)| {
            let (left, right) = if *id == result.criterion { ("[", "]") } else { (" ", " ") };
            line.plain(left).then(mark(*status)).plain(right)
        });
        let (mut lines, row) = match self.fits(width) {
            true => (Vec::new(), start.to(self.indent()).then(cells)),
            false => (vec![start], Line::new().to(BELOW).then(cells)),
        };
        let named = row.clone().plain("  ").plain(result.criterion);
        lines.push(if named.width() <= width { named } else { row });
        if let Some(missed) = &result.missed {
            let pieces = wrapped(missed, width - 6);
            lines.extend(pieces.iter().map(|piece| Line::new().plain("      ").bad(piece)));
        }
        lines
    }

    /// Whether a name and its signs fit on one line.
    fn fits(&self, width: usize) -> bool {
        self.indent() + 3 * self.criteria.len() <= width
    }

    fn indent(&self) -> usize {
        4 + self.names + 2
    }
}

/// The table in Markdown. The criterion that must catch a mistake is in bold.
pub fn markdown(criteria: &[&str], all: &[MistakeResult<'_>]) -> String {
    let heads: String = criteria.iter().map(|id| format!(" {id} |")).collect();
    let rule = "---|".repeat(criteria.len() + 1);
    let mut text = format!("| wrong server |{heads}\n|{rule}\n");
    for result in all {
        let cells = criteria.iter().zip(&result.statuses).map(|(id, status)| {
            let sign = mark(*status).text();
            if *id == result.criterion { format!(" **{sign}** |") } else { format!(" {sign} |") }
        });
        text += &format!("| {} |{}\n", result.id, cells.collect::<String>());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use Status::{Failed, Proved, Skipped};

    const CRITERIA: [&str; 3] = ["starts", "slots", "reuse"];

    fn wrong_fd(missed: Option<&str>) -> MistakeResult<'static> {
        let missed = missed.map(str::to_owned);
        MistakeResult {
            id: "wrong-fd",
            criterion: "slots",
            statuses: vec![Proved, Failed, Skipped],
            missed,
        }
    }

    #[test]
    fn the_criterion_that_must_catch_a_mistake_is_in_brackets() {
        let table = MistakeTable::new(&CRITERIA, ["wrong-fd"]);
        let mut lines = table.head(80);
        lines.extend(table.row(&wrong_fd(None), 80));
        let shown: Vec<_> = lines.iter().map(Line::text).collect();
        let expected = [
            "  a starts   b slots   c reuse",
            "",
            "               a  b  c",
            "  ✓ wrong-fd   ✓ [✗] –   slots",
        ];
        assert_eq!(shown, expected);
        let missed = table.row(&wrong_fd(Some("slots proved it")), 80);
        assert_eq!(missed[1].text(), "      slots proved it");
    }

    #[test]
    fn on_a_narrow_screen_the_signs_are_below_the_name() {
        let table = MistakeTable::new(&CRITERIA, ["wrong-fd"]);
        let lines = table.row(&wrong_fd(None), 22);
        let shown: Vec<_> = lines.iter().map(Line::text).collect();
        assert_eq!(shown, ["  ✓ wrong-fd", "       ✓ [✗] –   slots"]);
    }

    #[test]
    fn markdown_has_the_same_table() {
        let expected = "\
| wrong server | starts | slots | reuse |
|---|---|---|---|
| wrong-fd | ✓ | **✗** | – |
";
        assert_eq!(markdown(&CRITERIA, &[wrong_fd(None)]), expected);
    }
}
