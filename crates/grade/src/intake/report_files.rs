//! The report of a submission's files: used, ignored, and filled in from the starter.

use super::content::Content;
use super::layout::{Entry, Files};
use super::starter::Starter;
use super::tree::Tree;
use crate::model::{FileReport, IgnoredFile, LessonFiles};
use course::catalogue::Course;
use course::lesson::Lesson;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The maximum number of rows of ignored files.
const MAX_IGNORED: usize = 100;
/// If a folder has more ignored files than this, it is one row.
const MAX_OF_FOLDER: usize = 3;

/// The report while the projects are found.
pub(super) struct Report {
    lessons: Vec<LessonFiles>,
    /// The folders around all files.
    outer: PathBuf,
    /// The files that no lesson has used yet, as they were handed in.
    unused: BTreeSet<PathBuf>,
    /// The files with a known reason why they are not used.
    ignored: Vec<IgnoredFile>,
}

impl Report {
    /// The report before any project is found. `top` has the files without outer folders, and
    /// `ignored` is already known.
    pub(super) fn new(tree: &Tree, top: &Files<'_>, ignored: Vec<IgnoredFile>) -> Self {
        let unused = tree.files.keys().cloned().collect();
        let around = |(path, entry): (&PathBuf, &Entry<'_>)| {
            let outer = entry.given.ancestors().nth(path.iter().count())?;
            entry.given.ends_with(path).then(|| outer.to_owned())
        };
        let outer = top.iter().find_map(around).unwrap_or_default();
        let mut report = Self { lessons: Vec::new(), outer, unused, ignored: Vec::new() };
        ignored.into_iter().for_each(|file| report.ignore(file));
        let why = "hidden, or made by a tool".to_owned();
        let row = |path: &String| IgnoredFile { path: path.clone(), why: why.clone() };
        report.ignored.extend(tree.ignored.paths().map(row));
        report
    }

    /// Whether no lesson has used this file, and no reason for this is known.
    pub(super) fn is_unused(&self, given: &Path) -> bool {
        self.unused.contains(given)
    }

    /// Adds a file that is not used.
    pub(super) fn ignore(&mut self, file: IgnoredFile) {
        self.unused.remove(Path::new(&file.path));
        self.ignored.push(file);
    }

    /// Adds the files of one lesson. `starter` is the starter of its crate. Returns notes on the
    /// files with tasks that were not handed in, or not changed.
    pub(super) fn lesson(
        &mut self,
        lesson: &str,
        content: &Content<'_>,
        starter: Option<&Starter>,
    ) -> Vec<String> {
        let mut files = LessonFiles { lesson: lesson.to_owned(), ..LessonFiles::default() };
        for (path, (_, given)) in content {
            self.unused.remove(*given);
            let (path, given) = (path.display().to_string(), given.display().to_string());
            let is_same = given.ends_with(&path) || path.ends_with(&given);
            files.used.push(if is_same { given } else { format!("{given} as {path}") });
        }
        let mut notes = Vec::new();
        let missing =
            starter.into_iter().flat_map(|starter| starter.names().map(move |it| (starter, it)));
        let mut unfinished = Vec::new();
        let mut unchanged = Vec::new();
        for (starter, name) in missing {
            match content.get(&Path::new("src").join(name)) {
                None => {
                    files.filled_in.push(format!("src/{name}"));
                    if starter.has_tasks(name) {
                        unfinished.push(format!("src/{name}"));
                    }
                }
                Some((file, _)) if starter.has_tasks(name) && starter.has(name, &file.bytes) => {
                    unchanged.push(format!("src/{name}"));
                }
                Some(_) => {}
            }
        }
        if !unfinished.is_empty() {
            notes.push(format!(
                "{lesson}: {} not handed in; the starter's own is used",
                listed(&unfinished)
            ));
        }
        if !unchanged.is_empty() {
            notes.push(format!("{lesson}: {} the unchanged starter", listed(&unchanged)));
        }
        self.lessons.push(files);
        notes
    }

    /// The complete report.
    pub(super) fn finished(self) -> FileReport {
        let used: BTreeSet<_> = self.lessons.iter().map(|it| it.lesson.as_str()).collect();
        let why = if used.is_empty() { "it belongs to no lesson" } else { "no lesson needs it" };
        let mut ignored = self.ignored;
        ignored.extend(grouped(&self.unused, &self.outer, why));
        let more = ignored.len().saturating_sub(MAX_IGNORED);
        if more > 0 {
            ignored.truncate(MAX_IGNORED);
            let path = format!("{more} more");
            ignored.push(IgnoredFile { path, why: "not listed".to_owned() });
        }
        FileReport { lessons: self.lessons, ignored }
    }
}

/// `a is` or `a, b are`.
fn listed(names: &[String]) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", names.join(", "))
}

/// A row for each file, or for each folder at the top that has many of the files.
fn grouped(files: &BTreeSet<PathBuf>, outer: &Path, why: &str) -> Vec<IgnoredFile> {
    let mut folders: BTreeMap<PathBuf, Vec<&PathBuf>> = BTreeMap::new();
    for file in files {
        let inside = file.strip_prefix(outer).unwrap_or(file);
        let first = inside.iter().next().unwrap_or_default();
        folders.entry(outer.join(first)).or_default().push(file);
    }
    let row = |path: String| IgnoredFile { path, why: why.to_owned() };
    let rows = folders.into_iter().flat_map(|(folder, files)| match files.len() {
        0..=MAX_OF_FOLDER => files.iter().map(|file| row(file.display().to_string())).collect(),
        many => vec![row(format!("{}/ ({many} files)", folder.display()))],
    });
    rows.collect()
}

/// Notes on files of a crate that the student changed, but that the grader ignores.
pub(super) fn notes_on_ignored(course: &Course, lesson: &Lesson, files: &Files<'_>) -> Vec<String> {
    let own = course.root().join(lesson.folder());
    let differs = |path: &&PathBuf| {
        let submitted = files.get(*path).and_then(|entry| entry.file.file.as_ref());
        let original = std::fs::read(own.join(path)).ok();
        submitted.is_none_or(|file| original.as_ref() != Some(&file.bytes))
    };
    let mut notes = Vec::new();
    for name in ["Cargo.toml", "build.rs"] {
        if files.contains_key(Path::new(name)) && differs(&&PathBuf::from(name)) {
            notes.push(format!("{}: {name} was left out; the lesson's own is used", lesson.id));
        }
    }
    if files.keys().filter(|path| path.starts_with("solution")).any(|path| differs(&path)) {
        notes.push(format!("{}: solution/ was left out; the files in src/ count", lesson.id));
    }
    notes
}
