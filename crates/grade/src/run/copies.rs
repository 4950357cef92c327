//! Near copies in a class: which files are compared, and with which starters.

use crate::intake::{Content, ProjectKind, SubmissionSource, earlier};
use crate::similarity::{self, Copies, Source};
use crate::store::Store;
use anyhow::Result;
use course::catalogue::Course;
use course::lesson::Lesson;
use std::fs;
use std::path::Path;

/// The maximum size of all files of a submission that are compared, in bytes. It is several times
/// the size of any server of the course. It bounds the memory of the comparison.
const MAX_SIZE: usize = 96 << 10;

/// The source files of a submission that are compared with those of other students. A file that is
/// too large is left out.
pub(super) fn sources(source: &SubmissionSource, content: &Content) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut left = MAX_SIZE;
    for (lesson, project) in &content.projects {
        let is_own = |path: &Path| project.kind != ProjectKind::Crate || path.starts_with("src");
        for (path, file) in project.files.iter().filter(|(path, _)| is_own(path)) {
            let path = path.display().to_string();
            if similarity::is_source(&path) && file.bytes.len() <= left {
                left -= file.bytes.len();
                sources.push(Source {
                    student: source.student.clone(),
                    lesson: lesson.clone(),
                    path,
                    text: String::from_utf8_lossy(&file.bytes).into_owned(),
                });
            }
        }
    }
    sources
}

/// The near copies among the submissions of a class.
///
/// # Errors
/// The database cannot be read.
pub(crate) fn find(store: &Store, course: &Course) -> Result<Copies> {
    let lessons = store.run_info()?.lessons;
    let starters = lessons.iter().filter_map(|(id, _)| {
        let lesson = course.lesson(id).ok()?;
        Some((id.clone(), starter(course, lesson)))
    });
    Ok(similarity::find(&store.sources()?, &starters.collect()))
}

/// The files that students are given for a lesson: its starter, and those of the lessons that it
/// builds on.
fn starter(course: &Course, lesson: &Lesson) -> Vec<(String, String)> {
    let before = earlier(course, lesson).unwrap_or_default();
    let mut files = Vec::new();
    for given in before.into_iter().chain([lesson]) {
        let folder = course.root().join(given.folder()).join("src");
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if let Ok(text) = fs::read_to_string(entry.path()) {
                files.push((name, text));
            }
        }
    }
    files
}
