//! Makes text from a student safe for a platform: control characters and workflow commands are
//! escaped, and long texts are cut.

use crate::model::Cause;
use terminal::show::{self, Mistake, visible, without_commands};

/// The maximum width of the text of a cause, in columns.
const WIDTH: usize = 88;

/// `text` on one line, with control characters escaped: `\x1b[31m`, `\n`.
pub fn line(text: &str) -> String {
    without_commands(&visible(text))
}

/// The lines of `text`. In each line, control characters are escaped.
pub fn lines(text: &str) -> String {
    let lines = text.lines().map(|each| line(&each.replace('\t', "    ")));
    lines.collect::<Vec<_>>().join("\n")
}

/// The full text of a cause, as `cargo xtask prove` shows it: steps, tables, expected and observed
/// behaviour, and the mistake.
pub fn cause(cause: &Cause, coloured: bool) -> String {
    let row = cause.mistake.as_ref().map(|row| Mistake {
        mistake: &row.mistake,
        fix: &row.fix,
        place: "Common Mistakes",
    });
    let lines = show::failure(&as_reported(cause), row, WIDTH);
    let text = |each: &show::Line| if coloured { each.rendered() } else { each.text() };
    let lines: Vec<_> = lines.iter().map(|each| without_commands(&text(each))).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

/// `text`, cut after at most `limit` bytes. A text that was cut ends with a line that says how many
/// bytes are missing.
pub fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = (0..=limit).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    let kept = &text[..end];
    format!("{kept}\n… {} more bytes were cut here", text.len() - kept.len())
}

/// The longest document of `write` that has at most `most` bytes. The argument of `write` is a
/// limit in bytes: `write` must cut each text that is longer. `fitting` tries smaller limits until
/// the document fits.
pub fn fitting(most: usize, write: impl Fn(usize) -> String) -> String {
    let limits = (4..=16).rev().map(|power| 1_usize << power);
    let mut documents = limits.map(&write).skip_while(|document| document.len() > most);
    documents.next().unwrap_or_else(|| write(0))
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
        exit: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_workflow_commands_are_escaped() {
        assert_eq!(line("\x1b[2J::set-output\n"), "\\x1b[2J::set-output\\n");
        assert_eq!(lines("a\r\n\tb\n ::error::x\n##[group]"), "a\n    b\n : :error::x\n## [group]");
    }

    #[test]
    fn a_cut_text_says_how_much_is_missing_and_ends_between_characters() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("übung", 1), "\n… 6 more bytes were cut here");
    }

    #[test]
    fn a_document_is_cut_as_little_as_possible() {
        let text = "x".repeat(1 << 20);
        let document = fitting(10_000, |limit| cut(&text, limit));
        assert!((8_192..10_000).contains(&document.len()), "{}", document.len());
    }
}
