//! A class for tests: a folder of submissions, and the grader's results for these submissions.

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

/// The time-out for grading a class.
const TIMEOUT: Duration = Duration::from_secs(1800);

/// A secret text in the files of the grader and of another student. No submission may be able to
/// read it.
pub(crate) const CANARY: &str = "CANARY-OF-THE-GRADER";

/// A secret text in the grader's environment variables. No submission may be able to read it.
pub(crate) const SECRET: &str = "SECRET-OF-THE-GRADER";

/// The user who runs the grader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grader {
    /// The user who runs the tests.
    CurrentUser,
    /// The user nobody. The tests change to this user with setpriv(1).
    Nobody,
}

/// A folder with the submissions of a class and the grader's home folder.
pub(crate) struct Class {
    folder: TempDir,
}

/// The results of a class.
pub(crate) struct Graded {
    /// The grade of each student's only lesson, by the student's name.
    pub(crate) lessons: BTreeMap<String, LessonGrade>,
    /// The grader's standard output and standard error.
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

    /// Writes these files as the submission of `student`.
    pub(crate) fn hand_in(&self, student: &str, files: &Files) {
        packaging::write_folder(files, &self.submissions().join(student)).unwrap();
    }

    /// Grades all submissions for one lesson.
    pub(crate) fn grade(&self, grader: Grader, lesson: &str, jobs: usize) -> Graded {
        self.grade_with(grader, lesson, jobs, &[])
    }

    /// Grades all submissions for one lesson with more flags of `grade`.
    pub(crate) fn grade_with(
        &self,
        grader: Grader,
        lesson: &str,
        jobs: usize,
        flags: &[&str],
    ) -> Graded {
        let out = self.folder.path().join("grades");
        let answer = self
            .command(grader)
            .arg("grade")
            .arg(self.submissions())
            .args(["--lesson", lesson, "--jobs", &jobs.to_string(), "--out"])
            .arg(&out)
            .args(flags)
            .output()
            .expect("the grader ends");
        let output = [&answer.stdout[..], &answer.stderr[..]].concat();
        let output = String::from_utf8(output).expect("the output is UTF-8");
        assert!(out.join(FILE).exists(), "{:?}: {output}", answer.status);
        Graded { lessons: lessons(&out), output, out }
    }

    /// A command that runs the grader. The command has no arguments yet.
    pub(crate) fn command(&self, grader: Grader) -> Command {
        let program = env!("CARGO_BIN_EXE_grade");
        let mut command = match grader {
            Grader::CurrentUser => Command::new(program),
            Grader::Nobody => self.as_nobody(program),
        };
        command.env("GRADER_SECRET", SECRET).env_remove("CLICOLOR_FORCE").timeout(TIMEOUT);
        command
    }

    /// A command that runs `program` as the user nobody, with a separate target folder. This user
    /// may have no access to the folders of the course, of the compiler and of cargo's packages.
    /// Therefore these folders are mounted inside the class's folder.
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

/// A shell script that mounts the folders of its first three arguments inside the working folder.
/// The remaining arguments are a command.
const MOUNT: &str = "\
    mount --bind \"$1\" course && mount --bind \"$2\" rust && mount --bind \"$3\" cargo && shift 3";

/// A shell in a new mount namespace. The shell runs the script `prepare`, and then runs its
/// remaining arguments as the user nobody.
fn shell_as_nobody(prepare: &str) -> std::process::Command {
    let become_nobody = format!("setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups");
    let script = format!("{prepare} && exec {become_nobody} \"$@\"");
    let mut command = std::process::Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", &script, "sh"]);
    command
}

/// Whether the tests can change to the user nobody. Prints a line if they cannot.
pub(crate) fn can_become_nobody() -> bool {
    let can = shell_as_nobody("true").arg("true").status().is_ok_and(|status| status.success());
    if !can {
        println!("skipped: unshare and setpriv cannot change the user here");
    }
    can
}

/// The folder in which the compiler is installed.
fn sysroot() -> PathBuf {
    let output = std::process::Command::new("rustc").args(["--print", "sysroot"]).output().unwrap();
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim_end())
}

/// The folder in which cargo stores downloaded packages.
fn packages() -> PathBuf {
    let own = || Path::new(&env::var_os("HOME").unwrap()).join(".cargo");
    env::var_os("CARGO_HOME").map_or_else(own, PathBuf::from)
}

/// The grade of each student's only lesson in a folder of results, by the student's name.
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
