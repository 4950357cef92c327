//! Names of files: readable, safe in a path and in a link, and one for each student.

use crate::report::Class;
use std::collections::{BTreeMap, BTreeSet};

/// The longest part of a student's name that its file has.
const LONG: usize = 48;

/// The file of each student's page.
pub(super) struct Names<'a>(BTreeMap<&'a str, String>);

impl<'a> Names<'a> {
    pub(super) fn of(class: &Class<'a>) -> Self {
        let mut taken = BTreeSet::new();
        let mut names = BTreeMap::new();
        for submission in class.submissions {
            let stem = stem(&submission.student);
            // Two names may come to the same one, if only by design.
            let numbered = (2..).map(|number| format!("{stem}-{number}"));
            let free = std::iter::once(stem.clone()).chain(numbered);
            let name = free.into_iter().find(|name| taken.insert(name.clone()));
            names.insert(submission.student.as_str(), name.unwrap_or(stem) + ".html");
        }
        Self(names)
    }

    /// The file's name, in `students/`.
    pub(super) fn file(&self, student: &str) -> &str {
        self.0.get(student).map_or("unknown.html", String::as_str)
    }

    /// Where the class page finds it.
    pub(super) fn link(&self, student: &str) -> String {
        format!("students/{}", self.file(student))
    }
}

/// A name that is safe as it stands stays; any other keeps what is safe of it, and gets its hash,
/// so that it is the same whoever else is in the class.
fn stem(student: &str) -> String {
    let safe = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let is_plain = !student.is_empty()
        && student.len() <= LONG
        && student.starts_with(|c: char| c.is_ascii_alphanumeric())
        && student.chars().all(safe);
    if is_plain {
        return student.to_owned();
    }
    let lower = student.to_lowercase();
    let kept = lower.chars().map(|c| if safe(c) { c } else { '-' }).take(LONG);
    let kept: String = kept.collect();
    let parts: Vec<_> = kept.split('-').filter(|part| !part.is_empty()).collect();
    let hash = blake3::hash(student.as_bytes()).to_hex();
    format!("{}_{}", parts.join("-"), &hash[..8])
}
