//! What was handed in, read without trusting a byte of it.

use anyhow::Result;
use course::catalogue::Course;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One entry of the folder of submissions.
#[derive(Clone, Debug)]
pub struct Handed {
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
    /// Files by their path: in the lesson's crate, or in the project's folder.
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
pub enum Trouble {
    /// It is no submission: its author's affair.
    #[error("{0}")]
    Refused(String),
    /// It could not be read here: the machine's affair.
    #[error("{0}")]
    Unreadable(String),
}

/// The submissions in `folder`, by name.
///
/// # Errors
/// A folder that cannot be read, or that holds none.
pub fn find(folder: &Path) -> Result<Vec<Handed>> {
    todo!("{}", folder.display())
}

/// Reads one submission: what there is in it for `lessons` (ids of `course`).
///
/// # Errors
/// [`Trouble`]
pub fn read(handed: &Handed, course: &Course, lessons: &[String]) -> Result<Content, Trouble> {
    todo!("{handed:?} {lessons:?} {}", course.lessons().len())
}
