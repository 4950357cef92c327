//! `submission.toml`: how a program in any language is built and run.

use super::rejection::{Rejection, refused};
use super::{File, ProjectKind};
use serde::Deserialize;

/// The file's keys.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    lesson: Option<String>,
    build: Option<String>,
    run: Option<String>,
    port: Option<u16>,
    capacity: Option<usize>,
}

/// The content of the file.
#[derive(Debug)]
pub(crate) struct Manifest {
    /// The lesson's id or name, if the file has one.
    pub(crate) lesson: Option<String>,
    /// Always a [`ProjectKind::Program`].
    pub(crate) kind: ProjectKind,
}

/// Parses `file`. `place` is the file's name for messages.
pub(crate) fn parse(file: &File, place: &str) -> Result<Manifest, Rejection> {
    let text = std::str::from_utf8(&file.bytes)
        .map_err(|_| refused(format!("{place} is not UTF-8; save it in UTF-8")))?;
    let keys: Keys = toml::from_str(text).map_err(|error| {
        let before = &text[..error.span().map_or(0, |span| span.start.min(text.len()))];
        let line = before.matches('\n').count() + 1;
        let why = super::name::readable(error.message().as_bytes());
        refused(format!("{place}:{line}: {why}"))
    })?;
    let build = keys.build.map(|line| split("build", &line, place)).transpose()?;
    let run = split("run", keys.run.as_deref().unwrap_or("./server"), place)?;
    let kind = ProjectKind::Program { build, run, port: keys.port, capacity: keys.capacity };
    Ok(Manifest { lesson: keys.lesson, kind })
}

/// Splits a command into words as a shell does.
fn split(key: &str, line: &str, place: &str) -> Result<Vec<String>, Rejection> {
    let words = shell_words::split(line).unwrap_or_default();
    if words.is_empty() || line.contains('\0') {
        return Err(refused(format!("{place}: {key} is no command; quote it as for a shell")));
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Manifest, String> {
        let file = File { bytes: text.into(), is_executable: false };
        parse(&file, "submission.toml").map_err(|rejection| rejection.to_string())
    }

    #[test]
    fn commands_are_split_as_a_shell_splits_them() {
        let manifest = read("build = \"make 'CC=cc -O2'\"\nport = 7000\n").unwrap();
        let ProjectKind::Program { build, run, port, capacity } = manifest.kind else { panic!() };
        assert_eq!(build.unwrap(), ["make", "CC=cc -O2"]);
        assert_eq!(run, ["./server"]);
        assert_eq!((port, capacity), (Some(7000), None));
    }

    #[test]
    fn an_error_is_reported_with_its_line() {
        for (text, place) in [
            ("run = \"a\"\nbuidl = \"x\"", "submission.toml:2: unknown field `buidl`"),
            ("port = 70000", "submission.toml:1: "),
            ("run = \"'\"", "submission.toml: run is no command"),
            ("build = \"\"", "submission.toml: build is no command"),
            ("run", "submission.toml:1: "),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(place) && !error.contains('\n'), "{error}");
        }
    }
}
