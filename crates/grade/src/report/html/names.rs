//! The file name of each student's page. It is readable, safe in a path and in a link, and unique.

use crate::report::Class;
use std::collections::{BTreeMap, BTreeSet};

/// The maximum number of characters of a student's name in the file name.
const MAX_NAME: usize = 48;

/// The file names of the students' pages.
pub(super) struct Names<'a>(BTreeMap<&'a str, String>);

impl<'a> Names<'a> {
    pub(super) fn of(class: &Class<'a>) -> Self {
        let mut taken = BTreeSet::new();
        let mut names = BTreeMap::new();
        for submission in class.submissions {
            let stem = stem(&submission.student);
            // A student can choose a name that gives the same file name as another student's name.
            let numbered = (2..).map(|number| format!("{stem}-{number}"));
            let mut candidates = std::iter::once(stem.clone()).chain(numbered);
            let name = candidates.find(|name| taken.insert(name.clone()));
            names.insert(submission.student.as_str(), name.unwrap_or(stem) + ".html");
        }
        Self(names)
    }

    /// The file name of a student's page, in the folder `students/`.
    pub(super) fn file(&self, student: &str) -> &str {
        self.0.get(student).map_or("unknown.html", String::as_str)
    }

    /// The link from the class page to a student's page.
    pub(super) fn link(&self, student: &str) -> String {
        format!("students/{}", self.file(student))
    }
}

/// The file name of a student's page without `.html`. A name that is safe is not changed. In any
/// other name, unsafe characters are replaced, and a hash of the name is appended. The result does
/// not depend on the other students of the class. If two names give the same file name,
/// [`Names::of`] appends a number.
fn stem(student: &str) -> String {
    let safe = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let is_plain = !student.is_empty()
        && student.len() <= MAX_NAME
        && student.starts_with(|c: char| c.is_ascii_alphanumeric())
        && student.chars().all(safe);
    if is_plain {
        return student.to_owned();
    }
    let lower = student.to_lowercase();
    let kept = lower.chars().map(|c| if safe(c) { c } else { '-' }).take(MAX_NAME);
    let kept: String = kept.collect();
    let parts: Vec<_> = kept.split('-').filter(|part| !part.is_empty()).collect();
    let hash = blake3::hash(student.as_bytes()).to_hex();
    format!("{}_{}", parts.join("-"), &hash[..8])
}
