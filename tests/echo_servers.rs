//! Lesson w01-l01: correct servers are proved. For a wrong server, the report names the cause.

mod support;

use predicates::str::is_empty;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::processes::free_port;
use support::programs::{TestDir, command_line, in_folder, python, servers};
use support::{assert_contains, report, stdout_of, xtask};

#[test]
fn proves_the_solution() {
    let proved = xtask(&["prove", "w01-l01", "--solution"]).code(0).stderr(is_empty());
    assert_contains(&stdout_of(&proved), &["proved · 13 of 13 ·"]);
}

#[test]
fn sends_a_beginner_to_the_first_task() {
    let output = xtask(&["prove", "w01-l01"]).code(1).stderr(is_empty());
    assert_contains(
        &stdout_of(&output),
        &["✗ starts", "Task 1:", "not yet · 0 of 13 · next: Task 1 ·"],
    );
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
fn proves_the_perl_server() {
    prove_script("perl", "plain.pl");
}

#[test]
fn proves_the_ruby_server() {
    prove_script("ruby", "plain.rb");
}

#[test]
fn proves_the_node_server() {
    prove_script("node", "one_at_a_time.js");
}

#[test]
fn does_not_fail_the_java_server() {
    let (Some(java), Some(javac)) = (in_path("java"), in_path("javac")) else { return };
    let dir = TestDir::new();
    let source = servers().join("echo/Plain.java");
    let compiled = Command::new(javac).arg("-d").args([dir.path(""), source]).status().unwrap();
    assert!(compiled.success());
    let classes = dir.path("");
    let server = command_line([&java, Path::new("-cp"), &classes, Path::new("Plain")]);
    // The virtual machine's own threads wake many times a second. On a busy machine, their naps
    // cannot always be told from work, and the proof is inconclusive.
    let output = xtask(&["prove", "w01-l01", "--cmd", &server]);
    assert!(!stdout_of(&output).contains("✗"), "{}", stdout_of(&output));
}

#[test]
fn proves_the_go_server() {
    let Some(go) = in_path("go") else { return };
    let dir = TestDir::new();
    let (program, source) = (dir.path("go-echo"), servers().join("echo/plain.go"));
    let built = Command::new(go).args(["build", "-o"]).args([&program, &source]).status().unwrap();
    assert!(built.success());
    assert_proved(&command_line([&program]), &[]);
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
    let output = output_of(&program, &["--only", "starts,echo"]);
    assert_contains(&output, &["✓ starts", "✗ echo", "nothing came back"]);
    // It reads what has arrived. Nothing shows for what it waits.
    assert_eq!(finding(&program, "echo"), ("failed".into(), String::new()));
}

#[test]
fn a_server_that_waits_until_its_buffer_is_full_fails_echo() {
    let Some(program) = faulty("waits_for_all.py") else { return };
    assert_eq!(finding(&program, "echo"), ("failed".into(), "waits-for-more".into()));
}

#[test]
fn a_server_that_ignores_sigterm_fails_ends() {
    let Some(program) = faulty("ignores_sigterm.py") else { return };
    let output = output_of(&program, &["--only", "ends,restart"]);
    // The other criteria end such a server by SIGKILL.
    assert_contains(&output, &["✗ ends", "SIGTERM", "✓ restart"]);
}

#[test]
fn a_server_that_runs_on_after_its_shell_has_ended_fails_ends() {
    let dir = TestDir::new();
    let server = dir.compiled("echo/plain.c");
    let script = format!("{} & wait", server.display());
    let program = shell_words::join(["sh", "-c", &script]);
    assert_contains(&output_of(&program, &["--only", "ends"]), &["✗ ends", "plain", "outlived it"]);
}

/// A server that resets its connections leaves none in TIME_WAIT. The proof leaves one there itself.
#[test]
fn a_server_that_resets_its_connections_fails_only_half_close() {
    let Some(program) = faulty("resets_on_close.py") else { return };
    let output = output_of(&program, &["--only", "half-close,restart"]);
    assert_contains(&output, &["✗ half-close", "RST", "✓ restart"]);
}

#[test]
fn a_restart_after_resets_finds_a_server_without_reuse() {
    let Some(program) = faulty("resets_without_reuse.py") else { return };
    assert_contains(&output_of(&program, &["--only", "restart"]), &["✗ restart", "TIME_WAIT"]);
}

#[test]
fn a_server_that_listens_on_another_port_fails_port_taken() {
    let Some(program) = faulty("next_port.py") else { return };
    let output = output_of(&program, &["--only", "port-taken"]);
    assert_contains(&output, &["✗ port-taken"]);
}

#[test]
fn a_server_that_does_not_log_its_clients_fails_next_client() {
    let Some(program) = faulty("logs_no_clients.py") else { return };
    let output = output_of(&program, &["--only", "next-client"]);
    assert_contains(&output, &["✗ next-client", "logs no [ACCEPT] line"]);
}

#[test]
fn a_server_that_logs_another_descriptor_fails_next_client() {
    let Some(program) = faulty("logs_wrong_fd.py") else { return };
    let output = output_of(&program, &["--only", "next-client"]);
    assert_contains(&output, &["✗ next-client", "does not name A's descriptor"]);
}

#[test]
fn a_server_that_closes_the_first_client_for_the_second_serves_one_at_a_time() {
    let Some(program) = faulty("drops_silent_client.py") else { return };
    let output = output_of(&program, &["--only", "next-client"]);
    assert_contains(
        &output,
        &["closed the connection of A, which had not left, and then served B"],
    );
    assert!(!output.contains("Common mistake"), "{output}");
}

#[track_caller]
fn assert_proved(server: &str, flags: &[&str]) {
    let arguments = ["prove", "w01-l01", "--cmd", server, "--all", "--timeout", "60"];
    let proved = xtask(&[&arguments, flags].concat());
    let output = stdout_of(&proved);
    assert!(output.contains("proved · 13 of 13 ·"), "{output}");
    proved.code(0).stderr(is_empty());
}

/// Proves a server of `tests/servers/echo/` whose interpreter is in PATH.
#[track_caller]
fn prove_script(interpreter: &str, name: &str) {
    let Some(interpreter) = in_path(interpreter) else { return };
    assert_proved(&command_line([&interpreter, &servers().join("echo").join(name)]), &[]);
}

/// The path of a program. If PATH does not have the program, prints a line and returns `None`.
fn in_path(program: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&folders).map(|it| it.join(program)).find(|it| it.is_file());
    if found.is_none() {
        println!("skipped: {program} is not in PATH");
    }
    found
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
    let report = report(&xtask(&[
        "prove", "w01-l01", "--cmd", program, "--only", criterion, "--format", "json",
    ]));
    let criteria = report["lessons"][0]["criteria"].as_array().unwrap();
    let found = criteria.iter().find(|each| each["id"] == criterion).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    (text(&found["status"]), text(&found["cause"]["mistake"]))
}

fn faulty(name: &str) -> Option<String> {
    let script: PathBuf = servers().join("echo/faulty").join(name);
    python().map(|python| command_line([&python, &script]))
}
