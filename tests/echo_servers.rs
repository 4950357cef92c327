//! Lesson w01-l01: correct servers are proved. For a wrong server, the report names the cause.

mod support;

use predicates::str::is_empty;
use std::path::PathBuf;
use support::processes::free_port;
use support::programs::{TestDir, command_line, in_folder, python, servers};
use support::{assert_contains, report, stdout_of, xtask};

#[test]
fn proves_the_solution() {
    let proved = xtask(&["prove", "w01-l01", "--solution"]).code(0).stderr(is_empty());
    assert_contains(&stdout_of(&proved), &["proved · 8 of 8 ·"]);
}

#[test]
fn sends_a_beginner_to_the_first_task() {
    let output = xtask(&["prove", "w01-l01"]).code(1).stderr(is_empty());
    assert_contains(
        &stdout_of(&output),
        &["✗ starts", "Task 1:", "not yet · 0 of 8 · next: Task 1 ·"],
    );
}

#[test]
fn each_wrong_server_fails_its_criterion_with_its_mistake_as_the_cause() {
    let output = xtask(&["mistakes", "w01-l01"]).code(0).stderr(is_empty());
    assert_contains(&stdout_of(&output), &["all caught · "]);
}

#[test]
fn proves_the_c_servers() {
    let dir = TestDir::new();
    for source in in_folder(&servers().join("echo"), "c") {
        assert_proved(&command_line([&dir.compiled(&source)]), &[]);
    }
}

#[test]
fn proves_the_python_servers() {
    let Some(python) = python() else { return };
    for script in in_folder(&servers().join("echo"), "py") {
        assert_proved(&command_line([&python, &script]), &[]);
    }
}

#[test]
fn proves_a_server_without_isolation() {
    let dir = TestDir::new();
    let server = command_line([&dir.compiled("echo/plain.c")]);
    assert_proved(&server, &["--isolation", "none", "--port", &free_port().to_string()]);
}

#[test]
fn a_server_that_answers_only_at_eof_fails_echo() {
    let Some(program) = faulty("waits_for_eof.py") else { return };
    assert_contains(&output_of(&program, &[]), &["✓ starts", "✗ echo", "nothing came back"]);
    assert_eq!(finding(&program, "echo"), ("failed".into(), "waits-for-more".into()));
}

#[test]
fn a_server_that_ignores_sigterm_fails_restart() {
    let Some(program) = faulty("ignores_sigterm.py") else { return };
    let output = output_of(&program, &["--only", "restart", "--timeout", "3600"]);
    assert_contains(&output, &["✗ restart", "SIGTERM does not end the server"]);
}

#[test]
fn a_server_that_runs_on_after_its_shell_has_ended_fails_restart() {
    let dir = TestDir::new();
    let server = dir.compiled("echo/plain.c");
    let script = format!("{} & wait", server.display());
    let program = shell_words::join(["sh", "-c", &script]);
    let output = output_of(&program, &["--only", "restart", "--timeout", "3600"]);
    assert_contains(&output, &["✗ restart", "left plain running"]);
}

#[test]
fn a_restart_without_a_connection_in_time_wait_is_inconclusive() {
    let Some(program) = faulty("resets_on_close.py") else { return };
    let unseen = xtask(&["prove", "w01-l01", "--cmd", &program]).code(2).stderr(is_empty());
    let words = ["? restart", "no connection in TIME_WAIT", "7 of 8 proved"];
    assert_contains(&stdout_of(&unseen), &words);
}

#[test]
fn a_server_that_listens_on_another_port_fails_port_taken() {
    let Some(program) = faulty("next_port.py") else { return };
    let output = output_of(&program, &["--only", "port-taken", "--timeout", "3600"]);
    assert_contains(&output, &["✗ port-taken", "and the server runs on"]);
    assert_eq!(finding(&program, "port-taken"), ("failed".into(), "port-ignored".into()));
}

#[track_caller]
fn assert_proved(server: &str, flags: &[&str]) {
    let proved = xtask(&[&["prove", "w01-l01", "--cmd", server, "--all"], flags].concat());
    let output = stdout_of(&proved);
    assert!(output.contains("proved · 8 of 8 ·"), "{output}");
    proved.code(0).stderr(is_empty());
}

/// Runs a proof of `program`, whose verdict must be "not yet", and returns the output.
#[track_caller]
fn output_of(program: &str, flags: &[&str]) -> String {
    let output = xtask(&[&["prove", "w01-l01", "--cmd", program], flags].concat());
    stdout_of(&output.code(1).stderr(is_empty()))
}

/// The status of a criterion, and the id of the mistake that the criterion's cause names. The
/// mistake is a row of the lesson's table "Common Mistakes".
fn finding(program: &str, criterion: &str) -> (String, String) {
    let report = report(&xtask(&["prove", "w01-l01", "--cmd", program, "--format", "json"]));
    let criteria = report["lessons"][0]["criteria"].as_array().unwrap();
    let found = criteria.iter().find(|each| each["id"] == criterion).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    (text(&found["status"]), text(&found["cause"]["mistake"]))
}

fn faulty(name: &str) -> Option<String> {
    let script: PathBuf = servers().join("echo/faulty").join(name);
    python().map(|python| command_line([&python, &script]))
}
