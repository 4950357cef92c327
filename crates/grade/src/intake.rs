//! What was handed in, read without trusting a byte of it.
//!
//! A folder of submissions has an entry a student: a folder, a `.zip`, a `.tar.gz` (`.tgz`) or a
//! `.tar`. What is in it is found by looking, below a single folder at its top or not:
//!
//! - folders named after lessons (`w03-l02-poll-tracker/`, `w03-l02/`), at the top or in `lessons/`,
//!   as a whole workspace has them;
//! - else the top itself, for the lesson that was asked for, or the one whose files it has.
//!
//! Such a folder is, whichever comes first:
//!
//! | it has | so it is |
//! |---|---|
//! | `submission.toml` | a program, built and run as that says |
//! | `src/*.rs` | the lesson's crate: these files are laid over a pristine one |
//! | `Makefile` | a program: `make`, then `./server` |
//! | `build.sh` | a program: `sh build.sh`, then `./server` |
//! | `*.rs` of the lesson's names | the lesson's crate, as if they lay in `src/` |
//! | `server.py` | a program: `python3 server.py` |
//! | `server.c` | a program: `cc -O2 -o server server.c`, then `./server` |
//!
//! `submission.toml` names the commands, each split as a shell splits it, without a shell:
//!
//! ```toml
//! lesson = "w03-l02"  # at the top, where the lesson is not asked for
//! build = "make -j2"  # leave it out where there is nothing to build
//! run = "./server"    # this unless said
//! port = 7000         # built into it, where it does not read PORT
//! capacity = 64       # built into it, where it does not read MAX_CLIENTS
//! ```
//!
//! What is hidden, and `target`, `node_modules` and their like, is not looked at. Links, devices and
//! archives that are more than they seem are refused.

mod archive;
mod folder;
mod lesson_files;
mod manifest;
mod name;
mod projects;
mod tree;

use anyhow::{Context, Result, bail};
use archive::by_name;
use course::catalogue::Course;
use folder::{called, kind};
use name::readable;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::{Mode, SFlag, fstat, lstat};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use tree::{Tree, refused};

pub(crate) use lesson_files::{earlier, package};

/// What a folder of submissions holds, in words.
const EXPECTED: &str = "a folder, .zip or .tar.gz for each student";

/// One entry of the folder of submissions.
#[derive(Clone, Debug)]
pub struct SubmissionSource {
    /// Whose it is: its name in readable characters, once in a class.
    pub student: String,
    /// The folder or archive.
    pub path: PathBuf,
}

/// What was handed in, as far as it is wanted.
#[derive(Clone, Debug)]
pub struct Content {
    /// The hash of all that is wanted of it, in hexadecimal.
    pub digest: String,
    /// Its newest file's time, in seconds since 1970.
    pub submitted: Option<i64>,
    /// What its author should know: files that were left out, and why.
    pub notes: Vec<String>,
    /// What there is for each lesson, by the lesson's id.
    pub projects: BTreeMap<String, Project>,
}

/// What there is for one lesson.
#[derive(Clone, Debug)]
pub struct Project {
    /// The hash of the lesson's id and of everything below, in hexadecimal: equal programs are built
    /// once.
    pub digest: String,
    /// How it becomes a program.
    pub kind: ProjectKind,
    /// Files by their path: in the lesson's crate, or in the project's folder. Those of an earlier
    /// lesson that the crate builds on lie below its id, e.g. `w03-l02/src/table.rs`.
    pub files: BTreeMap<PathBuf, File>,
}

/// How a project becomes a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProjectKind {
    /// Files of the lesson's crate, to be laid over a pristine one.
    Crate,
    /// A program in any language.
    Program {
        /// The command that builds it; `None` where there is nothing to build.
        build: Option<Vec<String>>,
        /// The command that runs it, from the project's folder.
        run: Vec<String>,
        /// The port built into it, if it does not read PORT.
        port: Option<u16>,
        /// The number of slots built into it, if it does not read MAX_CLIENTS.
        capacity: Option<usize>,
    },
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whether it may be executed.
    pub is_executable: bool,
}

