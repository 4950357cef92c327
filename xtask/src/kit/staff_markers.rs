//! What stands between `<staff>` and `</staff>`, each in a comment on a line of its own, is for those
//! who teach, and is not in the students' repository.

/// A mark that does not fit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misplaced {
    /// From 1.
    pub(super) line: usize,
    /// What is wrong, and what to write there.
    pub(super) problem: &'static str,
}

/// `text` without what is the staff's, and without two blank lines where that stood.
///
/// # Errors
/// A region that is nested, never ends or never began.
pub(super) fn without(text: &str) -> Result<String, Misplaced> {
    let mut left: Vec<&str> = Vec::new();
    let (mut open, mut closed) = (None, false);
    for (line, number) in text.split_inclusive('\n').zip(1..) {
        match (mark(line), open) {
            (Some("<staff>"), None) => open = Some(number),
            (Some("</staff>"), Some(_)) => (open, closed) = (None, true),
            (Some("<staff>"), Some(_)) => {
                return Err(misplaced(
                    number,
                    "a staff region is open; end it with </staff> first",
                ));
            }
            (Some(_), _) => {
                return Err(misplaced(number, "no staff region is open; begin it with <staff>"));
            }
            (None, Some(_)) => {}
            (None, None) => {
                let gap = left.last().is_none_or(|last| last.trim().is_empty());
                if !(std::mem::take(&mut closed) && gap && line.trim().is_empty()) {
                    left.push(line);
                }
            }
        }
    }
    match open {
        Some(line) => Err(misplaced(line, "this staff region has no end; close it with </staff>")),
        None => {
            // A file that ends with a region ends before the blank line above it.
            if closed && left.last().is_some_and(|last| last.trim().is_empty()) {
                left.pop();
            }
            Ok(left.concat())
        }
    }
}

/// The mark that a line is, in a comment of Rust and C, TOML and shell, or Markdown.
fn mark(line: &str) -> Option<&str> {
    let line = line.trim();
    let comment = line
        .strip_prefix("//")
        .or_else(|| line.strip_prefix('#'))
        .or_else(|| line.strip_prefix("<!--")?.strip_suffix("-->"));
    comment.map(str::trim).filter(|text| ["<staff>", "</staff>"].contains(text))
}

fn misplaced(line: usize, problem: &'static str) -> Misplaced {
    Misplaced { line, problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_go_in_every_kind_of_comment() {
        for (open, close) in [
            ("// <staff>", "// </staff>"),
            ("    // <staff>", "    // </staff>"),
            ("# <staff>", "# </staff>"),
            ("<!-- <staff> -->", "<!-- </staff> -->"),
        ] {
            let text = format!("a\n{open}\nb\n{close}\nc\n");
            assert_eq!(without(&text).unwrap(), "a\nc\n");
        }
    }

    #[test]
    fn one_blank_line_stays_where_a_paragraph_stood() {
        let text = "a\n\n# <staff>\nb\n# </staff>\n\nc\n\n# <staff>\n# </staff>\nd\n";
        assert_eq!(without(text).unwrap(), "a\n\nc\n\nd\n");
    }

    #[test]
    fn a_file_does_not_end_with_a_blank_line() {
        assert_eq!(without("a\n\n// <staff>\nb\n// </staff>\n").unwrap(), "a\n");
    }

    #[test]
    fn what_merely_speaks_of_the_mark_stays() {
        let text = "let mark = \"// <staff>\";\nword <staff>\n// <staff> begins\n";
        assert_eq!(without(text).unwrap(), text);
    }

    #[test]
    fn a_mark_that_does_not_fit_is_told_by_its_line() {
        for (text, line, words) in [
            ("a\n// <staff>\nb\n", 2, "has no end"),
            ("// </staff>\n", 1, "no staff region is open"),
            ("// <staff>\n# <staff>\n", 2, "is open"),
        ] {
            let found = without(text).unwrap_err();
            assert!(found.line == line && found.problem.contains(words), "{found:?}");
        }
    }
}
