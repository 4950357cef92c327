//! The files of a lesson that a student edits, as they were given and as they are now.
//!
//! In this repository, the given text is derived from the solution. The students' repository has no
//! solutions. There, the given texts are in the folder `.starter` of the lesson.

use crate::files::read;
use crate::starter_regions::{self, Region};
use anyhow::{Context, Result, anyhow, ensure};
use course::lesson::Lesson;
use similar::{Algorithm, DiffOp, capture_diff_slices};
use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The folder with the given texts, in the students' repository.
pub const GIVEN: &str = ".starter";

/// A file that a student edits.
pub struct OwnFile {
    /// The file's path, relative to the course's root.
    pub path: PathBuf,
    /// The text from which the student starts.
    pub given: String,
    /// The present text. `None` if there is no such file.
    pub present: Option<String>,
}

/// A part of a file that the student writes: where the given text has a `todo!`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnRegion {
    /// The numbers of the tasks. More than one if the student's parts cannot be told apart.
    pub tasks: Vec<u32>,
    /// The messages of the `todo!`s, e.g. `Task 2: take a slot`.
    pub titles: Vec<String>,
    /// The lines of the given text, counted from 0.
    pub given: Range<usize>,
    /// The lines of the present text, counted from 0.
    pub present: Range<usize>,
}

/// The files of a lesson that a student edits, sorted by name.
///
/// # Errors
/// The given texts are neither in the lesson's folder nor derived, or a file cannot be read.
pub fn of_lesson(root: &Path, lesson: &Lesson) -> Result<Vec<OwnFile>> {
    let folder = lesson.folder();
    let given = root.join(folder).join(GIVEN);
    let texts = match given.is_dir() {
        true => texts(&given)?,
        false => derived(root, lesson)?,
    };
    let file = |(name, given): (PathBuf, String)| {
        let path = folder.join("src").join(name);
        let present = present(&root.join(&path))?;
        Ok(OwnFile { path, given, present })
    };
    let files: Vec<_> = texts.into_iter().map(file).collect::<Result<_>>()?;
    ensure!(
        !files.is_empty(),
        "{}: there is no {GIVEN} folder, so it is not known how the files began; take it from the \
         repository that your course gave you",
        folder.display()
    );
    Ok(files)
}

/// The given text of each file, derived from the lesson's solution, by the file's name. Empty if the
/// lesson has no solution.
///
/// # Errors
/// A region is malformed (the error names file and line), or a file cannot be read.
pub fn derived(root: &Path, lesson: &Lesson) -> Result<Vec<(PathBuf, String)>> {
    let folder = lesson.folder().join("solution");
    let derived = |(name, text): (PathBuf, String)| {
        let place = folder.join(&name);
        let given = starter_regions::starter(&text)
            .map_err(|found| anyhow!("{}:{}: {found}", place.display(), found.line))?;
        Ok((name, given))
    };
    texts(&root.join(&folder))?.into_iter().map(derived).collect()
}

/// The reference text of a file of `src/`, with its regions. `None` if the repository does not have
/// the reference.
///
/// # Errors
/// The file cannot be read, or a region is malformed.
pub fn reference(
    root: &Path,
    lesson: &Lesson,
    name: &Path,
) -> Result<Option<(String, Vec<Region>)>> {
    let path = root.join(lesson.folder()).join("solution").join(name);
    let Some(text) = present(&path)? else { return Ok(None) };
    let regions = starter_regions::regions(&text)
        .map_err(|found| anyhow!("{}:{}: {found}", path.display(), found.line))?;
    Ok(Some((text, regions)))
}

/// The names and the texts of the Rust files in a folder, sorted by name. Empty if there is no such
/// folder.
fn texts(folder: &Path) -> Result<Vec<(PathBuf, String)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("cannot read {}", folder.display()))?,
    };
    let mut texts = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", folder.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            texts.push((path.file_name().unwrap_or_default().into(), read(&path)?));
        }
    }
    texts.sort();
    Ok(texts)
}

fn present(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        text => Ok(Some(text.with_context(|| format!("cannot read {}", path.display()))?)),
    }
}

impl OwnFile {
    /// Whether the student has changed the file, or has removed it.
    pub fn is_changed(&self) -> bool {
        self.present.as_ref() != Some(&self.given)
    }

    /// The parts that the student writes, in the order of the file.
    pub fn regions(&self) -> Vec<OwnRegion> {
        let given: Vec<_> = self.given.lines().collect();
        let present: Vec<_> = self.present.iter().flat_map(|text| text.lines()).collect();
        let todos = todos(&given);
        between_given_lines(&given, &present, &todos)
            .unwrap_or_else(|| by_comparison(&given, &present, &todos))
    }
}

/// A `todo!` of a given text: its line, its task and its message.
struct GivenTodo {
    line: usize,
    task: u32,
    title: String,
}

fn todos(given: &[&str]) -> Vec<GivenTodo> {
    let todo = |(line, text): (usize, &&str)| {
        let title = text.trim_start().strip_prefix("todo!(\"Task ")?.strip_suffix("\")")?;
        let (task, _) = title.split_once(':')?;
        Some(GivenTodo { line, task: task.parse().ok()?, title: format!("Task {title}") })
    };
    given.iter().enumerate().filter_map(todo).collect()
}

