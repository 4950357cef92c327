//! Corrections by an instructor, in `overrides.toml`: points for a criterion of a student, a note for
//! the student, and an extension. They are kept apart from what the grader measured.

mod file;

use crate::model::LessonGrade;
use anyhow::{Result, anyhow};
use course::catalogue::Course;
use course::problem::UnknownName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The corrections of a class, by the student's name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Overrides {
    /// The corrections of each student.
    pub students: BTreeMap<String, StudentOverrides>,
}

/// The corrections of one student.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StudentOverrides {
    /// A note for the student about the whole submission; empty if there is none.
    pub note: String,
    /// The corrections of each lesson, by the lesson's id.
    pub lessons: BTreeMap<String, Correction>,
}

/// The corrections of one lesson of one student.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Correction {
    /// The points that replace the measured points of a criterion, by the criterion's id.
    pub points: BTreeMap<String, f64>,
    /// The due time of this student, in seconds since 1970. It replaces the rubric's due time.
    pub extension: Option<i64>,
    /// A note for the student about this lesson; empty if there is none.
    pub note: String,
}

impl Overrides {
    /// Reads an `overrides.toml`, and the problems of the file, each with the file, the line and the
    /// next step. An entry with a problem is left out, and all others apply. `students` are the names
    /// of the whole class.
    ///
    /// # Errors
    /// The file cannot be read or is not TOML.
    pub fn open(path: &Path, course: &Course, students: &[&str]) -> Result<(Self, Vec<String>)> {
        file::read(path, course, students)
    }

    /// The correction of one lesson of one student, if there is one.
    pub fn of(&self, student: &str, lesson: &str) -> Option<&Correction> {
        self.students.get(student)?.lessons.get(lesson)
    }

    /// The instructor's notes for a student about a lesson: the note about the whole submission, and
    /// the note about the lesson. There may be no notes.
    pub fn notes(&self, student: &str, lesson: &str) -> Vec<&str> {
        let student = self.students.get(student);
        let whole = student.map(|student| student.note.as_str());
        let own = student.and_then(|student| student.lessons.get(lesson));
        let notes = whole.into_iter().chain(own.map(|lesson| lesson.note.as_str()));
        notes.filter(|note| !note.is_empty()).collect()
    }
}

impl Correction {
    /// The corrected criteria of a lesson, in the lesson's order, with the points that replace the
    /// measured ones.
    pub fn criteria<'a>(&'a self, grade: &'a LessonGrade) -> impl Iterator<Item = (&'a str, f64)> {
        let known = |id: &str| self.points.get(id).copied();
        grade.criteria.iter().filter_map(move |each| Some((each.id.as_str(), known(&each.id)?)))
    }
}

/// The error for a name that is not among the `students` of a class. It has the most similar name,
/// but no list of all names, which would help nobody.
pub(crate) fn unknown_student(name: &str, students: &[&str]) -> anyhow::Error {
    let unknown = UnknownName {
        kind: "student",
        name: name.to_owned(),
        scope: "this class".to_owned(),
        known: students.iter().map(|&name| name.to_owned()).collect(),
    };
    let message = unknown.to_string();
    match message.split_once("; it has ") {
        Some((start, _)) => anyhow!("{start}; the names are in the first column of grades.csv"),
        None => anyhow!("{message}"),
    }
}
