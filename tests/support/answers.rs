//! What students are to write, and where a text has it.

use super::course::original;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Lines that follow each other and answer a task, wherever they stand.
const WINDOW: usize = 3;

/// The longest line, in characters, that anybody may have written: `while !bytes.is_empty() {`
const COMMON: usize = 25;

/// Longer ones: calls of what is given, which other code makes as well.
const IDIOMS: &[&str] = &[
    "Received::Bytes(count) => {",
    "context.reply.bulk_or_nil(text);",
    "context.store.remove(key);",
    "let fd = client.as_raw_fd();",
    "let now = context.store.now();",
    "self.expiries.remove(*expiry);",
    "self.watched.changed(key);",
    "unwatch(context.store, context.session);",
];

/// The answers of every lesson, each with where it stands.
pub(crate) struct Answers {
    /// By their text, spaces apart.
    lines: BTreeMap<String, String>,
    windows: BTreeMap<Vec<String>, String>,
}

impl Answers {
    /// What stands in the regions of all solutions.
    pub(crate) fn of_all_lessons() -> Self {
        let mut answers = Self { lines: BTreeMap::new(), windows: BTreeMap::new() };
        for path in solutions() {
            let text = fs::read_to_string(&path).unwrap();
            for region in regions(&text) {
                answers.add(&path, &region);
            }
        }
        answers
    }

    /// How many lines and windows there are.
    pub(crate) fn count(&self) -> (usize, usize) {
        (self.lines.len(), self.windows.len())
    }

    /// Where `text` has an answer: its line, and the place in the solution.
    pub(crate) fn found_in(&self, text: &str) -> Option<(usize, &str)> {
        let lines: Vec<_> = telling(text.lines().zip(1..)).collect();
        let line = lines.iter().find_map(|(line, at)| Some((*at, self.lines.get(line)?)));
        let window = || {
            let mut windows = lines.windows(WINDOW);
            windows.find_map(|lines| Some((lines[0].1, self.windows.get(&texts(lines))?)))
        };
        line.or_else(window).map(|(at, place)| (at, place.as_str()))
    }

    fn add(&mut self, path: &Path, region: &[(String, usize)]) {
        let place = |line: &usize| format!("{}:{line}", path.display());
        let distinctive = region
            .iter()
            .filter(|(line, _)| line.chars().count() > COMMON && !IDIOMS.contains(&line.as_str()));
        self.lines.extend(distinctive.map(|(line, at)| (line.clone(), place(at))));
        let windows = region.windows(WINDOW);
        self.windows.extend(windows.map(|lines| (texts(lines), place(&lines[0].1))));
    }
}

/// The solutions' files of all lessons.
pub(crate) fn solutions() -> Vec<PathBuf> {
    let lessons = entries(&original().join("lessons")).into_iter();
    lessons.flat_map(|lesson| entries(&lesson.join("solution"))).collect()
}

/// The regions of a solution: their telling lines, each with its number.
fn regions(solution: &str) -> Vec<Vec<(String, usize)>> {
    let mut lines = solution.lines().zip(1..);
    let mut regions = Vec::new();
    while lines.any(|(line, _)| line.trim_start().starts_with("// <task ")) {
        let region = lines.by_ref().take_while(|(line, _)| line.trim() != "// </task>");
        regions.push(telling(region).collect());
    }
    regions
}

/// The lines of code that say more than where a block ends, their spaces no matter.
fn telling<'a>(
    lines: impl Iterator<Item = (&'a str, usize)>,
) -> impl Iterator<Item = (String, usize)> {
    let says = |line: &str| line.chars().filter(|char| char.is_alphanumeric()).count() >= 10;
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines = lines.map(move |(line, at)| (words(line), at));
    lines.filter(move |(line, _)| says(line) && !line.starts_with("//"))
}

fn texts(lines: &[(String, usize)]) -> Vec<String> {
    lines.iter().map(|(line, _)| line.clone()).collect()
}

/// What a folder holds, in the order of the names.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
