//! The lessons of a course. They are read from the folder `lessons/`, and are found by their ids.

use crate::lesson::Lesson;
use crate::mistake::MistakePatch;
use crate::parse::{is_id, is_lesson_id};
use crate::problem::{Collector, Location, Problem, Problems, UnknownName};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The lessons below one root folder.
#[derive(Debug)]
pub struct Course {
    root: PathBuf,
    lessons: Vec<Lesson>,
}

impl Course {
    /// Reads every `lessons/*/lesson.md` below `root`. A folder without `lesson.md` is skipped.
    ///
    /// # Errors
    /// Every problem of every lesson. Also an id that two lessons have, and a file that cannot be
    /// read.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, Problems> {
        let root = root.into();
        let mut lessons = Vec::new();
        let mut problems = Vec::new();
        for folder in entries(&root, Path::new("lessons"))? {
            match read_lesson(&root, &folder.join("lesson.md")) {
                Ok(lesson) => lessons.extend(lesson),
                Err(found) => problems.extend(found.0),
            }
        }
        lessons.sort_by(|a, b| (&a.id, &a.path).cmp(&(&b.id, &b.path)));
        problems.extend(shared_ids(&lessons));
        if problems.is_empty() { Ok(Self { root, lessons }) } else { Err(Problems(problems)) }
    }

    /// The folder that contains `lessons/`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Every lesson, sorted by id.
    pub fn lessons(&self) -> &[Lesson] {
        &self.lessons
    }

    /// The lesson with this id, e.g. `w03-l02`, or this folder name, e.g. `w03-l02-poll-tracker`.
    ///
    /// # Errors
    /// [`UnknownName`], which suggests the most similar id.
    pub fn lesson(&self, name: &str) -> Result<&Lesson, UnknownName> {
        let matches = |lesson: &&Lesson| {
            lesson.id == name || lesson.folder().file_name().is_some_and(|folder| folder == name)
        };
        self.lessons.iter().find(matches).ok_or_else(|| UnknownName {
            kind: "lesson",
            name: name.to_owned(),
            scope: "this course".to_owned(),
            known: self.lessons.iter().map(|lesson| lesson.id.clone()).collect(),
        })
    }

    /// The wrong servers of a lesson: the files `mistakes/*.patch` in the lesson's folder, sorted
    /// by name.
    ///
    /// # Errors
    /// Every problem of every patch. Also a file that cannot be read.
    pub fn mistakes(&self, lesson: &Lesson) -> Result<Vec<MistakePatch>, Problems> {
        let folder = lesson.folder().join("mistakes");
        if !self.root.join(&folder).exists() {
            return Ok(Vec::new());
        }
        let mut patches = Vec::new();
        let mut problems = Vec::new();
        for path in entries(&self.root, &folder)? {
            if path.extension().is_none_or(|extension| extension != "patch") {
                continue;
            }
            let patch =
                read(&self.root, &path).and_then(|bytes| MistakePatch::parse(&path, &bytes));
            match patch {
                Ok(patch) => patches.push(patch),
                Err(found) => problems.extend(found.0),
            }
        }
        if problems.is_empty() { Ok(patches) } else { Err(Problems(problems)) }
    }
}

/// The entries of a folder, sorted, as paths relative to `root`.
fn entries(root: &Path, folder: &Path) -> Result<Vec<PathBuf>, Problems> {
    let names = || -> io::Result<Vec<PathBuf>> {
        fs::read_dir(root.join(folder))?.map(|entry| Ok(folder.join(entry?.file_name()))).collect()
    };
    let mut paths = names().map_err(|error| unreadable(folder, &error))?;
    paths.sort();
    Ok(paths)
}

/// The lesson at `path`. `None` if the file does not exist.
fn read_lesson(root: &Path, path: &Path) -> Result<Option<Lesson>, Problems> {
    match fs::read(root.join(path)) {
        Ok(bytes) => Lesson::parse(path, &bytes).map(Some),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(unreadable(path, &error)),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn read(root: &Path, path: &Path) -> Result<Vec<u8>, Problems> {
    fs::read(root.join(path)).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &io::Error) -> Problems {
    let location = Location { path: path.to_owned(), line: None };
    let message = format!("cannot be read: {error}; check its name and permissions");
    Problems(vec![Problem { location, message }])
}

/// The parts of a lesson folder's name: `w03-l02-poll-tracker` has the id `w03-l02` and the name
/// `poll-tracker`. `None` if the name has another form.
pub fn parts_of_folder(folder: &str) -> Option<(&str, &str)> {
    let (id, rest) = folder.split_at_checked("w00-l00".len())?;
    let name = rest.strip_prefix('-')?;
    (is_lesson_id(id) && is_id(name)).then_some((id, name))
}

/// One problem for each lesson that has the same id as an earlier lesson. `lessons` is sorted by
/// id.
fn shared_ids(lessons: &[Lesson]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for pair in lessons.windows(2).filter(|pair| pair[0].id == pair[1].id) {
        let (id, other) = (&pair[1].id, pair[0].path.display());
        let mut collector = Collector::new(&pair[1].path);
        collector.at(2, format!("id {id} is already the id of {other}; choose another"));
        problems.extend(collector.into_problems());
    }
    problems
}
