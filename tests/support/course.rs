//! A copy of the course that a test may change.

use super::hermetic;
use assert_cmd::Command;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The folder of lesson w03-l02, from the course's root.
pub(crate) const LESSON: &str = "lessons/w03-l02-poll-tracker";

/// A course in a temporary folder, with its own `target/`. The lessons and the manifest are copies.
/// The other folders are symbolic links.
pub(crate) struct Course {
    folder: TempDir,
}

impl Course {
    /// Creates a copy of the course under test.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        let course = Self { folder };
        for shared in ["crates", "tests", "xtask"] {
            symlink(course_root().join(shared), course.path(shared)).unwrap();
        }
        for own in ["Cargo.toml", "Cargo.lock", "README.md"] {
            fs::copy(course_root().join(own), course.path(own)).unwrap();
        }
        copy(&course_root().join("lessons"), &course.path("lessons"));
        course
    }

    /// Creates a copy of the course in which the student has done all tasks of w03-l02.
    pub(crate) fn with_solution() -> Self {
        let course = Self::new();
        let lesson = course.path(LESSON);
        for file in fs::read_dir(lesson.join("solution")).unwrap().map(Result::unwrap) {
            fs::copy(file.path(), lesson.join("src").join(file.file_name())).unwrap();
        }
        course
    }

    /// Replaces the link to the sources of the crate `proofs` by a copy.
    pub(crate) fn copy_proofs(&self) {
        let (shared, own) = (course_root().join("crates"), self.path("crates"));
        fs::remove_file(&own).unwrap();
        fs::create_dir(&own).unwrap();
        for entry in fs::read_dir(&shared).unwrap().map(Result::unwrap) {
            match entry.file_name() == "proofs" {
                true => copy(&entry.path(), &own.join("proofs")),
                false => symlink(entry.path(), own.join(entry.file_name())).unwrap(),
            }
        }
    }

    /// The path of a file in this course.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Replaces the first occurrence of `old` in a file of w03-l02 by `new`, and returns the number
    /// of the changed line.
    pub(crate) fn edit(&self, name: &str, old: &str, new: &str) -> usize {
        let path = self.path(LESSON).join(name);
        let text = fs::read_to_string(&path).unwrap();
        let (before, after) = text.split_once(old).unwrap_or_else(|| panic!("no {old:?}: {name}"));
        fs::write(path, [before, new, after].concat()).unwrap();
        before.split('\n').count()
    }

    /// A `cargo xtask` command for this course.
    pub(crate) fn command(&self) -> Command {
        self.command_of(Command::new(env!("CARGO_BIN_EXE_xtask")))
    }

    /// Makes `command` use this course.
    pub(crate) fn command_of(&self, command: Command) -> Command {
        let mut command = hermetic(command);
        command.env("CARGO_MANIFEST_DIR", self.path("xtask"));
        command.env("CARGO_TARGET_DIR", self.path("target")).env_remove("SOCKPROOF_PROGRESS");
        command
    }
}

/// The line of a lesson's text at which what to do for a task begins.
pub(crate) fn line_of_work(course: &Course, lesson: &str, task: usize) -> usize {
    let course = course::catalogue::Course::open(course.path("")).unwrap();
    course.lesson(lesson).unwrap().tasks[task - 1].work.line
}

/// The root of the course under test.
pub(crate) fn course_root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Copies a folder without the progress of who runs the tests.
fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    let is_progress = |name: &OsStr| name == ".progress" || name == ".kept";
    let entries = fs::read_dir(from).unwrap().map(Result::unwrap);
    for entry in entries.filter(|entry| !is_progress(&entry.file_name())) {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}
