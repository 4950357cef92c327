//! The layout of a submission: its top folder, and the lessons' folders in it.

use super::lesson_files::package;
use super::tree::TreeFile;
use course::catalogue::Course;
use course::lesson::Lesson;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::Path;

/// The files below a folder, by their path in this folder.
pub(super) type Files<'a> = BTreeMap<&'a Path, &'a TreeFile>;

/// The files without the outer folders. As long as all files are in one folder, that folder is
/// removed from their paths. A folder with a known name, such as `src`, is not removed.
pub(super) fn top<'a>(mut files: Files<'a>, course: &Course) -> Files<'a> {
    let lessons: Vec<_> =
        course.lessons().iter().flat_map(|l| [l.id.clone(), package(l)]).collect();
    let has_meaning = |name: &OsStr| {
        ["src", "lessons"].iter().any(|known| name == *known)
            || lessons.iter().any(|l| name == l.as_str())
    };
    loop {
        let tops: BTreeSet<_> = files.keys().filter_map(|path| path.iter().next()).collect();
        let mut tops = tops.into_iter();
        match (tops.next(), tops.next()) {
            (Some(name), None) if !has_meaning(name) && !files.contains_key(Path::new(name)) => {
                files = below(&files, Path::new(name));
            }
            _ => return files,
        }
    }
}

/// The files in the folder that is named after `lesson`.
pub(super) fn folder_of<'a>(top: &Files<'a>, lesson: &Lesson) -> Files<'a> {
    let names = [package(lesson), lesson.id.clone()];
    let places = names.iter().flat_map(|name| [Path::new("lessons").join(name), name.into()]);
    places.map(|place| below(top, &place)).find(|files| !files.is_empty()).unwrap_or_default()
}

/// The files below `folder`.
fn below<'a>(files: &Files<'a>, folder: &Path) -> Files<'a> {
    let inside = |(path, file): (&&'a Path, &&'a TreeFile)| {
        path.strip_prefix(folder).ok().map(|path| (path, *file))
    };
    files.iter().filter_map(inside).filter(|(path, _)| !path.as_os_str().is_empty()).collect()
}
