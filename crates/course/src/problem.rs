//! Problems in the course's files. Each problem has a location, a description and advice.

use std::fmt;
use std::path::{Path, PathBuf};

/// One problem in a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{location}: {message}")]
pub struct Problem {
    /// The file and the line.
    pub location: Location,
    /// What is wrong. After a semicolon, the message says what to do.
    pub message: String,
}

/// A line of a file, displayed as `lesson.md:41`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The file, relative to the course's root.
    pub path: PathBuf,
    /// The line, counted from 1. `None` if the problem concerns the whole file.
    pub line: Option<usize>,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.path.display()),
            None => write!(f, "{}", self.path.display()),
        }
    }
}

/// All problems, in the order of files and lines. Each problem is displayed on a line of its own.
/// The list is never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Problems(pub Vec<Problem>);

/// A name that does not exist, with the names that exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} \"{name}\" is not in {scope}; {hint}", hint = self.hint())]
pub struct UnknownName {
    /// The kind of thing that is searched by name, e.g. `lesson`.
    pub kind: &'static str,
    /// The unknown name.
    pub name: String,
    /// The thing in which the name does not exist, e.g. `this course`.
    pub scope: String,
    /// The names that exist in the scope.
    pub known: Vec<String>,
}

impl UnknownName {
    fn hint(&self) -> String {
        let known = || self.known.iter().map(String::as_str);
        match nearest(&self.name, known()) {
            Some(near) => format!("did you mean {near}?"),
            None if self.known.is_empty() => "there is none".to_owned(),
            None => format!("it has {}", self.known.join(", ")),
        }
    }
}

/// The candidate that is most similar to `name`: the candidate with the smallest number of typing
/// errors. `None` if this number is more than a third of the candidate's characters.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let distance = |candidate: &str| {
        strsim::damerau_levenshtein(&name.to_lowercase(), &candidate.to_lowercase())
    };
    candidates
        .into_iter()
        .map(|candidate| (distance(candidate), candidate))
        .filter(|(distance, candidate)| distance * 3 <= candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Returns `did you mean "Warmup"?`, or `otherwise` if no name is similar.
pub(crate) fn suggest(near: Option<&str>, otherwise: impl Into<String>) -> String {
    match near {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => otherwise.into(),
    }
}

/// Collects the problems of one file, so that all of them are reported at once.
#[derive(Debug)]
pub(crate) struct Collector {
    path: PathBuf,
    problems: Vec<Problem>,
}

impl Collector {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), problems: Vec::new() }
    }

    /// Adds a problem at a line.
    pub(crate) fn at(&mut self, line: usize, message: impl Into<String>) {
        let location = Location { path: self.path.clone(), line: Some(line) };
        self.problems.push(Problem { location, message: message.into() });
    }

    /// Returns `value` if no problem was added.
    ///
    /// # Errors
    /// The problems that were added.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, Problems> {
        match self.into_problems() {
            problems if problems.is_empty() => Ok(value),
            problems => Err(Problems(problems)),
        }
    }

    /// The problems, in the order of the lines.
    pub(crate) fn into_problems(mut self) -> Vec<Problem> {
        self.problems.sort_by(|a, b| a.location.cmp(&b.location));
        self.problems
    }
}

/// Converts bytes to text.
///
/// # Errors
/// A problem at the line of the first byte that is not UTF-8.
pub(crate) fn utf8<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a str, Problems> {
    std::str::from_utf8(bytes).map_err(|error| {
        let (before, rest) = bytes.split_at(error.valid_up_to());
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        let message = format!("byte 0x{:02x} is not UTF-8; save the file as UTF-8", rest[0]);
        let location = Location { path: path.to_owned(), line: Some(line) };
        Problems(vec![Problem { location, message }])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(name: &str, names: &[&str]) -> String {
        let known = names.iter().map(|&name| name.to_owned()).collect();
        let scope = "this course".to_owned();
        UnknownName { kind: "lesson", name: name.to_owned(), scope, known }.to_string()
    }

    #[test]
    fn a_near_name_is_suggested() {
        let message = unknown("w3-l2", &["w01-l01", "w03-l02"]);
        assert_eq!(message, "lesson \"w3-l2\" is not in this course; did you mean w03-l02?");
    }

    #[test]
    fn all_names_are_listed_when_none_is_near() {
        let message = unknown("sockets", &["w01-l01", "w03-l02"]);
        assert_eq!(message, "lesson \"sockets\" is not in this course; it has w01-l01, w03-l02");
    }

    #[test]
    fn an_empty_name_is_near_to_nothing() {
        assert_eq!(nearest("", ["a", "idle"]), None);
    }

    #[test]
    fn the_first_byte_that_is_not_utf_8_is_named_with_its_line() {
        let problems = utf8(Path::new("lesson.md"), b"one\ntwo \xff\n").unwrap_err();
        assert_eq!(
            problems.to_string(),
            "lesson.md:2: byte 0xff is not UTF-8; save the file as UTF-8"
        );
    }
}