/// The regions, if the student has not changed the lines around them: the lines between two `todo!`s
/// are found again in the present text, from the top. `None` if they are not found.
fn between_given_lines(
    given: &[&str],
    present: &[&str],
    todos: &[GivenTodo],
) -> Option<Vec<OwnRegion>> {
    let first = todos.first()?.line;
    let mut start = present.starts_with(&given[..first]).then_some(first)?;
    let mut regions = Vec::new();
    for (index, todo) in todos.iter().enumerate() {
        let following = match todos.get(index + 1) {
            Some(next) => &given[todo.line + 1..next.line],
            None => &given[todo.line + 1..],
        };
        let is_last = index + 1 == todos.len();
        let end = if is_last {
            let end = present.len().checked_sub(following.len())?;
            (end >= start && present.ends_with(following)).then_some(end)?
        } else {
            let mut ends = start..=present.len().checked_sub(following.len())?;
            ends.find(|end| present[*end..].starts_with(following))?
        };
        regions.push(OwnRegion {
            tasks: vec![todo.task],
            titles: vec![todo.title.clone()],
            given: todo.line..todo.line + 1,
            present: start..end,
        });
        start = end + following.len();
    }
    Some(regions)
}

/// The regions, if the student has also changed other lines: the differences that contain a `todo!`.
fn by_comparison(given: &[&str], present: &[&str], todos: &[GivenTodo]) -> Vec<OwnRegion> {
    let mut regions: Vec<OwnRegion> = Vec::new();
    let differences = capture_diff_slices(Algorithm::Patience, given, present);
    for todo in todos {
        let contains = |difference: &&DiffOp| difference.old_range().contains(&todo.line);
        let Some(difference) = differences.iter().find(contains) else { continue };
        let (given, present) = match difference {
            DiffOp::Equal { old_index, new_index, .. } => {
                let line = new_index + todo.line - old_index;
                (todo.line..todo.line + 1, line..line + 1)
            }
            changed => (changed.old_range(), changed.new_range()),
        };
        match regions.last_mut().filter(|last| last.given == given) {
            Some(shared) => {
                shared.tasks.push(todo.task);
                shared.titles.push(todo.title.clone());
            }
            None => regions.push(OwnRegion {
                tasks: vec![todo.task],
                titles: vec![todo.title.clone()],
                given,
                present,
            }),
        }
    }
    regions
}

/// A line that two texts have, or lines that only one of them has at a place.
pub enum Change<'a> {
    /// A line that both have.
    Both(&'a str),
    /// Lines that differ. One side may be empty.
    Only {
        /// The lines of the first text.
        yours: Vec<&'a str>,
        /// The lines of the second text.
        reference: Vec<&'a str>,
    },
}

/// How the text `reference` differs from the text `yours`, line by line.
pub fn changes<'a>(yours: &'a [String], reference: &'a [String]) -> Vec<Change<'a>> {
    let mut changes = Vec::new();
    for difference in capture_diff_slices(Algorithm::Patience, yours, reference) {
        let (old, new) = (&yours[difference.old_range()], &reference[difference.new_range()]);
        match difference {
            DiffOp::Equal { .. } => changes.extend(old.iter().map(|line| Change::Both(line))),
            _ => {
                let lines = |lines: &'a [String]| lines.iter().map(String::as_str).collect();
                changes.push(Change::Only { yours: lines(old), reference: lines(new) });
            }
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN_TEXT: &str = "\
use a;

fn one() {
    todo!(\"Task 1: add\")
}

fn two() {
    if b {
        todo!(\"Task 2: say \\\"it\\\"\")
    }
}
";

    fn regions(present: &str) -> Vec<(Vec<u32>, Vec<String>)> {
        let file = OwnFile {
            path: PathBuf::from("src/a.rs"),
            given: GIVEN_TEXT.to_owned(),
            present: Some(present.to_owned()),
        };
        let lines: Vec<_> = present.lines().map(str::to_owned).collect();
        let region = |region: OwnRegion| (region.tasks, lines[region.present].to_vec());
        file.regions().into_iter().map(region).collect()
    }

    fn replaced(one: &str, two: &str) -> String {
        let text = GIVEN_TEXT.replace("    todo!(\"Task 1: add\")\n", one);
        text.replace("        todo!(\"Task 2: say \\\"it\\\"\")\n", two)
    }

    #[test]
    fn a_todo_that_is_left_is_its_own_region() {
        let left = regions(GIVEN_TEXT);
        assert_eq!(left[0], (vec![1], vec!["    todo!(\"Task 1: add\")".to_owned()]));
        assert_eq!(left[1].0, [2]);
    }

    #[test]
    fn code_with_lines_like_the_given_lines_is_one_region() {
        let one = "    if c {\n        d\n    }\n    e\n";
        let two = "        while f {\n    }\n        g\n";
        let found = regions(&replaced(one, two));
        assert_eq!(found[0].1, one.lines().collect::<Vec<_>>());
        assert_eq!(found[1].1, two.lines().collect::<Vec<_>>());
    }

    #[test]
    fn an_empty_region_has_no_lines() {
        assert_eq!(regions(&replaced("", ""))[0], (vec![1], vec![]));
    }

    #[test]
    fn regions_are_found_although_other_lines_have_changed() {
        let text = replaced("    x\n", "        y\n").replace("use a;", "use a;\nuse b;");
        let found = regions(&text);
        assert_eq!(found[0].1, ["    x"]);
        assert_eq!(found[1].1, ["        y"]);
    }

    #[test]
    fn regions_that_cannot_be_told_apart_are_one() {
        assert_eq!(
            regions("everything is new\n"),
            [(vec![1, 2], vec!["everything is new".to_owned()])]
        );
    }
}
