//! `cargo xtask prove` for the solution, for the starter, and for a crate that does not compile.

mod support;

use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, is_empty};
use std::fs;
use support::course::{Course, LESSON};
use support::processes::{free_port, occupied_port};
use support::programs::{TestDir, command_line};
use support::{assert_contains, prove, report, score, stderr_of, stdout_of, validated, xtask};
use terminal::paths;

#[test]
fn proves_the_solution() {
    let proved = prove(&["--solution"]).code(0).stderr(is_empty());
    assert_contains(
        &stdout_of(&proved),
        &["solution", "✓ starts", "✓ capacity", "proved · 15 of 15 ·"],
    );
}

#[test]
fn reports_the_solution_as_json() {
    let proved = report(&prove(&["--solution", "--format", "json"]).code(0).stderr(is_empty()));
    let lesson = &proved["lessons"][0];
    assert_eq!(lesson["lesson"], "w03-l02");
    assert_eq!(lesson["subject"]["kind"], "solution");
    assert_eq!(lesson["verdict"], "proved");
    assert_eq!(lesson["build"]["status"], "ok");
    assert_eq!(score(lesson), (15, 15));
}

#[test]
fn sends_a_beginner_to_the_first_task() {
    let output = prove(&[]).code(1).stderr(is_empty());
    let pieces = ["✗ starts", "still to do:", "Task 1:", "src/", "not run: it depends on starts"];
    assert_contains(&stdout_of(&output), &pieces);
    let end = ["not yet · 0 of 15 · next: Task 1 ·", "4 tasks left in ", "src/server.rs:"];
    assert_contains(&stdout_of(&output), &end);
}

#[test]
fn a_todo_that_stopped_the_server_is_the_next_task() {
    let output = prove(&["--only", "slots"]).code(1).stderr(is_empty());
    assert_contains(&stdout_of(&output), &["Task 1: ", "not yet · 0 of 1 · next: Task 1 ·"]);
}

#[test]
fn a_mistake_that_leads_to_a_later_task_is_shown_as_any_failure() {
    let course = Course::with_solution();
    course.edit(
        "src/server.rs",
        "match received {",
        "if true { todo!(\"Task 3: x\") }\nmatch received {",
    );
    course.edit("src/table.rs", "self.free.pop()", "self.free.last().copied()");
    let only =
        |id: &str| course.command().args(["prove", "w03-l02", "--only", id]).assert().code(1);
    // The log has the mistake of Task 2.
    let shown = stdout_of(&only("slots"));
    let pieces = [
        "B was given slot 0, which A has.",
        "Then the server reached",
        "Task 3: x (",
        "[ACCEPT] fd=",
    ];
    assert_contains(&shown, &pieces);
    assert_contains(&shown, &["Common mistake: Giving one slot to two clients", "next: Task 2"]);
    // Here the log does not show a mistake.
    let shown = stdout_of(&only("one-thread"));
    let pieces =
        ["The server reached a task that is still to do: Task 3: x (", "A connected", "expected"];
    assert_contains(&shown, &pieces);
    assert_contains(&shown, &["next: Task 2"]);
}

#[test]
fn a_lesson_with_a_todo_is_not_proved() {
    let course = Course::with_solution();
    course.edit("src/server.rs", "use ", "fn last() { todo!(\"Task 4: log it\") }\nuse ");
    let output = course.command().args(["prove", "w03-l02"]).assert().code(1);
    let pieces = ["not yet · 15 of 15 · next: Task 4", "1 task left: ", "src/server.rs:"];
    assert_contains(&stdout_of(&output), &pieces);
    // The criteria of the tasks before are proved without it.
    let output = course.command().args(["prove", "w03-l02", "--task", "3"]).assert().code(0);
    assert_contains(&stdout_of(&output), &["1 task left: ", "next: Task 4: "]);
}

#[test]
fn after_a_proved_lesson_its_reference_can_be_compared() {
    let course = Course::with_solution();
    let output = course.command().args(["prove", "w03-l02"]).assert().code(0);
    assert_contains(
        &stdout_of(&output),
        &["cargo xtask diff w03-l02", "next: hand in: cargo xtask ship w03-l02"],
    );
}

#[test]
fn the_end_of_a_server_is_told_first() {
    let dir = TestDir::new();
    let script = "import os, socket\nprint('debug', flush=True)\n\
                  s = socket.create_server(('', int(os.environ['PORT'])))\n\
                  print('[START] active=0/64', flush=True)\ns.accept()\n{}['no']\n";
    fs::write(dir.path("s.py"), script).unwrap();
    let server = format!("python3 {}", dir.path("s.py").display());
    let output = prove(&["--cmd", &server, "--only", "slots", "--format", "json"]).code(1);
    let cause = &report(&output)["lessons"][0]["criteria"][0]["cause"];
    let summary = cause["summary"].as_str().unwrap();
    assert_contains(summary, &["ended with exit status 1 when A connected.", "s.py:6: KeyError"]);
    assert_eq!(cause["exit"], "ended with exit status 1");
    assert!(cause["steps"][0].as_str().unwrap().contains("│ debug"), "{cause}");
}

