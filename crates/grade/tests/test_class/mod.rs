//! A class of submissions for a test, and the commands that grade it.
#![allow(dead_code, reason = "each test uses a part of this module")]

use crate::files;
use grade::model::Submission;
use grade::store::{FILE, Store};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use tempfile::TempDir;

/// A correct server for w03-l02.
pub(crate) const RIGHT: &str = include_str!("../../../../tests/servers/select_poll.py");
/// Python code that makes a server keep the descriptors of its clients open.
const LEAK: &str = "kept = []\nsocket.socket.close = lambda self: kept.append(self.dup())\n";

/// A server that never closes a client's descriptor.
pub(crate) fn wrong() -> String {
    format!("import socket\n{LEAK}{RIGHT}")
}

/// A server that, in a run with probability 1/2, never closes a client's descriptor. `number` makes
/// the text of the server different from all others.
pub(crate) fn flaky(number: usize) -> String {
    let leak = LEAK.replace('\n', "\n    ");
    format!("# {number}\nimport random, socket\nif random.random() < 0.5:\n    {leak}\n{RIGHT}")
}

/// A folder of submissions, and a folder for the results.
pub(crate) struct Class {
    folder: TempDir,
}

/// The exit status and the output of the grader.
pub(crate) struct CommandOutput {
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

    /// Hands in a server in Python.
    pub(crate) fn hand_in(&self, student: &str, server: &str) {
        let folder = self.hand_in_empty_folder(student);
        fs::write(folder.join("server.py"), server).unwrap();
    }

    /// Hands in a server in Python with a submission.toml that names the lesson w03-l02.
    pub(crate) fn hand_in_named(&self, student: &str, server: &str) {
        self.hand_in(student, server);
        let manifest = self.path("class").join(student).join("submission.toml");
        fs::write(manifest, "lesson = \"w03-l02\"\nrun = \"python3 server.py\"\n").unwrap();
    }

    /// Hands in a crate for w01-l01 that does not compile.
    pub(crate) fn hand_in_another_lesson(&self, student: &str) {
        let folder = self.path("class").join(student).join("w01-l01/src");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("echo.rs"), format!("no Rust of {student}")).unwrap();
    }

    /// Hands in the solution of the lesson w03-l02.
    pub(crate) fn hand_in_solution(&self, student: &str) {
        let folder = self.hand_in_empty_folder(student).join("src");
        copy_files(&lessons().join("w03-l02-poll-tracker/solution"), &folder);
    }

    /// Hands in the solutions of all lessons.
    pub(crate) fn hand_in_all_solutions(&self, student: &str) {
        let folder = self.hand_in_empty_folder(student).join("lessons");
        for lesson in fs::read_dir(lessons()).unwrap().map(Result::unwrap) {
            let solution = lesson.path().join("solution");
            if solution.is_dir() {
                copy_files(&solution, &folder.join(lesson.file_name()).join("src"));
            }
        }
    }

    pub(crate) fn hand_in_empty_folder(&self, student: &str) -> PathBuf {
        let folder = self.path("class").join(student);
        fs::create_dir(&folder).unwrap();
        folder
    }

    /// The command `cargo xtask grade class --lesson w03-l02` with these arguments.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.grader("grade");
        command.args(["class", "--lesson", "w03-l02"]).args(arguments);
        command
    }

    pub(crate) fn grade(&self, arguments: &[&str]) -> CommandOutput {
        run(&mut self.command(arguments))
    }

    /// Runs `cargo xtask grade class` without `--lesson`.
    pub(crate) fn grade_all(&self, arguments: &[&str]) -> CommandOutput {
        run(self.grader("grade").arg("class").args(arguments))
    }

    /// Runs `cargo xtask grade FOLDER --lesson w03-l02`.
    pub(crate) fn grade_folder(&self, folder: &str, arguments: &[&str]) -> CommandOutput {
        run(&mut self.folder_command(folder, arguments))
    }

    pub(crate) fn folder_command(&self, folder: &str, arguments: &[&str]) -> Command {
        let mut command = self.grader("grade");
        command.args([folder, "--lesson", "w03-l02"]).args(arguments);
        command
    }

    /// Runs `cargo xtask grade-class`.
    pub(crate) fn sample(&self, arguments: &[&str]) -> CommandOutput {
        run(self.grader("grade-class").args(arguments))
    }

    pub(crate) fn merge(&self, arguments: &[&str]) -> CommandOutput {
        run(self.grader("grade-merge").args(arguments))
    }

    fn grader(&self, command: &str) -> Command {
        let mut grader = Command::new(env!("CARGO_BIN_EXE_grade"));
        grader.arg(command).current_dir(self.folder.path());
        grader
    }

    pub(crate) fn results(&self, out: &str) -> Vec<Submission> {
        Store::read(&self.path(out).join(FILE)).unwrap().submissions().unwrap()
    }

    /// The content of every file in a folder except the database, by its path in the folder.
    pub(crate) fn files(&self, out: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        files::without_database(&self.path(out))
    }
}

/// The folder of the course's lessons.
fn lessons() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lessons")
}

/// Creates the folder `to`, and copies the files of `from` into it.
fn copy_files(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

fn run(command: &mut Command) -> CommandOutput {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap_or(-1);
    CommandOutput { code, stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Sends SIGINT, which is the signal of Ctrl-C.
pub(crate) fn interrupt(child: &Child) {
    let pid = nix::unistd::Pid::from_raw(child.id().try_into().unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
}

/// Waits until no process has its working folder in the class's folder or in a subfolder.
pub(crate) fn wait_no_process_left(class: &Class) {
    let folder = class.folder.path();
    let is_inside = |entry: fs::DirEntry| {
        let here = fs::read_link(entry.path().join("cwd"));
        here.is_ok_and(|here| here.starts_with(folder))
    };
    while fs::read_dir("/proc").unwrap().filter_map(Result::ok).any(is_inside) {
        std::thread::yield_now();
    }
}
