//! Servers in C and Python, ready to be named in `--cmd`.

use super::course::original;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A folder that anybody may read, for the programs of one test.
pub(crate) struct Bench {
    folder: TempDir,
}

impl Bench {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    /// Where a file of this folder lies.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program that a C file below `tests/servers/` becomes.
    pub(crate) fn compiled(&self, source: impl AsRef<Path>) -> PathBuf {
        let source = servers().join(source);
        let program = self.folder.path().join(source.file_stem().unwrap());
        let mut cc = Command::new("cc");
        cc.args(["-std=c17", "-Wall", "-Wextra", "-Werror", "-O1", "-pthread", "-o"]);
        let compiled = cc.args([&program, &source]).status().expect("cc is in PATH");
        assert!(compiled.success(), "cc refuses {}", source.display());
        program
    }
}

/// The folder of the servers.
pub(crate) fn servers() -> PathBuf {
    fs::canonicalize(original().join("tests/servers")).unwrap()
}

/// The table's servers of one language, in the order of their names.
pub(crate) fn in_language(extension: &str) -> Vec<PathBuf> {
    in_folder(&servers(), extension)
}

/// The servers of one language in a folder, in the order of their names.
pub(crate) fn in_folder(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|its| its == extension)).collect();
    found.sort();
    assert!(!found.is_empty(), "{} has no *.{extension}", folder.display());
    found
}

/// The Python of this machine, itself and not a script that looks for it; a line where it has none.
pub(crate) fn python() -> Option<PathBuf> {
    let asked = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
    let told = asked.ok().filter(|output| output.status.success());
    let python = told.map(|output| String::from_utf8(output.stdout).unwrap().trim().into());
    if python.is_none() {
        println!("skipped: python3 is not in PATH");
    }
    python
}

/// A `--cmd` of these words.
pub(crate) fn line<const N: usize>(words: [&Path; N]) -> String {
    shell_words::join(words.map(|word| word.to_str().unwrap()))
}
