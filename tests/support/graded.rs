//! A class whose submissions a test hands in, and the grader's results.

#![allow(dead_code, reason = "each test file uses a part of this module")]

use assert_cmd::Command;
use grade::model::{LessonGrade, Submission};
use grade::sample_class::{Files, packaging};
use grade::store::{FILE, Store};
use std::collections::BTreeMap;
use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use terminal::paths;

/// The time after which grading a class counts as hanging.
const TIMEOUT: Duration = Duration::from_secs(1800);

/// A secret in the files of the grader and of other students: no submission may find it.
pub(crate) const CANARY: &str = "CANARY-OF-THE-GRADER";

/// A secret in the grader's environment: no submission may find it.
pub(crate) const SECRET: &str = "SECRET-OF-THE-GRADER";

/// The user who grades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grader {
    /// The user who runs the tests.
    CurrentUser,
    /// The user nobody, which setpriv(1) switches to.
    Nobody,
}

/// Submissions in a folder.
pub(crate) struct Class {
    folder: TempDir,
}

/// The results of a class.
pub(crate) struct Graded {
    /// The only lesson of each student.
    pub(crate) lessons: BTreeMap<String, LessonGrade>,
    /// Standard output and standard error.
    pub(crate) output: String,
    /// The folder of results.
    pub(crate) out: PathBuf,
}

impl Class {
    /// Creates a class without submissions.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        open_to_all(folder.path());
        let class = Self { folder };
        fs::create_dir(class.submissions()).unwrap();
        fs::create_dir(class.home()).unwrap();
        fs::write(class.home().join("canary"), CANARY).unwrap();
        class
    }

    /// The folder of the submissions.
    pub(crate) fn submissions(&self) -> PathBuf {
        self.folder.path().join("submissions")
    }

    /// The grader's home folder.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Hands in these files as `student`.
    pub(crate) fn hand_in(&self, student: &str, files: &Files) {
        packaging::write_folder(files, &self.submissions().join(student)).unwrap();
    }

    /// Grades all submissions for one lesson.
    pub(crate) fn grade(&self, grader: Grader, lesson: &str, jobs: usize) -> Graded {
        let out = self.folder.path().join("grades");
        let answer = self
            .command(grader)
            .arg("grade")
            .arg(self.submissions())
            .args(["--lesson", lesson, "--jobs", &jobs.to_string(), "--out"])
            .arg(&out)
            .output()
            .expect("the grader ends");
        let output = [&answer.stdout[..], &answer.stderr[..]].concat();
        let output = String::from_utf8(output).expect("the output is UTF-8");
        assert!(out.join(FILE).exists(), "{:?}: {output}", answer.status);
        Graded { lessons: lessons(&out), output, out }
    }

    /// A `grade` command without arguments.
    pub(crate) fn command(&self, grader: Grader) -> Command {
        let program = env!("CARGO_BIN_EXE_grade");
        let mut command = match grader {
            Grader::CurrentUser => Command::new(program),
            Grader::Nobody => self.as_nobody(program),
        };
        command.env("GRADER_SECRET", SECRET).env_remove("CLICOLOR_FORCE").timeout(TIMEOUT);
        command
    }

    /// A command that runs `program` as nobody, with a target folder of its own. The course, the
    /// compiler and cargo's packages may be in folders that nobody cannot enter, so they are mounted
    /// in the class's folder.
    fn as_nobody(&self, program: &str) -> Command {
        let home = self.folder.path();
        let (own, copy) = (home.join("target"), home.join("grade"));
        fs::create_dir(&own).unwrap();
        fs::copy(program, &copy).unwrap();
        for path in [home, &own] {
            std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let mut command = Command::from_std(shell_as_nobody(MOUNT));
        for (name, from) in [("course", paths::root()), ("rust", sysroot()), ("cargo", packages())]
        {
            fs::create_dir(home.join(name)).unwrap();
            command.arg(from);
        }
        let rust = home.join("rust/bin");
        let inherited = env::var_os("PATH").unwrap_or_default();
        let path = [rust.clone()].into_iter().chain(env::split_paths(&inherited));
        command
            .arg(copy)
            .env("PATH", env::join_paths(path).unwrap())
            .env("CARGO", rust.join("cargo"))
            .env("CARGO_HOME", home.join("cargo"))
            .env("CARGO_MANIFEST_DIR", home.join("course/xtask"))
            .env("CARGO_TARGET_DIR", own)
            .current_dir(home);
        command
    }
}

const NOBODY: u32 = 65534;

/// A script that mounts three folders into the working folder; a command follows as an argument.
const MOUNT: &str = "\
    mount --bind \"$1\" course && mount --bind \"$2\" rust && mount --bind \"$3\" cargo && shift 3";

/// A shell that runs `prepare` in a mount namespace of its own, and then its arguments as nobody.
fn shell_as_nobody(prepare: &str) -> std::process::Command {
    let become_nobody = format!("setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups");
    let script = format!("{prepare} && exec {become_nobody} \"$@\"");
    let mut command = std::process::Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", &script, "sh"]);
    command
}

/// Whether the tests can switch to the user nobody; prints a line where they cannot.
pub(crate) fn can_become_nobody() -> bool {
    let can = shell_as_nobody("true").arg("true").status().is_ok_and(|status| status.success());
    if !can {
        println!("skipped: unshare and setpriv cannot change the user here");
    }
    can
}

/// The folder of the compiler.
fn sysroot() -> PathBuf {
    let output = std::process::Command::new("rustc").args(["--print", "sysroot"]).output().unwrap();
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim_end())
}

/// The folder of cargo's packages.
fn packages() -> PathBuf {
    let own = || Path::new(&env::var_os("HOME").unwrap()).join(".cargo");
    env::var_os("CARGO_HOME").map_or_else(own, PathBuf::from)
}

/// The only lesson of each student in a folder of results.
pub(crate) fn lessons(out: &Path) -> BTreeMap<String, LessonGrade> {
    let submissions = Store::read(&out.join(FILE)).and_then(|store| store.submissions());
    submissions.unwrap().into_iter().filter_map(only_lesson).collect()
}

fn only_lesson(submission: Submission) -> Option<(String, LessonGrade)> {
    let lesson = submission.lessons.into_iter().next()?;
    Some((submission.student, lesson))
}

fn open_to_all(folder: &Path) {
    fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
}
