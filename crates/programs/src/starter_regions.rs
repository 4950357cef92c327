//! The regions of a solution, from which starters are derived.
//!
//! A region is between the lines `// <task 2: find a free slot>` and `// </task>`. In a starter, each
//! region is a `todo!` with the region's title.

use std::{error, fmt};

/// The line that follows a starter's `//!` lines.
const ALLOW: &str = r#"#![allow(unused, reason = "tasks are still to do")]"#;

/// A region of a solution file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// The number of the task that the region belongs to, counted from 1.
    pub task: u32,
    /// What the student writes there, e.g. `find a free slot`.
    pub title: String,
    /// The line number of the opening comment, counted from 1.
    pub opens: usize,
    /// The line number of the closing comment.
    pub closes: usize,
}

impl Region {
    /// The message of the `todo!` that stands for this region in a starter, e.g.
    /// `Task 2: find a free slot`.
    pub fn todo(&self) -> String {
        format!("Task {}: {}", self.task, self.title)
    }
}

/// The regions of a solution file, in the order of the text.
///
/// # Errors
/// [`Malformed`] if a region is nested, has no end, or has no number and title.
pub fn regions(solution: &str) -> Result<Vec<Region>, Malformed> {
    let mut regions = Vec::new();
    let mut open: Option<Region> = None;
    for (line, number) in solution.lines().zip(1..) {
        match (kind(line, number)?, &mut open) {
            (LineKind::Open(task, title), None) => {
                open = Some(Region { task, title, opens: number, closes: number });
            }
            (LineKind::Close, Some(region)) => {
                region.closes = number;
                regions.extend(open.take());
            }
            (LineKind::Open(..), Some(outer)) => {
                let outer = outer.opens;
                let problem = format!(
                    "the region of line {outer} is still open; end it with `// </task>` first"
                );
                return Err(malformed(number, problem));
            }
            (LineKind::Close, None) => {
                let problem = "no region is open here; begin it with `// <task 1: title>`";
                return Err(malformed(number, problem));
            }
            (LineKind::Text, _) => {}
        }
    }
    match open {
        Some(region) => {
            Err(malformed(region.opens, "this region has no end; end it with `// </task>`"))
        }
        None => Ok(regions),
    }
}

/// The starter of a solution file: the same lines, but with a `todo!` for each region.
///
/// # Errors
/// As [`regions`].
pub fn starter(solution: &str) -> Result<String, Malformed> {
    partial(solution, |_| false)
}

/// A solution file in which some regions are done: the lines of the solution, but with a `todo!` for
/// each other region.
///
/// # Errors
/// As [`regions`].
pub fn partial(solution: &str, is_done: impl Fn(&Region) -> bool) -> Result<String, Malformed> {
    let regions = regions(solution)?;
    let lines: Vec<&str> = solution.lines().collect();
    let head = lines.iter().take_while(|line| line.starts_with("//!")).count();
    let mut text: Vec<String> = lines[..head].iter().map(|line| (*line).to_owned()).collect();
    text.push(ALLOW.to_owned());
    for (line, number) in lines.iter().zip(1..).skip(head) {
        match regions.iter().find(|region| (region.opens..=region.closes).contains(&number)) {
            None => text.push((*line).to_owned()),
            Some(region) if is_done(region) => {
                if number != region.opens && number != region.closes {
                    text.push((*line).to_owned());
                }
            }
            Some(region) if number == region.opens => {
                let indent = &line[..line.len() - line.trim_start().len()];
                text.push(format!("{indent}todo!(\"{}\")", escaped(&region.todo())));
            }
            Some(_) => {}
        }
    }
    Ok(text.join("\n") + "\n")
}

/// A region that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The line number in the solution, counted from 1.
    pub line: usize,
    /// The problem, and what to write instead.
    pub problem: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl error::Error for Malformed {}

/// The kind of a line of a solution.
enum LineKind {
    /// The start of a region, with the number and the title of its task.
    Open(u32, String),
    /// The end of a region.
    Close,
    /// Any other line.
    Text,
}

fn kind(line: &str, number: usize) -> Result<LineKind, Malformed> {
    let Some(comment) = line.trim_start().strip_prefix("//").map(str::trim) else {
        return Ok(LineKind::Text);
    };
    if comment == "</task>" {
        return Ok(LineKind::Close);
    }
    if !comment.starts_with("<task") && !comment.starts_with("</task") {
        return Ok(LineKind::Text);
    }
    let (task, title) = title(comment).ok_or_else(|| {
        malformed(number, "a region begins as `// <task 1: title>` and ends as `// </task>`")
    })?;
    Ok(LineKind::Open(task, title))
}

/// The number 2 and the title `find a slot` from `<task 2: find a slot>`.
fn title(comment: &str) -> Option<(u32, String)> {
    let (number, title) = comment.strip_prefix("<task ")?.strip_suffix('>')?.split_once(": ")?;
    let number: u32 = number.parse().ok().filter(|number| *number > 0)?;
    let title = title.trim();
    (!title.is_empty()).then(|| (number, title.to_owned()))
}

/// A text as it is written between the quotes of a `todo!`.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    text.replace('{', "{{").replace('}', "}}")
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
    fn the_regions_of_tasks_that_are_done_are_kept_without_their_comments() {
        let solution = "\
// <task 1: one>
a();
// </task>
b();
    // <task 2: two>
    c();
    // </task>
";
        let partial = partial(solution, |region| region.task == 1).unwrap();
        let (first, rest) = partial.split_once('\n').unwrap();
        assert_eq!(first, ALLOW);
        assert_eq!(rest, "a();\nb();\n    todo!(\"Task 2: two\")\n");
        let lines: Vec<_> =
            regions(solution).unwrap().iter().map(|it| (it.task, it.opens, it.closes)).collect();
        assert_eq!(lines, [(1, 1, 3), (2, 5, 7)]);
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
