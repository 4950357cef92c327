//! Lesson w04-l01: every correct server that uses epoll is proved. For a wrong server, the report
//! names the cause.

mod support;

use assert_cmd::assert::Assert;
use predicates::str::is_empty;
use std::path::Path;
use support::course::Course;
use support::other_user::xtask_as_other_user;
use support::processes::free_port;
use support::programs::{TestDir, command_line, python, servers};
use support::{assert_contains, command, stdout_of};

#[test]
fn proves_the_solution() {
    assert_proved(prove(&["--solution"]));
}

#[test]
fn sends_a_beginner_to_the_first_task() {
    let output = prove(&[]).code(1).stderr(is_empty());
    assert_contains(
        &stdout_of(&output),
        &["✗ starts", "still to do:", "Task 1:", "src/server.rs", "0 of 18"],
    );
}

#[test]
fn names_the_earlier_lesson_whose_table_is_still_to_do() {
    let course = Course::new();
    let folder = course.path("lessons/w04-l01-epoll-tracker");
    for file in ["epoll.rs", "server.rs"] {
        let done = folder.join("solution").join(file);
        std::fs::copy(done, folder.join("src").join(file)).unwrap();
    }
    let output = course.command().args(["prove", "w04-l01"]).assert().code(1);
    assert_contains(
        &stdout_of(&output),
        &["Task 1: make every slot", "lessons/w03-l02-poll-tracker/src/"],
    );
}

#[test]
fn proves_level_triggered_c() {
    assert_proved_in_c("level.c");
}

#[test]
fn proves_edge_triggered_c() {
    assert_proved_in_c("edge.c");
}

#[test]
fn proves_oneshot_entries() {
    assert_proved_in_c("oneshot.c");
}

#[test]
fn proves_other_descriptors_and_a_nested_interest_list() {
    assert_proved_in_c("other_descriptors.c");
}

#[test]
fn proves_two_passes_and_helper_threads() {
    assert_proved_in_c("two_pass.c");
}

#[test]
fn proves_node() {
    let script = servers().join("epoll/on_node.js");
    if has_command("node", "--version") {
        assert_proved(prove(&[
            "--timeout",
            "120",
            "--cmd",
            &command_line(["node".as_ref(), &*script]),
        ]));
    }
}

#[test]
fn proves_goroutines() {
    let dir = TestDir::new();
    let (source, program) = (servers().join("epoll/on_go.go"), dir.path("on_go"));
    if has_command("go", "version") {
        let mut go = std::process::Command::new("go");
        let built = go.args(["build", "-o"]).args([&program, &source]).status().unwrap();
        assert!(built.success());
        assert_proved(prove(&["--timeout", "120", "--cmd", &command_line([&program])]));
    }
}

#[test]
fn proves_python_on_epoll() {
    assert_proved_in_python("select_epoll.py");
}

#[test]
fn proves_python_on_asyncio() {
    assert_proved_in_python("on_asyncio.py");
}

#[test]
fn proves_a_server_with_four_thousand_slots_built_in() {
    let dir = TestDir::new();
    let server = format!("env MAX_CLIENTS=4096 {}", command_line([&compiled(&dir, "level.c")]));
    assert_proved(prove(&["--cmd", &server, "--capacity", "4096"]));
}

#[test]
fn proves_without_isolation() {
    let dir = TestDir::new();
    let (server, port) = (command_line([&compiled(&dir, "level.c")]), free_port().to_string());
    assert_proved(prove(&["--isolation", "none", "--cmd", &server, "--port", &port]));
}

#[test]
fn proves_as_an_ordinary_user() {
    let dir = TestDir::new();
    let (server, port) = (command_line([&compiled(&dir, "edge.c")]), free_port().to_string());
    let proof = xtask_as_other_user(&["prove", "w04-l01", "--cmd", &server, "--port", &port]);
    proof.into_iter().for_each(assert_proved);
}

#[test]
fn a_server_that_uses_poll_fails() {
    let dir = TestDir::new();
    let server = command_line([&dir.compiled("linear_scan.c")]);
    let server = format!("env MAX_CLIENTS=64 {server}");
    let output = prove(&["--cmd", &server, "--capacity", "64", "--only", "epoll,watch-set,idle"]);
    let pieces = ["waits in poll, not in epoll_wait", "Common mistake: Staying with poll"];
    assert_contains(&stdout_of(&output.code(1)), &pieces);
}

/// Runs `cargo xtask prove w04-l01` with these flags.
fn prove(flags: &[&str]) -> Assert {
    command().args(["prove", "w04-l01"]).args(flags).assert()
}

/// Whether a command is in PATH. If not, prints a line.
fn has_command(name: &str, argument: &str) -> bool {
    let is_there = std::process::Command::new(name).arg(argument).output().is_ok();
    if !is_there {
        println!("skipped: {name} is not in PATH");
    }
    is_there
}

fn compiled(dir: &TestDir, source: &str) -> std::path::PathBuf {
    dir.compiled(Path::new("epoll").join(source))
}

#[track_caller]
fn assert_proved_in_c(source: &str) {
    let dir = TestDir::new();
    assert_proved(prove(&["--cmd", &command_line([&compiled(&dir, source)])]));
}

#[track_caller]
fn assert_proved_in_python(script: &str) {
    let Some(python) = python() else { return };
    assert_proved(prove(&[
        "--timeout",
        "120",
        "--cmd",
        &command_line([&python, &servers().join("epoll").join(script)]),
    ]));
}

#[track_caller]
fn assert_proved(proved: Assert) {
    let output = stdout_of(&proved);
    assert!(output.contains("proved · 18 of 18 ·"), "{output}");
    proved.code(0).stderr(is_empty());
}
