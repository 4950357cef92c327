//! The starters of the lessons: which files a student gets, and which of them are unchanged.

use super::lesson_files::is_rust;
use course::catalogue::Course;
use course::lesson::Lesson;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// The starter of each lesson, by the lesson's id.
pub(super) struct Starters {
    lessons: BTreeMap<String, Starter>,
}

/// The starter of a lesson's crate.
#[derive(Default)]
pub(super) struct Starter {
    /// The files in `src/`, by name, without differences in line ends.
    files: BTreeMap<String, Vec<u8>>,
    /// The names of the files that have tasks for the student.
    tasks: BTreeSet<String>,
}

impl Starters {
    pub(super) fn of(course: &Course) -> Self {
        let starter = |lesson: &Lesson| (lesson.id.clone(), Starter::of(course, lesson));
        Self { lessons: course.lessons().iter().map(starter).collect() }
    }

    /// The starter of the lesson with this id.
    pub(super) fn lesson(&self, id: &str) -> Option<&Starter> {
        self.lessons.get(id)
    }

    /// The names of the files of all lessons.
    pub(super) fn names(&self) -> BTreeSet<String> {
        self.lessons.values().flat_map(|starter| starter.files.keys().cloned()).collect()
    }

    /// Whether this is the file with this name in the starter of any lesson.
    pub(super) fn has(&self, name: &str, bytes: &[u8]) -> bool {
        self.lessons.values().any(|starter| starter.has(name, bytes))
    }
}

impl Starter {
    fn of(course: &Course, lesson: &Lesson) -> Self {
        let mut starter = Self::default();
        let folder = course.root().join(lesson.folder()).join("src");
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let (Ok(name), Ok(bytes)) = (entry.file_name().into_string(), fs::read(entry.path()))
            else {
                continue;
            };
            if is_rust(&name) {
                if bytes.windows(6).any(|part| part == b"todo!(") {
                    starter.tasks.insert(name.clone());
                }
                starter.files.insert(name, without_carriage_returns(&bytes));
            }
        }
        starter
    }

    /// Whether this is the starter's file with this name.
    pub(super) fn has(&self, name: &str, bytes: &[u8]) -> bool {
        self.files.get(name).is_some_and(|own| *own == without_carriage_returns(bytes))
    }

    /// The names of the files.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Whether the starter's file with this name has tasks for the student.
    pub(super) fn has_tasks(&self, name: &str) -> bool {
        self.tasks.contains(name)
    }
}

/// The text with the line ends of Linux. A checkout on Windows may change all line ends.
pub(super) fn without_carriage_returns(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        if *byte != b'\r' || bytes.get(at + 1) != Some(&b'\n') {
            text.push(*byte);
        }
    }
    text
}
