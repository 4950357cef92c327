//! Derives a starter from a solution: each region with a title becomes a `todo!`.
//!
//! A region is between the lines `// <task 2: find a free slot>` and `// </task>`.

use std::{error, fmt};

/// The line that follows a starter's `//!` lines.
pub(crate) const ALLOW: &str = r#"#![allow(unused, reason = "tasks are still to do")]"#;

/// The starter of a solution file: the same lines, but with a `todo!` for each region.
///
/// # Errors
/// [`Malformed`] if a region is nested, has no end, or has no number and title.
pub(crate) fn starter(solution: &str) -> Result<String, Malformed> {
    let lines: Vec<&str> = solution.lines().collect();
    let head = lines.iter().take_while(|line| line.starts_with("//!")).count();
    let mut starter: Vec<String> = lines[..head].iter().map(|line| line.to_string()).collect();
    starter.push(ALLOW.to_owned());
    let mut open = None;
    for (line, number) in lines[head..].iter().zip(head + 1..) {
        match (kind(line, number)?, open) {
            (LineKind::Open(todo), None) => {
                starter.push(todo);
                open = Some(number);
            }
            (LineKind::Close, Some(_)) => open = None,
            (LineKind::Open(_), Some(outer)) => {
                return Err(malformed(
                    number,
                    format!(
                        "the region of line {outer} is still open; end it with `// </task>` first"
                    ),
                ));
            }
            (LineKind::Close, None) => {
                return Err(malformed(
                    number,
                    "no region is open here; begin it with `// <task 1: title>`",
                ));
            }
            (LineKind::Text, None) => starter.push(line.to_string()),
            (LineKind::Text, Some(_)) => {}
        }
    }
    match open {
        Some(line) => Err(malformed(line, "this region has no end; end it with `// </task>`")),
        None => Ok(starter.join("\n") + "\n"),
    }
}

/// A region that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// The line number in the solution, counted from 1.
    pub(crate) line: usize,
    /// The problem, and what to write instead.
    pub(crate) problem: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl error::Error for Malformed {}

/// The kind of a line of a solution.
enum LineKind {
    /// The start of a region, with the starter's line for this region.
    Open(String),
    /// The end of a region.
    Close,
    /// Any other line.
    Text,
}

fn kind(line: &str, number: usize) -> Result<LineKind, Malformed> {
    let text = line.trim_start();
    let Some(comment) = text.strip_prefix("//").map(str::trim) else {
        return Ok(LineKind::Text);
    };
    if comment == "</task>" {
        return Ok(LineKind::Close);
    }
    if !comment.starts_with("<task") && !comment.starts_with("</task") {
        return Ok(LineKind::Text);
    }
    let title = title(comment).ok_or_else(|| {
        malformed(number, "a region begins as `// <task 1: title>` and ends as `// </task>`")
    })?;
    let indent = &line[..line.len() - text.len()];
    Ok(LineKind::Open(format!("{indent}todo!(\"{title}\")")))
}

/// `Task 2: find a slot` from `<task 2: find a slot>`, escaped for a `todo!`.
fn title(comment: &str) -> Option<String> {
    let (number, title) = comment.strip_prefix("<task ")?.strip_suffix('>')?.split_once(": ")?;
    let number: u32 = number.parse().ok().filter(|number| *number > 0)?;
    let escaped = title.trim().replace('\\', "\\\\").replace('"', "\\\"");
    let escaped = escaped.replace('{', "{{").replace('}', "}}");
    (!escaped.is_empty()).then(|| format!("Task {number}: {escaped}"))
}

fn malformed(line: usize, problem: impl Into<String>) -> Malformed {
    Malformed { line, problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_becomes_a_todo_at_its_indentation() {
        let solution = "\
//! The table.
//! In slots.

fn take(&mut self) -> usize {
    // <task 2: find a free slot>
    self.free.pop()
    // </task>
}
";
        let expected = "\
//! The table.
//! In slots.
#![allow(unused, reason = \"tasks are still to do\")]

fn take(&mut self) -> usize {
    todo!(\"Task 2: find a free slot\")
}
";
        assert_eq!(starter(solution).unwrap(), expected);
    }

    #[test]
    fn a_title_can_have_quotes_and_braces() {
        let starter = starter("// <task 1: say \"{hi}\" \\ wave>\n// </task>\n").unwrap();
        assert!(
            starter.ends_with("\ntodo!(\"Task 1: say \\\"{{hi}}\\\" \\\\ wave\")\n"),
            "{starter}"
        );
    }

    #[test]
    fn every_malformed_region_is_an_error_with_its_line() {
        let cases = [
            ("x\n// <task 1: a>\n", 2, "no end"),
            ("// <task 1: a>\n// <task 2: b>\n// </task>\n", 2, "of line 1 is still open"),
            ("x\n// </task>\n", 2, "no region is open"),
            ("// <task one: a>\n// </task>\n", 1, "a region begins as"),
            ("// <task 0: a>\n// </task>\n", 1, "a region begins as"),
            ("// <task 1:>\n// </task>\n", 1, "a region begins as"),
            ("//<task 1>\n// </task>\n", 1, "a region begins as"),
            ("// <task 1: a\n// </task>\n", 1, "a region begins as"),
            ("// <task 1: a>\n// </task\n", 2, "a region begins as"),
        ];
        for (solution, line, problem) in cases {
            let found = starter(solution).expect_err(solution);
            assert_eq!(found.line, line, "{solution}");
            assert!(found.problem.contains(problem), "{solution}: {found}");
        }
    }
}
