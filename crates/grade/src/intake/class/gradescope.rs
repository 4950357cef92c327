//! `submission_metadata.yml` in Gradescope's export of submissions: names and times.

use super::platform::HandIn;
use crate::attempts::{self, Attempt};
use crate::intake::Input;
use crate::intake::name::readable;
use anyhow::{Context, Result};
use jiff::Timestamp;
use serde_norway::Value;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The file's name.
const FILE: &str = "submission_metadata.yml";
/// The maximum size of the file, in bytes. It has the results of all submissions too.
const MAX_SIZE: u64 = 256 << 20;

/// Gives the submissions in Gradescope's folders the names and times of the metadata. The file
/// itself is no submission. If a group has handed in one folder, each of its members gets it.
///
/// # Errors
/// The file cannot be read.
pub(super) fn apply(
    folder: &Path,
    hand_ins: &mut Vec<HandIn>,
    problems: &mut Vec<String>,
) -> Result<()> {
    let path = folder.join(FILE);
    if !path.is_file() {
        return Ok(());
    }
    hand_ins.retain(|hand_in| hand_in.entries != [FILE]);
    let shown = path.display();
    let mut text = String::new();
    let read = File::open(&path).and_then(|file| file.take(MAX_SIZE).read_to_string(&mut text));
    read.with_context(|| format!("cannot read {shown}; export the submissions again"))?;
    let document: Value = match serde_norway::from_str(&text) {
        Ok(document) => document,
        Err(error) => {
            problems.push(format!("{shown}: {error}; export the submissions again"));
            return Ok(());
        }
    };
    let Some(entries) = document.as_mapping() else { return Ok(()) };
    for (name, value) in entries {
        let Some(name) = name.as_str() else { continue };
        let people = submitters(value);
        let time = get(value, "created_at").and_then(time).map(Timestamp::as_second);
        match hand_ins.iter().position(|hand_in| hand_in.entries == [name]) {
            Some(place) => {
                let mut original = hand_ins.remove(place);
                original.notes.extend(attempts::note(history(value)));
                hand_ins.splice(place..place, of_people(&original, &people, time));
            }
            None => problems.push(format!(
                "{shown}: {} is not in the folder; export the submissions again",
                readable(name.as_bytes())
            )),
        }
    }
    Ok(())
}

/// The submission of each of these people. If nobody is known, the submission keeps its name.
fn of_people(
    original: &HandIn,
    people: &[(String, String, String)],
    time: Option<i64>,
) -> Vec<HandIn> {
    let original = HandIn { time, ..original.clone() };
    if people.is_empty() {
        let note = format!("{FILE} does not say who handed it in");
        let notes = original.notes.into_iter().chain([note]).collect();
        return vec![HandIn { notes, ..original }];
    }
    let of = |(name, id, email): &(String, String, String)| {
        let (name, id, email) = (name.clone(), id.clone(), email.clone());
        HandIn { name, id, email, input: Input::clone(&original.input), ..original.clone() }
    };
    people.iter().map(of).collect()
}

/// The name, the id and the e-mail address of each person who handed it in.
fn submitters(value: &Value) -> Vec<(String, String, String)> {
    let list = get(value, "submitters").and_then(Value::as_sequence);
    let text = |person: &Value, key: &str| match get(person, key) {
        Some(Value::String(text)) => readable(text.trim().as_bytes()),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let person = |person: &Value| {
        let (name, id, email) = (text(person, "name"), text(person, "sid"), text(person, "email"));
        let label = [&name, &email, &id].into_iter().find(|text| !text.is_empty())?.clone();
        Some((label, id, email))
    };
    list.into_iter().flatten().filter_map(person).collect()
}

/// The earlier submissions of the same people for the same assignment.
fn history(value: &Value) -> Vec<Attempt> {
    let list = get(value, "history").and_then(Value::as_sequence);
    let attempt = |earlier: &Value| Attempt {
        time: get(earlier, "created_at").and_then(time),
        points: get(earlier, "score").and_then(Value::as_f64),
    };
    list.into_iter().flatten().map(attempt).collect()
}

/// The value of a key. Gradescope writes keys as symbols of Ruby, with a colon in front.
fn get<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    let value = match value {
        Value::Tagged(tagged) => &tagged.value,
        other => other,
    };
    let mapping = value.as_mapping()?;
    mapping.get(format!(":{key}")).or_else(|| mapping.get(key))
}

/// A time: a text such as `2026-10-09 23:59:30.365 Z`, or an object of Ruby
/// that has such a text.
fn time(value: &Value) -> Option<Timestamp> {
    if let Some(inside) = get(value, "utc") {
        return time(inside);
    }
    let text = value.as_str()?.trim();
    let text = match text.rsplit_once(' ') {
        Some((start, zone)) if zone == "Z" || zone == "UTC" => format!("{start}Z"),
        Some((start, zone)) if zone.starts_with(['+', '-']) => format!("{start}{zone}"),
        _ => text.to_owned(),
    };
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_submissions_are_read_from_the_history() {
        let text = "
:created_at: 2026-10-09 21:59:00.365935000 Z
:score: 9.0
:history:
- :id: 7
  :created_at: 2026-10-08 09:00:00.000000000 Z
  :score: 4.5
- :id: 8
  :score:
";
        let attempts = history(&serde_norway::from_str(text).unwrap());
        let time = "2026-10-08T09:00:00Z".parse().ok();
        let expected = [Attempt { time, points: Some(4.5) }, Attempt { time: None, points: None }];
        assert_eq!(attempts, expected);
        assert_eq!(history(&serde_norway::from_str("{}").unwrap()), []);
    }

    #[test]
    fn times_are_read_as_ruby_writes_them() {
        let seconds =
            |text: &str| time(&serde_norway::from_str(text).unwrap()).map(Timestamp::as_second);
        let expected = Some(1_791_583_140);
        assert_eq!(seconds("2026-10-09 21:59:00.365935000 Z"), expected);
        assert_eq!(seconds("'2026-10-09T23:59:00+02:00'"), expected);
        assert_eq!(seconds("2026-10-09 23:59:00.1 +02:00"), expected);
        let object = "!ruby/object:ActiveSupport::TimeWithZone\nutc: 2026-10-09 21:59:00.3 Z\n";
        assert_eq!(seconds(object), expected);
        assert_eq!(seconds("2026-10-09 21:59:00"), None);
        assert_eq!(seconds("yesterday"), None);
    }
}
