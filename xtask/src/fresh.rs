//! Whether a program is still what its sources say, without starting cargo to find out.
//!
//! After cargo has said that a program is up to date, a note of it is kept beside it: the program's
//! file, when cargo was started, and what in the environment changes a build. As long as none of
//! that has changed, and no source, folder or manifest is younger, cargo would say the same again.

use crate::destination::replace;
use crate::program::Program;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, fs};

/// What was true when cargo last said that a program is up to date.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    program: PathBuf,
    file: Identity,
    /// When cargo was started, since 1970: what is younger, it may not have seen.
    since: Duration,
    environment: Vec<(String, String)>,
}

/// Which file it is, and which content of it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Identity {
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

/// The program noted in `folder` under `name`, if it is certain to be up to date.
pub fn program(folder: &Path, name: &str, root: &Path) -> Option<Program> {
    let note: Note = serde_json::from_slice(&fs::read(place(folder, name)).ok()?).ok()?;
    let same = identity(&note.program)? == note.file && environment() == note.environment;
    let limit = UNIX_EPOCH + note.since;
    let older = |path: &PathBuf| modified(path).is_some_and(|time| time < limit);
    let current = same && sources(&note.program, root)?.iter().all(older);
    current.then(|| Program { name: name.to_owned(), path: note.program })
}

/// Notes that cargo, started at `since`, has found or made `program` up to date. A note that cannot
/// be written costs the next call a start of cargo, no more.
pub fn note(folder: &Path, program: &Program, since: SystemTime) {
    let Some(file) = identity(&program.path) else { return };
    let since = since.duration_since(UNIX_EPOCH).unwrap_or_default();
    let note = Note { program: program.path.clone(), file, since, environment: environment() };
    if let Ok(text) = serde_json::to_vec_pretty(&note) {
        let _ = replace(&place(folder, &program.name), &text);
    }
}

fn place(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.fresh.json"))
}

fn identity(program: &Path) -> Option<Identity> {
    let file = fs::metadata(program).ok()?;
    let changed = (file.ctime(), file.ctime_nsec());
    Some(Identity { inode: file.ino(), size: file.size(), changed })
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

/// The sources that cargo lists beside the program, their folders, and every manifest above them.
fn sources(program: &Path, root: &Path) -> Option<BTreeSet<PathBuf>> {
    let listed = fs::read_to_string(program.with_extension("d")).ok()?;
    let (_, files) = listed.split_once(": ")?;
    let mut paths: BTreeSet<PathBuf> = ["Cargo.lock", ".cargo", ".cargo/config.toml"]
        .into_iter()
        .map(|name| root.join(name))
        .filter(|path| path.exists())
        .collect();
    for file in names(files) {
        let folders = file.ancestors().skip(1).take_while(|folder| folder.starts_with(root));
        paths.extend(folders.map(|folder| folder.join("Cargo.toml")).filter(|path| path.exists()));
        paths.extend(file.parent().map(Path::to_path_buf));
        paths.insert(file);
    }
    Some(paths)
}

/// The names in a line of a Makefile: separated by spaces, their own spaces behind backslashes.
fn names(line: &str) -> Vec<PathBuf> {
    let line = line.trim_end().replace("\\ ", "\0");
    line.split(' ')
        .filter(|name| !name.is_empty())
        .map(|name| name.replace('\0', " ").into())
        .collect()
}

/// The variables that change what cargo or rustc make of the same sources.
fn environment() -> Vec<(String, String)> {
    let matters = |name: &str| {
        ["RUST", "CARGO_BUILD", "CARGO_PROFILE", "CARGO_ENCODED", "CARGO_TARGET", "CARGO_HOME"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
    };
    let lossy =
        |(name, value): (_, std::ffi::OsString)| (name, value.to_string_lossy().into_owned());
    let names = env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let mut found: Vec<_> = names.filter(|(name, _)| matters(name)).map(lossy).collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program with one source, noted as up to date.
    fn noted() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let root = tempfile::tempdir().unwrap();
        let (program, source) = (root.path().join("server"), root.path().join("my server.rs"));
        fs::write(&source, "fn main() {}").unwrap();
        fs::write(root.path().join("Cargo.toml"), "[package]").unwrap();
        fs::write(&program, "machine code").unwrap();
        let listed = format!("{}: {}/my\\ server.rs\n", program.display(), root.path().display());
        fs::write(program.with_extension("d"), listed).unwrap();
        let found = Program { name: "server".to_owned(), path: program.clone() };
        let notes = root.path().join("notes");
        fs::create_dir(&notes).unwrap();
        note(&notes, &found, SystemTime::now() + Duration::from_secs(60));
        (root, program, source)
    }

    fn is_fresh(root: &tempfile::TempDir) -> bool {
        program(&root.path().join("notes"), "server", root.path()).is_some()
    }

    fn touch(path: &Path) {
        let later = SystemTime::now() + Duration::from_secs(120);
        fs::File::options().append(true).open(path).unwrap().set_modified(later).unwrap();
    }

    #[test]
    fn a_noted_program_is_fresh() {
        assert!(is_fresh(&noted().0));
    }

    #[test]
    fn a_younger_source_or_manifest_makes_it_stale() {
        let (root, _, source) = noted();
        touch(&source);
        assert!(!is_fresh(&root));
        let (root, ..) = noted();
        touch(&root.path().join("Cargo.toml"));
        assert!(!is_fresh(&root));
    }

    #[test]
    fn a_source_that_is_gone_makes_it_stale() {
        let (root, _, source) = noted();
        fs::remove_file(source).unwrap();
        assert!(!is_fresh(&root));
    }

    #[test]
    fn a_program_that_something_else_has_built_is_stale() {
        let (root, program, _) = noted();
        fs::write(program, "other code..").unwrap();
        assert!(!is_fresh(&root));
    }
}
