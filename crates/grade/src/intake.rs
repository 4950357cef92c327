//! Reads submissions. Nothing in a submission is trusted.
//!
//! A folder of submissions has one entry for each student: a folder, a `.zip`, a `.tar.gz` (`.tgz`)
//! or a `.tar`; or the files of a learning platform, whose names say who handed them in (module
//! `class`). If a submission has only one folder at its top, this folder's content is read in place
//! of the submission's. An archive in a submission without sources is opened. A submission has one
//! of two forms:
//!
//! - folders named after lessons (`w03-l02-poll-tracker/`, `w03-l02/`), at the top or in
//!   `lessons/`, as in a complete workspace;
//! - the files of one lesson at the top. If only one lesson is graded, the files are for this
//!   lesson. Otherwise, they are for the lesson whose files have these names.
//!
//! A program at the top beside lessons' folders counts if the lesson's own folder is the unchanged
//! starter.
//!
//! The files of a lesson determine how it is built and run. The first row that matches applies. An
//! unchanged starter comes after all rows, and two programs that are both the student's own are
//! refused:
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
//! Hidden files are ignored, and so are `target`, `node_modules` and similar folders; they do not
//! count towards any limit. Links, devices and inconsistent archives are refused. The report of the
//! files ([`FileReport`]) names what was used, ignored, and filled in from the starter.

mod archive;
mod archive_format;
mod class;
mod content;
mod file_kinds;
mod folder;
mod intended_name;
mod layout;
mod lesson_files;
mod manifest;
mod name;
mod nested;
mod project_kind;
mod projects;
mod rejection;
mod report_files;
mod starter;
mod tree;

pub use class::{ClassFiles, ClassSources, find};
pub(crate) use lesson_files::{earlier, lesson_with_files, package};
pub use rejection::Rejection;

use crate::model::{Allowance, FileReport, HandInTime, Person, TimeSource};
use anyhow::{Context, Result};
use archive_format::by_name;
use course::catalogue::Course;
use folder::{kind, kind_name};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::{Mode, SFlag, fstat, lstat};
use rejection::refused;
use starter::Starters;
use std::collections::BTreeMap;
use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use tree::Tree;

/// The expected content of a folder of submissions, for messages.
const EXPECTED: &str = "a folder, .zip or .tar.gz for each student";

/// The submission of one student.
#[derive(Clone, Debug, Default)]
pub struct SubmissionSource {
    /// The student's name, in readable characters. It is unique in a class.
    pub student: String,
    /// The files.
    pub input: Input,
    /// The time of the submission from the instructor's file of times or from the platform.
    pub submitted: Option<HandInTime>,
    /// The student's id and e-mail address, where they are known.
    pub person: Person,
    /// How much later than others the student may hand in.
    pub allowance: Allowance,
    /// Notes that the names of the files give.
    pub notes: Vec<String>,
}

/// The files of a submission, before they are read.
#[derive(Clone, Debug, Default)]
pub enum Input {
    /// A folder or an archive.
    Entry(PathBuf),
    /// Files with the names that the student gave them, and their paths.
    Files(Vec<(String, PathBuf)>),
    /// The student has handed in nothing.
    #[default]
    Nothing,
}

/// The content of a submission, without the files that no lesson needs.
#[derive(Clone, Debug)]
pub struct Content {
    /// The hash of the projects, in hexadecimal.
    pub digest: String,
    /// The files that were used, ignored and filled in.
    pub files: FileReport,
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

impl SubmissionSource {
    /// The submission at `path`.
    pub fn at(student: &str, path: &Path) -> Self {
        let input = Input::Entry(path.to_owned());
        Self { student: student.to_owned(), input, ..Self::default() }
    }

    /// The path of its first file, folder or archive; empty if nothing was handed in.
    pub fn path(&self) -> &Path {
        match &self.input {
            Input::Entry(path) => path,
            Input::Files(files) => files.first().map_or(Path::new(""), |(_, path)| path),
            Input::Nothing => Path::new(""),
        }
    }

