//! A class that a test hands in, and what the grader makes of it.

#![allow(dead_code, reason = "each test file uses a part of it")]

use assert_cmd::Command;
use grade::class::{Files, forms};
use grade::model::{LessonGrade, Submission};
use grade::store::{FILE, Store};
use std::collections::BTreeMap;
use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use xtask::place;

/// How long a class may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(1800);

/// What nobody must find, in the files of the grader and of other students.
pub(crate) const CANARY: &str = "CANARY-OF-THE-GRADER";

/// What nobody must find in the grader's environment.
pub(crate) const SECRET: &str = "SECRET-OF-THE-GRADER";

/// Who grades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grader {
    /// Whoever runs the tests.
    Oneself,
    /// An ordinary user, made of root by setpriv(1).
    Nobody,
}

/// Submissions in a folder.
pub(crate) struct Class {
    folder: TempDir,
}

/// What came out.
pub(crate) struct Graded {
    /// Of each student, the only lesson.
    pub(crate) lessons: BTreeMap<String, LessonGrade>,
    /// Standard output and standard error.
    pub(crate) output: String,
    /// The folder of results.
    pub(crate) out: PathBuf,
}

impl Class {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        open_to_all(folder.path());
        let class = Self { folder };
        fs::create_dir(class.submissions()).unwrap();
        fs::create_dir(class.home()).unwrap();
        fs::write(class.home().join("canary"), CANARY).unwrap();
        class
    }

    /// Where the submissions lie.
    pub(crate) fn submissions(&self) -> PathBuf {
        self.folder.path().join("submissions")
    }

    /// A folder of the grader's own.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Hands in these files as `student`.
    pub(crate) fn hand_in(&self, student: &str, files: &Files) {
        forms::folder(files, &self.submissions().join(student)).unwrap();
    }

    /// Grades all of it for one lesson.
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

    /// The grader's command line, to be given arguments.
    pub(crate) fn command(&self, grader: Grader) -> Command {
        let program = env!("CARGO_BIN_EXE_grade");
        let mut command = match grader {
            Grader::Oneself => Command::new(program),
            Grader::Nobody => self.as_nobody(program),
        };
        command.env("GRADER_SECRET", SECRET).env_remove("CLICOLOR_FORCE").timeout(PATIENCE);
        command
    }

    /// The same of an ordinary user, with a target folder of his own. The course, the compiler and
    /// cargo's packages may lie in folders that are closed to him: he has them in the class's.
    fn as_nobody(&self, program: &str) -> Command {
        let home = self.folder.path();
        let (own, copy) = (home.join("target"), home.join("grade"));
        fs::create_dir(&own).unwrap();
        fs::copy(program, &copy).unwrap();
        for path in [home, &own] {
            std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let mut command = Command::from_std(nobodys(MOUNT));
        for (name, from) in [("course", place::root()), ("rust", sysroot()), ("cargo", packages())]
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

/// Mounts three folders into the working folder, and becomes a command as an ordinary user.
const MOUNT: &str = "\
    mount --bind \"$1\" course && mount --bind \"$2\" rust && mount --bind \"$3\" cargo && shift 3";

/// A shell that prepares, in a mount namespace of its own, what an ordinary user then runs.
fn nobodys(prepare: &str) -> std::process::Command {
    let become_nobody = format!("setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups");
    let script = format!("{prepare} && exec {become_nobody} \"$@\"");
    let mut command = std::process::Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", &script, "sh"]);
    command
}

/// Whether an ordinary user can be made here; a line where not.
pub(crate) fn there_is_nobody() -> bool {
    let can = nobodys("true").arg("true").status().is_ok_and(|status| status.success());
    if !can {
        println!("skipped: unshare and setpriv cannot make an ordinary user of this one");
    }
    can
}

/// Where the compiler lies.
fn sysroot() -> PathBuf {
    let told = std::process::Command::new("rustc").args(["--print", "sysroot"]).output().unwrap();
    PathBuf::from(String::from_utf8(told.stdout).unwrap().trim_end())
}

/// Where cargo keeps the packages that it has loaded.
fn packages() -> PathBuf {
    let own = || Path::new(&env::var_os("HOME").unwrap()).join(".cargo");
    env::var_os("CARGO_HOME").map_or_else(own, PathBuf::from)
}

/// Of each student in a folder of results, the only lesson.
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
