//! `cargo xtask` shows what is done and what comes next, and remembers it. No command needs the name
//! of a lesson in the lesson's folder.

mod support;

use assert_cmd::assert::Assert;
use predicates::str::is_empty;
use std::fs;
use std::path::PathBuf;
use support::course::{Course, LESSON, line_of_work};
use support::programs::{TestDir, command_line};
use support::{assert_contains, stderr_of, stdout_of};

/// Runs a command in a folder of the course.
fn run_in(course: &Course, folder: &str, arguments: &[&str]) -> Assert {
    let mut command = course.command();
    command.current_dir(course.path(folder)).args(arguments).assert()
}

fn progress_file(course: &Course) -> PathBuf {
    course.path(LESSON).join(".progress")
}

#[test]
fn without_a_lesson_begun_the_first_step_is_named() {
    let course = Course::new();
    for arguments in [&[][..], &["status"], &["next"]] {
        let shown = stdout_of(&run_in(&course, ".", arguments).code(0).stderr(is_empty()));
        assert_contains(&shown, &["sockproof · 0 of ", "· w03-l02", "open"]);
        let first = "Begin w01-l01: read lessons/w01-l01-blocking-echo/lesson.md";
        assert_contains(&shown, &[first, "next: cargo xtask prove w01-l01 --only starts"]);
    }
    assert!(!progress_file(&course).exists());
}

#[test]
fn a_lesson_that_is_begun_shows_its_todos_and_the_last_verdict() {
    let course = Course::new();
    run_in(&course, LESSON, &["prove"]).code(1);
    let shown = stdout_of(&run_in(&course, ".", &[]).code(0).stderr(is_empty()));
    assert_contains(
        &shown,
        &[
            "→ w03-l02",
            "begun: 0 of 4 tasks",
            "· Task 1 A table of connections open: 4 todo!s",
            "src/connection.rs:38, ",
            "last: not yet · 0 of 15 · just now",
            "✗ starts Task 1 is still to do",
            "next: cargo xtask prove w03-l02 --only starts,config,port-taken",
        ],
    );
}

#[test]
fn progress_survives_a_new_clone_and_can_be_thrown_away() {
    let course = Course::with_solution();
    run_in(&course, LESSON, &["prove", "--task", "1"]).code(0);
    let text = fs::read_to_string(progress_file(&course)).unwrap();
    assert!(text.ends_with("begun\ntask 1 proved\n"), "{text}");

    // A new clone has the committed files only.
    fs::remove_dir_all(course.path("target/progress")).unwrap();
    let status = || stdout_of(&run_in(&course, LESSON, &[]).code(0).stderr(is_empty()));
    assert_contains(&status(), &["✓ Task 1 A table of connections done", "→ Task 2", "1 of 4"]);
    assert_contains(&status(), &["next: cargo xtask prove w03-l02 --only slots"]);

    fs::remove_file(progress_file(&course)).unwrap();
    assert_contains(&status(), &["→ Task 1 A table of connections begun", "0 of 4 tasks"]);
}

#[test]
fn a_proved_lesson_leads_to_the_next() {
    let course = Course::with_solution();
    let proved = stdout_of(&run_in(&course, LESSON, &["prove"]).code(0).stderr(is_empty()));
    assert_contains(
        &proved,
        &[
            "You can now: – serve many clients from one thread that sleeps only in poll;",
            "Think about these",
            "next: compare with the reference: cargo xtask diff w03-l02",
            "next: hand in: cargo xtask ship w03-l02",
            "next: w0",
        ],
    );
    let again = stdout_of(&run_in(&course, LESSON, &["prove"]).code(0));
    assert!(!again.contains("You can now") && again.contains("next: hand in"), "{again}");
    let shown = stdout_of(&run_in(&course, ".", &[]).code(0));
    assert_contains(&shown, &["✓ w03-l02", "sockproof · 1 of ", "Begin w01-l01"]);
    let shown = stdout_of(&run_in(&course, LESSON, &[]).code(0));
    assert_contains(&shown, &["Begin w0", "next: cargo xtask prove w0"]);

    // A todo! that comes back undoes the task, whatever was proved.
    course.edit("src/table.rs", "self.free.push", "todo!(\"Task 3: x\"); self.free.push");
    let shown = stdout_of(&run_in(&course, LESSON, &[]).code(0));
    assert_contains(&shown, &["· Task 3 Remove clients open: 1 todo!", "begun: 3 of 4 tasks"]);
}

#[test]
fn a_program_in_another_language_is_proved_again_from_its_folder() {
    let course = Course::new();
    run_in(&course, LESSON, &["prove", "--cmd", "true"]).code(1);
    let shown = stdout_of(&run_in(&course, LESSON, &[]).code(0));
    assert_contains(
        &shown,
        &["Many Clients true lesson.md", "last: not yet · 0 of 15", "--only starts --cmd true"],
    );
    assert!(!shown.contains("todo!"), "{shown}");
    let shown = stdout_of(&run_in(&course, ".", &[]).code(0));
    let folder = course.path(LESSON).canonicalize().unwrap();
    assert_contains(&shown, &[&format!("next: cd {} && cargo xtask", folder.display())]);
}

