//! Makes text from a student safe for a report: its length is limited, and control characters are
//! escaped.

use crate::model::{CriterionGrade, Verdict};
use course::report::Status;
use std::fmt::Write;
use terminal::show::visible;

/// The maximum length of a line, in characters. A longer line is shortened.
pub const MAX_LINE: usize = 400;

/// `text` on one line, with control characters escaped. A text of more than `most` characters is
/// cut and ends with `…`.
pub fn line(text: &str, most: usize) -> String {
    // Text beyond the limit is not shown, so it need not be escaped.
    let start: String = text.chars().take(most + 1).collect();
    let shown = visible(&start);
    match shown.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &shown[..end]),
        None => shown.into_owned(),
    }
}

/// The first `most` lines of `text`, each one as [`line()`] returns it. If the text has more lines,
/// the last line of the result states their number.
pub fn lines(text: &str, most: usize) -> Vec<String> {
    let mut shown: Vec<_> = text
        .lines()
        .take(most)
        .map(|given| line(given.replace('\t', "    ").trim_end(), MAX_LINE))
        .collect();
    let hidden = text.lines().skip(most).count();
    if hidden > 0 {
        shown.push(format!("… {hidden} more lines"));
    }
    shown
}

/// The name of a verdict.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Proved => "proved",
        Verdict::NotYet => "not yet",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Missing => "missing",
        Verdict::NotHandedIn => "not handed in",
        Verdict::Refused => "refused",
    }
}

/// The name of a status.
pub fn status(status: Status) -> &'static str {
    match status {
        Status::Proved => "proved",
        Status::Failed => "failed",
        Status::Skipped => "skipped",
        Status::Inconclusive => "inconclusive",
    }
}

/// Points, rounded to hundredths and without trailing zeros, e.g. `7.5`.
pub fn points(points: f64) -> String {
    // `to_string` gives the shortest form. Without rounding, 0.1 + 0.2 would be
    // 0.30000000000000004.
    ((points * 100.0).round() / 100.0).to_string()
}

/// A duration in seconds, e.g. `12 ms` or `1.5 s`.
pub fn duration(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 1.0 => format!("{:.0} ms", seconds * 1e3),
        seconds => format!("{seconds:.1} s"),
    }
}

/// A time in UTC, e.g. `2026-10-09 21:59 UTC`. `None` if no calendar has this time.
pub fn time(seconds: i64) -> Option<String> {
    let time = jiff::Timestamp::from_second(seconds).ok()?;
    Some(time.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

/// A criterion's failure as text of several lines: summary, steps, tables, expected and observed
/// behaviour, and the row of Common Mistakes. The text is empty if the criterion has no cause.
pub fn failure(grade: &CriterionGrade) -> String {
    let Some(cause) = &grade.cause else {
        return String::new();
    };
    let mut text = line(&cause.summary, MAX_LINE);
    for (number, step) in cause.steps.iter().enumerate().take(MAX_ITEMS) {
        let logged = step.logged.iter().take(MAX_ITEMS).map(|logged| line(logged, MAX_LINE));
        let logged = logged.collect::<Vec<_>>().join(" · ");
        let gap = if logged.is_empty() { "" } else { "  " };
        add(&mut text, format!("{:>3}  {}{gap}{logged}", number + 1, line(&step.did, MAX_LINE)));
    }
    for table in &cause.evidence {
        add(&mut text, line(&table.title, MAX_LINE));
        for (row, hidden) in terminal::show::chosen(&table.rows, MAX_ITEMS) {
            let mark = if row.wrong { "▸" } else { " " };
            add(&mut text, format!("  {mark} {}", line(&row.text, MAX_LINE)));
            if hidden > 0 {
                add(&mut text, format!("    … {hidden} more"));
            }
        }
    }
    let fix = cause.mistake.as_ref().map(|row| format!("{}. {}", row.mistake, row.fix));
    let parts = [
        ("expected", cause.expected.as_str()),
        ("observed", &cause.observed),
        ("common mistake", fix.as_deref().unwrap_or_default()),
        ("run again with", &cause.replay),
    ];
    for (label, part) in parts.into_iter().filter(|(_, part)| !part.is_empty()) {
        add(&mut text, format!("{label}: {}", line(part, 2 * MAX_LINE)));
    }
    if grade.runs > 1 {
        add(&mut text, format!("failed {} of {}", grade.failed, grade.runs));
    }
    text
}

/// The maximum number of steps that are shown. It is also the maximum number of a step's log lines,
/// and of a table's rows.
pub(crate) const MAX_ITEMS: usize = 40;

fn add(text: &mut String, line: String) {
    // Writing to a `String` cannot fail.
    let _ = write!(text, "\n{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_shortened_and_its_control_characters_are_escaped() {
        assert_eq!(line("\x1b[2J\nx", 99), "\\x1b[2J\\nx");
        assert_eq!(line(&"é".repeat(9), 4), "éééé…");
        assert_eq!(line("four", 4), "four");
    }

    #[test]
    fn lines_keep_their_indent_and_hidden_lines_are_counted() {
        assert_eq!(lines("a\n\tb\r\nc\nd", 2), ["a", "    b", "… 2 more lines"]);
    }

    #[test]
    fn points_have_no_trailing_zeros() {
        assert_eq!([7.0, 7.5, 0.1 + 0.2, 0.0].map(points), ["7", "7.5", "0.3", "0"]);
    }
}
