//! The lessons of a course: found below `lessons/`, asked for by id.

use crate::lesson::Lesson;
use crate::mistake::MistakePatch;
use crate::problem::{Collector, Place, Problem, Problems, Unknown};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// All lessons below one root.
#[derive(Debug)]
pub struct Course {
    root: PathBuf,
    lessons: Vec<Lesson>,
}

impl Course {
    /// Reads every `lessons/*/lesson.md` below `root`. A folder without one is no lesson.
    ///
    /// # Errors
    /// Every problem of every lesson; also an id that two lessons have, and what cannot be read.
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
        if problems.is_empty() {
            Ok(Self { root, lessons })
        } else {
            Err(Problems(problems))
        }
    }

    /// The folder that holds `lessons/`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Every lesson, in the order of the ids.
    pub fn lessons(&self) -> &[Lesson] {
        &self.lessons
    }

    /// The lesson of this id, e.g. `w03-l02`, or of this folder name, e.g. `w03-l02-poll-tracker`.
    ///
    /// # Errors
    /// [`Unknown`], which suggests the id that was probably meant.
    pub fn lesson(&self, name: &str) -> Result<&Lesson, Unknown> {
        let called = |lesson: &&Lesson| {
            lesson.id == name
                || lesson
                    .folder()
                    .file_name()
                    .is_some_and(|folder| folder == name)
        };
        self.lessons.iter().find(called).ok_or_else(|| Unknown {
            kind: "lesson",
            name: name.to_owned(),
            home: "this course".to_owned(),
            names: self
                .lessons
                .iter()
                .map(|lesson| lesson.id.clone())
                .collect(),
        })
    }

    /// The wrong servers of a lesson: its `mistakes/*.patch`, in the order of their names.
    ///
    /// # Errors
    /// Every problem of every patch, and what cannot be read.
    pub fn mistakes(&self, lesson: &Lesson) -> Result<Vec<MistakePatch>, Problems> {
        let folder = lesson.folder().join("mistakes");
        if !self.root.join(&folder).exists() {
            return Ok(Vec::new());
        }
        let mut patches = Vec::new();
        let mut problems = Vec::new();
        for path in entries(&self.root, &folder)? {
            if path
                .extension()
                .is_none_or(|extension| extension != "patch")
            {
                continue;
            }
            let patch =
                read(&self.root, &path).and_then(|bytes| MistakePatch::parse(&path, &bytes));
            match patch {
                Ok(patch) => patches.push(patch),
                Err(found) => problems.extend(found.0),
            }
        }
        if problems.is_empty() {
            Ok(patches)
        } else {
            Err(Problems(problems))
        }
    }
}

/// What a folder holds, as paths from `root`, sorted.
fn entries(root: &Path, folder: &Path) -> Result<Vec<PathBuf>, Problems> {
    let names = || -> io::Result<Vec<PathBuf>> {
        fs::read_dir(root.join(folder))?
            .map(|entry| Ok(folder.join(entry?.file_name())))
            .collect()
    };
    let mut paths = names().map_err(|error| unreadable(folder, &error))?;
    paths.sort();
    Ok(paths)
}

/// The lesson at `path`; `None` where there is no such file.
fn read_lesson(root: &Path, path: &Path) -> Result<Option<Lesson>, Problems> {
    match fs::read(root.join(path)) {
        Ok(bytes) => Lesson::parse(path, &bytes).map(Some),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(unreadable(path, &error)),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn read(root: &Path, path: &Path) -> Result<Vec<u8>, Problems> {
    fs::read(root.join(path)).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &io::Error) -> Problems {
    let place = Place {
        path: path.to_owned(),
        line: None,
    };
    let message = format!("cannot be read: {error}; check its name and permissions");
    Problems(vec![Problem { place, message }])
}

/// A problem for each lesson whose id an earlier one has. `lessons` is sorted by id.
fn shared_ids(lessons: &[Lesson]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for pair in lessons.windows(2).filter(|pair| pair[0].id == pair[1].id) {
        let (id, other) = (&pair[1].id, pair[0].path.display());
        let mut collector = Collector::new(&pair[1].path);
        collector.at(
            2,
            format!("id {id} is already that of {other}; choose another"),
        );
        problems.extend(collector.into_problems());
    }
    problems
}
