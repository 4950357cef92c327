//! A class of a test's own, and the grader that is run on it.

use grade::model::Submission;
use grade::store::{FILE, Store};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use tempfile::TempDir;

/// A right server for w03-l02.
pub(crate) const RIGHT: &str = include_str!("../../../../tests/servers/select_poll.py");
/// What makes a server keep every client's descriptor.
const LEAK: &str = "kept = []\nsocket.socket.close = lambda self: kept.append(self.dup())\n";

/// One that closes no client's descriptor.
pub(crate) fn wrong() -> String {
    format!("import socket\n{LEAK}{RIGHT}")
}

/// One that does so in every other run; the number makes it one of its own.
pub(crate) fn flaky(number: usize) -> String {
    let leak = LEAK.replace('\n', "\n    ");
    format!("# {number}\nimport random, socket\nif random.random() < 0.5:\n    {leak}\n{RIGHT}")
}

/// A folder of submissions, and room for results.
pub(crate) struct Class {
    folder: TempDir,
}

/// What the grader said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Class {
    pub(crate) fn new() -> Self {
        let class = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(class.path("class")).unwrap();
        class
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A student's server in Python.
    pub(crate) fn hand_in(&self, student: &str, server: &str) {
        let folder = self.hand_in_nothing(student);
        fs::write(folder.join("server.py"), server).unwrap();
    }

    /// The same, which says for itself that it is for w03-l02.
    pub(crate) fn hand_in_named(&self, student: &str, server: &str) {
        self.hand_in(student, server);
        let manifest = self.path("class").join(student).join("submission.toml");
        fs::write(manifest, "lesson = \"w03-l02\"\nrun = \"python3 server.py\"\n").unwrap();
    }

    /// A crate for w01-l01 that does not compile.
    pub(crate) fn hand_in_another_lesson(&self, student: &str) {
        let folder = self.path("class").join(student).join("w01-l01/src");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("echo.rs"), format!("no Rust of {student}")).unwrap();
    }

    /// The lesson's own answer.
    pub(crate) fn hand_in_solution(&self, student: &str) {
        let folder = self.hand_in_nothing(student).join("src");
        fs::create_dir(&folder).unwrap();
        let solution = "../../lessons/w03-l02-poll-tracker/solution";
        for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(solution)).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), folder.join(file.file_name())).unwrap();
        }
    }

    pub(crate) fn hand_in_nothing(&self, student: &str) -> PathBuf {
        let folder = self.path("class").join(student);
        fs::create_dir(&folder).unwrap();
        folder
    }

    /// `cargo xtask grade class` with these arguments.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.grader("grade");
        command.args(["class", "--lesson", "w03-l02"]).args(arguments);
        command
    }

    pub(crate) fn grade(&self, arguments: &[&str]) -> Said {
        said(&mut self.command(arguments))
    }

    /// `cargo xtask grade class`, for whatever was handed in.
    pub(crate) fn grade_all(&self, arguments: &[&str]) -> Said {
        said(self.grader("grade").arg("class").args(arguments))
    }

    pub(crate) fn merge(&self, arguments: &[&str]) -> Said {
        said(self.grader("grade-merge").args(arguments))
    }

    fn grader(&self, command: &str) -> Command {
        let mut grader = Command::new(env!("CARGO_BIN_EXE_grade"));
        grader.arg(command).current_dir(self.folder.path());
        grader
    }

    pub(crate) fn results(&self, out: &str) -> Vec<Submission> {
        Store::read(&self.path(out).join(FILE)).unwrap().submissions().unwrap()
    }

    /// Every file of a folder but for the database, by its path.
    pub(crate) fn files(&self, out: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.path(out)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.file_name().unwrap() != FILE {
                    files.insert(path.clone(), fs::read(path).unwrap());
                }
            }
        }
        files
    }
}

fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap_or(-1);
    Said { code, stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Ctrl-C.
pub(crate) fn interrupt(child: &Child) {
    let pid = nix::unistd::Pid::from_raw(child.id().try_into().unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
}

/// Waits until no process works in the class's folder any more.
pub(crate) fn nobody_is_left(class: &Class) {
    let folder = class.folder.path();
    let is_ours = |entry: fs::DirEntry| {
        let here = fs::read_link(entry.path().join("cwd"));
        here.is_ok_and(|here| here.starts_with(folder))
    };
    while fs::read_dir("/proc").unwrap().filter_map(Result::ok).any(is_ours) {
        std::thread::yield_now();
    }
}
