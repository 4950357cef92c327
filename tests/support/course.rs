//! A copy of the course that a test may spoil.

use super::tamed;
use assert_cmd::Command;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The folder of lesson w03-l02, from the course's root.
pub(crate) const LESSON: &str = "lessons/w03-l02-poll-tracker";

/// A course in a folder of its own, with its own `target/`: the lessons are copies.
pub(crate) struct Course {
    folder: TempDir,
}

impl Course {
    /// The course as it is.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        let course = Self { folder };
        for shared in ["crates", "tests", "xtask"] {
            symlink(original().join(shared), course.path(shared)).unwrap();
        }
        for own in ["Cargo.toml", "Cargo.lock"] {
            fs::copy(original().join(own), course.path(own)).unwrap();
        }
        copy(&original().join("lessons"), &course.path("lessons"));
        course
    }

    /// Where a file of this course lies.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts `new` in the place of the first `old` in one file of w03-l02: the number of that line.
    pub(crate) fn edit(&self, name: &str, old: &str, new: &str) -> usize {
        let path = self.path(LESSON).join(name);
        let text = fs::read_to_string(&path).unwrap();
        let (before, after) = text.split_once(old).unwrap_or_else(|| panic!("no {old:?}: {name}"));
        fs::write(path, [before, new, after].concat()).unwrap();
        before.split('\n').count()
    }

    /// The command line of this course.
    pub(crate) fn command(&self) -> Command {
        self.command_of(Command::new(env!("CARGO_BIN_EXE_xtask")))
    }

    /// `command`, with this course for its own.
    pub(crate) fn command_of(&self, command: Command) -> Command {
        let mut command = tamed(command);
        command.env("CARGO_MANIFEST_DIR", self.path("xtask"));
        command.env("CARGO_TARGET_DIR", self.path("target"));
        command
    }
}

/// The root of the course that is tested.
pub(crate) fn original() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}
