//! `roster.csv`: the people of a class.
//!
//! The columns are `id`, `name`, `email`, `files`, `extension` and `late_days`, in any order. Only
//! `id` must be there. `files` is the name of the person's folder or archive, or a pattern with `*`
//! and `?` for the names of the person's files.

use crate::intake::name::readable;
use crate::model::{self, Allowance, Extension};
use anyhow::{Context, Result, bail};
use globset::{GlobBuilder, GlobMatcher};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::path::Path;

/// The columns that a roster may have.
const COLUMNS: [&str; 6] = ["id", "name", "email", "files", "extension", "late_days"];

/// The people of a class.
pub(super) struct Roster {
    /// The file's name, for messages.
    pub(super) file: String,
    /// The people, in the file's order. No two have the same id.
    pub(super) people: Vec<Person>,
}

/// One line of the roster.
pub(super) struct Person {
    /// The number of the line, from 1.
    pub(super) line: u64,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) email: String,
    /// The column `files` as it is written.
    pub(super) pattern: String,
    /// The pattern of the column `files`; `None` if the column is empty.
    pub(super) files: Option<GlobMatcher>,
    /// The name in the results: the name, or the id if the person has no name. People of the same
    /// name have their ids too.
    pub(super) label: String,
    pub(super) allowance: Allowance,
}

impl Person {
    /// Whether an entry of the folder of submissions belongs to this person.
    pub(super) fn has_file(&self, entry: &str) -> bool {
        let is_match = |files: &GlobMatcher| files.is_match(entry);
        let name = self.pattern.trim_end_matches('/');
        self.files.as_ref().is_some_and(|files| name == entry || is_match(files))
    }

    /// The id and the e-mail address for the results.
    pub(super) fn contact(&self) -> model::Person {
        model::Person::of(&self.id, &self.email)
    }
}

impl Roster {
    /// Reads the file. Adds a line to `problems` for each column or line that cannot be used.
    ///
    /// # Errors
    /// The file cannot be read, or has no column `id`.
    pub(super) fn read(path: &Path, problems: &mut Vec<String>) -> Result<Self> {
        let file = path.display().to_string();
        let bytes = std::fs::read(path).with_context(|| {
            format!("--roster {file}: cannot read it; give a CSV file with the columns {}", shown())
        })?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let mut reader =
            csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(bytes);
        let head = reader.byte_headers().with_context(|| format!("--roster {file}"))?.clone();
        let columns: Vec<String> = head.iter().map(readable).collect();
        if !columns.iter().any(|column| column == "id") {
            bail!("{file} line 1: there is no column id; the columns are {}", shown());
        }
        for column in columns.iter().filter(|column| !COLUMNS.contains(&column.as_str())) {
            problems.push(format!(
                "{file} line 1: unknown column {column:?}, which is left out; the columns are {}",
                shown()
            ));
        }
        let mut roster = Self { file, people: Vec::new() };
        for record in reader.byte_records() {
            let added = match &record {
                Ok(record) => roster.add(record, &columns),
                Err(error) => Err(format!("{}: {error}; correct it", roster.file)),
            };
            problems.extend(added.err());
        }
        roster.set_labels();
        Ok(roster)
    }

