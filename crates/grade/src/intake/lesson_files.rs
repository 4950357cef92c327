//! The files and dependencies of a lesson's original crate.

use super::rejection::{Rejection, refused};
use course::catalogue::Course;
use course::lesson::Lesson;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

/// The names of the Rust files in a lesson's `src/`; empty if the lesson is not a crate.
pub(crate) fn names(course: &Course, lesson: &Lesson) -> BTreeSet<String> {
    let entries = fs::read_dir(course.root().join(lesson.folder()).join("src"));
    let names = entries.into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.filter_map(|name| name.into_string().ok()).filter(|name| is_rust(name)).collect()
}

/// Whether this is the name of a Rust source file.
pub(crate) fn is_rust(name: impl AsRef<Path>) -> bool {
    name.as_ref().extension().is_some_and(|extension| extension == "rs")
}

/// The name of a lesson's package, which is also the name of its folder.
pub(crate) fn package(lesson: &Lesson) -> String {
    lesson.folder().file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The earlier lessons on whose crates a lesson's crate depends, in the course's order.
pub(crate) fn earlier<'a>(
    course: &'a Course,
    lesson: &Lesson,
) -> Result<Vec<&'a Lesson>, Rejection> {
    let manifest = course.root().join(lesson.folder()).join("Cargo.toml");
    let unreadable =
        |why: String| Rejection::Unreadable(format!("{}: {why}; restore it", manifest.display()));
    let text = fs::read_to_string(&manifest).map_err(|error| unreadable(error.to_string()))?;
    let table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| unreadable(error.message().to_owned()))?;
    let dependencies = table.get("dependencies").and_then(toml::Value::as_table);
    let is_dependency =
        |other: &&Lesson| dependencies.is_some_and(|table| table.contains_key(&package(other)));
    Ok(course.lessons().iter().filter(is_dependency).collect())
}

/// The lesson among `candidates` that has the most files with these names.
///
/// # Errors
/// No lesson has such files, or several lessons have the same number of such files. The message
/// gives the next step.
pub(crate) fn lesson_with_files<'a>(
    course: &Course,
    candidates: &[&'a Lesson],
    found: &BTreeSet<&OsStr>,
) -> Result<&'a Lesson, Rejection> {
    let shared = |lesson: &Lesson| {
        let names = names(course, lesson);
        found.iter().filter(|name| name.to_str().is_some_and(|name| names.contains(name))).count()
    };
    let counted: Vec<_> = candidates.iter().map(|lesson| (shared(lesson), *lesson)).collect();
    let most = counted.iter().map(|(count, _)| *count).max().unwrap_or(0);
    let fit: Vec<_> = counted.iter().filter(|(count, _)| *count == most && most > 0).collect();
    match fit[..] {
        [(_, lesson)] => Ok(lesson),
        [] => Err(refused(
            "no lesson has Rust files of these names; keep the names of the lesson's files",
        )),
        _ => {
            let ids: Vec<_> = fit.iter().map(|(_, lesson)| lesson.id.as_str()).collect();
            let (ids, first) = (ids.join(", "), package(fit[0].1));
            Err(refused(format!(
                "the files may belong to any of {ids}; put them in a folder with the lesson's \
                 name, e.g. {first}/src/"
            )))
        }
    }
}
