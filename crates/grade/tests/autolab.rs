//! Autolab's driver and the hook of its assessment: a fault of the grader never becomes 0 points.
//!
//! The tests run the files that instructors copy, and read the output by the rules of Autolab's
//! `saveAutograde`: the last line is the result. If it cannot be read, a submission without a score
//! gets 0 points, which are released, and a submission with a score keeps it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The grader's result of a run that it finished.
const GRADED: &str =
    "  w03-l02: proved\n{\"scoreboard\":[9.0],\"scores\":{\"poll tracker\":9.0}}\n";

/// Calls the hook `parseAutoresult` with the last line of the driver's output, and prints the
/// score. The second argument is the score that the submission had before.
const AUTOLAB: &str = r#"
require "json"
Problem = Struct.new(:id, :name)
Score = Struct.new(:problem_id, :score)
Assessment = Struct.new(:problems)
Submission = Struct.new(:scores)
problem = Problem.new(7, "poll tracker")
before = ARGV[1].empty? ? nil : ARGV[1].to_f
@assessment = Assessment.new([problem])
@submission = Submission.new(before ? [Score.new(7, before)] : [])
# What Autolab does without the hook.
def parseAutoresult(autoresult, _isOfficial)
  JSON.parse(autoresult).fetch("scores")
end
load ARGV[2] unless ARGV[2].to_s.empty?
begin
  scores = parseAutoresult(ARGV[0].rstrip.lines.last.to_s, true)
  raise "empty" if scores.keys.empty?
  puts scores["poll tracker"].inspect
rescue StandardError
  puts (before || 0).inspect
end
"#;

fn platforms() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("platforms/autolab")
}

/// The output of `make` with Autolab's Makefile and driver. `cargo` is a script with this text.
fn output(cargo: &str) -> String {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("bin")).unwrap();
    fs::write(path("bin/cargo"), format!("#!/bin/bash\n{cargo}")).unwrap();
    fs::set_permissions(path("bin/cargo"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::copy(platforms().join("Makefile"), path("Makefile")).unwrap();
    fs::write(path("handin.tar.gz"), "").unwrap();
    let driver = platforms().join("autograde");
    let packed = Command::new("tar")
        .args(["--mode=755", "-cf"])
        .arg(path("autograde.tar"))
        .arg("-C")
        .args([driver.parent().unwrap().as_os_str(), driver.file_name().unwrap()])
        .status();
    assert!(packed.unwrap().success());
    let run = Command::new("bash")
        .args(["-c", "make PROBLEM='poll tracker' 2>&1"])
        .env("COURSE", folder.path())
        .env("PATH", format!("{}:/usr/bin:/bin", path("bin").display()))
        .current_dir(folder.path())
        .output();
    String::from_utf8(run.unwrap().stdout).unwrap()
}

/// The score that Autolab records for this output, as Ruby shows it.
fn recorded(output: &str, before: &str, has_hook: bool) -> String {
    let hook = if has_hook { platforms().join("lab.rb") } else { PathBuf::new() };
    let script = TempDir::new().unwrap();
    let file = script.path().join("autolab.rb");
    fs::write(&file, AUTOLAB).unwrap();
    let run = Command::new("ruby").arg(file).args([output, before]).arg(hook).output().unwrap();
    let shown = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(run.status.success(), "{shown}");
    String::from_utf8(run.stdout).unwrap().trim().to_owned()
}

/// A `cargo` that writes the result, and that prints a line to standard error afterwards.
fn writes(result: &str, status: u8) -> String {
    let out = "while [[ $1 != --out ]]; do shift; done\n";
    format!("{out}cat >\"$2\" <<'END'\n{result}END\necho late >&2\nexit {status}\n")
}

#[test]
fn a_finished_run_gives_its_score() {
    let output = output(&writes(GRADED, 0));
    assert!(output.contains("  w03-l02: proved\n"), "{output}");
    for (before, has_hook) in [("", true), ("", false), ("3", true), ("3", false)] {
        assert_eq!(recorded(&output, before, has_hook), "9.0", "{output}");
    }
}

#[test]
fn a_score_of_zero_is_a_score() {
    let output = output(&writes(&GRADED.replace("9.0", "0.0"), 0));
    assert_eq!(recorded(&output, "3", true), "0.0", "{output}");
}

#[test]
fn a_fault_of_the_grader_is_no_score_and_the_hook_keeps_the_old_score() {
    let faults = [
        writes("  the grader could not observe enough\n", 2),
        "exit 101".to_owned(),
        "kill -9 $$".to_owned(),
    ];
    for fault in faults {
        let output = output(&fault);
        assert_eq!(output.matches("of 3: the grader could not finish").count(), 3, "{output}");
        assert!(output.contains("no score"), "{output}");
        assert_eq!(recorded(&output, "", false), "nil", "{output}");
        assert_eq!(recorded(&output, "", true), "nil", "{output}");
        assert_eq!(recorded(&output, "3", true), "3.0", "{output}");
    }
}

#[test]
fn a_run_that_succeeds_at_the_second_try_gives_its_score() {
    let cargo = format!("if mkdir ../tried 2>/dev/null; then exit 2; fi\n{}", writes(GRADED, 0));
    let output = output(&cargo.replace("../tried", "\"$PWD\"/tried"));
    assert!(output.contains("try 1 of 3"), "{output}");
    assert_eq!(recorded(&output, "", true), "9.0", "{output}");
}

#[test]
fn only_the_hook_prevents_zero_points_after_a_time_out() {
    let output = "Autograder: Job timed out\n  w03-l02: not";
    assert_eq!(recorded(output, "", false), "0", "this is what Autolab does by default");
    assert_eq!(recorded(output, "", true), "nil");
    assert_eq!(recorded(output, "3", true), "3.0");
}
