//! The lines of a running server's output, in the course's colours.

use terminal::show::{AddText, Line, visible};

/// The maximum number of bytes of a line. A longer line is shown in several lines.
const MAX_LINE: usize = 4096;

/// Splits a stream into lines.
pub(super) struct LogLines {
    unfinished: Vec<u8>,
    to_line: fn(&str) -> Line,
}

impl LogLines {
    /// The lines of standard output: a line with a tag is in colour, any other line is the author's
    /// own.
    pub(super) fn of_stdout() -> Self {
        Self { unfinished: Vec::new(), to_line: stdout_line }
    }

    /// The lines of standard error.
    pub(super) fn of_stderr() -> Self {
        Self { unfinished: Vec::new(), to_line: stderr_line }
    }

    /// Adds bytes, and returns the lines that they finish.
    pub(super) fn add(&mut self, bytes: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        for byte in bytes {
            match byte {
                b'\n' => lines.extend(self.finished()),
                byte => self.unfinished.push(*byte),
            }
            if self.unfinished.len() >= MAX_LINE {
                lines.extend(self.end());
            }
        }
        lines
    }

    /// The last line, if it has no newline.
    pub(super) fn end(&mut self) -> Vec<Line> {
        if self.unfinished.is_empty() { Vec::new() } else { self.finished().into_iter().collect() }
    }

    fn finished(&mut self) -> Option<Line> {
        let bytes = std::mem::take(&mut self.unfinished);
        let text = String::from_utf8_lossy(&bytes);
        Some((self.to_line)(text.trim_end_matches('\r')))
    }
}

/// `! text`, for a line of standard error.
pub(crate) fn stderr_line(text: &str) -> Line {
    Line::new().bad("!").plain(" ").plain(text)
}

/// `[ACCEPT] fd=5 slot=0` with the tag in its colour, or `│ text` for any other line.
pub(crate) fn stdout_line(text: &str) -> Line {
    let tag = text.find(']').map(|end| text.split_at(end + 1));
    let Some((tag, rest)) = tag.filter(|(tag, _)| is_tag(tag)) else {
        return Line::new().faint("│ ").faint(text);
    };
    colour(tag)(Line::new(), &visible(tag)).plain(rest)
}

/// Whether a text is a tag of a lesson, e.g. `[ACCEPT]`.
fn is_tag(text: &str) -> bool {
    let name = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    name.is_some_and(|name| !name.is_empty() && name.bytes().all(|it| it.is_ascii_uppercase()))
}

/// Green for what begins, yellow for what is refused, bold for the rest.
fn colour(tag: &str) -> AddText {
    match tag {
        "[START]" | "[ACCEPT]" => Line::good,
        "[REJECT]" => Line::unsure,
        _ => Line::strong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: &[Line]) -> Vec<String> {
        lines.iter().map(Line::text).collect()
    }

    #[test]
    fn lines_are_joined_from_pieces() {
        let mut log = LogLines::of_stdout();
        assert!(log.add(b"[ACC").is_empty());
        assert_eq!(texts(&log.add(b"EPT] fd=5\r\nmine\nlast")), ["[ACCEPT] fd=5", "│ mine"]);
        assert_eq!(texts(&log.end()), ["│ last"]);
        assert!(log.end().is_empty());
    }

    #[test]
    fn escapes_and_endless_lines_are_tamed() {
        let mut log = LogLines::of_stdout();
        assert_eq!(texts(&log.add(b"\x1b[2J[START]\n")), ["│ \\x1b[2J[START]"]);
        let lines = log.add(&vec![b'x'; 3 * MAX_LINE]);
        assert_eq!(lines.len(), 3);
        assert_eq!(
            texts(&log.add(b"[\xff] x\n[a] y\n[] z\n")),
            ["│ [\u{fffd}] x", "│ [a] y", "│ [] z"]
        );
    }

    #[test]
    fn a_tag_has_its_colour() {
        assert!(stdout_line("[REJECT] at capacity").rendered().starts_with("\x1b[33m[REJECT]"));
        assert!(stdout_line("hello").rendered().starts_with("\x1b[2m│"));
    }
}
