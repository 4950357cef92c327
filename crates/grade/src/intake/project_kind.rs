//! How the files of a folder become a program.

use super::ProjectKind;
use super::content::complete;
use super::intended_name::is_starter;
use super::layout::Files;
use super::lesson_files::is_rust;
use super::manifest::{self, Manifest};
use super::rejection::{Rejection, refused};
use super::starter::Starters;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What a folder's files are.
#[derive(Debug)]
pub(super) struct Candidate {
    /// How the files become a program, and the lesson that they name.
    pub(super) manifest: Manifest,
    /// For a crate: the folder with its sources, `src` or the folder itself.
    pub(super) place: PathBuf,
    /// The file that shows this, as it was handed in: a changed source, a Makefile, etc. `None` if
    /// all files are the unchanged starter.
    pub(super) shown_by: Option<String>,
    /// Whether there are Rust sources that are not the unchanged starter.
    pub(super) has_own_sources: bool,
}

/// How the files of a folder become a program; `None` if they are not a project. `names` are the
/// names of the lesson's sources. The order of the checks is that of the table in the documentation
/// of the module `intake`. An unchanged starter never counts if there is another program.
///
/// # Errors
/// Several programs are there, and nothing says which of them counts.
pub(super) fn kind(
    files: &Files<'_>,
    names: &BTreeSet<String>,
    starters: &Starters,
) -> Result<Option<Candidate>, Rejection> {
    // The sources of a crate. They are in src/ or, without this folder, at the top.
    let in_src = |path: &Path| path.starts_with("src") && is_rust(path);
    let at_top = |path: &Path| path.to_str().is_some_and(|name| names.contains(name));
    let (src, flat) = (changed(files, starters, in_src), changed(files, starters, at_top));
    let has = |name: &str| files.contains_key(Path::new(name));
    let first = |all: &[&'static str]| all.iter().find(|name| has(name)).copied();
    let has_own_sources = src.is_some() || flat.is_some();
    let candidate = |manifest, place: &str, shown_by| {
        let place = PathBuf::from(place);
        Ok(Some(Candidate { manifest, place, shown_by, has_own_sources }))
    };
    let program = |build: Option<&str>, run: &str, shown_by: Option<&str>| {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect();
        let (build, run) = (build.map(words), words(run));
        let kind = ProjectKind::Program { build, run, port: None, capacity: None };
        candidate(Manifest { lesson: None, kind }, "", shown_by.map(str::to_owned))
    };
    if let Some(entry) = files.get(Path::new("submission.toml")) {
        let file = complete(entry)?;
        let manifest = manifest::parse(&file, "submission.toml")?;
        return candidate(manifest, "", Some("submission.toml".to_owned()));
    }
    let singles: Vec<_> = ["server.py", "server.c"].into_iter().filter(|name| has(name)).collect();
    let sources = |place: &str, shown_by: &Option<String>| {
        let manifest = Manifest { lesson: None, kind: ProjectKind::Crate };
        candidate(manifest, place, shown_by.clone())
    };
    let makefile = first(&["Makefile", "makefile", "GNUmakefile"]);
    match (&src, &flat) {
        (Some(one), _) if !singles.is_empty() => Err(both(one, singles[0])),
        (Some(one), Some(other)) if !same_sources(files) => Err(both(one, other)),
        (Some(_), _) => sources("src", &src),
        _ if makefile.is_some() => program(Some("make"), "./server", makefile),
        _ if has("build.sh") => program(Some("sh build.sh"), "./server", Some("build.sh")),
        (None, Some(one)) if !singles.is_empty() => Err(both(one, singles[0])),
        (None, Some(_)) => sources("", &flat),
        _ if singles.len() > 1 => Err(both(singles[0], singles[1])),
        _ if has("server.py") => program(None, "python3 server.py", Some("server.py")),
        _ if has("server.c") => {
            program(Some("cc -O2 -o server server.c"), "./server", Some("server.c"))
        }
        _ if files.keys().any(|path| in_src(path)) => sources("src", &None),
        _ if files.keys().any(|path| at_top(path)) => sources("", &None),
        _ => Ok(None),
    }
}

/// The first of the sources that is not a starter's file, as it was handed in.
fn changed(
    files: &Files<'_>,
    starters: &Starters,
    is_source: impl Fn(&Path) -> bool,
) -> Option<String> {
    let name = |path: &Path| path.strip_prefix("src").unwrap_or(path).display().to_string();
    let mut sources = files.iter().filter(|(path, _)| is_source(path));
    let found = sources.find(|(path, entry)| !is_starter(starters, &name(path), entry));
    found.map(|(_, entry)| entry.given.display().to_string())
}

/// Whether each source at the top is the same as the source of this name in `src/`.
fn same_sources(files: &Files<'_>) -> bool {
    files.iter().filter(|(path, _)| path.parent() == Some(Path::new(""))).all(|(path, entry)| {
        let other = files.get(&Path::new("src").join(path));
        other.is_none_or(|other| other.file.file == entry.file.file)
    })
}

/// The rejection of a submission with two programs for one lesson.
pub(super) fn both(one: &str, other: &str) -> Rejection {
    refused(format!(
        "both {one} and {other} are a program of your own; hand in only the one that counts"
    ))
}
