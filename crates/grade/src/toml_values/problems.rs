//! The problems of a TOML file, each with its line.

use super::{Entry, name};
use course::problem::UnknownName;
use std::path::Path;

/// The problems that were found in one file.
pub(crate) struct Problems<'a> {
    text: &'a str,
    path: &'a Path,
    /// The byte offset of each problem in the text, and the message.
    found: Vec<(usize, String)>,
}

impl<'a> Problems<'a> {
    /// No problem in the file `path` with this text.
    pub(crate) fn of(text: &'a str, path: &'a Path) -> Self {
        Self { text, path, found: Vec::new() }
    }

    /// The key of `entry` is none of `names`. `kind` says what the names are, and `home` where they
    /// are valid.
    pub(crate) fn unknown(
        &mut self,
        kind: &'static str,
        entry: Entry<'_, '_>,
        home: &str,
        names: &[&str],
    ) {
        let unknown = UnknownName {
            kind,
            name: name(entry).to_owned(),
            scope: home.to_owned(),
            known: names.iter().map(|&name| name.to_owned()).collect(),
        };
        self.unknown_name(entry, &unknown);
    }

    /// The key of `entry` is not known.
    pub(crate) fn unknown_name(&mut self, entry: Entry<'_, '_>, unknown: &UnknownName) {
        self.at(entry.0.span().start, &unknown.to_string());
    }

    /// The value of `entry` has a wrong form. `form` says what it must be.
    pub(crate) fn wrong(&mut self, entry: Entry<'_, '_>, form: &str) {
        self.at(entry.1.span().start, &format!("{} {form}", name(entry)));
    }

    /// A problem at a byte offset.
    pub(crate) fn at(&mut self, byte: usize, message: &str) {
        let line = 1 + self.text.bytes().take(byte).filter(|&byte| byte == b'\n').count();
        let message = message.lines().collect::<Vec<_>>().join("; ");
        self.found.push((byte, format!("{}:{line}: {message}", self.path.display())));
    }

    /// All problems, in the order of the text: `FILE:LINE: MESSAGE`.
    pub(crate) fn sorted(mut self) -> Vec<String> {
        self.found.sort();
        self.found.into_iter().map(|(_, problem)| problem).collect()
    }
}
