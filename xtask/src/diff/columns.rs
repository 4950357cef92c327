//! Shows two texts: side by side in a wide window, and one below the other in a narrow one.

use programs::own_files::{Change, changes};
use terminal::show::{AddText, Line, hanging};
use textwrap::core::display_width;

/// The minimum number of columns for two texts side by side.
const SIDE_BY_SIDE: usize = 110;

/// Something of the student's, and the same thing of the reference.
pub(super) struct Pair<T> {
    pub(super) yours: T,
    pub(super) reference: T,
}

/// A part of the student's code, and the same part of the reference.
pub(super) struct Difference {
    /// What the part does, e.g. `Task 2: take a slot`.
    pub(super) title: String,
    pub(super) places: Pair<String>,
    pub(super) code: Pair<Vec<String>>,
}

impl Difference {
    /// Whether both sides have the same code.
    pub(super) fn is_same(&self) -> bool {
        self.code.yours == self.code.reference
    }

    /// The title, the places and the code, in `width` columns. Without `wraps`, a line of code stays
    /// one line, however long it is.
    pub(super) fn lines(&self, width: usize, wraps: bool) -> Vec<Line> {
        let mut lines = hanging(Line::new(), 0, &self.title, width, Line::strong);
        match width >= SIDE_BY_SIDE {
            true => lines.extend(self.side_by_side(width)),
            false => lines.extend(self.unified(if wraps { width - 2 } else { usize::MAX })),
        }
        lines.push(Line::new());
        lines
    }

    /// One below the other, with code in `room` columns.
    fn unified(&self, room: usize) -> Vec<Line> {
        let Pair { yours, reference } = &self.places;
        let mut lines = vec![Line::new().unsure("- yours     ").faint(yours)];
        if self.is_same() {
            lines.push(Line::new().good("= the same  ").faint(reference));
            return lines;
        }
        lines.push(Line::new().good("+ reference ").faint(reference));
        let mut add = |sign: &str, text: &str, style: AddText| {
            for piece in pieces(text, room) {
                lines.push(style(style(Line::new(), sign), &piece));
            }
        };
        for change in changes(&self.code.yours, &self.code.reference) {
            match change {
                Change::Both(text) => add("  ", text, Line::faint),
                Change::Only { yours, reference } => {
                    yours.iter().for_each(|text| add("- ", text, Line::unsure));
                    reference.iter().for_each(|text| add("+ ", text, Line::good));
                }
            }
        }
        lines
    }

    fn side_by_side(&self, width: usize) -> Vec<Line> {
        let column = (width - 3) / 2;
        let row = |left: &str, sign: &str, right: &str, styles: [AddText; 2]| {
            let left = styles[0](Line::new(), left).to(column);
            styles[1](left.plain(&format!(" {sign} ")), right)
        };
        let Pair { yours, reference } = &self.places;
        let heads = [format!("yours: {yours}"), format!("reference: {reference}")];
        let mut lines = vec![row(&heads[0], " ", &heads[1], [Line::faint, Line::faint])];
        if self.is_same() {
            lines.push(Line::new().good("the same"));
            return lines;
        }
        for change in changes(&self.code.yours, &self.code.reference) {
            let (left, right, styles): (_, _, [AddText; 2]) = match change {
                Change::Both(text) => (vec![text], vec![text], [Line::faint, Line::faint]),
                Change::Only { yours, reference } => (yours, reference, [Line::unsure, Line::good]),
            };
            let is_both = left == right;
            let [left, right] = [left, right].map(|texts| {
                texts.into_iter().flat_map(|text| pieces(text, column)).collect::<Vec<_>>()
            });
            for index in 0..left.len().max(right.len()) {
                let sign = match (left.get(index), right.get(index)) {
                    _ if is_both => " ",
                    (Some(_), None) => "<",
                    (None, _) => ">",
                    (Some(_), Some(_)) => "|",
                };
                let text = |texts: &[String]| texts.get(index).cloned().unwrap_or_default();
                lines.push(row(&text(&left), sign, &text(&right), styles));
            }
        }
        lines
    }
}

/// A line of code in pieces of at most `width` columns. Unlike words of a text, code keeps its
/// spaces. A tab is shown as four spaces.
fn pieces(text: &str, width: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for character in text.replace('\t', "    ").chars() {
        let last = pieces.last_mut().expect("there is always a piece");
        if display_width(last) + display_width(&character.to_string()) > width {
            pieces.push(String::new());
        }
        pieces.last_mut().expect("there is always a piece").push(character);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(yours: &[&str], reference: &[&str]) -> Difference {
        let own = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        Difference {
            title: "Task 1: add".into(),
            places: Pair { yours: "src/a.rs:1".into(), reference: "solution/a.rs:2".into() },
            code: Pair { yours: own(yours), reference: own(reference) },
        }
    }

    fn shown(difference: &Difference, width: usize) -> Vec<String> {
        difference.lines(width, true).iter().map(|line| line.text().trim_end().to_owned()).collect()
    }

    #[test]
    fn a_narrow_window_has_one_below_the_other() {
        let lines = shown(&difference(&["a", "b"], &["a", "c", "d"]), 60);
        assert_eq!(lines[3..], ["  a", "- b", "+ c", "+ d", ""]);
    }

    #[test]
    fn a_wide_window_has_both_side_by_side() {
        let lines = shown(&difference(&["a", "b"], &["a", "c", "d"]), 113);
        let row = |left: &str, sign: &str, right: &str| format!("{left:<55} {sign} {right}");
        assert_eq!(lines[2..5], [row("a", " ", "a"), row("b", "|", "c"), row("", ">", "d")]);
    }

    #[test]
    fn the_same_code_is_not_shown() {
        for width in [60, 120] {
            let lines = shown(&difference(&["a"], &["a"]), width);
            assert!(lines.iter().any(|line| line.contains("the same")) && lines.len() < 5);
        }
    }

    #[test]
    fn a_long_line_goes_on_below_and_fits() {
        let long = "x".repeat(300);
        for width in [32, 60, 110, 200] {
            let lines = shown(&difference(&[&long], &["服务器服务器"]), width);
            assert!(lines.iter().all(|line| display_width(line) <= width), "{lines:?}");
            assert_eq!(lines.concat().matches('x').count(), 300);
        }
    }
}
