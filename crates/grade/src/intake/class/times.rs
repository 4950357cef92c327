//! The instructor's file of times: when each submission was handed in.
//!
//! A CSV file with two columns: the name of a folder or file, and a time as in RFC 3339, e.g.
//! `ada.zip,2026-10-09T23:59:00+02:00`. A first line without any digit in its second column is a
//! heading.

use super::platform::HandIn;
use crate::intake::archive_format::by_name;
use crate::intake::name::readable;
use anyhow::{Context, Result};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The times of the submissions.
pub(super) struct Times {
    /// The file's name, for messages.
    file: String,
    /// The line and the time in seconds since 1970, by the name in the file.
    times: BTreeMap<String, (u64, i64)>,
}

impl Times {
    /// Reads the file. Adds a line to `problems` for each line that cannot be used.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(super) fn read(path: &Path, problems: &mut Vec<String>) -> Result<Self> {
        let file = path.display().to_string();
        let bytes = std::fs::read(path).with_context(|| {
            format!("--submitted {file}: cannot read it; give a CSV file of names and times")
        })?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(bytes);
        let mut times = Self { file, times: BTreeMap::new() };
        for (index, record) in reader.byte_records().enumerate() {
            let added = match &record {
                Ok(record) if index == 0 && is_heading(record) => Ok(()),
                Ok(record) => times.add(record),
                Err(error) => Err(format!("{}: {error}; correct it", times.file)),
            };
            problems.extend(added.err());
        }
        Ok(times)
    }

    fn add(&mut self, record: &csv::ByteRecord) -> Result<(), String> {
        let line = record.position().map_or(0, csv::Position::line);
        let wrong = |why: String| format!("{} line {line}: {why}", self.file);
        let cells: Vec<String> = record.iter().map(readable).collect();
        let [name, time] = &cells[..] else {
            let found = cells.len();
            return Err(wrong(format!(
                "{found} columns; write the name of a folder or file, a comma, and the time"
            )));
        };
        let name = name.trim_end_matches('/').to_owned();
        let seconds = parse(time).map_err(&wrong)?;
        if let Some((first, _)) = self.times.get(&name) {
            return Err(wrong(format!(
                "{name} is already on line {first}, which counts; give each submission one line"
            )));
        }
        self.times.insert(name, (line, seconds));
        Ok(())
    }

    /// The time of a submission, in seconds since 1970: the latest time of its files. `id` is the
    /// person's id in the roster. The names that belong to the submission are added to `used`.
    pub(super) fn of(
        &self,
        hand_in: &HandIn,
        id: Option<&str>,
        used: &mut BTreeSet<String>,
    ) -> Option<i64> {
        let stem = |entry: &String| {
            let (_, stem) = by_name(entry.as_bytes())?;
            Some(String::from_utf8_lossy(stem).into_owned())
        };
        let names = hand_in.entries.iter().cloned().chain(hand_in.entries.iter().filter_map(stem));
        let names = names.chain([hand_in.name.clone()]).chain(id.map(str::to_owned));
        let found: Vec<_> = names.filter(|name| self.times.contains_key(name)).collect();
        let latest = found.iter().map(|name| self.times[name].1).max();
        used.extend(found);
        latest
    }

    /// Adds a problem for each line that belongs to no submission.
    pub(super) fn report_unused(
        &self,
        used: &BTreeSet<String>,
        folder: &Path,
        problems: &mut Vec<String>,
    ) {
        let mut unused: Vec<_> =
            self.times.iter().filter(|(name, _)| !used.contains(*name)).collect();
        unused.sort_by_key(|(_, (line, _))| *line);
        for (name, (line, _)) in unused {
            let (file, folder) = (&self.file, folder.display());
            problems.push(format!(
                "{file} line {line}: nothing in {folder} is named {name}; write the name of a \
                 folder or file there"
            ));
        }
    }
}

fn is_heading(record: &csv::ByteRecord) -> bool {
    record.get(1).is_some_and(|cell| !cell.iter().any(u8::is_ascii_digit))
}

/// A time as in RFC 3339, in seconds since 1970.
fn parse(text: &str) -> Result<i64, String> {
    let example = "2026-10-09T23:59:00+02:00";
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time.as_second());
    }
    Err(match text.parse::<jiff::civil::DateTime>() {
        Ok(_) => format!("{text:?} has no offset from UTC; write it as in RFC 3339: {example}"),
        Err(_) => format!("{text:?} is no time as in RFC 3339; write it like {example}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_needs_an_offset() {
        assert_eq!(parse("2026-10-09T23:59:00+02:00"), Ok(1_791_583_140));
        assert_eq!(parse("2026-10-09T21:59:00Z"), Ok(1_791_583_140));
        assert!(parse("2026-10-09 23:59").unwrap_err().contains("has no offset"));
        assert!(parse("2026-10-09T23:59:00").unwrap_err().contains("has no offset"));
        for wrong in ["09.10.2026 23:59", "10/9/26 11:59 PM", "23:59 CET", "1791583140", ""] {
            assert!(parse(wrong).unwrap_err().contains("no time as in RFC 3339"), "{wrong}");
        }
    }
}
