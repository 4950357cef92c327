//! Reads submissions. Nothing in a submission is trusted.
//!
//! A folder of submissions has one entry for each student: a folder, a `.zip`, a `.tar.gz` (`.tgz`)
//! or a `.tar`. If a submission has only one folder at its top, this folder's content is read in
//! place of the submission's. A submission has one of two forms:
//!
//! - folders named after lessons (`w03-l02-poll-tracker/`, `w03-l02/`), at the top or in
//!   `lessons/`, as in a complete workspace;
//! - the files of one lesson at the top. If only one lesson is graded, the files are for this
//!   lesson. Otherwise, they are for the lesson whose files have these names.
//!
//! The files of a lesson determine how it is built and run. The first row that matches applies:
//!
//! | files | meaning |
//! |---|---|
//! | `submission.toml` | a program, built and run with the commands in that file |
//! | `src/*.rs` | the lesson's crate: these files replace those of the original crate |
//! | `Makefile` | a program: `make`, then `./server` |
//! | `build.sh` | a program: `sh build.sh`, then `./server` |
//! | `*.rs` with names of the lesson's files | the lesson's crate, as if the files were in `src/` |
//! | `server.py` | a program: `python3 server.py` |
//! | `server.c` | a program: `cc -O2 -o server server.c`, then `./server` |
//!
//! `submission.toml` has the commands. Each command is split into words as a shell splits it, but
//! no shell runs the command:
//!
//! ```toml
//! lesson = "w03-l02"  # for a submission of one lesson, if the instructor does not name the lesson
//! build = "make -j2"  # omit it if there is nothing to build
//! run = "./server"    # this is the default
//! port = 7000         # the fixed port of a program that does not read PORT
//! capacity = 64       # the fixed number of slots of a program that does not read MAX_CLIENTS
//! ```
//!
//! Hidden files are ignored, and so are `target`, `node_modules` and similar folders. Links,
//! devices and inconsistent archives are refused.

mod archive;
mod folder;
mod layout;
mod lesson_files;
mod manifest;
mod name;
mod projects;
mod rejection;
mod tree;

pub(crate) use lesson_files::{earlier, package};
pub use rejection::Rejection;

use anyhow::{Context, Result, bail};
use archive::by_name;
use course::catalogue::Course;
use folder::{kind, kind_name};
use name::readable;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::{Mode, SFlag, fstat, lstat};
use rejection::refused;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use tree::Tree;

/// The expected content of a folder of submissions, for messages.
const EXPECTED: &str = "a folder, .zip or .tar.gz for each student";

/// One entry of the folder of submissions.
#[derive(Clone, Debug)]
pub struct SubmissionSource {
    /// The student's name: the entry's name, in readable characters. It is unique in a class.
    pub student: String,
    /// The folder or archive.
    pub path: PathBuf,
}

/// The content of a submission, without the files that no lesson needs.
#[derive(Clone, Debug)]
pub struct Content {
    /// The hash of the projects, in hexadecimal.
    pub digest: String,
    /// The time of the newest file, in seconds since 1970.
    pub submitted: Option<i64>,
    /// Notes for the student: which files were omitted, and why.
    pub notes: Vec<String>,
    /// The project for each lesson, by the lesson's id.
    pub projects: BTreeMap<String, Project>,
}

/// The files for one lesson.
#[derive(Clone, Debug)]
pub struct Project {
    /// The hash of the lesson's id, the kind and the files, in hexadecimal. Projects with the same
    /// hash are built once.
    pub digest: String,
    /// How the project becomes a program.
    pub kind: ProjectKind,
    /// The files by their path in the lesson's crate or in the project's folder. Files of an
    /// earlier lesson that the crate builds on are below that lesson's id, e.g.
    /// `w03-l02/src/table.rs`.
    pub files: BTreeMap<PathBuf, File>,
}

/// How a project becomes a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProjectKind {
    /// Files of the lesson's crate, which replace those of the original crate.
    Crate,
    /// A program in any language.
    Program {
        /// The build command; `None` if there is nothing to build.
        build: Option<Vec<String>>,
        /// The command that runs the program, from the project's folder.
        run: Vec<String>,
        /// The fixed port of a program that does not read PORT.
        port: Option<u16>,
        /// The fixed number of slots of a program that does not read MAX_CLIENTS.
        capacity: Option<usize>,
    },
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The content.
    pub bytes: Vec<u8>,
    /// Whether the file's mode permits execution.
    pub is_executable: bool,
}

