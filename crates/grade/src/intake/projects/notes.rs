//! Notes on projects that are not graded, or that are the unchanged starter.

use super::{Search, source_names};
use crate::intake::ProjectKind;
use crate::intake::intended_name::ignored_file;
use crate::intake::layout::Files;
use crate::intake::lesson_files::{lesson_with_files, package};
use crate::intake::project_kind::Candidate;
use course::lesson::Lesson;

impl Search<'_> {
    /// Notes that the files are for a lesson that is not graded, if they say so.
    pub(super) fn note_other_lesson(
        &mut self,
        candidate: &Candidate,
        lessons: &[&Lesson],
        top: &Files<'_>,
    ) {
        let note = match (&candidate.manifest.lesson, lessons) {
            (Some(named), []) => format!("submission.toml: {named} is not graded in this run"),
            (None, [lesson]) if candidate.manifest.kind == ProjectKind::Crate => {
                let all: Vec<&Lesson> = self.course.lessons().iter().collect();
                let found = lesson_with_files(self.course, &all, &source_names(candidate, top));
                let Some(other) = found.ok().filter(|other| other.id != lesson.id) else { return };
                format!("by their names the files are for {}, not for {}", other.id, lesson.id)
            }
            _ => return,
        };
        self.found.notes.push(note);
    }

    pub(super) fn note_unchanged(&mut self, lesson: &Lesson) {
        let id = &lesson.id;
        self.found.notes.push(format!("{id}: the files are the unchanged starter"));
    }

    pub(super) fn note_not_graded(&mut self, lesson: &Lesson, candidate: &Candidate) {
        if candidate.shown_by.is_some() {
            let (id, name) = (&lesson.id, package(lesson));
            self.found.notes.push(format!("{name}: {id} is not graded in this run"));
            let folder = self.folders.iter().find(|(one, _)| one.id == lesson.id);
            for entry in folder.iter().flat_map(|(_, files)| files.values()) {
                self.report.ignore(ignored_file(entry.given, "its lesson is not graded"));
            }
        }
    }

    pub(super) fn note_once(&mut self, notes: Vec<String>) {
        for note in notes {
            if !self.found.notes.contains(&note) {
                self.found.notes.push(note);
            }
        }
    }
}
