//! Text of a student's making as it may stand in a report: bounded, and nothing in it acts.

use crate::model::{CriterionGrade, Verdict};
use course::report::Status;
use std::fmt::Write;
use xtask::show::visible;

/// The longest line that is shown whole, in characters.
pub const LONG: usize = 400;

/// `text` on one line, control characters written out, with `…` after `most` characters.
pub fn line(text: &str, most: usize) -> String {
    // What lies far beyond the end cannot be seen: it need not be made visible.
    let start: String = text.chars().take(most + 1).collect();
    let shown = visible(&start);
    match shown.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &shown[..end]),
        None => shown.into_owned(),
    }
}

/// The lines of `text`, each as [`line()`] makes it; of more than `most`, the first ones and how many
/// more there are.
pub fn lines(text: &str, most: usize) -> Vec<String> {
    let mut shown: Vec<_> = text
        .lines()
        .take(most)
        .map(|given| line(given.replace('\t', "    ").trim_end(), LONG))
        .collect();
    let hidden = text.lines().skip(most).count();
    if hidden > 0 {
        shown.push(format!("… {hidden} more lines"));
    }
    shown
}

/// A verdict in words.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Proved => "proved",
        Verdict::NotYet => "not yet",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Missing => "missing",
        Verdict::Refused => "refused",
    }
}

/// A status in a word.
pub fn status(status: Status) -> &'static str {
    match status {
        Status::Proved => "proved",
        Status::Failed => "failed",
        Status::Skipped => "skipped",
        Status::Inconclusive => "inconclusive",
    }
}

/// Points without needless zeros, e.g. `7.5`.
pub fn points(points: f64) -> String {
    // A float's shortest form; rounding keeps sums such as 0.1 + 0.2 from showing.
    ((points * 100.0).round() / 100.0).to_string()
}

/// What a criterion's failure is, as text of several lines: summary, steps, tables, advice.
pub fn failure(grade: &CriterionGrade) -> String {
    let Some(cause) = &grade.cause else {
        return String::new();
    };
    let mut told = line(&cause.summary, LONG);
    for (number, step) in cause.steps.iter().enumerate().take(MOST) {
        let logged = step.logged.iter().take(MOST).map(|logged| line(logged, LONG));
        let logged = logged.collect::<Vec<_>>().join(" · ");
        let gap = if logged.is_empty() { "" } else { "  " };
        add(&mut told, format!("{:>3}  {}{gap}{logged}", number + 1, line(&step.did, LONG)));
    }
    for table in &cause.evidence {
        add(&mut told, line(&table.title, LONG));
        for (row, hidden) in xtask::show::chosen(&table.rows, MOST) {
            let mark = if row.wrong { "▸" } else { " " };
            add(&mut told, format!("  {mark} {}", line(&row.text, LONG)));
            if hidden > 0 {
                add(&mut told, format!("    … {hidden} more"));
            }
        }
    }
    let fix = cause.mistake.as_ref().map(|row| format!("{}. {}", row.mistake, row.fix));
    let parts = [
        ("expected", cause.expected.as_str()),
        ("observed", &cause.observed),
        ("common mistake", fix.as_deref().unwrap_or_default()),
        ("again", &cause.replay),
    ];
    for (label, text) in parts.into_iter().filter(|(_, text)| !text.is_empty()) {
        add(&mut told, format!("{label}: {}", line(text, 2 * LONG)));
    }
    if grade.runs > 1 {
        add(&mut told, format!("failed {} of {}", grade.failed, grade.runs));
    }
    told
}

/// How many steps, log lines of a step, or rows of a table are shown.
pub(crate) const MOST: usize = 40;

fn add(text: &mut String, line: String) {
    // Writing to a String does not fail.
    let _ = write!(text, "\n{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_bounded_and_acts_on_nothing() {
        assert_eq!(line("\x1b[2J\nx", 99), "\\x1b[2J\\nx");
        assert_eq!(line(&"é".repeat(9), 4), "éééé…");
        assert_eq!(line("four", 4), "four");
    }

    #[test]
    fn lines_keep_their_indent_and_are_counted() {
        assert_eq!(lines("a\n\tb\r\nc\nd", 2), ["a", "    b", "… 2 more lines"]);
    }

    #[test]
    fn points_show_no_needless_zeros() {
        assert_eq!([7.0, 7.5, 0.1 + 0.2, 0.0].map(points), ["7", "7.5", "0.3", "0"]);
    }
}
