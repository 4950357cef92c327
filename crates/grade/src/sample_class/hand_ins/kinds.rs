//! The kinds of submissions: how each one comes, and what the grader must make of it.

use super::Place;
use crate::intake::File;
use crate::model::Verdict;
use crate::sample_class::Files;
use crate::sample_class::archive;
use crate::sample_class::crates::plain;
use crate::sample_class::expected::Expected;
use anyhow::Result;
use std::path::{Path, PathBuf};

/// The files from which submissions are made.
pub(super) struct Material {
    /// The starter's files, in `src/`.
    pub(super) starter: Files,
    /// The files of a student who has solved the lesson, in `src/`.
    pub(super) solution: Files,
    /// The starter's files of another lesson, in `src/`.
    pub(super) other_starter: Files,
    /// The lesson's folder in the course.
    pub(super) folder: PathBuf,
    /// The other lesson's folder in the course.
    pub(super) other_folder: PathBuf,
    /// A correct server in Python.
    pub(super) python: File,
    /// A correct server in C: `server.c` and its headers.
    pub(super) c: Files,
}

/// A kind of submission.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) place: Place,
    /// The files. Their paths begin after the student's part of the name.
    pub(super) files: fn(&Material) -> Result<Files>,
    /// The known result.
    pub(super) expected: fn() -> Expected,
    /// A part of a note or of the reason that the report must have; empty if there may be none.
    pub(super) note: &'static str,
}

fn not_yet() -> Expected {
    Expected::fails("", "")
}

fn refused() -> Expected {
    Expected { verdict: Verdict::Refused, ..Expected::proved() }
}

fn missing() -> Expected {
    Expected { verdict: Verdict::Missing, ..Expected::proved() }
}

fn not_handed_in() -> Expected {
    Expected { verdict: Verdict::NotHandedIn, ..Expected::proved() }
}

/// A group of Gradescope's.
pub(super) const GROUP: Kind = Kind {
    name: "group",
    place: Place::Gradescope,
    files: solved,
    expected: Expected::proved,
    note: "",
};

/// A person of the roster who has handed in nothing.
pub(super) const ABSENT: Kind =
    Kind { name: "absent", place: Place::Folder, files: solved, expected: not_handed_in, note: "" };

/// A line of the table below.
const fn kind(
    name: &'static str,
    place: Place,
    files: fn(&Material) -> Result<Files>,
    expected: fn() -> Expected,
    note: &'static str,
) -> Kind {
    Kind { name, place, files, expected, note }
}

use Expected as E;
use Place::{Archive, Canvas, Folder, Gradescope, Moodle, MoodleFile};

pub(super) const KINDS: &[Kind] = &[
    kind("moodle-zip", Moodle, |m| packed("w03.zip", &m.solution), E::proved, "was opened"),
    kind("moodle-files", Moodle, |m| Ok(flat(&m.solution)), E::proved, ""),
    kind("moodle-zip-in-zip", Moodle, zip_in_zip, E::proved, "a/w03.zip was opened"),
    kind("moodle-too-deep", Moodle, too_deep, refused, "an archive in an archive in an archive"),
    kind(
        "moodle-flat",
        MoodleFile,
        |m| packed("file_w03.zip", &m.solution),
        E::proved,
        "was opened",
    ),
    kind("moodle-text", MoodleFile, online_text, missing, "the submission is empty"),
    kind("canvas-files", Canvas, |m| Ok(flat(&m.solution)), E::proved, ""),
    kind("canvas-late", Canvas, |m| Ok(flat(&m.solution)), E::proved, "marks it as late"),
    kind("canvas-again", Canvas, canvas_again, E::proved, "server-1.rs counts as server.rs"),
    kind("gradescope", Gradescope, solved, E::proved, ""),
    kind("gradescope-starter", Gradescope, |m| Ok(m.starter.clone()), not_yet, "unchanged starter"),
    kind("clone-solved", Folder, |m| Ok(clone(m, &m.solution)), E::proved, ""),
    kind("clone-python", Folder, |m| beside(m, "server.py"), E::proved, ""),
    kind("clone-c", Folder, clone_c, E::proved, ""),
    kind("clone-manifest", Folder, |m| beside(m, "mine.py"), E::proved, ""),
    kind("clone-both", Folder, clone_both, refused, "hand in only the one that counts"),
    kind("clone-untouched", Folder, |m| Ok(clone(m, &m.starter)), missing, "unchanged starter"),
    kind("starter-python", Folder, starter_python, E::proved, ""),
    kind("name-txt", Folder, |m| named(m, "server.rs.txt"), E::proved, "counts as src/server.rs"),
    kind("name-numbered", Folder, numbered, E::proved, "src/server (1).rs counts as src/server.rs"),
    kind("name-capital", Folder, |m| named(m, "Server.rs"), E::proved, "counts as src/server.rs"),
    kind("name-missing", Folder, no_table, not_yet, "src/table.rs is not handed in"),
    kind("name-twice", Folder, twice, refused, "may both be src/server.rs"),
    kind("zip-ignored", Archive, ignored, E::proved, ""),
    kind("zip-backslash", Archive, backslash, E::proved, "counts as a separator of folders"),
    kind("zip-entries", Archive, many_entries, refused, "holds more than 20000 entries"),
    kind("text-crlf", Folder, crlf, E::proved, "build.sh has the line ends of Windows"),
    kind("text-utf16", Folder, utf16, refused, "src/server.rs is in UTF-16"),
];

