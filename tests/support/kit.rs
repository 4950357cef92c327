//! What students get, and students at work in it.

use super::answers::{entries, solutions};
use super::programs::Bench;
use super::{TMPDIR, command, complained, tamed};
use assert_cmd::Command;
use assert_cmd::assert::Assert;
use predicates::str::is_empty;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use xtask::place;

/// A kit in which students work.
pub(crate) struct Students {
    pub(crate) folder: PathBuf,
}

impl Students {
    /// The kit that `flags` ask for, in the place of this name: it stays the same from run to run,
    /// for cargo names what it builds by it.
    pub(crate) fn new(name: &str, flags: &[&str]) -> Self {
        let folder = Path::new(TMPDIR).join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        command().arg("kit").arg(&folder).args(flags).assert().code(0).stderr(is_empty());
        let students = Self { folder };
        students.share_what_others_wrote();
        students
    }

    /// What the course has compiled of others' packages is not compiled again. Each file of it is
    /// linked: cargo finds it as new as it left it, and never writes it again.
    fn share_what_others_wrote(&self) {
        let [from, to] = [place::target(), self.target()].map(|target| target.join("debug"));
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
            if is_of_others(&name.to_string_lossy()) {
                fs::hard_link(&path, to.join("deps").join(name)).unwrap();
            }
        }
    }

    /// Fails unless `cargo test`, without the network, compiles without a warning and is green.
    #[track_caller]
    pub(crate) fn tests_are_green(&self, flags: &[&str]) {
        let arguments = [&["test", "--locked"], flags].concat();
        let tested = self.cargo(&arguments).success();
        let told = complained(&tested);
        assert!(!told.contains("warning"), "{told}");
    }

    /// Fails unless every target of it is right to the compiler, without a warning.
    #[track_caller]
    pub(crate) fn compiles(&self) {
        let checked = self.cargo(&["check", "--locked", "--workspace", "--all-targets"]).success();
        let told = complained(&checked);
        assert!(!told.contains("warning"), "{told}");
    }

    pub(crate) fn proves(&self, lessons: &[&str]) -> Assert {
        self.xtask(&[&["prove"], lessons].concat())
    }

    /// What `cargo xtask` says, as students call it.
    pub(crate) fn xtask(&self, arguments: &[&str]) -> Assert {
        self.cargo(&[&["xtask"], arguments].concat())
    }

    fn cargo(&self, arguments: &[&str]) -> Assert {
        let mut cargo = tamed(Command::new(env!("CARGO")));
        cargo.env("CARGO_TARGET_DIR", self.target()).env("CARGO_NET_OFFLINE", "true");
        cargo.current_dir(&self.folder).args(arguments).assert()
    }

    /// Does every task, as the solutions do.
    pub(crate) fn finish(&self) {
        for solution in solutions() {
            let lesson = solution.ancestors().nth(2).unwrap().file_name().unwrap();
            let own = self.folder.join("lessons").join(lesson).join("src");
            fs::copy(&solution, own.join(solution.file_name().unwrap())).unwrap();
        }
    }

    fn target(&self) -> PathBuf {
        place::target().join(self.folder.file_name().unwrap())
    }
}

/// Whether a compiled file is a library of others; those of the course have the names of its crates.
fn is_of_others(name: &str) -> bool {
    const OURS: [&str; 9] = [
        "course",
        "epoll_tracker",
        "fresh",
        "kv_store",
        "poll_tracker",
        "proofs",
        "sockhelpers",
        "witness",
        "xtask",
    ];
    let is_library = [".d", ".rlib", ".rmeta", ".so"].iter().any(|end| name.ends_with(end));
    let name = name.trim_start_matches("lib");
    is_library && !OURS.iter().any(|ours| name.starts_with(&format!("{ours}-")))
}

/// A fresh kit.
pub(crate) fn kit() -> Bench {
    let bench = Bench::new();
    command().arg("kit").arg(bench.path("kit")).assert().code(0).stderr(is_empty());
    bench
}

/// Every file of a kit, by its path in it.
pub(crate) fn files(bench: &Bench) -> BTreeMap<PathBuf, Vec<u8>> {
    let kit = bench.path("kit");
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