/// Why what was handed in cannot be graded.
#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    /// It is no submission: its author's affair.
    #[error("{0}")]
    Refused(String),
    /// It could not be read here: the machine's affair.
    #[error("{0}")]
    Unreadable(String),
}

/// The submissions in `folder`, by name. What is no folder and no archive is among them: [`read`]
/// refuses it, and nobody is lost in silence.
///
/// # Errors
/// A folder that cannot be read, that holds none, or that is itself a submission.
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
    if let Some(own) = paths.iter().find(|path| is_own_file(path)) {
        let own = own.file_name().unwrap_or_default().display();
        bail!("{place} has a {own}, as a submission has; give the folder that holds {EXPECTED}");
    }
    if !paths.iter().any(|path| path.is_dir() || by_name(file_name(path)).is_some()) {
        bail!("there is no submission in {place}; it has to hold {EXPECTED}");
    }
    let mut taken = BTreeSet::new();
    let handed = |path: PathBuf| {
        let student = name::unique(plain_name(&path), &mut taken);
        SubmissionSource { student, path }
    };
    Ok(paths.into_iter().map(handed).collect())
}

/// The submission at `path`, alone.
///
/// # Errors
/// A path that does not exist.
pub fn one(path: &Path) -> Result<SubmissionSource> {
    let path = path
        .canonicalize()
        .with_context(|| format!("there is no submission at {}; check the path", path.display()))?;
    Ok(SubmissionSource { student: plain_name(&path), path })
}

/// Reads one submission: what there is in it for `lessons` (ids of `course`; none: all of them).
///
/// # Errors
/// [`Rejection`]
pub fn read(
    handed: &SubmissionSource,
    course: &Course,
    lessons: &[String],
) -> Result<Content, Rejection> {
    let mut tree = gather(&handed.path)?;
    let mut notes = std::mem::take(&mut tree.left_out);
    let name = readable(file_name(&handed.path));
    if handed.student != plain_name(&handed.path) {
        notes.push(format!("handed in as {name}; another submission has that name as well"));
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

/// Whether this file, at the top of a folder of submissions, says that it is one itself.
fn is_own_file(path: &Path) -> bool {
    match file_name(path) {
        b"src" => path.is_dir(),
        b"Cargo.toml" | b"submission.toml" | b"Makefile" | b"build.sh" => path.is_file(),
        _ => false,
    }
}

fn file_name(path: &Path) -> &[u8] {
    path.file_name().unwrap_or_default().as_bytes()
}

/// A submission's name without the archive's suffix, in readable characters.
fn plain_name(path: &Path) -> String {
    let name = file_name(path);
    let is_folder = path.is_dir();
    let stem = by_name(name).filter(|_| !is_folder).map_or(name, |(_, stem)| stem);
    name::student(stem)
}

/// Reads all files of a submission, whatever it is.
fn gather(path: &Path) -> Result<Tree, Rejection> {
    let unreadable = |error: Errno| {
        let error = std::io::Error::from(error);
        Rejection::Unreadable(format!(
            "the submission cannot be read: {error}; check its permissions"
        ))
    };
    let first = kind(&lstat(path).map_err(unreadable)?);
    let is_known = first == SFlag::S_IFDIR || first == SFlag::S_IFREG;
    let format = by_name(file_name(path)).map(|(format, _)| format);
    if !is_known || (first == SFlag::S_IFREG && format.is_none()) {
        let what = called(first);
        return Err(refused(format!("it is {what}; hand in a folder, a .zip or a .tar.gz")));
    }
    // O_NONBLOCK: what was a file a moment ago may be a FIFO now.
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let opened = open(path, flags, Mode::empty()).map_err(unreadable)?;
    let found = kind(&fstat(opened.as_fd()).map_err(unreadable)?);
    match format {
        _ if found != first => Err(refused("it changed while it was read; grade it again")),
        _ if found == SFlag::S_IFDIR => folder::read(opened),
        Some(format) => archive::read(opened.into(), format),
        None => Err(refused("it is a plain file; hand in a folder, a .zip or a .tar.gz")),
    }
}
