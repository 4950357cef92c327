//! The lessons that a command line names: by id, by week, or by the folder in which the command was
//! typed.

use anyhow::{Context, Result};
use course::catalogue::Course;
use course::lesson::Lesson;
use course::problem::UnknownName;
use std::env;
use std::path::Path;

/// The lessons with these ids. A week, such as `w03`, names all lessons of the week. If `ids` is
/// empty, every lesson of the course.
///
/// # Errors
/// No lesson has one of the ids.
pub fn named<'a>(course: &'a Course, ids: &[String]) -> Result<Vec<&'a Lesson>, UnknownName> {
    if ids.is_empty() {
        return Ok(course.lessons().iter().collect());
    }
    let mut lessons = Vec::new();
    for id in ids {
        match of_week(course, id) {
            week if week.is_empty() => lessons.push(course.lesson(id)?),
            week => lessons.extend(week),
        }
    }
    Ok(lessons)
}

/// As [`named`]. But if `ids` is empty and the current folder is in the folder of a lesson, this
/// lesson only.
///
/// # Errors
/// No lesson has one of the ids.
pub fn named_or_here<'a>(
    course: &'a Course,
    ids: &[String],
) -> Result<Vec<&'a Lesson>, UnknownName> {
    match here(course).filter(|_| ids.is_empty()) {
        Some(lesson) => Ok(vec![lesson]),
        None => named(course, ids),
    }
}

/// The lesson with this id. Without an id, the lesson of the current folder. `what` is what the
/// command does with the lesson, e.g. `hand in`.
///
/// # Errors
/// No lesson has this id, or no lesson is named and the current folder is in no lesson's folder.
pub fn one_or_here<'a>(course: &'a Course, id: Option<&str>, what: &str) -> Result<&'a Lesson> {
    match id {
        Some(id) => Ok(course.lesson(id)?),
        None => here(course).with_context(|| {
            let line = |lesson: &Lesson| format!("  {}  {}", lesson.id, lesson.title);
            let lines: Vec<_> = course.lessons().iter().map(line).collect();
            format!("name a lesson to {what}, or go to its folder:\n{}", lines.join("\n"))
        }),
    }
}

/// The lesson whose folder is the current folder, or is above the current folder.
pub fn here(course: &Course) -> Option<&Lesson> {
    let here = env::current_dir().ok()?.canonicalize().ok()?;
    around(course, &here)
}

/// The lesson in whose folder the folder `here` is. `here` has no symbolic links.
fn around<'a>(course: &'a Course, here: &Path) -> Option<&'a Lesson> {
    let root = course.root().canonicalize().ok()?;
    let inside = here.strip_prefix(&root).ok()?;
    course.lessons().iter().find(|lesson| inside.starts_with(lesson.folder()))
}

/// The lessons of a week, e.g. `w03`. Empty if `name` is not a week of the course.
fn of_week<'a>(course: &'a Course, name: &str) -> Vec<&'a Lesson> {
    let is_in_week =
        |lesson: &&Lesson| lesson.id.strip_prefix(name).is_some_and(|rest| rest.starts_with("-l"));
    course.lessons().iter().filter(is_in_week).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paths;

    fn ids(lessons: &[&Lesson]) -> String {
        lessons.iter().map(|lesson| lesson.id.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_week_names_its_lessons() {
        let course = Course::open(paths::root()).unwrap();
        let named = |id: &str| named(&course, &[id.to_owned()]);
        assert_eq!(ids(&named("w03-l02").unwrap()), "w03-l02");
        let week = named("w03").unwrap();
        assert!(ids(&week).contains("w03-l02") && !ids(&week).contains("w04"), "{}", ids(&week));
        for name in ["w0", "w", "", "w3", "w99"] {
            assert!(named(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_lesson_is_found_from_below_its_folder() {
        let course = Course::open(paths::root()).unwrap();
        let root = course.root().canonicalize().unwrap();
        let found = |folder: &str| around(&course, &root.join(folder)).map(|it| it.id.as_str());
        let lesson = course.lesson("w03-l02").unwrap().folder().display().to_string();
        assert_eq!(found(&lesson), Some("w03-l02"));
        assert_eq!(found(&format!("{lesson}/src")), Some("w03-l02"));
        assert_eq!(found(&format!("{lesson}-copy")), None);
        assert_eq!(found("lessons"), None);
        assert_eq!(around(&course, Path::new("/")), None);
    }
}