/// The submissions in `folder`, sorted by name. Entries that are neither a folder nor an archive
/// are included too, so that no student is missing from the results. [`read`] refuses these
/// entries.
///
/// # Errors
/// The folder cannot be read, contains no submission, or is itself a submission.
pub fn find(folder: &Path) -> Result<Vec<SubmissionSource>> {
    let place = folder.display();
    let entries = fs::read_dir(folder)
        .with_context(|| format!("cannot read {place}; it has to be a folder with {EXPECTED}"))?;
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read {place}"))?;
        if !entry.file_name().as_bytes().starts_with(b".") {
            paths.push(entry.path());
        }
    }
    paths.sort();
    if let Some(path) = paths.iter().find(|path| is_submission_file(path)) {
        let name = path.file_name().unwrap_or_default().display();
        bail!("{place} has a {name}, as a submission has; give the folder that holds {EXPECTED}");
    }
    if !paths.iter().any(|path| path.is_dir() || by_name(file_name(path)).is_some()) {
        bail!("there is no submission in {place}; it has to hold {EXPECTED}");
    }
    let mut taken = BTreeSet::new();
    let source = |path: PathBuf| {
        let student = name::unique(student_of(&path), &mut taken);
        SubmissionSource { student, path }
    };
    Ok(paths.into_iter().map(source).collect())
}

/// The single submission at `path`.
///
/// # Errors
/// The path does not exist.
pub fn source_at(path: &Path) -> Result<SubmissionSource> {
    let path = path
        .canonicalize()
        .with_context(|| format!("there is no submission at {}; check the path", path.display()))?;
    Ok(SubmissionSource { student: student_of(&path), path })
}

/// Reads the parts of a submission that are for `lessons`, which are ids of lessons of `course`. If
/// `lessons` is empty, reads the parts for all lessons.
///
/// # Errors
/// [`Rejection`]
pub fn read(
    source: &SubmissionSource,
    course: &Course,
    lessons: &[String],
) -> Result<Content, Rejection> {
    let mut tree = read_tree(&source.path)?;
    let mut notes = std::mem::take(&mut tree.left_out);
    let name = readable(file_name(&source.path));
    if source.student != student_of(&source.path) {
        notes.push(format!("handed in as {name}; another submission has the same student name"));
    }
    let found = projects::find(&tree, course, lessons)?;
    notes.extend(found.notes);
    let mut digest = blake3::Hasher::new();
    for (lesson, project) in &found.projects {
        digest.update(lesson.as_bytes()).update(b"\0").update(project.digest.as_bytes());
    }
    let digest = digest.finalize().to_hex().to_string();
    Ok(Content { digest, submitted: found.newest, notes, projects: found.projects })
}

/// Whether this entry at the top of a folder shows that the folder is itself a submission.
fn is_submission_file(path: &Path) -> bool {
    match file_name(path) {
        b"src" => path.is_dir(),
        b"Cargo.toml" | b"submission.toml" | b"Makefile" | b"build.sh" => path.is_file(),
        _ => false,
    }
}

fn file_name(path: &Path) -> &[u8] {
    path.file_name().unwrap_or_default().as_bytes()
}

/// The student's name: the entry's name without an archive's suffix, in readable characters.
fn student_of(path: &Path) -> String {
    let name = file_name(path);
    let is_folder = path.is_dir();
    let stem = by_name(name).filter(|_| !is_folder).map_or(name, |(_, stem)| stem);
    name::student(stem)
}

/// Reads all files of a submission: a folder or an archive.
fn read_tree(path: &Path) -> Result<Tree, Rejection> {
    let unreadable = |error: Errno| {
        let error = std::io::Error::from(error);
        Rejection::Unreadable(format!(
            "the submission cannot be read: {error}; check its permissions"
        ))
    };
    // A symbolic link, a device or a plain file is no submission.
    let first = kind(&lstat(path).map_err(unreadable)?);
    let is_known = first == SFlag::S_IFDIR || first == SFlag::S_IFREG;
    let format = by_name(file_name(path)).map(|(format, _)| format);
    if !is_known || (first == SFlag::S_IFREG && format.is_none()) {
        return Err(wrong_kind(first));
    }
    // Meanwhile, a FIFO may have replaced the file. With O_NONBLOCK, opening a FIFO does not block
    // (open(2)).
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let opened = open(path, flags, Mode::empty()).map_err(unreadable)?;
    let found = kind(&fstat(opened.as_fd()).map_err(unreadable)?);
    match format {
        _ if found != first => {
            Err(refused("the submission changed while it was read; grade it again"))
        }
        _ if found == SFlag::S_IFDIR => folder::read(opened),
        Some(format) => archive::read(opened.into(), format),
        None => Err(wrong_kind(found)),
    }
}

fn wrong_kind(kind: SFlag) -> Rejection {
    let name = kind_name(kind);
    refused(format!("the submission is {name}; hand in a folder, a .zip or a .tar.gz"))
}
