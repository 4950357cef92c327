//! The mutation tester as an author uses it, with the smallest lesson.

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

const LESSON: &str = "lessons/w01-l01-blocking-echo";

/// A statement that changes nothing, for a mutant that no proof can catch.
const IDLE: &str = "let _ = fd;";

/// A course in a temporary folder. Its lessons are copies that a test may change.
struct Course {
    folder: TempDir,
}

impl Course {
    /// A copy of the course, in which the solution of w01-l01 has the statement [`IDLE`].
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        let course = Self { folder };
        for shared in ["crates", "tests", "xtask"] {
            symlink(root().join(shared), course.path(shared)).unwrap();
        }
        for own in ["Cargo.toml", "Cargo.lock"] {
            fs::copy(root().join(own), course.path(own)).unwrap();
        }
        copy(&root().join("lessons"), &course.path("lessons"));
        let solution = course.path(LESSON).join("solution/server.rs");
        let text = fs::read_to_string(&solution).unwrap();
        let edited =
            text.replacen("    drop(client);\n", &format!("    {IDLE}\n    drop(client);\n"), 1);
        assert_ne!(text, edited, "the solution drops the client");
        fs::write(solution, edited).unwrap();
        course
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `cargo xtask mutants w01-l01` with these flags.
    fn mutants(&self, flags: &[&str]) -> Assert {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mutants"));
        command.args(["mutants", "w01-l01"]).args(flags);
        command.env("CARGO_MANIFEST_DIR", self.path("xtask")).env_remove("CLICOLOR_FORCE");
        command.env("CARGO_TARGET_DIR", self.path("target")).timeout(Duration::from_secs(600));
        // In place of the commands, whose report is tested elsewhere.
        command.env("XTASK", "echo");
        command.assert()
    }

    /// The id and the line of the mutant whose change is described by these words.
    fn mutant(&self, change: &str) -> (String, String) {
        let listed = text(&self.mutants(&["--list"]).code(0));
        let line = listed.lines().find(|line| line.contains(change));
        let line = line.unwrap_or_else(|| panic!("no {change}: {listed}"));
        (line.split_whitespace().last().unwrap().to_owned(), line.to_owned())
    }

    fn accept(&self, entry: &str) {
        fs::write(self.path(LESSON).join("mutants.toml"), format!("[[accepted]]\n{entry}"))
            .unwrap();
    }
}

#[test]
fn survivors_are_listed_until_they_are_accepted() {
    let course = Course::new();
    let dropped = format!("dropped `{IDLE}`");
    let (survivor, line) = course.mutant(&dropped);
    let (caught, _) = course.mutant("`return Ok(())` before `loop");
    let (also_caught, _) = course.mutant("dropped `log::start(port);`");
    assert!(line.starts_with(&format!("{LESSON}/solution/server.rs:")), "{line}");

    // One mutant survives, and is named with file, line and id.
    let ids = [survivor.as_str(), &caught, &also_caught].join(",");
    let shown = text(&course.mutants(&["--only", &ids]).code(1));
    assert!(shown.contains(&line), "{shown}");
    assert!(shown.contains("66.7 % caught · 2 of 3"), "{shown}");

    // With a reason, it is accepted.
    let entry =
        |id: &str| format!("id = \"{id}\"\nchange = \"{dropped}\"\nequivalent = \"idle\"\n");
    course.accept(&entry(&survivor));
    let report = course.mutants(&["--only", &survivor, "--format", "json"]).code(0);
    let report: Value = serde_json::from_slice(&report.get_output().stdout).unwrap();
    let mutant = &report["mutants"][0];
    assert_eq!((&mutant["outcome"], &mutant["id"]), (&"survived".into(), &survivor.clone().into()));
    assert_eq!(mutant["accepted"], "equivalent: idle");

    // An entry of a mutant that is caught, or that does not exist, is reported.
    course.accept(&entry(&caught));
    let shown = text(&course.mutants(&["--only", &caught]).code(1));
    assert!(shown.contains("mutants.toml:2: ") && shown.contains("catches this mutant"), "{shown}");
    course.accept(&entry("00000000"));
    let shown = text(&course.mutants(&["--only", &caught]).code(1));
    assert!(shown.contains("no such mutant any more"), "{shown}");

    // The report of one mutant shows its change.
    let shown = text(&course.mutants(&["--show", &survivor]).code(0));
    assert!(shown.contains(&format!("- {IDLE}")), "{shown}");
    assert!(
        shown.contains(&format!("prove w01-l01 --cmd {}", course.path("target").display()))
            || shown.contains("prove w01-l01 --cmd target/mutants/w01-l01/"),
        "{shown}"
    );
}

#[test]
fn a_sample_is_proved_once_and_its_results_are_kept() {
    let course = Course::new();
    let flags = ["--sample", "3", "--seed", "5", "--format", "json"];
    let [first, again] = [0, 1].map(|_| {
        let output = course.mutants(&flags);
        let errors = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
        let report = serde_json::from_slice::<Value>(&output.get_output().stdout);
        (report.unwrap_or_else(|_| panic!("no report: {errors}")), errors)
    });
    assert_eq!(first.0, again.0, "the results, with their times, are kept");
    assert!(first.1.contains("0/3"), "the progress is shown: {}", first.1);
    assert_eq!(again.1, "", "nothing was proved again");
    let mutants = first.0["mutants"].as_array().unwrap();
    assert_eq!(mutants.len(), 3);
    for mutant in mutants {
        assert!(mutant["file"].as_str().unwrap().starts_with(LESSON), "{mutant}");
        let outcomes = ["caught", "survived", "inconclusive", "not-built"];
        assert!(outcomes.contains(&mutant["outcome"].as_str().unwrap()), "{mutant}");
    }
}

#[test]
fn an_unknown_mutant_or_lesson_is_misuse() {
    let course = Course::new();
    let output = course.mutants(&["--only", "nothing"]).code(2);
    let errors = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(errors.contains("w01-l01 has no mutant nothing"), "{errors}");
    course.accept("id = \"3fa29c01\"\nchange = \"x\"\n");
    let output = course.mutants(&["--list"]).code(2);
    let errors = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(errors.contains("mutants.toml:2: 3fa29c01 has no reason"), "{errors}");
}

fn text(output: &Assert) -> String {
    let text = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
    // Each line as words, so that a test does not depend on columns.
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n").collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
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
