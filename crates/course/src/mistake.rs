//! A wrong server: a file `mistakes/*.patch`, which changes a lesson's solution so that it has a
//! mistake.
//!
//! ```text
//! mistake: forgot-close          the id, which is the file's name as well
//! criterion: no-fd-leak          the criterion that must fail
//! row: forgot-close              the Common Mistakes row that must be named as the cause
//!
//! A description: what is wrong, and how a user can see the mistake.
//!
//! --- a/solution/server.rs       a unified diff of the solution
//! …
//! ```

use crate::parse::is_id;
use crate::problem::{Collector, Problems, nearest, suggest, utf8};
use std::path::{Path, PathBuf};

const FIELDS: [&str; 3] = ["mistake", "criterion", "row"];

/// A wrong server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MistakePatch {
    /// The patch file, relative to the course's root.
    pub path: PathBuf,
    /// The id, e.g. `forgot-close`. It is the file's name without `.patch`.
    pub id: String,
    /// The criterion that must fail.
    pub criterion: String,
    /// The line number of the field `criterion` in the patch file.
    pub criterion_line: usize,
    /// The Common Mistakes row that must be named as the cause.
    pub row: String,
    /// The line number of the field `row` in the patch file.
    pub row_line: usize,
    /// The description, trimmed: what is wrong, and how a user can see the mistake.
    pub description: String,
    /// A unified diff. After `a/` and `b/`, its paths are relative to the lesson's folder.
    pub diff: String,
    /// The line at which the diff begins.
    pub diff_line: usize,
}

impl MistakePatch {
    /// Parses a patch file. `path` is the file's path, relative to the course's root.
    ///
    /// # Errors
    /// Every [`Problem`](crate::problem::Problem) of the file, each with its line. This function
    /// does not check whether the diff can be applied.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, Problems> {
        let text = utf8(path, bytes)?;
        let mut problems = Collector::new(path);
        let patch = read(path, text, &mut problems);
        problems.finish(patch)
    }
}

fn read(path: &Path, text: &str, problems: &mut Collector) -> MistakePatch {
    let (header, rest, rest_line) = split(text);
    let [(id, id_line), (criterion, criterion_line), (row, row_line)] = fields(header, problems);
    if !id.is_empty() && path.file_stem().is_some_and(|stem| *stem != *id) {
        problems.at(
            id_line,
            format!("mistake \"{id}\" is in a file of another name; name the file {id}.patch"),
        );
    }
    let (description, diff) = rest.split_at(diff_start(rest));
    let diff_line = rest_line + description.lines().count();
    check(description, rest_line, diff, problems);
    MistakePatch {
        path: path.to_owned(),
        id,
        criterion,
        criterion_line,
        row,
        row_line,
        description: description.trim().to_owned(),
        diff: diff.to_owned(),
        diff_line,
    }
}

/// Divides a patch file. Returns the header, the rest of the file after the first blank line, and
/// the line number where the rest begins.
fn split(text: &str) -> (&str, &str, usize) {
    let mut header = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if line.trim().is_empty() {
            return (&text[..header], &text[header + line.len()..], index + 2);
        }
        header += line.len();
    }
    (text, "", text.lines().count().max(1))
}

/// The value and the line of each field.
fn fields(header: &str, problems: &mut Collector) -> [(String, usize); 3] {
    let mut values: [Option<(String, usize)>; 3] = Default::default();
    for (number, line) in (1..).zip(header.lines()) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let Some(index) = FIELDS.iter().position(|each| *each == field) else {
            let hint = suggest(nearest(field, FIELDS), "leave a blank line before the description");
            problems.at(number, format!("unknown field \"{field}\"; {hint}"));
            continue;
        };
        if !is_id(value.trim()) {
            problems.at(number, format!("{field} is not an id; write `{field}: ` and an id"));
        }
        if values[index].replace((value.trim().to_owned(), number)).is_some() {
            problems.at(number, format!("{field} is here twice; keep one"));
        }
    }
    for (field, _) in FIELDS.iter().zip(&values).filter(|(_, value)| value.is_none()) {
        problems.at(1, format!("the header has no {field}; add `{field}: ` and an id"));
    }
    values.map(|value| value.unwrap_or((String::new(), 1)))
}

/// The byte at which the diff begins. This is its first line that begins with `diff` or `--- a/`.
fn diff_start(rest: &str) -> usize {
    let mut start = 0;
    for line in rest.split_inclusive('\n') {
        if line.starts_with("diff ") || line.starts_with("--- a/") {
            break;
        }
        start += line.len();
    }
    start
}

fn check(description: &str, line: usize, diff: &str, problems: &mut Collector) {
    if description.trim().is_empty() {
        // The file may end after its header.
        let line = if diff.is_empty() { line.saturating_sub(1).max(1) } else { line };
        problems.at(line, "no description; say below the header what is wrong and how it shows");
    }
    if !diff.lines().any(|line| line.starts_with("@@ ")) {
        let last = (line + description.lines().count()).saturating_sub(1).max(1);
        problems.at(last, "no diff; end the file with a unified diff of a/… and b/…");
    }
}
