//! The layout of a submission: its top folder, and the lessons' folders in it.

use super::file_kinds::{is_source, known_names};
use super::lesson_files::package;
use super::starter::Starters;
use super::tree::{Tree, TreeFile};
use course::catalogue::Course;
use course::lesson::Lesson;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The files below a folder, by their path in this folder.
pub(super) type Files<'a> = BTreeMap<PathBuf, Entry<'a>>;

/// A file of a submission.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    /// The content.
    pub(super) file: &'a TreeFile,
    /// The path in the submission, as it was handed in.
    pub(super) given: &'a Path,
}

/// The files without the outer folders. As long as all sources are in one folder, only this folder's
/// files are taken, and the folder is removed from their paths. A folder with a known name, such as
/// `src`, is not removed.
pub(super) fn top<'a>(tree: &'a Tree, course: &Course, starters: &Starters) -> Files<'a> {
    let entry = |(path, file): (&'a PathBuf, &'a TreeFile)| {
        (path.clone(), Entry { file, given: path.as_path() })
    };
    let mut files: Files<'a> = tree.files.iter().map(entry).collect();
    let lessons: Vec<_> =
        course.lessons().iter().flat_map(|l| [l.id.clone(), package(l)]).collect();
    let has_meaning = |name: &OsStr| {
        ["src", "lessons"].iter().any(|known| name == *known)
            || lessons.iter().any(|l| name == l.as_str())
    };
    let known = known_names(starters);
    let has_sources = files.keys().any(|path| is_source(path, &known));
    let outer = |files: &Files<'_>| {
        let sources = files.keys().filter(|path| !has_sources || is_source(path, &known));
        let tops: BTreeSet<_> = sources.filter_map(|path| path.iter().next()).collect();
        let name = tops.first().filter(|_| tops.len() == 1)?;
        let is_outer = !has_meaning(name) && !files.contains_key(Path::new(name));
        is_outer.then(|| PathBuf::from(name))
    };
    while let Some(folder) = outer(&files) {
        files = below(&files, &folder);
    }
    files
}

/// The files in the folder that is named after `lesson`.
pub(super) fn folder_of<'a>(top: &Files<'a>, lesson: &Lesson) -> Files<'a> {
    let places = places(lesson).into_iter();
    places.map(|place| below(top, &place)).find(|files| !files.is_empty()).unwrap_or_default()
}

/// The files that are in no folder of a lesson.
pub(super) fn outside_of_lessons<'a>(top: &Files<'a>, course: &Course) -> Files<'a> {
    let folders: Vec<_> = course.lessons().iter().flat_map(places).collect();
    let is_outside = |path: &Path| !folders.iter().any(|folder| path.starts_with(folder));
    let outside = top.iter().filter(|(path, _)| is_outside(path));
    outside.map(|(path, entry)| (path.clone(), *entry)).collect()
}

/// The folders that belong to `lesson`.
fn places(lesson: &Lesson) -> Vec<PathBuf> {
    let names = [package(lesson), lesson.id.clone()];
    names.iter().flat_map(|name| [Path::new("lessons").join(name), name.into()]).collect()
}

/// The files below `folder`.
fn below<'a>(files: &Files<'a>, folder: &Path) -> Files<'a> {
    let inside = |(path, entry): (&PathBuf, &Entry<'a>)| {
        path.strip_prefix(folder).ok().map(|path| (path.to_owned(), *entry))
    };
    files.iter().filter_map(inside).filter(|(path, _)| !path.as_os_str().is_empty()).collect()
}
