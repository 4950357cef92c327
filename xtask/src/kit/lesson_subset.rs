//! The lessons that a kit has. Removes the other lessons from texts.

use anyhow::{Context, Result};
use course::catalogue::Course;
use course::lesson::Lesson;
use programs::files::read;
use std::path::Path;
use terminal::lessons;
use toml_edit::{DocumentMut, Item};

/// The lesson that README uses as an example. The tests of the commands prove this lesson, too.
const EXAMPLE: &str = "w03-l02";

/// The option in README's example that names two criteria of the example lesson.
const EXAMPLES_CRITERIA: &str = "--only slots,reuse";

/// The lessons of a kit: the named lessons, and the lessons that they build on.
pub(super) struct LessonSubset<'a> {
    /// The lessons in the course's order.
    pub(super) lessons: Vec<&'a Lesson>,
    /// The lessons that were added, each with the lesson that builds on it.
    pub(super) added: Vec<(&'a str, &'a str)>,
}

impl<'a> LessonSubset<'a> {
    /// The lessons with the ids in `names`. If `names` is empty, all lessons.
    ///
    /// # Errors
    /// No lesson has one of the ids, or a manifest cannot be read.
    pub(super) fn of(course: &'a Course, names: &[String]) -> Result<Self> {
        let mut lessons = lessons::named(course, names)?;
        let mut added = Vec::new();
        let mut next = 0;
        while let Some(lesson) = lessons.get(next).copied() {
            for base in bases(course, lesson)? {
                if !lessons.iter().any(|known| known.id == base.id) {
                    added.push((base.id.as_str(), lesson.id.as_str()));
                    lessons.push(base);
                }
            }
            next += 1;
        }
        lessons.sort_by_key(|lesson| &lesson.id);
        lessons.dedup_by_key(|lesson| &lesson.id);
        Ok(Self { lessons, added })
    }

    /// Whether the kit has the lesson that the commands' tests prove.
    pub(super) fn is_tested(&self) -> bool {
        self.lessons.iter().any(|lesson| lesson.id == EXAMPLE)
    }

    /// README without the rows of other lessons, and with an example lesson that the kit has.
    pub(super) fn readme(&self, text: &str) -> String {
        let mut is_output = false;
        let mut kept = String::new();
        for line in text.split_inclusive('\n').filter(|line| !self.is_row_of_another(line)) {
            is_output = line.starts_with("```text") || is_output && !line.starts_with("```");
            kept += &if is_output { line.to_owned() } else { self.with_example(line) };
        }
        kept
    }

    /// Whether a line is a row of a table that begins with a link to a file that the kit does not
    /// have.
    fn is_row_of_another(&self, line: &str) -> bool {
        let link = line.strip_prefix("| [").and_then(|row| row.split_once("]("));
        let target = link.and_then(|(_, link)| link.split(')').next()).unwrap_or_default();
        let mut parts = target.split('/');
        match (parts.next(), parts.next()) {
            (Some("tests"), _) => !self.is_tested(),
            (Some("lessons"), Some(folder)) => {
                !self.lessons.iter().any(|lesson| is_in(lesson, folder))
            }
            _ => false,
        }
    }

    /// If the kit does not have the usual example lesson, uses the kit's last lesson as the example
    /// in a line.
    fn with_example(&self, line: &str) -> String {
        let last = self.lessons.last().filter(|_| !self.is_tested());
        let Some(last) = last else { return line.to_owned() };
        let two: Vec<_> = last.criteria.iter().take(2).map(|each| each.id.as_str()).collect();
        let two = format!("--only {}", two.join(","));
        line.replace(EXAMPLE, &last.id).replace(EXAMPLES_CRITERIA, &two)
    }
}

/// A manifest without tests.
pub(super) fn untested(manifest: &str) -> Result<String> {
    let mut manifest: DocumentMut = manifest.parse().context("a manifest without its tests")?;
    manifest.remove("test");
    Ok(manifest.to_string())
}

/// The lessons whose crates a lesson's crate depends on.
fn bases<'a>(course: &'a Course, lesson: &Lesson) -> Result<Vec<&'a Lesson>> {
    let path = lesson.folder().join("Cargo.toml");
    let manifest: DocumentMut =
        read(&course.root().join(&path))?.parse().with_context(|| path.display().to_string())?;
    let dependencies = manifest.get("dependencies").and_then(Item::as_table_like);
    let paths = dependencies.into_iter().flat_map(|table| table.iter());
    let paths = paths.filter_map(|(_, dependency)| dependency.get("path")?.as_str());
    let folders: Vec<_> = paths.filter_map(|path| Path::new(path).file_name()?.to_str()).collect();
    let is_base = |other: &&Lesson| folders.iter().any(|folder| is_in(other, folder));
    Ok(course.lessons().iter().filter(is_base).collect())
}

fn is_in(lesson: &Lesson, folder: &str) -> bool {
    lesson.folder().file_name().is_some_and(|name| name == folder)
}
