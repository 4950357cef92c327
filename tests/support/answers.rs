//! Searches texts for answers. An answer is a distinctive line, or a group of successive lines,
//! from the code that solves a task in a solution.

use super::course::course_root;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The number of successive lines that count as an answer wherever they occur.
const WINDOW: usize = 3;

/// The length in characters up to which a line is too common to be an answer, as in
/// `while !bytes.is_empty() {`.
const COMMON_LENGTH: usize = 25;

/// Longer lines that are common, too: calls of given functions, which other code also makes.
const IDIOMS: &[&str] = &[
    "LISTENER => Source::Listener,",
    "Received::Bytes(count) => {",
    "context.reply.bulk_or_nil(text);",
    "context.store.remove(key);",
    "let fd = client.as_raw_fd();",
    "let now = context.store.now();",
    "self.expiry_queue.remove(*expiry);",
    "self.watched_keys.changed(key);",
    "unwatch_all_keys(context.store, context.session);",
];

/// The answers of every lesson, each with its location in a solution.
pub(crate) struct Answers {
    /// The location of each distinctive line, by the line's text with single spaces.
    lines: BTreeMap<String, String>,
    /// The location of each group of [`WINDOW`] successive lines.
    windows: BTreeMap<Vec<String>, String>,
}

impl Answers {
    /// Reads the regions of all solutions.
    pub(crate) fn of_all_lessons() -> Self {
        let mut answers = Self { lines: BTreeMap::new(), windows: BTreeMap::new() };
        for path in solutions() {
            let text = fs::read_to_string(&path).unwrap();
            let given = given_lines(&text);
            for region in regions(&text) {
                answers.add(&path, &region, &given);
            }
        }
        answers
    }

    /// The number of lines, and the number of windows.
    pub(crate) fn count(&self) -> (usize, usize) {
        (self.lines.len(), self.windows.len())
    }

    /// The line of the first answer in `text`, and the answer's location in the solution.
    pub(crate) fn found_in(&self, text: &str) -> Option<(usize, &str)> {
        let lines: Vec<_> = meaningful(text.lines().zip(1..)).collect();
        let line = lines.iter().find_map(|(line, at)| Some((*at, self.lines.get(line)?)));
        let window = || {
            let mut windows = lines.windows(WINDOW);
            windows.find_map(|lines| Some((lines[0].1, self.windows.get(&texts(lines))?)))
        };
        line.or_else(window).map(|(at, location)| (at, location.as_str()))
    }

    /// Adds the lines of a region. A line that also stands in the `given` text is no answer.
    fn add(&mut self, path: &Path, region: &[(String, usize)], given: &BTreeSet<String>) {
        let location = |line: &usize| format!("{}:{line}", path.display());
        let distinctive = region.iter().filter(|(line, _)| {
            line.chars().count() > COMMON_LENGTH
                && !IDIOMS.contains(&line.as_str())
                && !given.contains(line)
        });
        self.lines.extend(distinctive.map(|(line, at)| (line.clone(), location(at))));
        let windows = region.windows(WINDOW);
        self.windows.extend(windows.map(|lines| (texts(lines), location(&lines[0].1))));
    }
}

/// The files of all solutions.
pub(crate) fn solutions() -> Vec<PathBuf> {
    let lessons = entries(&course_root().join("lessons")).into_iter().filter(|path| path.is_dir());
    lessons.flat_map(|lesson| entries(&lesson.join("solution"))).collect()
}

/// The regions of a solution: the meaningful lines of each, with their numbers.
fn regions(solution: &str) -> Vec<Vec<(String, usize)>> {
    let mut lines = solution.lines().zip(1..);
    let mut regions = Vec::new();
    while lines.any(|(line, _)| line.trim_start().starts_with("// <task ")) {
        let region = lines.by_ref().take_while(|(line, _)| line.trim() != "// </task>");
        regions.push(meaningful(region).collect());
    }
    regions
}

/// The meaningful lines of a solution outside of its regions. Students get them with the starter.
fn given_lines(solution: &str) -> BTreeSet<String> {
    let mut is_given = true;
    let given = solution.lines().filter(|line| {
        let line = line.trim_start();
        is_given = (is_given || line == "// </task>") && !line.starts_with("// <task ");
        is_given
    });
    meaningful(given.zip(1..)).map(|(line, _)| line).collect()
}

/// The lines of code with at least ten letters or digits, their white space reduced to single spaces.
/// Comments are left out.
fn meaningful<'a>(
    lines: impl Iterator<Item = (&'a str, usize)>,
) -> impl Iterator<Item = (String, usize)> {
    let is_long = |line: &str| line.chars().filter(|char| char.is_alphanumeric()).count() >= 10;
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines = lines.map(move |(line, at)| (words(line), at));
    lines.filter(move |(line, _)| is_long(line) && !line.starts_with("//"))
}

fn texts(lines: &[(String, usize)]) -> Vec<String> {
    lines.iter().map(|(line, _)| line.clone()).collect()
}

/// The entries of a folder, sorted by name.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
