//! w01-l01: its own servers and others', correct ones proved, wrong ones told what is wrong.

mod support;

use predicates::str::is_empty;
use std::path::PathBuf;
use support::processes::free_port;
use support::programs::{Bench, in_folder, line, python, servers};
use support::{assert_says, report, said, xtask};

#[test]
fn proves_the_solution() {
    let proved = xtask(&["prove", "w01-l01", "--solution"]).code(0).stderr(is_empty());
    assert_says(&said(&proved), &["proved · 8 of 8 ·"]);
}

#[test]
fn sends_who_starts_to_the_first_task() {
    let told = xtask(&["prove", "w01-l01"]).code(1).stderr(is_empty());
    assert_says(&said(&told), &["✗ starts", "Task 1:", "not yet · 0 of 8 · next: Task 1 ·"]);
}

#[test]
fn every_mistake_is_caught_by_its_criterion_and_row() {
    let told = xtask(&["mistakes", "w01-l01"]).code(0).stderr(is_empty());
    assert_says(&said(&told), &["all caught · "]);
}

#[test]
fn proves_the_c_servers() {
    let bench = Bench::new();
    for source in in_folder(&servers().join("echo"), "c") {
        assert_proved(&line([&bench.compiled(&source)]), &[]);
    }
}

#[test]
fn proves_the_python_servers() {
    let Some(python) = python() else { return };
    for script in in_folder(&servers().join("echo"), "py") {
        assert_proved(&line([&python, &script]), &[]);
    }
}

#[test]
fn proves_a_server_on_this_machines_own_network() {
    let bench = Bench::new();
    let server = line([&bench.compiled("echo/plain.c")]);
    assert_proved(&server, &["--tier", "plain", "--port", &free_port().to_string()]);
}

#[test]
fn a_server_that_answers_in_the_end_alone_is_told_to_answer_now() {
    let Some(program) = strange("waits_for_the_end.py") else { return };
    assert_says(&told(&program, &[]), &["✓ starts", "✗ echo", "nothing came back"]);
    assert_eq!(finding(&program, "echo"), ("failed".into(), "waits-for-more".into()));
}

#[test]
fn a_server_that_ignores_sigterm_is_told_so() {
    let Some(program) = strange("deaf_to_sigterm.py") else { return };
    let told = told(&program, &["--only", "restart", "--timeout", "3600"]);
    assert_says(&told, &["✗ restart", "SIGTERM does not end the server"]);
}

#[test]
fn a_server_that_outlives_its_program_is_told_so() {
    let bench = Bench::new();
    let server = bench.compiled("echo/plain.c");
    let script = format!("{} & wait", server.display());
    let program = shell_words::join(["sh", "-c", &script]);
    let told = told(&program, &["--only", "restart", "--timeout", "3600"]);
    assert_says(&told, &["✗ restart", "left plain running behind it"]);
}

#[test]
fn a_restart_that_nothing_stands_in_the_way_of_is_inconclusive() {
    let Some(program) = strange("leaves_no_trace.py") else { return };
    let unseen = xtask(&["prove", "w01-l01", "--cmd", &program]).code(2).stderr(is_empty());
    let words = ["? restart", "no connection in TIME_WAIT", "7 of 8 proved"];
    assert_says(&said(&unseen), &words);
}

#[test]
fn a_server_that_takes_another_port_is_told_so() {
    let Some(program) = strange("next_port.py") else { return };
    let told = told(&program, &["--only", "port-taken", "--timeout", "3600"]);
    assert_says(&told, &["✗ port-taken", "the server goes on all the same"]);
    assert_eq!(finding(&program, "port-taken"), ("failed".into(), "port-ignored".into()));
}

#[track_caller]
fn assert_proved(server: &str, flags: &[&str]) {
    let proved = xtask(&[&["prove", "w01-l01", "--cmd", server, "--all"], flags].concat());
    let told = said(&proved);
    assert!(told.contains("proved · 8 of 8 ·"), "{told}");
    proved.code(0).stderr(is_empty());
}

/// What a learner is told of a program that is not proved.
#[track_caller]
fn told(program: &str, flags: &[&str]) -> String {
    let told = xtask(&[&["prove", "w01-l01", "--cmd", program], flags].concat());
    said(&told.code(1).stderr(is_empty()))
}

/// The status of one criterion, and the Common Mistakes row that it names as the cause.
fn finding(program: &str, criterion: &str) -> (String, String) {
    let report = report(&xtask(&["prove", "w01-l01", "--cmd", program, "--format", "json"]));
    let criteria = report["lessons"][0]["criteria"].as_array().unwrap();
    let found = criteria.iter().find(|each| each["id"] == criterion).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    (text(&found["status"]), text(&found["cause"]["mistake"]))
}

fn strange(name: &str) -> Option<String> {
    let script: PathBuf = servers().join("echo/strange").join(name);
    python().map(|python| line([&python, &script]))
}
