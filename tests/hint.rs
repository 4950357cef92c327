//! `cargo xtask hint` explains the last failure in three steps, and `--format short` is for editors.

mod support;

use assert_cmd::assert::Assert;
use predicates::str::is_empty;
use std::fs;
use support::course::{Course, LESSON, line_of_work};
use support::programs::{TestDir, command_line};
use support::{assert_contains, stderr_of, stdout_of};

/// Runs a command in the folder of w03-l02.
fn run(course: &Course, arguments: &[&str]) -> Assert {
    let mut command = course.command();
    command.current_dir(course.path(LESSON)).args(arguments).assert()
}

#[test]
fn the_hints_of_a_mistake_come_one_by_one() {
    let (course, dir) = (Course::new(), TestDir::new());
    let server = command_line([&dir.compiled_with("faulty/tracker.c", "ENDS_ON_EINTR")]);
    let proved = run(&course, &["prove", "--only", "interrupted", "--cmd", &server]).code(1);
    assert_contains(&stdout_of(&proved), &["next: a hint: cargo xtask hint w03-l02 interrupted"]);

    let hint = |arguments: &[&str]| stdout_of(&run(&course, arguments).code(0).stderr(is_empty()));
    let [first, second, third] =
        ["Is anything wrong with your server?", "Find the code that handles", "Call poll again"];
    let shown = hint(&["hint"]);
    assert_contains(&shown, &["w03-l02 interrupted", "hint 1 of 3", first]);
    assert!(!shown.contains(second), "{shown}");
    let shown = hint(&["hint", "interrupted"]);
    assert_contains(&shown, &["hint 2 of 3", first, second, "another hint: cargo xtask hint"]);
    assert!(!shown.contains(third), "{shown}");
    let shown = hint(&["hint", "w03-l02", "interrupted"]);
    assert_contains(&shown, &["hint 3 of 3", third, "cargo xtask reveal w03-l02 --task 3"]);
    // After the last hint, all three come again. --step shows fewer.
    assert_contains(&hint(&["hint"]), &["hint 3 of 3"]);
    assert!(!hint(&["hint", "--step", "1"]).contains(second));
}

#[test]
fn a_task_that_is_still_to_do_has_hints_from_its_text() {
    let course = Course::new();
    run(&course, &["prove"]).code(1);
    let shown = stdout_of(&run(&course, &["hint"]).code(0));
    assert_contains(&shown, &["w03-l02 starts", "How many slots does a scan from slot 0"]);
    let shown = stdout_of(&run(&course, &["hint", "--step", "3"]).code(0));
    assert_contains(
        &shown,
        &["used by exactly one client", "Is it so in your code", "is still to do", "lesson.md:"],
    );
}

#[test]
fn a_task_that_is_reached_too_early_has_hints_of_both_tasks() {
    let course = Course::with_solution();
    course.edit(
        "src/main.rs",
        "fn main() -> ExitCode {",
        "fn main() -> ExitCode { if true { todo!(\"Task 2: x\") }",
    );
    let proved = run(&course, &["prove", "--task", "1"]).code(1);
    assert_contains(&stdout_of(&proved), &["Task 2: x", "not yet · 0 of 3 · next: Task 1"]);
    let shown = stdout_of(&run(&course, &["hint", "--step", "3"]).code(0));
    let [own, reached] = [1, 2].map(|task| line_of_work(&course, "w03-l02", task));
    let words = [
        "Task 2 is still to do (src/main.rs:",
        &format!("What to write is at lesson.md:{reached}."),
        "But starts belongs to Task 1, and a program in which Task 1 is right does not get there:",
        &format!("compare yours with lesson.md:{own}."),
    ];
    assert_contains(&shown, &words);
}

