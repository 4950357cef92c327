//! The files that a student hands in for a lesson.

use super::submission::{self, Commands};
use crate::role;
use anyhow::{Context, Result, bail};
use course::catalogue::Course;
use course::lesson::Lesson;
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use terminal::paths;

/// The files of a hand-in.
pub(super) struct HandIn {
    pub(super) kind: Kind,
    pub(super) files: Vec<HandInFile>,
    /// Files beside the lesson's crate that the student may have written. They are not handed in.
    pub(super) left_out: Vec<HandInFile>,
}

/// What is handed in.
pub(super) enum Kind {
    /// The lesson's crate.
    Rust,
    /// A program in another language.
    Program {
        commands: Commands,
        /// The file that shows how the program is built and started, e.g. `submission.toml`.
        shown_by: &'static str,
    },
}

/// A file of a hand-in.
pub(super) struct HandInFile {
    /// The file on this machine.
    pub(super) path: PathBuf,
    /// The file's name in the archive.
    pub(super) name: PathBuf,
}

/// Files and folders of a lesson that belong to the course, or that a tool can make again.
const NOT_HANDED_IN: [&str; 12] = [
    "Cargo.toml",
    "__pycache__",
    "build",
    "fuzz",
    "lesson.md",
    "mistakes",
    "mutants.toml",
    "node_modules",
    "solution",
    "src",
    "target",
    "tests",
];

/// The largest file that is handed in: 1 MiB. A source file is smaller, and a compiled program is
/// built again by the grader.
const LARGEST: u64 = 1 << 20;

impl HandIn {
    /// The files of a lesson. A program in another language has a `submission.toml` in the lesson's
    /// folder, and counts in place of the lesson's crate. A server needs no such file if it is a
    /// `server.py` or a `server.c`, or if a `Makefile` or a `build.sh` makes it.
    ///
    /// # Errors
    /// A file cannot be read, is too large, or is not what its name says.
    pub(super) fn of(course: &Course, lesson: &Lesson) -> Result<Self> {
        let folder = paths::root().join(lesson.folder());
        let name = PathBuf::from(folder.file_name().unwrap_or_default());
        let mut own = Vec::new();
        add(&folder, &name, &is_own_work, &mut own)?;
        if let Some(kind) = program(&folder, lesson, &own)? {
            return Ok(Self { kind, files: own, left_out: Vec::new() });
        }
        let mut files = Vec::new();
        for crate_folder in with_earlier(course, lesson)? {
            let sources = paths::root().join(&crate_folder).join("src");
            let name = Path::new(crate_folder.file_name().unwrap_or_default()).join("src");
            add(&sources, &name, &is_rust_or_folder, &mut files)?;
        }
        Ok(Self { kind: Kind::Rust, files, left_out: own })
    }
}

/// The names of the files in the lesson's folder itself.
pub(super) fn names(files: &[HandInFile]) -> Vec<String> {
    let at_top = files.iter().filter(|file| file.name.components().count() == 2);
    at_top.filter_map(|file| Some(file.name.file_name()?.to_str()?.to_owned())).collect()
}

fn is_rust_or_folder(path: &Path) -> bool {
    path.is_dir() || path.extension() == Some(OsStr::new("rs"))
}

/// Whether the student may have written this file, or a file in this folder.
fn is_own_work(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    // This command writes archives into the current folder, which may be the lesson's.
    let is_archive = name.ends_with(".tar.gz");
    let is_course = NOT_HANDED_IN.contains(&name) || name.ends_with(".svg");
    !is_course && !is_archive && !name.starts_with('.') && !is_compiled(path)
}

/// Whether the file begins as a compiled program does (elf(5)).
fn is_compiled(path: &Path) -> bool {
    let mut first = [0; 4];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut first));
    read.is_ok() && first == *b"\x7fELF"
}

/// The program in another language that is in the folder, if there is one.
fn program(folder: &Path, lesson: &Lesson, own: &[HandInFile]) -> Result<Option<Kind>> {
    let manifest = folder.join(submission::FILE);
    if manifest.is_file() {
        let commands = submission::read(&manifest, lesson, &names(own))?;
        return Ok(Some(Kind::Program { commands, shown_by: submission::FILE }));
    }
    // Graders start ./server if there is no submission.toml.
    if role::is_client(lesson) {
        return Ok(None);
    }
    let known = [
        ("Makefile", Some("make"), "./server"),
        ("build.sh", Some("sh ./build.sh"), "./server"),
        ("server.py", None, "python3 server.py"),
        ("server.c", Some("cc -O2 -o server server.c"), "./server"),
    ];
    let found = known.into_iter().find(|(name, ..)| folder.join(name).is_file());
    Ok(found.map(|(shown_by, build, run)| {
        let commands = Commands { build: build.map(str::to_owned), run: run.to_owned() };
        Kind::Program { commands, shown_by }
    }))
}

/// The lesson's folder, and the folders of the earlier lessons on which the lesson's crate depends.
fn with_earlier(course: &Course, lesson: &Lesson) -> Result<Vec<PathBuf>> {
    let manifest = paths::root().join(lesson.folder()).join("Cargo.toml");
    let place = || format!("cannot use {}", manifest.display());
    let text = fs::read_to_string(&manifest).with_context(place)?;
    let table: toml_edit::DocumentMut = text.parse().with_context(place)?;
    let is_dependency = |other: &&Lesson| {
        let name = other.folder().file_name().and_then(OsStr::to_str).unwrap_or_default();
        table.get("dependencies").is_some_and(|all| all.get(name).is_some())
    };
    let earlier = course.lessons().iter().filter(is_dependency);
    Ok(earlier.chain([lesson]).map(|lesson| lesson.folder().to_owned()).collect())
}

/// Adds the files below `folder` that are `wanted`, sorted by name. `name` is the folder's name in
/// the archive.
fn add(
    folder: &Path,
    name: &Path,
    wanted: &dyn Fn(&Path) -> bool,
    files: &mut Vec<HandInFile>,
) -> Result<()> {
    let place = || format!("cannot read {}", folder.display());
    let entries = fs::read_dir(folder).with_context(place)?;
    let mut paths: Vec<_> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .with_context(place)?;
    paths.sort();
    for path in paths {
        let name = name.join(path.file_name().unwrap_or_default());
        let metadata = fs::symlink_metadata(&path).with_context(place)?;
        if !wanted(&path) {
            continue;
        }
        if metadata.is_dir() {
            add(&path, &name, wanted, files)?;
        } else if metadata.is_file() {
            if metadata.len() > LARGEST {
                let size = metadata.len() >> 20;
                bail!(
                    "{}: {size} MiB, which is no source file; take it out of the folder",
                    path.display()
                );
            }
            files.push(HandInFile { path, name });
        }
    }
    Ok(())
}
