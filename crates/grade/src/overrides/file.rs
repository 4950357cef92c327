//! Reads `overrides.toml`.

use super::{Correction, Overrides, StudentOverrides, unknown_student};
use crate::toml_values::{self, Entry, MAX_POINTS, Problems, TIME_FORM, name};
use anyhow::{Context, Result, bail};
use course::catalogue::Course;
use course::lesson::Lesson;
use std::fs;
use std::path::Path;
use toml::de::DeTable;

/// Reads the file. A problem of an entry does not affect the other entries.
pub(super) fn read(
    path: &Path,
    course: &Course,
    students: &[&str],
) -> Result<(Overrides, Vec<String>)> {
    let shown = path.display();
    let text = fs::read_to_string(path).with_context(|| {
        format!("--overrides {shown}: cannot be read; check its name, and that it is UTF-8")
    })?;
    let mut reader = Reader { course, students, problems: Problems::of(&text, path) };
    let table = match DeTable::parse(&text) {
        Ok(table) => table,
        Err(error) => {
            reader.problems.at(error.span().map_or(0, |span| span.start), error.message());
            bail!("{}", reader.problems.sorted().join("\n"));
        }
    };
    let overrides = reader.top(table.get_ref());
    let left_out = |problem| format!("{problem}; this entry is left out");
    Ok((overrides, reader.problems.sorted().into_iter().map(left_out).collect()))
}

struct Reader<'a> {
    course: &'a Course,
    students: &'a [&'a str],
    problems: Problems<'a>,
}

impl Reader<'_> {
    fn top(&mut self, table: &DeTable<'_>) -> Overrides {
        let mut overrides = Overrides::default();
        for entry in table {
            match (name(entry), entry.1.get_ref().as_table()) {
                ("students", Some(students)) => {
                    for entry in students {
                        if let Some(student) = self.student(entry) {
                            overrides.students.insert(name(entry).to_owned(), student);
                        }
                    }
                }
                ("students", None) => {
                    self.problems.wrong(entry, "must be a table: [students.NAME]")
                }
                _ => self.problems.unknown("table", entry, "the overrides", &["students"]),
            }
        }
        overrides
    }

    fn student(&mut self, entry: Entry<'_, '_>) -> Option<StudentOverrides> {
        if !self.students.contains(&name(entry)) {
            let unknown = unknown_student(name(entry), self.students);
            self.problems.at(entry.0.span().start, &unknown.to_string());
            return None;
        }
        let Some(table) = entry.1.get_ref().as_table() else {
            self.problems.wrong(entry, "must be a table: [students.NAME]");
            return None;
        };
        let mut student = StudentOverrides::default();
        for entry in table {
            match (name(entry), entry.1.get_ref().as_table()) {
                ("note", _) => student.note = self.note(entry),
                (id, Some(table)) => match self.course.lesson(id) {
                    Ok(lesson) => {
                        let correction = self.correction(lesson, table);
                        student.lessons.insert(lesson.id.clone(), correction);
                    }
                    Err(unknown) => self.problems.unknown_name(entry, &unknown),
                },
                (_, None) => self.problems.wrong(entry, "must be `note` or a lesson's table"),
            }
        }
        Some(student)
    }

    fn correction(&mut self, lesson: &Lesson, table: &DeTable<'_>) -> Correction {
        let mut correction = Correction::default();
        for entry in table {
            match (name(entry), entry.1.get_ref().as_table()) {
                ("points", Some(points)) => self.points(lesson, points, &mut correction),
                ("points", None) => {
                    self.problems.wrong(entry, "must be a table, e.g. { slots = 2 }")
                }
                ("extension", _) => {
                    correction.extension = toml_values::time(entry.1.get_ref());
                    if correction.extension.is_none() {
                        self.problems.wrong(entry, &format!("must be {TIME_FORM}"));
                    }
                }
                ("note", _) => correction.note = self.note(entry),
                _ => {
                    let keys = ["points", "extension", "note"];
                    self.problems.unknown(
                        "key",
                        entry,
                        &format!("the table of {}", lesson.id),
                        &keys,
                    );
                }
            }
        }
        correction
    }

    fn points(&mut self, lesson: &Lesson, table: &DeTable<'_>, correction: &mut Correction) {
        for entry in table {
            if let Err(unknown) = lesson.criterion(name(entry)) {
                self.problems.unknown_name(entry, &unknown);
                continue;
            }
            match toml_values::number(entry.1.get_ref(), MAX_POINTS) {
                Some(points) => _ = correction.points.insert(name(entry).to_owned(), points),
                None => {
                    self.problems.wrong(entry, &format!("must be a number from 0 to {MAX_POINTS}"))
                }
            }
        }
    }

    fn note(&mut self, entry: Entry<'_, '_>) -> String {
        let note = entry.1.get_ref().as_str();
        if note.is_none() {
            self.problems.wrong(entry, "must be a text in quotes");
        }
        note.unwrap_or_default().trim().to_owned()
    }
}