#[test]
fn the_next_task_comes_after_every_criterion_of_the_task() {
    let course = Course::with_solution();
    let proved = |only: &str| {
        stdout_of(&run_in(&course, LESSON, &["prove", "--only", only]).code(0).stderr(is_empty()))
    };
    let rest = "next: the rest of Task 1: cargo xtask prove w03-l02 --only config,port-taken";
    let shown = proved("starts");
    assert!(shown.contains(rest) && !shown.contains("Task 2"), "{shown}");
    let status = || stdout_of(&run_in(&course, LESSON, &[]).code(0));
    assert_contains(&status(), &["→ Task 1", "Task 1, A table of connections: prove it."]);

    assert_contains(&proved("port-taken,config"), &["next: Task 2: cargo xtask prove w03-l02 --"]);
    assert_contains(&status(), &["✓ Task 1 A table of connections done", "→ Task 2"]);
    // A task before is not forgotten.
    let rest = "next: the rest of Task 2: cargo xtask prove w03-l02 --only slots,";
    assert_contains(&proved("reuse"), &[rest]);
}

#[test]
fn an_earlier_failure_comes_before_the_next_task() {
    let (course, dir) = (Course::new(), TestDir::new());
    let server = command_line([&dir.compiled_with("faulty/tracker.c", "ENDS_ON_EINTR")]);
    let prove = |flags: &[&str]| {
        let output = run_in(&course, LESSON, &[&["prove", "--cmd", &server], flags].concat());
        stdout_of(&output)
    };
    for task in ["1", "2"] {
        assert_contains(&prove(&["--task", task]), &["proved · "]);
    }
    assert_contains(&prove(&["--only", "interrupted"]), &["not yet · 0 of 1"]);
    let next = format!(
        "next: interrupted has failed before: cargo xtask prove w03-l02 --only interrupted --cmd {server}"
    );
    assert_contains(&prove(&["--only", "reuse"]), &["proved · 1 of 1", &next]);

    // The last proof has no failure: an earlier one is not shown with its verdict.
    let shown = stdout_of(&run_in(&course, LESSON, &[]).code(0));
    assert_contains(&shown, &["last: proved · 1 of 1", "Find out why interrupted fails"]);
    assert!(!shown.contains("✗"), "{shown}");
    let refused = stderr_of(&run_in(&course, LESSON, &["hint"]).code(2));
    assert_contains(&refused, &["nothing has failed", "cargo xtask hint w03-l02 interrupted"]);
    run_in(&course, LESSON, &["hint", "interrupted"]).code(0);
}

#[test]
fn the_progress_of_each_program_is_its_own() {
    let (course, dir) = (Course::with_solution(), TestDir::new());
    run_in(&course, LESSON, &["prove", "--task", "1"]).code(0);
    let server = command_line([&dir.compiled("linear_scan.c")]);
    let prove = |flags: &[&str]| {
        run_in(&course, LESSON, &[&["prove", "--cmd", &server], flags].concat()).code(0);
        stdout_of(&run_in(&course, LESSON, &[]).code(0))
    };
    // What the crate has proved is not shown as proved by the other program, and the other way round.
    let shown = prove(&["--only", "starts"]);
    assert_contains(&shown, &["→ Task 1 A table of connections begun", "begun: 0 of 4 tasks"]);
    assert_contains(&prove(&["--task", "2"]), &["→ Task 1", "✓ Task 2", "begun: 1 of 4 tasks"]);
    run_in(&course, LESSON, &["prove", "--only", "starts"]).code(0);
    let shown = stdout_of(&run_in(&course, LESSON, &[]).code(0));
    assert_contains(&shown, &["✓ Task 1", "→ Task 2", "begun: 1 of 4 tasks"]);

    // A lesson that is proved stays proved while another program is begun.
    run_in(&course, LESSON, &["prove"]).code(0);
    let next = "next: cargo xtask prove w03-l02 --only starts,config,port-taken --cmd";
    assert_contains(&prove(&["--only", "starts"]), &["✓ w03-l02", "✓ Task 2", next]);
    let text = fs::read_to_string(progress_file(&course)).unwrap();
    assert_contains(&text, &[&format!("task 2 proved with --cmd {server}\n"), "task 1 proved\n"]);
}

