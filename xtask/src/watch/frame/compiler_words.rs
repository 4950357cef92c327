//! The compiler's messages on the screen.

use super::{Frame, rendered};
use course::report::LessonReport;
use terminal::show::{Line, last, visible};
use textwrap::core::display_width;

impl Frame<'_> {
    /// The compiler's own words. The first error comes first, so the end is left out.
    pub(in crate::watch) fn errors(&self, report: &LessonReport, errors: &str) -> Vec<String> {
        let verdict = ["it does not compile".to_owned(), "next: the first error".to_owned()];
        let end = self.finished(vec![Line::new(), last(report.verdict, &verdict)]);
        let mut lines = rendered(&self.heading());
        let room = self.rows.saturating_sub(lines.len() + end.len() + 1);
        lines.extend(self.beginning(errors, room));
        lines.extend(end);
        lines
    }

    /// The first lines of a text that may have colours, in `room` rows.
    fn beginning(&self, text: &str, room: usize) -> Vec<String> {
        let all: Vec<_> = text.lines().collect();
        let rows_of = |line: &str| {
            let plain = anstream::adapter::strip_str(line).to_string();
            display_width(&visible(&plain)).div_ceil(self.width).max(1)
        };
        let mut used = 0;
        let mut lines = Vec::new();
        for line in &all {
            used += rows_of(line);
            if used > room {
                break;
            }
            lines.push((*line).to_owned());
        }
        if lines.len() < all.len() {
            let left = all.len() - lines.len();
            lines.push(Line::new().faint(&format!("… {left} more lines: a")).rendered());
        }
        lines
    }
}
