//! Archives inside a submission, e.g. `w03.zip` in the folder that Moodle makes for a student.

use super::archive;
use super::archive_format::{Format, by_name};
use super::file_kinds::{is_source, known_names};
use super::layout::{self, Files};
use super::lesson_files::package;
use super::rejection::{Rejection, refused};
use super::starter::Starters;
use super::tree::{MAX_TOTAL_SIZE, Tree};
use course::catalogue::Course;
use std::io::Cursor;
use std::path::{Path, PathBuf};

/// How many archives may be in one another.
const MAX_DEPTH: usize = 2;
/// How many archives of a submission are opened.
const MAX_ARCHIVES: usize = 8;
/// Opens the archives in `tree`, unless it has sources beside them. `depth` is the number of
/// archives that contain the tree.
///
/// # Errors
/// An archive cannot be read, is in too many others, or is one of several for the same lesson.
pub(super) fn opened(
    mut tree: Tree,
    depth: usize,
    course: &Course,
    starters: &Starters,
) -> Result<Tree, Rejection> {
    let is_archive = |path: &&PathBuf| format_of(path).is_some();
    let archives: Vec<PathBuf> = tree.files.keys().filter(is_archive).cloned().collect();
    let known = known_names(starters);
    if archives.is_empty() || tree.files.keys().any(|path| is_source(path, &known)) {
        return Ok(tree);
    }
    if depth >= MAX_DEPTH {
        return Err(refused(format!(
            "{}: an archive in an archive in an archive is not opened; hand in one archive of the \
             sources",
            archives[0].display()
        )));
    }
    let places = places(&archives, &layout::top(&tree, course, starters), course)?;
    for (path, place) in archives.iter().zip(&places) {
        let inner = read(&mut tree, path, depth, course, starters)
            .map_err(|error| error.inside(&path.display().to_string()))?;
        tree.notes.push(format!("{} was opened: an archive in the submission", path.display()));
        for (inside, entry) in layout::top(&inner, course, starters) {
            let Some(file) = &entry.file.file else { continue };
            let Some(path) = unpacked(&inside, place, &places, course) else { continue };
            tree.add(path, file.is_executable, &file.bytes[..], |it| refused(it.to_string()))?;
        }
        tree.ignored.extend(inner.ignored);
        let new = inner.notes.into_iter().filter(|note| !tree.notes.contains(note));
        tree.notes.extend(new.collect::<Vec<_>>());
    }
    Ok(tree)
}

/// Where a file of an archive belongs. If there are several archives, each may contain its lesson's
/// folder, and the folders of earlier lessons on which the lesson builds. `None` for a lesson that
/// has an archive of its own.
fn unpacked(inside: &Path, place: &Path, places: &[PathBuf], course: &Course) -> Option<PathBuf> {
    let first = inside.iter().next().and_then(|name| name.to_str()).unwrap_or_default();
    let mut lessons = course.lessons().iter();
    let lesson = lessons.find(|lesson| first == lesson.id || first == package(lesson));
    match (lesson.map(|lesson| Path::new(&lesson.id)), places) {
        (None, _) | (_, [_]) => Some(place.join(inside)),
        (Some(lesson), _) if lesson == place => {
            Some(place.join(inside.strip_prefix(first).unwrap_or(inside)))
        }
        (Some(lesson), _) if places.iter().any(|place| place == lesson) => None,
        _ => Some(inside.to_owned()),
    }
}

/// Takes an archive out of the tree, and reads it.
fn read(
    tree: &mut Tree,
    path: &Path,
    depth: usize,
    course: &Course,
    starters: &Starters,
) -> Result<Tree, Rejection> {
    let file = tree.remove(path).and_then(|file| file.file).ok_or_else(|| {
        refused(format!("it has more than {} MiB; leave out what was built", MAX_TOTAL_SIZE >> 20))
    })?;
    let Some(format) = format_of(path) else { return Ok(Tree::default()) };
    opened(archive::read(Cursor::new(&file.bytes), format)?, depth + 1, course, starters)
}

/// The folder into which each archive is unpacked: the archive's own folder for a single archive,
/// and the lesson's folder for archives that are named after lessons.
fn places(
    archives: &[PathBuf],
    top: &Files<'_>,
    course: &Course,
) -> Result<Vec<PathBuf>, Rejection> {
    if let [one] = archives {
        return Ok(vec![one.parent().unwrap_or(Path::new("")).to_owned()]);
    }
    let lesson_of = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let mut lessons = course.lessons().iter();
        let lesson = lessons.find(|it| name.starts_with(&it.id) || name.starts_with(&package(it)));
        lesson.map(|lesson| lesson.id.clone())
    };
    let mut lessons: Vec<_> = archives.iter().filter_map(lesson_of).collect();
    let places = lessons.iter().map(PathBuf::from).collect();
    lessons.sort();
    lessons.dedup();
    if lessons.len() == archives.len() && archives.len() <= MAX_ARCHIVES {
        return Ok(places);
    }
    let names: Vec<_> = top
        .values()
        .filter(|entry| format_of(entry.given).is_some())
        .map(|entry| entry.given.display().to_string())
        .take(MAX_ARCHIVES)
        .collect();
    Err(refused(format!(
        "there are several archives: {}; hand in one, or one for each lesson with the lesson's \
         name, e.g. w03-l02.zip",
        names.join(", ")
    )))
}

fn format_of(path: &Path) -> Option<Format> {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    by_name(name).map(|(format, _)| format)
}