    /// When it was handed in: the time that is known already, or the time of the commit in a clone.
    pub fn time(&self) -> Option<HandInTime> {
        let commit = || match &self.input {
            Input::Entry(path) if path.is_dir() => class::commit_time(path),
            _ => None,
        };
        let of_commit = |seconds| HandInTime { seconds, source: TimeSource::Commit };
        self.submitted.or_else(|| commit().map(of_commit))
    }
}

/// The single submission at `path`.
///
/// # Errors
/// The path does not exist.
pub fn source_at(path: &Path) -> Result<SubmissionSource> {
    let path = path
        .canonicalize()
        .with_context(|| format!("there is no submission at {}; check the path", path.display()))?;
    let student = name::student(class::stem_of(&path).as_bytes());
    Ok(SubmissionSource::at(&student, &path))
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
    let starters = Starters::of(course);
    let (tree, depth) = match &source.input {
        Input::Entry(path) => read_entry(path)?,
        Input::Files(files) => (read_files(files)?, 0),
        Input::Nothing => return Err(Rejection::NotHandedIn),
    };
    let tree = nested::opened(tree, depth, course, &starters)?;
    let found = projects::find(&tree, course, &starters, lessons)?;
    let notes = [source.notes.clone(), tree.notes, found.notes].concat();
    let mut digest = blake3::Hasher::new();
    for (lesson, project) in &found.projects {
        digest.update(lesson.as_bytes()).update(b"\0").update(project.digest.as_bytes());
    }
    let digest = digest.finalize().to_hex().to_string();
    Ok(Content { digest, files: found.files, notes, projects: found.projects })
}

fn file_name(path: &Path) -> &[u8] {
    path.file_name().unwrap_or_default().as_bytes()
}

/// Reads all files of a folder or an archive. Returns the number of archives around them too.
fn read_entry(path: &Path) -> Result<(Tree, usize), Rejection> {
    // A symbolic link, a device or a plain file is no submission.
    let first = kind(&lstat(path).map_err(unreadable)?);
    let is_known = first == SFlag::S_IFDIR || first == SFlag::S_IFREG;
    let format = by_name(file_name(path)).map(|(format, _)| format);
    if !is_known || (first == SFlag::S_IFREG && format.is_none()) {
        return Err(wrong_kind(first));
    }
    match (open_unchanged(path, first)?, format) {
        (opened, _) if first == SFlag::S_IFDIR => Ok((folder::read(opened)?, 0)),
        (opened, Some(format)) => Ok((archive::read(fs::File::from(opened), format)?, 1)),
        (_, None) => Err(wrong_kind(first)),
    }
}

/// Reads single files, as some platforms deliver them.
fn read_files(files: &[(String, PathBuf)]) -> Result<Tree, Rejection> {
    let mut tree = Tree::default();
    for (name, path) in files {
        let first = kind(&lstat(path).map_err(unreadable)?);
        if first != SFlag::S_IFREG {
            return Err(rejection::not_a_file(name.as_bytes(), kind_name(first)));
        }
        let Some(inside) = tree.archive_path(name.as_bytes())? else { continue };
        tree.count()?;
        let opened = fs::File::from(open_unchanged(path, first)?);
        let failed = |error: std::io::Error| {
            Rejection::Unreadable(format!("{name} cannot be read: {error}; check its permissions"))
        };
        tree.add(inside, false, opened, failed)?;
    }
    Ok(tree)
}

/// Opens an entry, which must still be of the kind that it was before.
fn open_unchanged(path: &Path, kind_before: SFlag) -> Result<OwnedFd, Rejection> {
    // Meanwhile, a FIFO may have replaced the file. With O_NONBLOCK, opening a FIFO does not block
    // (open(2)).
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let opened = open(path, flags, Mode::empty()).map_err(unreadable)?;
    match kind(&fstat(opened.as_fd()).map_err(unreadable)?) == kind_before {
        true => Ok(opened),
        false => Err(refused("the submission changed while it was read; grade it again")),
    }
}

fn unreadable(error: Errno) -> Rejection {
    let error = std::io::Error::from(error);
    Rejection::Unreadable(format!("the submission cannot be read: {error}; check its permissions"))
}

fn wrong_kind(kind: SFlag) -> Rejection {
    let name = kind_name(kind);
    refused(format!("the submission is {name}; hand in a folder, a .zip or a .tar.gz"))
}