    /// Adds the person of a line.
    ///
    /// # Errors
    /// The line cannot be used. The text says why.
    fn add(&mut self, record: &csv::ByteRecord, columns: &[String]) -> Result<(), String> {
        let line = record.position().map_or(0, csv::Position::line);
        let wrong = |why: String| format!("{} line {line}: {why}", self.file);
        if record.len() != columns.len() {
            let (found, all) = (record.len(), columns.len());
            return Err(wrong(format!(
                "{found} columns, and the first line has {all}; write commas between the columns, \
                 and quotes around a text with a comma"
            )));
        }
        let cells: BTreeMap<&str, String> =
            columns.iter().map(String::as_str).zip(record.iter().map(readable)).collect();
        let cell = |name: &str| cells.get(name).cloned().unwrap_or_default();
        let id = cell("id");
        if id.is_empty() {
            return Err(wrong("the id is empty; give each person an id".to_owned()));
        }
        if let Some(other) = self.people.iter().find(|person| person.id == id) {
            let first = other.line;
            return Err(wrong(format!(
                "the id {id:?} is already on line {first}, which counts; give each person one line"
            )));
        }
        let pattern = cell("files");
        let files = (!pattern.is_empty()).then(|| glob(&pattern)).transpose().map_err(&wrong)?;
        let allowance = allowance(&cell("extension"), &cell("late_days")).map_err(wrong)?;
        let (name, email) = (cell("name"), cell("email"));
        let label = if name.is_empty() { id.clone() } else { name.clone() };
        self.people.push(Person { line, id, name, email, pattern, files, label, allowance });
        Ok(())
    }

    /// Adds the id to the label of each person who has the name of another person.
    fn set_labels(&mut self) {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        self.people.iter().for_each(|it| *counts.entry(it.label.clone()).or_default() += 1);
        for person in &mut self.people {
            if counts[&person.label] > 1 {
                person.label = format!("{} ({})", person.name, person.id);
            }
        }
    }
}

fn shown() -> String {
    COLUMNS.join(", ")
}

fn glob(pattern: &str) -> Result<GlobMatcher, String> {
    let pattern = pattern.trim_end_matches('/');
    let glob = GlobBuilder::new(pattern).backslash_escape(false).build();
    let glob = glob.map_err(|error| format!("files {pattern:?}: {}; use * and ?", error.kind()))?;
    Ok(glob.compile_matcher())
}

/// What the columns `extension` and `late_days` permit.
fn allowance(extension: &str, late_days: &str) -> Result<Allowance, String> {
    let late_days = match late_days {
        "" => 0,
        text => text.parse().map_err(|_| {
            format!("late_days {text:?} is no whole number of days; write 2, for example")
        })?,
    };
    let until = || extension.parse::<Timestamp>().map(|time| Extension::Until(time.as_second()));
    let extension = match (extension, days(extension)) {
        ("", _) => None,
        (_, Some(seconds)) => Some(Extension::By(seconds)),
        _ => Some(until().map_err(|_| {
            format!(
                "extension {extension:?} is neither a length nor a time with a zone; write 2d, 36h \
                 or 2026-10-12T23:59:00+02:00"
            )
        })?),
    };
    Ok(Allowance { extension, late_days })
}

/// A length such as `2d` or `36h`, in seconds.
fn days(text: &str) -> Option<i64> {
    let day = |text: &str| text.trim().parse::<i64>().ok()?.checked_mul(86_400);
    let days = text.strip_suffix('d').or_else(|| text.strip_suffix(" days")).and_then(day);
    let seconds = days.or_else(|| Some(text.parse::<SignedDuration>().ok()?.as_secs()));
    seconds.filter(|seconds| *seconds >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extension_is_a_length_or_a_time() {
        let read = |text| allowance(text, "").map(|it| it.extension);
        assert_eq!(read(""), Ok(None));
        assert_eq!(read("2d"), Ok(Some(Extension::By(172_800))));
        assert_eq!(read("36h"), Ok(Some(Extension::By(129_600))));
        let time = Extension::Until(1_791_842_340);
        assert_eq!(read("2026-10-12T23:59:00+02:00"), Ok(Some(time)));
        for wrong in ["2026-10-12", "2026-10-12 23:59", "monday", "-2d", "2", "99999999999999999d"]
        {
            assert!(read(wrong).unwrap_err().contains("write 2d"), "{wrong}");
        }
        assert!(allowance("", "-1").unwrap_err().contains("whole number"));
        assert_eq!(allowance("", "3").map(|it| it.late_days), Ok(3));
    }
}
