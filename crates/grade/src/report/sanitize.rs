//! A student's text as a platform may be shown it: nothing in it acts, and none of it is endless.

use crate::model::Cause;
use xtask::show::{self, Mistake, visible};

/// Columns of a cause that is told in text.
const WIDTH: usize = 88;

/// Text on one line, everything that acts written out: `\x1b[31m`, `\n`.
pub fn line(text: &str) -> String {
    quiet(&visible(text))
}

/// Text of several lines, everything in them that acts written out.
pub fn lines(text: &str) -> String {
    let lines = text.lines().map(|each| line(&each.replace('\t', "    ")));
    lines.collect::<Vec<_>>().join("\n")
}

/// A cause in full, as `prove` tells it: steps, tables, expected and observed, and the mistake.
pub fn cause(cause: &Cause, coloured: bool) -> String {
    let row = cause.mistake.as_ref().map(|row| Mistake {
        mistake: &row.mistake,
        fix: &row.fix,
        place: "Common Mistakes",
    });
    let lines = show::failure(&as_reported(cause), row, WIDTH);
    let text = |each: &show::Line| if coloured { each.rendered() } else { each.text() };
    let lines: Vec<_> = lines.iter().map(|each| quiet(&text(each))).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

/// `text` whole, or its beginning and how much is left out: at most `limit` bytes and a line.
pub fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = (0..=limit).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    let kept = &text[..end];
    format!("{kept}\n… {} bytes more are left out here", text.len() - kept.len())
}

/// The largest document of `write` that has at most `most` bytes, its texts cut as little as that
/// takes.
pub fn fitting(most: usize, write: impl Fn(usize) -> String) -> String {
    let limits = (4..=16).rev().map(|power| 1_usize << power);
    let mut documents = limits.map(&write).skip_while(|document| document.len() > most);
    documents.next().unwrap_or_else(|| write(0))
}

/// Keeps a runner of GitHub Actions from taking a line for a command (`::error::`, `##[group]`).
fn quiet(line: &str) -> String {
    let line = line.replace("##[", "## [");
    match line.trim_start().starts_with("::") {
        true => line.replacen("::", ": :", 1),
        false => line,
    }
}

fn as_reported(cause: &Cause) -> course::report::Cause {
    course::report::Cause {
        id: cause.id.clone(),
        mistake: cause.mistake.as_ref().map(|row| row.id.clone()),
        summary: cause.summary.clone(),
        steps: cause.steps.clone(),
        expected: cause.expected.clone(),
        observed: cause.observed.clone(),
        evidence: cause.evidence.clone(),
        replay: cause.replay.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts_in_a_students_text() {
        assert_eq!(line("\x1b[2J::set-output\n"), "\\x1b[2J::set-output\\n");
        assert_eq!(lines("a\r\n\tb\n ::error::x\n##[group]"), "a\n    b\n : :error::x\n## [group]");
    }

    #[test]
    fn a_cut_says_how_much_is_missing_and_splits_no_character() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("übung", 1), "\n… 6 bytes more are left out here");
    }

    #[test]
    fn a_document_is_cut_no_more_than_it_must_be() {
        let text = "x".repeat(1 << 20);
        let document = fitting(10_000, |limit| cut(&text, limit));
        assert!((8_192..10_000).contains(&document.len()), "{}", document.len());
    }
}
