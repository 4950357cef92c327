//! `cargo xtask diff`, `reveal` and `reset`: the reference is shown when a lesson is proved or on
//! request, and no work is lost when files are put back.

mod support;

use assert_cmd::assert::Assert;
use predicates::str::is_empty;
use std::fs;
use std::path::Path;
use support::course::{Course, LESSON};
use support::{assert_contains, stderr_of, stdout_of};

/// Runs a command in the folder of w03-l02.
fn run(course: &Course, arguments: &[&str]) -> Assert {
    let mut command = course.command();
    command.current_dir(course.path(LESSON)).args(arguments).assert()
}

/// A course in which w03-l02 was proved with the code of the reference, but for one line.
fn proved() -> Course {
    let course = Course::with_solution();
    course.edit("src/table.rs", "self.free.pop()", "self.free.pop().filter(|_| true)");
    let tasks: String = (1..=4).map(|task| format!("task {task} proved\n")).collect();
    fs::write(course.path(LESSON).join(".progress"), tasks + "lesson proved\n").unwrap();
    course
}

fn text(course: &Course, name: impl AsRef<Path>) -> String {
    fs::read_to_string(course.path(LESSON).join(name)).unwrap()
}

#[test]
fn a_proved_lesson_is_compared_region_by_region() {
    let course = proved();
    let shown = run(&course, &["diff"]).code(0).stderr(is_empty());
    let lines = String::from_utf8(shown.get_output().stdout.clone()).unwrap();
    let has = |start: &str, end: &str| {
        lines.lines().any(|line| line.starts_with(start) && line.contains(end))
    };
    assert!(
        has("- ", "self.free.pop().filter(|_| true)") && has("+ ", "self.free.pop()"),
        "{lines}"
    );
    assert!(
        has("- yours ", "src/table.rs:") && has("+ reference ", "solution/table.rs:"),
        "{lines}"
    );
    assert!(lines.contains("1 part differs") && lines.contains("= the same"), "{lines}");
    // What was given is in neither.
    assert!(!lines.contains("pub fn ") && !lines.contains("// <task"), "{lines}");
    let one = stdout_of(&run(&course, &["diff", "--task", "4"]).code(0));
    assert!(one.contains("0 parts differ") && !one.contains("table.rs"), "{one}");
}

#[test]
fn the_reference_is_shown_before_the_proof_only_on_request() {
    let course = Course::new();
    let refused = run(&course, &["diff"]).code(2).stdout(is_empty());
    assert_contains(&stderr_of(&refused), &["not proved yet", "cargo xtask reveal w03-l02"]);
    let refused = run(&course, &["reveal"]).code(2).stdout(is_empty());
    assert_contains(&stderr_of(&refused), &["not proved yet", "add --yes"]);
    assert!(!course.path(LESSON).join(".progress").exists());

    let shown = stdout_of(&run(&course, &["reveal", "--task", "4", "--yes"]).code(0));
    assert_contains(&shown, &["Task 4: ", "solution/server.rs:", "log::reject"]);
    assert!(!shown.contains("Task 3"), "{shown}");
    assert!(text(&course, ".progress").ends_with("revealed\n"));
    // The answer is remembered.
    run(&course, &["reveal"]).code(0).stderr(is_empty());
    run(&course, &["diff"]).code(0).stderr(is_empty());
}

#[test]
fn a_reset_puts_back_all_files_and_keeps_the_work() {
    let course = proved();
    let work = text(&course, "src/table.rs");
    fs::write(course.path(LESSON).join("src/mine.rs"), "// mine\n").unwrap();
    let reset = run(&course, &["reset"]).code(0).stderr(is_empty());
    assert_contains(
        &stdout_of(&reset),
        &["put back src/table.rs", "kept what was there in .kept/1"],
    );
    assert_eq!(text(&course, ".kept/1/table.rs"), work);
    assert!(text(&course, "src/table.rs").contains("todo!(\"Task 3"));
    assert_eq!(text(&course, "src/mine.rs"), "// mine\n");
    assert_contains(&stdout_of(&run(&course, &[]).code(0)), &["begun: 0 of 4 tasks"]);

    assert_contains(&stdout_of(&run(&course, &["reset"]).code(0)), &["nothing to do"]);
    fs::write(course.path(LESSON).join("src/table.rs"), "new work").unwrap();
    assert_contains(&stdout_of(&run(&course, &["reset"]).code(0)), &[".kept/2"]);
    assert_eq!(text(&course, ".kept/1/table.rs"), work);
    assert_eq!(text(&course, ".kept/2/table.rs"), "new work");
}

#[test]
fn a_reset_of_one_task_leaves_the_others() {
    let course = proved();
    let before = text(&course, "src/table.rs");
    run(&course, &["reset", "3"]).code(0).stderr(is_empty());
    let after = text(&course, "src/table.rs");
    assert!(after.contains("todo!(\"Task 3") && !after.contains("todo!(\"Task 2"), "{after}");
    assert!(after.contains("filter(|_| true)"), "{after}");
    assert_eq!(text(&course, ".kept/1/table.rs"), before);
    let shown = stdout_of(&run(&course, &[]).code(0));
    assert_contains(&shown, &["✓ Task 2", "· Task 3 Remove clients open: 4 todo!s", "✓ Task 4"]);
}

#[test]
fn nothing_is_put_back_if_the_work_cannot_be_kept() {
    let course = proved();
    fs::write(course.path(LESSON).join(".kept"), "a file").unwrap();
    let refused = run(&course, &["reset"]).code(2).stdout(is_empty());
    assert_contains(&stderr_of(&refused), &["cannot keep your work in", "nothing was put back"]);
    assert!(text(&course, "src/table.rs").contains("filter(|_| true)"));
}

#[test]
fn tasks_that_cannot_be_told_apart_are_not_put_back_alone() {
    let course = proved();
    fs::write(course.path(LESSON).join("src/table.rs"), "// all is mine\n").unwrap();
    let refused = run(&course, &["reset", "w03-l02", "3"]).code(2).stdout(is_empty());
    assert_contains(&stderr_of(&refused), &["src/table.rs", "cannot be told apart"]);
    assert_eq!(text(&course, "src/table.rs"), "// all is mine\n");
    assert!(!course.path(LESSON).join(".kept").exists());
}
