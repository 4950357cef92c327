//! The front matter of a lesson: the YAML between two lines `---` at the top of a file.

use super::points::PointsField;
use crate::lesson::Page;
use crate::problem::{Collector, nearest, suggest};
use serde_norway::{Mapping, Value};
use std::path::Path;

/// The fields, in the order that every lesson uses. Only `points` is optional.
const FIELDS: [&str; 6] = ["id", "title", "order", "duration_min", "type", "points"];

/// The values of the front matter. A wrong field is reported, and its value here is empty or 0.
#[derive(Default)]
pub(crate) struct FrontMatter {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) order: u32,
    pub(crate) duration_min: u32,
    pub(crate) page: Page,
    pub(crate) points: PointsField,
}

/// Reads the front matter of `text`, and returns the byte at which the Markdown begins.
pub(crate) fn read(path: &Path, text: &str, problems: &mut Collector) -> (FrontMatter, usize) {
    let (yaml, body) = split(text);
    let fields = match yaml.map(serde_norway::from_str) {
        Some(Ok(mapping)) => Fields { yaml: &text[..body], mapping },
        Some(Err(error)) => {
            let line = error.location().map_or(1, |location| location.line());
            let line = line.clamp(1, text[..body].lines().count());
            problems.at(line, format!("the front matter is not YAML: {error}; correct the line"));
            return (FrontMatter::default(), body);
        }
        None => {
            let message = "no front matter; open the file with a line ---, the fields id, title, \
                           order, duration_min and type, and a line ---";
            problems.at(1, message);
            return (FrontMatter::default(), body);
        }
    };
    (fields.read(path, problems), body)
}

/// Returns the YAML, and the byte after the closing `---`. The YAML includes the opening `---`.
/// Therefore its line numbers are the same as in the file. If there is no closing `---`, there is
/// no YAML, and the text up to the first blank line is skipped.
fn split(text: &str) -> (Option<&str>, usize) {
    let mut end = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let fence = line.trim_end() == "---";
        match index {
            0 if !fence => return (None, 0),
            0 => {}
            _ if fence => return (Some(&text[..end]), end + line.len()),
            _ if line.trim().is_empty() => return (None, end),
            _ => {}
        }
        end += line.len();
    }
    (None, end)
}

struct Fields<'a> {
    yaml: &'a str,
    mapping: Mapping,
}

impl Fields<'_> {
    fn read(&self, path: &Path, problems: &mut Collector) -> FrontMatter {
        self.report_unknown(problems);
        let id = self.string("id", problems);
        self.check_id(path, &id, problems);
        FrontMatter {
            id,
            title: self.string("title", problems),
            order: self.number("order", problems),
            duration_min: self.number("duration_min", problems),
            page: self.page(problems),
            points: PointsField::read(self.mapping.get("points"), self.yaml, problems),
        }
    }

    fn report_unknown(&self, problems: &mut Collector) {
        for key in self.mapping.keys() {
            let Some(key) = key.as_str() else {
                problems.at(1, "a field's name is not a text; take the field out");
                continue;
            };
            if !FIELDS.contains(&key) {
                let hint = suggest(nearest(key, FIELDS), "take it out");
                problems.at(self.line(key), format!("unknown field \"{key}\"; {hint}"));
            }
        }
    }

    fn value(&self, field: &str, example: &str, problems: &mut Collector) -> Option<&Value> {
        let value = self.mapping.get(field);
        if value.is_none() {
            problems.at(1, format!("the front matter has no {field}; add `{field}: {example}`"));
        }
        value
    }

    fn string(&self, field: &str, problems: &mut Collector) -> String {
        let Some(value) = self.value(field, "…", problems) else {
            return String::new();
        };
        match value.as_str().map(str::trim) {
            Some(text) if !text.is_empty() => text.to_owned(),
            _ => {
                problems
                    .at(self.line(field), format!("{field} must be a text; write it in quotes"));
                String::new()
            }
        }
    }

    fn number(&self, field: &str, problems: &mut Collector) -> u32 {
        let Some(value) = self.value(field, "1", problems) else {
            return 0;
        };
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        number.filter(|&number| number > 0).unwrap_or_else(|| {
            problems.at(self.line(field), format!("{field} must be a whole number from 1 up"));
            0
        })
    }

    fn page(&self, problems: &mut Collector) -> Page {
        match self.value("type", "lesson", problems).map(Value::as_str) {
            Some(Some("lesson")) | None => {}
            Some(_) => problems.at(self.line("type"), "unknown page type; write `type: lesson`"),
        }
        Page::Lesson
    }

    fn check_id(&self, path: &Path, id: &str, problems: &mut Collector) {
        if id.is_empty() {
            return;
        }
        if !is_lesson_id(id) {
            let message = format!("id \"{id}\" does not have the form w03-l02 (week, lesson)");
            return problems.at(self.line("id"), message);
        }
        let folder = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let named = folder.strip_prefix(id).is_some_and(|rest| rest.starts_with('-'));
        if !folder.is_empty() && !named {
            let message = format!("id {id} and folder {folder} differ; rename one: {id}-…");
            problems.at(self.line("id"), message);
        }
    }

    /// The line of a field.
    fn line(&self, field: &str) -> usize {
        let starts = |line: &str| line.trim_start_matches(['"', '\'']).starts_with(field);
        1 + self.yaml.lines().position(starts).unwrap_or(0)
    }
}

/// Whether `id` has the form `w03-l02`.
pub(crate) fn is_lesson_id(id: &str) -> bool {
    let form = |(given, form): (u8, u8)| match form {
        b'0' => given.is_ascii_digit(),
        exact => given == exact,
    };
    id.len() == 7 && id.bytes().zip(*b"w00-l00").all(form)
}