#[test]
fn a_task_of_an_earlier_lesson_is_the_next() {
    let course = Course::new();
    let folder = "lessons/w03-l03-chat-poll";
    let proved = stdout_of(&run_in(&course, folder, &["prove"]).code(1));
    assert_contains(&proved, &["next: Task 1 of w03-l02"]);
    let shown = stdout_of(&run_in(&course, folder, &[]).code(0));
    let place = "A table of connections: ../w03-l02-poll-tracker/src/";
    assert_contains(&shown, &["w03-l03 builds on w03-l02. Task 1 of w03-l02", place]);
    assert_contains(&shown, &["next: cargo xtask prove w03-l02 --only starts,config,port-taken"]);
    let shown = stdout_of(&run_in(&course, folder, &["hint", "--step", "3"]).code(0));
    let line = line_of_work(&course, "w03-l02", 1);
    let places = [
        "Task 1 is still to do (../w03-l02-poll-tracker/src/",
        &format!("What to write is at ../w03-l02-poll-tracker/lesson.md:{line}."),
    ];
    assert_contains(&shown, &places);
    assert!(!shown.contains(course.path("").to_str().unwrap()), "{shown}");
}

#[test]
fn the_place_of_a_task_is_the_same_in_every_command() {
    let course = Course::new();
    let proved = stdout_of(&run_in(&course, LESSON, &["prove"]).code(1));
    let place = |text: &str, before: &str| {
        let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("{before} in {text}"));
        let start = rest.find("src/").unwrap();
        rest[start..].split_whitespace().next().unwrap().to_owned()
    };
    let reached = place(&proved, "still to do: Task 1:");
    let shown = stdout_of(&run_in(&course, LESSON, &[]).code(0));
    assert_eq!(place(&shown, "Task 1, A table of connections: "), reached);
    // The tasks are listed in their order, and not in the order of the files.
    let listed = proved.split_once("tasks left in ").unwrap().1;
    assert!(listed.split_once("places: ").unwrap().1.starts_with("src/connection.rs:"), "{listed}");
}

#[test]
fn a_broken_progress_file_is_named_and_kept() {
    let course = Course::new();
    let file = progress_file(&course);
    fs::write(&file, "begun\ntask one proved\n").unwrap();
    let shown = run_in(&course, ".", &[]).code(0);
    assert_contains(&stderr_of(&shown), &[&format!("note: {LESSON}/.progress:2: this line")]);
    run_in(&course, LESSON, &["prove", "--cmd", "true"]).code(1);
    assert_eq!(fs::read_to_string(&file).unwrap(), "begun\ntask one proved\n");

    fs::write(&file, b"begun\n\xff\n").unwrap();
    let proved = run_in(&course, LESSON, &["prove", "--cmd", "true"]).code(1);
    assert_contains(&stderr_of(&proved), &[".progress: this file is not text"]);
    assert_eq!(fs::read(&file).unwrap(), b"begun\n\xff\n");

    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let proved = run_in(&course, LESSON, &["prove", "--cmd", "true"]).code(1);
    assert_contains(&stderr_of(&proved), &["cannot read", "/.progress", "nothing is remembered"]);
}

#[test]
fn a_merge_conflict_in_the_progress_loses_nothing() {
    let course = Course::with_solution();
    let text = "begun\n<<<<<<< HEAD\ntask 1 proved\n=======\ntask 2 proved\n>>>>>>> laptop\n";
    fs::write(progress_file(&course), text).unwrap();
    let shown = stdout_of(&run_in(&course, LESSON, &[]).code(0).stderr(is_empty()));
    assert_contains(&shown, &["✓ Task 1", "✓ Task 2", "→ Task 3"]);
}

#[test]
fn nothing_is_remembered_on_request_or_of_the_solution() {
    let course = Course::new();
    let mut command = course.command();
    command.env("SOCKPROOF_PROGRESS", "off").args(["prove", "w03-l02", "--cmd", "true"]);
    command.assert().code(1);
    course.command().args(["prove", "w03-l02", "--solution", "--only", "starts"]).assert().code(0);
    let json = ["prove", "w03-l02", "--cmd", "true", "--format", "json"];
    course.command().args(json).assert().code(1);
    assert!(!progress_file(&course).exists() && !course.path("target/progress").exists());
}

#[test]
fn a_week_names_its_lessons() {
    let course = Course::new();
    let shown = stdout_of(&run_in(&course, ".", &["prove", "w03", "--cmd", "true"]).code(1));
    assert_contains(&shown, &["w03-l02 Accept & Track Many Clients", "✗ starts"]);
    let listed = stdout_of(&run_in(&course, ".", &["list", "w01"]).code(0));
    assert_contains(&listed, &["w01-l01 Blocking Echo", "Task 1"]);
    let listed = stdout_of(&run_in(&course, &format!("{LESSON}/src"), &["list"]).code(0));
    assert_contains(&listed, &["w03-l02", "Task 1 A table"]);
    assert!(!listed.contains("w01-l01"), "{listed}");
}

#[test]
fn the_status_of_named_lessons_or_of_all_is_shown() {
    let course = Course::new();
    let shown = stdout_of(&run_in(&course, ".", &["status", "w01-l01"]).code(0));
    assert!(shown.contains("Task 1") && !shown.contains("lessons/w03"), "{shown}");
    let shown = stdout_of(&run_in(&course, ".", &["status", "--all"]).code(0));
    assert_contains(&shown, &["lessons/w01-l01-blocking-echo/lesson.md", "lessons/w09-l01"]);
}
