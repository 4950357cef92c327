//! What is wrong with a file of the course: where, what, and what to do next.

use std::fmt;
use std::path::{Path, PathBuf};

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct Problem {
    /// Where it is.
    pub place: Place,
    /// What is wrong, and after a semicolon what to do about it.
    pub message: String,
}

/// A place in a file, written `lesson.md:41`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, from the course's root.
    pub path: PathBuf,
    /// The line, counted from 1; `None` where the file as a whole is meant.
    pub line: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.path.display()),
            None => write!(f, "{}", self.path.display()),
        }
    }
}

/// Everything that is wrong, one line each, in the order of files and lines. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Problems(pub Vec<Problem>);

/// A name that is not among those there are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} \"{name}\" is not in {home}; {hint}", hint = self.hint())]
pub struct Unknown {
    /// What was looked for, e.g. `lesson`.
    pub kind: &'static str,
    /// What it was called.
    pub name: String,
    /// Where it was looked for, e.g. `this course`.
    pub home: String,
    /// The names that are there.
    pub names: Vec<String>,
}

impl Unknown {
    fn hint(&self) -> String {
        let names = || self.names.iter().map(String::as_str);
        match nearest(&self.name, names()) {
            Some(near) => format!("did you mean {near}?"),
            None if self.names.is_empty() => "there is none".to_owned(),
            None => format!("it has {}", self.names.join(", ")),
        }
    }
}

/// The candidate that `name` most likely means: at most a third of it is mistyped.
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

/// ` did you mean "Warmup"?`, or what to write where nothing is near.
pub(crate) fn suggest(near: Option<&str>, otherwise: impl Into<String>) -> String {
    match near {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => otherwise.into(),
    }
}

/// Gathers the problems of one file, so that all of them are reported and not the first alone.
#[derive(Debug)]
pub(crate) struct Collector {
    path: PathBuf,
    problems: Vec<Problem>,
}

impl Collector {
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            problems: Vec::new(),
        }
    }

    /// Notes what is wrong at a line.
    pub(crate) fn at(&mut self, line: usize, message: impl Into<String>) {
        let place = Place {
            path: self.path.clone(),
            line: Some(line),
        };
        self.problems.push(Problem {
            place,
            message: message.into(),
        });
    }

    /// The value, if nothing was wrong.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, Problems> {
        match self.into_problems() {
            problems if problems.is_empty() => Ok(value),
            problems => Err(Problems(problems)),
        }
    }

    /// What was noted, in the order of the lines.
    pub(crate) fn into_problems(mut self) -> Vec<Problem> {
        self.problems.sort_by(|a, b| a.place.cmp(&b.place));
        self.problems
    }
}

/// The text that `bytes` are.
///
/// # Errors
/// The line of the first byte that is not UTF-8.
pub(crate) fn utf8<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a str, Problems> {
    std::str::from_utf8(bytes).map_err(|error| {
        let (before, rest) = bytes.split_at(error.valid_up_to());
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        let message = format!(
            "byte 0x{:02x} is not UTF-8; save the file as UTF-8",
            rest[0]
        );
        let place = Place {
            path: path.to_owned(),
            line: Some(line),
        };
        Problems(vec![Problem { place, message }])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(name: &str, names: &[&str]) -> String {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        let home = "this course".to_owned();
        Unknown {
            kind: "lesson",
            name: name.to_owned(),
            home,
            names,
        }
        .to_string()
    }

    #[test]
    fn a_near_name_is_suggested() {
        let message = unknown("w3-l2", &["w01-l01", "w03-l02"]);
        assert_eq!(
            message,
            "lesson \"w3-l2\" is not in this course; did you mean w03-l02?"
        );
    }

    #[test]
    fn all_names_are_listed_when_none_is_near() {
        let message = unknown("sockets", &["w01-l01", "w03-l02"]);
        assert_eq!(
            message,
            "lesson \"sockets\" is not in this course; it has w01-l01, w03-l02"
        );
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
