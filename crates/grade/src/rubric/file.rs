//! Reads `rubric.toml`. The code visits each entry of the parsed document itself. It can therefore
//! report every problem with its line.

use super::{LessonPoints, Rubric, Unit};
use crate::toml_values::{self, Entry, MAX_POINTS, Problems, name};
use anyhow::{Context, Result, bail};
use course::catalogue::Course;
use course::lesson::{self, Lesson};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use toml::de::DeTable;

/// Reads the file `path` and changes `rubric` accordingly. `rubric` has the points from the
/// lessons' front matter.
pub(super) fn read(path: &Path, course: &Course, rubric: Rubric) -> Result<Rubric> {
    let shown = path.display();
    let text = fs::read_to_string(path).with_context(|| {
        format!("{shown}: cannot be read; check its name, and that it is UTF-8")
    })?;
    let mut reader = Reader { course, rubric, problems: Problems::of(&text, path) };
    match DeTable::parse(&text) {
        Ok(table) => reader.top(table.get_ref()),
        Err(error) => {
            reader.problems.at(error.span().map_or(0, |span| span.start), error.message())
        }
    }
    let problems = reader.problems.sorted();
    match problems.is_empty() {
        true => Ok(reader.rubric),
        false => bail!("{}", problems.join("\n")),
    }
}

struct Reader<'a> {
    course: &'a Course,
    rubric: Rubric,
    problems: Problems<'a>,
}

impl Reader<'_> {
    fn top(&mut self, table: &DeTable<'_>) {
        for entry in table {
            match name(entry) {
                "late" => self.within(entry, Self::late),
                "lessons" => self.within(entry, Self::lessons),
                _ => self.problems.unknown("table", entry, "a rubric", &["late", "lessons"]),
            }
        }
    }

    fn late(&mut self, table: &DeTable<'_>) {
        for entry in table {
            match name(entry) {
                "per" => self.unit(entry),
                "percent" => {
                    if let Some(percent) = self.number(entry, 100.0) {
                        self.rubric.late.percent = percent;
                    }
                }
                "cap" => {
                    if let Some(cap) = self.number(entry, 100.0) {
                        self.rubric.late.cap = cap;
                    }
                }
                "grace_minutes" => {
                    if let Some(minutes) = self.number(entry, MAX_POINTS) {
                        self.rubric.late.grace_minutes = minutes as i64;
                    }
                }
                _ => {
                    let keys = ["per", "percent", "cap", "grace_minutes"];
                    self.problems.unknown("key", entry, "[late]", &keys);
                }
            }
        }
    }

    fn unit(&mut self, entry: Entry<'_, '_>) {
        match entry.1.get_ref().as_str() {
            Some("hour") => self.rubric.late.per = Unit::Hour,
            Some("day") => self.rubric.late.per = Unit::Day,
            _ => self.problems.wrong(entry, "must be \"hour\" or \"day\""),
        }
    }

    fn lessons(&mut self, table: &DeTable<'_>) {
        for entry in table {
            match self.course.lesson(name(entry)) {
                Ok(lesson) => self.within(entry, |reader, table| reader.lesson(lesson, table)),
                Err(unknown) => self.problems.unknown_name(entry, &unknown),
            }
        }
    }

    fn lesson(&mut self, lesson: &Lesson, table: &DeTable<'_>) {
        let mut points = self.rubric.lessons.remove(&lesson.id).unwrap_or_default();
        for entry in table {
            match name(entry) {
                "points" => self.points(lesson, &mut points, entry),
                "due" => points.due = self.time(entry),
                "all_or_nothing" => match entry.1.get_ref().as_bool() {
                    Some(value) => points.all_or_nothing = value,
                    None => self.problems.wrong(entry, "must be true or false"),
                },
                _ => {
                    let home = format!("[lessons.{}]", lesson.id);
                    self.problems.unknown(
                        "key",
                        entry,
                        &home,
                        &["points", "due", "all_or_nothing"],
                    );
                }
            }
        }
        self.rubric.lessons.insert(lesson.id.clone(), points);
    }

    fn points(&mut self, lesson: &Lesson, points: &mut LessonPoints, entry: Entry<'_, '_>) {
        let Some(table) = entry.1.get_ref().as_table() else {
            if let Some(whole) = self.number(entry, MAX_POINTS) {
                points.set(lesson, &lesson::Points::Total(whole));
            }
            return;
        };
        let mut each = BTreeMap::new();
        for entry in table {
            if let Err(unknown) = lesson.criterion(name(entry)) {
                self.problems.unknown_name(entry, &unknown);
            } else if let Some(worth) = self.number(entry, MAX_POINTS) {
                each.insert(name(entry).to_owned(), worth);
            }
        }
        points.set(lesson, &lesson::Points::PerCriterion(each));
    }

    fn time(&mut self, entry: Entry<'_, '_>) -> Option<i64> {
        let time = toml_values::time(entry.1.get_ref());
        if time.is_none() {
            self.problems.wrong(entry, &format!("must be {}", toml_values::TIME_FORM));
        }
        time
    }

    fn number(&mut self, entry: Entry<'_, '_>, most: f64) -> Option<f64> {
        let number = toml_values::number(entry.1.get_ref(), most);
        if number.is_none() {
            self.problems.wrong(entry, &format!("must be a number from 0 to {most}"));
        }
        number
    }

    fn within(&mut self, entry: Entry<'_, '_>, read: impl FnOnce(&mut Self, &DeTable<'_>)) {
        match entry.1.get_ref().as_table() {
            Some(table) => read(self, table),
            None => self.problems.wrong(entry, "must be a table"),
        }
    }
}