fn solved(m: &Material) -> Result<Files> {
    Ok(m.solution.clone())
}

/// The files without the folder `src/`.
fn flat(files: &Files) -> Files {
    let name = |path: &Path| path.strip_prefix("src").unwrap_or(path).to_owned();
    files.iter().map(|(path, file)| (name(path), file.clone())).collect()
}

/// The files below a folder.
fn below(folder: &Path, files: &Files) -> Files {
    files.iter().map(|(path, file)| (folder.join(path), file.clone())).collect()
}

fn bytes(bytes: Vec<u8>) -> File {
    File { bytes, is_executable: false }
}

/// An archive of the files.
fn packed(name: &str, files: &Files) -> Result<Files> {
    Ok([(name.into(), bytes(archive::zip(&below(Path::new("w03"), files))?))].into())
}

fn zip_in_zip(m: &Material) -> Result<Files> {
    packed_again("hand-in.zip", &packed("w03.zip", &m.solution)?)
}

/// An archive with the files in a folder.
fn packed_again(name: &str, files: &Files) -> Result<Files> {
    Ok([(name.into(), bytes(archive::zip(&below(Path::new("a"), files))?))].into())
}

fn too_deep(m: &Material) -> Result<Files> {
    packed_again("again.zip", &zip_in_zip(m)?)
}

fn online_text(_: &Material) -> Result<Files> {
    Ok([("onlinetext_/onlinetext.html".into(), plain("<p>I was ill</p>\n"))].into())
}

fn canvas_again(m: &Material) -> Result<Files> {
    Ok(renamed(flat(&m.solution), "server.rs", "server-1.rs"))
}

fn renamed(mut files: Files, from: &str, to: &str) -> Files {
    if let Some(file) = files.remove(Path::new(from)) {
        files.insert(to.into(), file);
    }
    files
}

/// A clone of the course with these files of the lesson, and the starter of another lesson.
fn clone(m: &Material, files: &Files) -> Files {
    let mut clone = below(&m.folder, files);
    clone.extend(below(&m.other_folder, &m.other_starter));
    clone.insert("README.md".into(), plain("# My course\n"));
    clone
}

/// The untouched clone with a server in Python at its top.
fn beside(m: &Material, name: &str) -> Result<Files> {
    let mut clone = clone(m, &m.starter);
    clone.insert(name.into(), m.python.clone());
    if name != "server.py" {
        let text = format!("lesson = \"{}\"\nrun = \"python3 {name}\"\n", super::LESSON);
        clone.insert("submission.toml".into(), plain(&text));
    }
    Ok(clone)
}

fn clone_c(m: &Material) -> Result<Files> {
    let mut clone = clone(m, &m.starter);
    clone.extend(m.c.clone());
    Ok(clone)
}

fn clone_both(m: &Material) -> Result<Files> {
    let mut clone = clone(m, &m.solution);
    clone.insert("server.py".into(), m.python.clone());
    Ok(clone)
}

fn starter_python(m: &Material) -> Result<Files> {
    let mut files = m.starter.clone();
    files.insert("server.py".into(), m.python.clone());
    Ok(files)
}

fn named(m: &Material, name: &str) -> Result<Files> {
    Ok(renamed(m.solution.clone(), "src/server.rs", &format!("src/{name}")))
}

/// The student's server beside the starter's.
fn numbered(m: &Material) -> Result<Files> {
    let mut files = named(m, "server (1).rs")?;
    let server = Path::new("src/server.rs");
    files.insert(server.to_owned(), m.starter[server].clone());
    Ok(files)
}

fn no_table(m: &Material) -> Result<Files> {
    let mut files = m.solution.clone();
    files.remove(Path::new("src/table.rs"));
    Ok(files)
}

fn twice(m: &Material) -> Result<Files> {
    let mut files = named(m, "server (1).rs")?;
    files.insert("src/server (2).rs".into(), plain("fn main() {}\n"));
    Ok(files)
}

/// What a build, git and macOS leave beside the sources.
fn ignored(m: &Material) -> Result<Files> {
    let mut files = below(Path::new("hw"), &m.solution);
    for name in ["hw/target/debug/server", "__MACOSX/hw/._src", "hw/.git/config"] {
        files.insert(name.into(), bytes(vec![0; 1 << 20]));
    }
    Ok([(".zip".into(), bytes(archive::zip(&files)?))].into())
}

fn backslash(m: &Material) -> Result<Files> {
    let name = |path: &Path| format!("hw\\{}", path.display().to_string().replace('/', "\\"));
    let files = m.solution.iter().map(|(path, file)| (name(path).into(), file.clone())).collect();
    Ok([(".zip".into(), bytes(archive::zip(&files)?))].into())
}

fn many_entries(m: &Material) -> Result<Files> {
    let mut files = m.solution.clone();
    files.extend((0..25_000).map(|number| (format!("data/{number}").into(), plain(""))));
    Ok([(".zip".into(), bytes(archive::zip(&files)?))].into())
}

fn crlf(m: &Material) -> Result<Files> {
    let mut files = renamed(m.c.clone(), "server.c", "mine.c");
    files.insert("build.sh".into(), plain("set -e\r\ncc -O1 -pthread -o server mine.c\r\n"));
    Ok(files)
}

fn utf16(m: &Material) -> Result<Files> {
    let mut files = m.solution.clone();
    let text = String::from_utf8_lossy(&m.solution[Path::new("src/server.rs")].bytes).into_owned();
    let wide = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    files.insert("src/server.rs".into(), bytes(wide));
    Ok(files)
}
