//! Names that a browser, an editor or a platform has changed, e.g. `server (1).rs`.

use super::file_kinds::{intended, known_names};
use super::layout::{Entry, Files};
use super::rejection::{Rejection, refused};
use super::starter::Starters;
use crate::model::IgnoredFile;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The files under the names that they were meant to have, and what was found on the way.
pub(super) struct Renamed<'a> {
    pub(super) files: Files<'a>,
    /// A note for each file that counts under another name, with the file's path.
    pub(super) notes: Vec<(&'a Path, String)>,
    /// The files that another file replaces.
    pub(super) ignored: Vec<IgnoredFile>,
}

/// Gives each file with a changed name its intended name, if no other file has that name. If the
/// file with the intended name is an unchanged starter, it is replaced.
///
/// # Errors
/// Two different files may be meant by one name.
pub(super) fn rename<'a>(
    mut files: Files<'a>,
    starters: &Starters,
) -> Result<Renamed<'a>, Rejection> {
    let known = known_names(starters);
    let mut changed: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for path in files.keys() {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(intended) = intended(name, &known) {
            changed.entry(path.with_file_name(intended)).or_default().push(path.clone());
        }
    }
    let (mut notes, mut ignored) = (Vec::new(), Vec::new());
    for (target, names) in changed {
        let shown = target.display().to_string();
        let others: Vec<_> = names.iter().filter_map(|name| files.remove(name)).collect();
        let name = target.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let exact = files.get(&target);
        if exact.is_some_and(|entry| !is_starter(starters, name, entry)) {
            let why = format!("{shown} counts");
            ignored.extend(others.iter().map(|entry| ignored_file(entry.given, &why)));
            continue;
        }
        if let [one, other, ..] = &others[..]
            && others.iter().any(|each| each.file.file != one.file.file)
        {
            return Err(refused(format!(
                "{} and {} may both be {shown}; hand in one of them under this name",
                one.given.display(),
                other.given.display()
            )));
        }
        let Some(first) = others.first() else { continue };
        notes.push((first.given, format!("{} counts as {shown}", first.given.display())));
        if let Some(starter) = files.insert(target, *first) {
            ignored.push(ignored_file(starter.given, "the unchanged starter"));
        }
    }
    Ok(Renamed { files, notes, ignored })
}

/// Whether the file with this name is a starter's file.
pub(super) fn is_starter(starters: &Starters, name: &str, entry: &Entry<'_>) -> bool {
    entry.file.file.as_ref().is_some_and(|file| starters.has(name, &file.bytes))
}

/// A row of the report of ignored files.
pub(super) fn ignored_file(path: &Path, why: &str) -> IgnoredFile {
    IgnoredFile { path: path.display().to_string(), why: why.to_owned() }
}