#[test]
fn a_panic_in_the_library_has_a_short_place_and_its_caller() {
    let dir = TestDir::new();
    let library =
        "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/alloc/src/vec/mod.rs:2202:13";
    let script = format!(
        "import sys\nsys.stderr.write(\"\"\"\nthread 'main' (7) panicked at {library}:\n\
         swap_remove index (is 20) should be < len (is 2)\nstack backtrace:\n\
         \x20  0: __rustc::rust_begin_unwind\n             at {library}\n\
         \x20  1: w03::server::remove\n   2: main\n\"\"\")\nsys.exit(101)\n"
    );
    fs::write(dir.path("s.py"), script).unwrap();
    let server = format!("python3 {}", dir.path("s.py").display());
    let shown = stdout_of(&prove(&["--cmd", &server, "--only", "starts"]).code(1));
    let place =
        "library/alloc/src/vec/mod.rs:2202 of Rust, called by w03::server::remove: swap_remove";
    assert_contains(&shown, &[place]);
}

#[test]
fn reports_the_starter_as_json() {
    let output = report(&prove(&["--format", "json"]).code(1).stderr(is_empty()));
    let lesson = &output["lessons"][0];
    assert_eq!(lesson["subject"]["kind"], "crate");
    assert_eq!(lesson["verdict"], "not-yet");
    assert_eq!(score(lesson), (0, 15));
    let first = &lesson["criteria"][0];
    assert_eq!((&first["status"], &first["task"]), (&"failed".into(), &1.into()));
    let replay = first["cause"]["replay"].as_str().unwrap();
    assert_eq!(replay, "cargo xtask prove w03-l02 --only starts");
}

#[test]
fn no_starter_is_proved_and_each_begins_with_task_1() {
    let course = course::catalogue::Course::open(paths::root()).unwrap();
    let ids: Vec<_> = course.lessons().iter().map(|lesson| lesson.id.as_str()).collect();
    let output = xtask(&[&["prove", "--format", "json"], &ids[..]].concat()).code(1);
    for lesson in report(&output)["lessons"].as_array().unwrap() {
        assert_eq!(lesson["verdict"], "not-yet", "{}", lesson["lesson"]);
        let criteria = lesson["criteria"].as_array().unwrap();
        let failed = criteria.iter().find(|it| it["status"] == "failed").unwrap();
        assert_eq!(failed["task"], 1, "{}", lesson["lesson"]);
    }
}

#[test]
fn writes_the_report_to_a_file() {
    let dir = TestDir::new();
    let file = dir.path("report.json");
    let flags = ["--solution", "--format", "json", "--only", "starts", "--out"];
    let written = prove(&[&flags[..], &[file.to_str().unwrap()]].concat());
    written.code(0).stdout(is_empty()).stderr(is_empty());
    assert_eq!(validated(&fs::read(file).unwrap())["lessons"][0]["verdict"], "proved");
}

#[test]
fn shows_the_compilers_messages() {
    let course = Course::new();
    course.edit("src/table.rs", "use ", "use of a word too many;\nuse ");
    let output = course.command().args(["prove", "w03-l02"]).assert().code(1);
    assert_contains(&stderr_of(&output), &["error: expected", "src/table.rs"]);
    assert_contains(
        &stdout_of(&output),
        &["not yet · it does not compile", "next: the first error above"],
    );
    output.stderr(contains("panicked").not());

    let output = course.command().args(["prove", "w03-l02", "--format", "json"]).assert().code(1);
    let lesson = &report(&output)["lessons"][0];
    assert_eq!((&lesson["verdict"], &lesson["isolation"]), (&"not-yet".into(), &().into()));
    assert_eq!(lesson["build"]["status"], "failed");
    assert_contains(lesson["build"]["message"].as_str().unwrap(), &["error: expected", "table.rs"]);
}

#[test]
fn an_unreadable_manifest_is_reported() {
    let course = Course::new();
    course.edit("Cargo.toml", "[package]", "[package");
    let output = course.command().args(["prove", "w03-l02"]).assert().code(2);
    assert_contains(
        &stderr_of(&output),
        &["cargo could not start to compile", LESSON, "Cargo.toml"],
    );
}

#[test]
fn proves_the_solution_without_isolation() {
    prove(&["--solution", "--only", "starts"]).code(0);
    let name = LESSON.trim_start_matches("lessons/");
    let solution = paths::target().join("solution/debug").join(name);
    let (solution, port) = (command_line([&solution]), free_port().to_string());
    let proved = prove(&["--isolation", "none", "--cmd", &solution, "--port", &port]).code(0);
    assert_contains(&stdout_of(&proved), &["· not sandboxed", "proved · 15 of 15 ·"]);
}

#[test]
fn the_message_for_a_port_in_use_names_the_port() {
    let (port, _listener) = occupied_port();
    let port = port.to_string();
    let dir = TestDir::new();
    let server = command_line([&dir.compiled("linear_scan.c")]);
    let output = prove(&["--isolation", "none", "--cmd", &server, "--port", &port]).code(2);
    assert_contains(&stderr_of(&output), &[&format!("port {port} is not free"), "ss -ltnp", &port]);
}