#[test]
fn the_hint_is_about_the_last_proof() {
    let course = Course::new();
    for criterion in ["slots", "capacity"] {
        run(&course, &["prove", "--cmd", "true", "--only", criterion]).code(1);
        assert_contains(&stdout_of(&run(&course, &["hint"]).code(0)), &["w03-l02", criterion]);
    }
    assert_contains(&stdout_of(&run(&course, &["hint", "slots"]).code(0)), &["w03-l02 slots"]);
}

#[test]
fn without_a_failure_there_is_no_hint() {
    let course = Course::new();
    let refused =
        |arguments: &[&str]| stderr_of(&run(&course, arguments).code(2).stdout(is_empty()));
    assert_contains(
        &refused(&["hint"]),
        &["no verdict of w03-l02 yet", "cargo xtask prove w03-l02"],
    );
    assert_contains(&refused(&["hint", "idel"]), &["criterion \"idel\"", "did you mean idle?"]);
    assert_contains(&refused(&["hint", "w01-l01"]), &["no verdict of w01-l01 yet"]);
    run(&course, &["prove", "--cmd", "true"]).code(1);
    assert_contains(&refused(&["hint", "idle"]), &["idle has no verdict"]);
}

#[test]
fn the_short_format_has_a_line_for_each_failure() {
    let course = Course::with_solution();
    let line = course.edit("src/server.rs", "self.admit(client)", "todo!(\"Task 2: x\")");
    let short = |course: &Course| run(course, &["prove", "--format", "short"]);
    let lines = String::from_utf8(short(&course).code(1).get_output().stdout.clone()).unwrap();
    let place = format!("src/server.rs:{line}: ");
    assert!(lines.lines().all(|it| it.starts_with("src/")), "{lines}");
    assert!(
        lines.lines().any(|it| it.starts_with(&place) && it.contains("(slots, Task 2)")),
        "{lines}"
    );

    course.edit("src/server.rs", "use ", "use nothing::Here; use ");
    let lines = stdout_of(&short(&course).code(1));
    assert!(lines.starts_with("src/server.rs:") && lines.contains(": error[E0432]: "), "{lines}");

    // A program in another language has no lines that are known here: the text explains the failure.
    let text = run(&course, &["prove", "--format", "short", "--cmd", "true"]).code(1);
    let text = stdout_of(&text.stderr(is_empty()));
    assert!(text.starts_with("lesson.md:") && text.contains("(starts, Task 1)"), "{text}");
}

#[test]
fn a_proved_lesson_has_no_short_lines() {
    let (course, dir) = (Course::new(), TestDir::new());
    let server = command_line([&dir.compiled("linear_scan.c")]);
    let proved = run(&course, &["prove", "--only", "slots", "--format", "short", "--cmd", &server]);
    proved.code(0).stdout(is_empty()).stderr(is_empty());
}

#[test]
fn the_commands_are_completed_behind_cargo() {
    let course = Course::new();
    let script = course.path("completions.bash");
    let printed = run(&course, &["completions", "bash"]).code(0).stderr(is_empty());
    fs::write(&script, &printed.get_output().stdout).unwrap();
    let complete = |words: &str, at: usize| {
        let bash = format!(
            "source '{}'; COMP_WORDS=({words}); COMP_CWORD={at}; \
             _cargo_or_xtask cargo \"${{COMP_WORDS[$COMP_CWORD]}}\" \"${{COMP_WORDS[$COMP_CWORD-1]}}\"; \
             echo \"${{COMPREPLY[*]}}\"",
            script.display()
        );
        let output = std::process::Command::new("bash").args(["-c", &bash]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert_contains(&complete("cargo xtask pro", 2), &["prove"]);
    assert_contains(&complete("cargo xtask hint w03", 3), &["w03-l02"]);
    assert_contains(&complete("cargo xtask prove --for", 3), &["--format"]);
    for shell in ["zsh", "fish"] {
        run(&course, &["completions", shell]).code(0).stderr(is_empty());
    }
    assert_contains(
        &stderr_of(&run(&course, &["completions", "tcsh"]).code(2)),
        &["bash, zsh, fish"],
    );
}
