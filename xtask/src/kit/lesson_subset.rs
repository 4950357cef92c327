//! Which lessons a kit has, and what speaks of the others.

use anyhow::{Context, Result};
use course::catalogue::Course;
use course::lesson::Lesson;
use programs::files::read;
use std::path::Path;
use terminal::lessons;
use toml_edit::{DocumentMut, Item};

/// The lesson that README takes for an example, and whose proof the commands' tests ask for.
const EXAMPLE: &str = "w03-l02";

/// What README asks of the example alone.
const EXAMPLES_CRITERIA: &str = "--only slots,reuse";

/// The lessons of a kit: those that are asked for, and those that they build on.
pub(super) struct LessonSubset<'a> {
    /// In the course's order.
    pub(super) lessons: Vec<&'a Lesson>,
    /// Pairs of lessons: who was not asked for, and who builds on it.
    pub(super) brought: Vec<(&'a str, &'a str)>,
}

impl<'a> LessonSubset<'a> {
    /// The lessons of these names, or all of them where there are none.
    ///
    /// # Errors
    /// A name that no lesson has; a manifest that cannot be read.
    pub(super) fn of(course: &'a Course, names: &[String]) -> Result<Self> {
        let mut lessons = lessons::named(course, names)?;
        let mut brought = Vec::new();
        let mut next = 0;
        while let Some(lesson) = lessons.get(next).copied() {
            for base in bases(course, lesson)? {
                if !lessons.iter().any(|known| known.id == base.id) {
                    brought.push((base.id.as_str(), lesson.id.as_str()));
                    lessons.push(base);
                }
            }
            next += 1;
        }
        lessons.sort_by_key(|lesson| &lesson.id);
        lessons.dedup_by_key(|lesson| &lesson.id);
        Ok(Self { lessons, brought })
    }

    /// Whether the commands' tests have the lesson that they ask for.
    pub(super) fn is_tested(&self) -> bool {
        self.lessons.iter().any(|lesson| lesson.id == EXAMPLE)
    }

    /// README without the rows of other lessons, and with an example that is there.
    pub(super) fn readme(&self, text: &str) -> String {
        let mut is_output = false;
        let mut kept = String::new();
        for line in text.split_inclusive('\n').filter(|line| !self.is_row_of_another(line)) {
            is_output = line.starts_with("```text") || is_output && !line.starts_with("```");
            kept += &if is_output { line.to_owned() } else { self.exemplary(line) };
        }
        kept
    }

    /// Whether a line is a table's row that begins with a link to what the kit does not have.
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

    /// A line with the latest lesson of the kit for an example, where the usual one is not in it.
    fn exemplary(&self, line: &str) -> String {
        let latest = self.lessons.last().filter(|_| !self.is_tested());
        let Some(latest) = latest else { return line.to_owned() };
        let two: Vec<_> = latest.criteria.iter().take(2).map(|each| each.id.as_str()).collect();
        let two = format!("--only {}", two.join(","));
        line.replace(EXAMPLE, &latest.id).replace(EXAMPLES_CRITERIA, &two)
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
