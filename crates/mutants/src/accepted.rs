//! The mutants that a proof need not catch: `mutants.toml` in the lesson's folder.
//!
//! ```toml
//! [[accepted]]
//! id = "3fa29c01"
//! change = "solution/server.rs: dropped `drop(client);`"
//! equivalent = "the function ends here, and drops the client"
//!
//! [[accepted]]
//! id = "90b4c7d2"
//! change = "solution/server.rs: `128` became `129`"
//! outside = "The lesson asks for a backlog, and not for its size."
//! ```

use crate::mutant::Mutant;
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The entries of a lesson's `mutants.toml`.
#[derive(Debug, Default)]
pub(crate) struct Accepted {
    entries: Vec<Entry>,
    /// The file, relative to the course's root.
    path: PathBuf,
}

/// An accepted mutant.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The mutant's id.
    pub(crate) id: String,
    /// Why the proof need not catch it, e.g. `equivalent: the function ends here`.
    pub(crate) reason: String,
    /// The line of the id in the file.
    line: usize,
}

/// The file as it is written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    accepted: Vec<Written>,
}

/// An entry as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: toml::Spanned<String>,
    /// The change in words, for the reader of the file.
    change: String,
    /// Why no user of the server can see a difference.
    equivalent: Option<String>,
    /// The sentence that leaves the difference to the student.
    outside: Option<String>,
}

impl Accepted {
    /// Reads the file `path`, which is relative to `root`. Without this file, no mutant is accepted.
    ///
    /// # Errors
    /// The file cannot be read, or an entry has no reason. The error names the file and the line.
    pub(crate) fn read(root: &Path, path: &Path) -> Result<Self> {
        let text = match fs::read_to_string(root.join(path)) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            text => text.with_context(|| format!("cannot read {}", path.display()))?,
        };
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self> {
        let place = path.display();
        let file: File = toml::from_str(text).with_context(|| place.to_string())?;
        let mut entries: Vec<Entry> = Vec::new();
        for written in file.accepted {
            let line = text[..written.id.span().start].matches('\n').count() + 1;
            let id = written.id.into_inner();
            let reason = match (written.equivalent, written.outside) {
                (Some(why), None) if !why.trim().is_empty() => format!("equivalent: {why}"),
                (None, Some(why)) if !why.trim().is_empty() => format!("outside: {why}"),
                _ => bail!(
                    "{place}:{line}: {id} has no reason; write `equivalent = \"why\"`, or \
                     `outside = \"the sentence that leaves it open\"`"
                ),
            };
            ensure!(!written.change.trim().is_empty(), "{place}:{line}: {id} has no change");
            let is_new = entries.iter().all(|entry| entry.id != id);
            ensure!(is_new, "{place}:{line}: {id} is accepted twice; keep one entry");
            entries.push(Entry { id, reason, line });
        }
        Ok(Self { entries, path: path.to_owned() })
    }

    /// The reason why the mutant with this id is accepted. `None` if it is not.
    pub(crate) fn reason(&self, id: &str) -> Option<&str> {
        self.entries.iter().find(|entry| entry.id == id).map(|entry| entry.reason.as_str())
    }

    /// The entries that say nothing any more, with file and line: their mutant does not exist, or is
    /// caught. `is_caught` decides the second by the mutant's id.
    pub(crate) fn obsolete(
        &self,
        mutants: &[Mutant],
        is_caught: impl Fn(&str) -> bool,
    ) -> Vec<String> {
        let problem = |entry: &Entry| {
            let exists = mutants.iter().any(|mutant| mutant.id == entry.id);
            let problem = match (exists, is_caught(&entry.id)) {
                (false, _) => "the solution has no such mutant any more",
                (true, true) => "the proof catches this mutant",
                (true, false) => return None,
            };
            let (place, Entry { id, line, .. }) = (self.path.display(), entry);
            Some(format!("{place}:{line}: {id}: {problem}; take the entry out"))
        };
        self.entries.iter().filter_map(problem).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Accepted> {
        Accepted::parse(Path::new("mutants.toml"), text)
    }

    const ENTRY: &str = "[[accepted]]\nid = \"3fa29c01\"\nchange = \"a.rs: dropped `x`\"\n";

    #[test]
    fn an_entry_has_exactly_one_reason() {
        let accepted = parse(&format!("{ENTRY}equivalent = \"the same\"\n")).unwrap();
        assert_eq!(accepted.reason("3fa29c01"), Some("equivalent: the same"));
        assert_eq!(accepted.reason("90b4c7d2"), None);
        for reasons in ["", "equivalent = \" \"\n", "equivalent = \"a\"\noutside = \"b\"\n"] {
            let error = parse(&format!("{ENTRY}{reasons}")).unwrap_err().to_string();
            assert!(error.starts_with("mutants.toml:2: 3fa29c01 has no reason"), "{error}");
        }
        let twice = format!("{ENTRY}outside = \"a\"\n").repeat(2);
        assert!(parse(&twice).unwrap_err().to_string().contains("mutants.toml:6: 3fa29c01 is"));
        assert!(parse("[[accept]]").is_err());
    }

    #[test]
    fn an_entry_without_a_mutant_is_obsolete() {
        let accepted = parse(&format!("{ENTRY}equivalent = \"the same\"\n")).unwrap();
        let expected = "mutants.toml:2: 3fa29c01: the solution has no such mutant any more; \
                        take the entry out";
        assert_eq!(accepted.obsolete(&[], |_| false), [expected]);
    }
}
