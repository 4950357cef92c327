//! Builds the servers of `tests/servers/`, and writes command lines for `--cmd`.

use super::course::course_root;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A temporary folder that every user may read, for the programs of one test.
pub(crate) struct TestDir {
    folder: TempDir,
}

impl TestDir {
    /// Creates an empty folder.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    /// The path of a file in this folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Compiles a C file of `tests/servers/`, and returns the program's path.
    pub(crate) fn compiled(&self, source: impl AsRef<Path>) -> PathBuf {
        let source = servers().join(source);
        let program = self.folder.path().join(source.file_stem().unwrap());
        self.compile(&source, program, &[])
    }

    /// Compiles a C file of `tests/servers/` with a macro, and returns the program's path.
    pub(crate) fn compiled_with(&self, source: impl AsRef<Path>, name: &str) -> PathBuf {
        let program = self.folder.path().join(name.to_lowercase());
        self.compile(&servers().join(source), program, &[&format!("-D{name}")])
    }

    fn compile(&self, source: &Path, program: PathBuf, flags: &[&str]) -> PathBuf {
        let mut cc = Command::new("cc");
        cc.args(flags);
        cc.args(["-std=c17", "-Wall", "-Wextra", "-Werror", "-O1", "-pthread", "-o"]);
        let compiled = cc.arg(&program).arg(source).status().expect("cc is in PATH");
        assert!(compiled.success(), "cc refuses {}", source.display());
        program
    }
}

/// The folder `tests/servers/`.
pub(crate) fn servers() -> PathBuf {
    fs::canonicalize(course_root().join("tests/servers")).unwrap()
}

/// The servers of lesson w03-l02 in one language, sorted by name.
pub(crate) fn in_language(extension: &str) -> Vec<PathBuf> {
    in_folder(&servers(), extension)
}

/// The servers of one language in a folder, sorted by name.
pub(crate) fn in_folder(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|its| its == extension)).collect();
    found.sort();
    assert!(!found.is_empty(), "{} has no *.{extension}", folder.display());
    found
}

/// The path of the Python interpreter itself, not of a wrapper script such as pyenv's. If PATH has
/// no python3, prints a line and returns `None`.
pub(crate) fn python() -> Option<PathBuf> {
    let asked = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
    let output = asked.ok().filter(|output| output.status.success());
    let python = output.map(|output| String::from_utf8(output.stdout).unwrap().trim().into());
    if python.is_none() {
        println!("skipped: python3 is not in PATH");
    }
    python
}

/// Joins the words into one command line for `--cmd`, with quotes if they are necessary.
pub(crate) fn command_line<const N: usize>(words: [&Path; N]) -> String {
    shell_words::join(words.map(|word| word.to_str().unwrap()))
}
