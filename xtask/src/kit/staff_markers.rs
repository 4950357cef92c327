//! Removes the lines between `<staff>` and `</staff>`. Each marker is in a comment on a line of its
//! own. The removed lines are for teachers, and the students' kit does not have them.

/// A marker that has no matching marker.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misplaced {
    /// The marker's line number, counted from 1.
    pub(super) line: usize,
    /// The problem, and what to write instead.
    pub(super) problem: &'static str,
}

/// `text` without the lines for teachers. If such a region was between two blank lines, one blank
/// line is kept.
///
/// # Errors
/// A region is nested, has no end or has no beginning.
pub(super) fn without(text: &str) -> Result<String, Misplaced> {
    let mut kept: Vec<&str> = Vec::new();
    let (mut open, mut closed) = (None, false);
    for (line, number) in text.split_inclusive('\n').zip(1..) {
        match (marker(line), open) {
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
                let gap = kept.last().is_none_or(|last| last.trim().is_empty());
                if !(std::mem::take(&mut closed) && gap && line.trim().is_empty()) {
                    kept.push(line);
                }
            }
        }
    }
    match open {
        Some(line) => Err(misplaced(line, "this staff region has no end; end it with </staff>")),
        None => {
            // If the file ends with a region, the blank line above this region is removed, too.
            if closed && kept.last().is_some_and(|last| last.trim().is_empty()) {
                kept.pop();
            }
            Ok(kept.concat())
        }
    }
}

/// The marker in a line. The marker is in a comment of Rust or C, of TOML or shell, or of Markdown.
fn marker(line: &str) -> Option<&str> {
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
    fn regions_are_left_out_in_every_kind_of_comment() {
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
    fn one_blank_line_is_left_in_place_of_a_region() {
        let text = "a\n\n# <staff>\nb\n# </staff>\n\nc\n\n# <staff>\n# </staff>\nd\n";
        assert_eq!(without(text).unwrap(), "a\n\nc\n\nd\n");
    }

    #[test]
    fn a_file_does_not_end_with_a_blank_line() {
        assert_eq!(without("a\n\n// <staff>\nb\n// </staff>\n").unwrap(), "a\n");
    }

    #[test]
    fn text_that_mentions_a_marker_is_kept() {
        let text = "let mark = \"// <staff>\";\nword <staff>\n// <staff> begins\n";
        assert_eq!(without(text).unwrap(), text);
    }

    #[test]
    fn a_misplaced_marker_is_an_error_with_its_line() {
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
