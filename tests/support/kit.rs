//! Creates the kit for students, and works in the kit as a student does.

use super::answers::{entries, solutions};
use super::programs::TestDir;
use super::{TMPDIR, command, hermetic, stderr_of};
use assert_cmd::Command;
use assert_cmd::assert::Assert;
use predicates::str::is_empty;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use terminal::paths;

/// A kit in a folder, in which a test works as a student does.
pub(crate) struct StudentKit {
    pub(crate) folder: PathBuf,
}

impl StudentKit {
    /// Creates a kit with these flags of `cargo xtask kit`, in a folder of this name. The path of
    /// the folder is the same in each run, because the names of the files that cargo builds depend
    /// on the path.
    pub(crate) fn new(name: &str, flags: &[&str]) -> Self {
        let folder = Path::new(TMPDIR).join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        command().arg("kit").arg(&folder).args(flags).assert().code(0).stderr(is_empty());
        let kit = Self { folder };
        kit.share_compiled_dependencies();
        kit
    }

    /// Creates hard links to the dependencies that are already compiled for the course, so that
    /// cargo does not compile them again. cargo compares the modification time of a file, and a
    /// hard link does not change this time. cargo never writes to these files.
    fn share_compiled_dependencies(&self) {
        let [from, to] = [paths::target(), self.target()].map(|target| target.join("debug"));
        if to.exists() {
            return;
        }
        fs::create_dir_all(to.join("deps")).unwrap();
        for folder in [".fingerprint", "build"] {
            let mut copy = std::process::Command::new("cp");
            let copied = copy.arg("-a").arg(from.join(folder)).arg(&to).status().unwrap();
            assert!(copied.success(), "{folder}");
        }
        for path in entries(&from.join("deps")) {
            let name = path.file_name().unwrap();
            if is_dependency(&name.to_string_lossy()) {
                fs::hard_link(&path, to.join("deps").join(name)).unwrap();
            }
        }
    }

    /// Runs `cargo test` without the network. Fails if there is a warning of the compiler, or if a
    /// test fails.
    #[track_caller]
    pub(crate) fn assert_tests_pass(&self, flags: &[&str]) {
        let arguments = [&["test", "--locked"], flags].concat();
        let tested = self.cargo(&arguments).success();
        let output = stderr_of(&tested);
        assert!(!output.contains("warning"), "{output}");
    }

    /// Fails unless `cargo check` accepts every target without a warning.
    #[track_caller]
    pub(crate) fn assert_compiles(&self) {
        let validated =
            self.cargo(&["check", "--locked", "--workspace", "--all-targets"]).success();
        let output = stderr_of(&validated);
        assert!(!output.contains("warning"), "{output}");
    }

    /// Runs `cargo xtask prove` in the kit.
    pub(crate) fn prove(&self, lessons: &[&str]) -> Assert {
        self.xtask(&[&["prove"], lessons].concat())
    }

    /// Runs `cargo xtask` in the kit.
    pub(crate) fn xtask(&self, arguments: &[&str]) -> Assert {
        self.cargo(&[&["xtask"], arguments].concat())
    }

    fn cargo(&self, arguments: &[&str]) -> Assert {
        let mut cargo = hermetic(Command::new(env!("CARGO")));
        cargo.env("CARGO_TARGET_DIR", self.target()).env("CARGO_NET_OFFLINE", "true");
        cargo.current_dir(&self.folder).args(arguments).assert()
    }

    /// Completes every task: replaces the student's files by the solutions.
    pub(crate) fn finish(&self) {
        for solution in solutions() {
            let lesson = solution.ancestors().nth(2).unwrap().file_name().unwrap();
            let own = self.folder.join("lessons").join(lesson).join("src");
            fs::copy(&solution, own.join(solution.file_name().unwrap())).unwrap();
        }
    }

    fn target(&self) -> PathBuf {
        paths::target().join(self.folder.file_name().unwrap())
    }
}

/// Whether a compiled file is the library of an external dependency. The names of the course's own
/// compiled files begin with the names of the course's crates.
fn is_dependency(name: &str) -> bool {
    const OURS: &[&str] = &[
        "course",
        "epoll_tracker",
        "kv_store",
        "launcher",
        "poll_tracker",
        "programs",
        "proofs",
        "sandbox",
        "sockhelpers",
        "terminal",
        "witness",
        "xtask",
    ];
    let is_library = [".d", ".rlib", ".rmeta", ".so"].iter().any(|end| name.ends_with(end));
    let name = name.trim_start_matches("lib");
    is_library && !OURS.iter().any(|ours| name.starts_with(&format!("{ours}-")))
}

/// Makes a kit in a temporary folder.
pub(crate) fn kit() -> TestDir {
    let dir = TestDir::new();
    command().arg("kit").arg(dir.path("kit")).assert().code(0).stderr(is_empty());
    dir
}

/// The bytes of every file of a kit, by the file's path in the kit.
pub(crate) fn files(dir: &TestDir) -> BTreeMap<PathBuf, Vec<u8>> {
    let kit = dir.path("kit");
    let mut files = BTreeMap::new();
    let mut folders = vec![kit.clone()];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                files.insert(path.strip_prefix(&kit).unwrap().to_owned(), bytes);
            }
        }
    }
    files
}
