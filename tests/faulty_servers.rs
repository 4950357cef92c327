//! For a program that is not a server, and for a faulty or hostile server, the report explains the
//! cause in words. No process of the program remains.

mod support;

use assert_cmd::assert::Assert;
use predicates::str::is_empty;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use support::processes::{assert_gone, free_port, marker};
use support::programs::{TestDir, command_line, python, servers};
use support::{assert_contains, prove, report, stderr_of, stdout_of};

#[test]
fn a_program_that_cannot_run_is_misuse() {
    for (program, words) in [
        ("", "--cmd is empty; name a program"),
        ("./no-such-server", "no-such-server; build it first, or check the path: No such file"),
        (
            "no-such-server",
            "no program \"no-such-server\" in PATH; for one in this folder write ./",
        ),
        ("../Cargo.toml", "Cargo.toml is not a program; chmod +x it"),
        ("/", "/ is not a program"),
        ("'./server", "missing closing quote"),
    ] {
        let output = prove(&["--cmd", program]).code(2).stdout(is_empty());
        assert_contains(&stderr_of(&output), &["error: --cmd", words]);
    }
}

#[test]
fn a_program_for_32_bits_is_misuse() {
    let dir = TestDir::new();
    let program = dir.path("server");
    fs::write(&program, b"\x7fELF\x01\x01\x01").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let output = prove(&["--cmd", &command_line([&program])]).code(2).stdout(is_empty());
    assert_contains(&stderr_of(&output), &["is a program of 32 bits", "gcc -m64"]);
}

#[test]
fn the_cause_of_an_early_exit_has_status_and_last_output() {
    let output = output_of(&script("exits_at_once.sh"), &[]);
    let words = "no configuration file: giving up";
    assert_contains(&output, &["Nothing listens on", "ended with exit status 3", words]);
}

#[test]
fn the_cause_of_a_death_by_signal_names_the_signal() {
    let output = output_of(&script("dies_by_signal.sh"), &[]);
    assert_contains(&output, &["Nothing listens on", "killed by SIGSEGV"]);
}

#[test]
fn a_program_that_sleeps_without_listening_fails_at_once() {
    let output = output_of(&script("never_listens.sh"), &["--timeout", "3600"]);
    assert_contains(&output, &["Nothing listens on", "asleep in"]);
}

#[test]
fn the_cause_names_a_wrong_port() {
    let Some(program) = in_python("wrong_port.py") else { return };
    let port = free_port();
    let [expected, actual] = [port, port + 70].map(|port| format!("listens on {port}."));
    let output = output_on_port(port, &program, &["--timeout", "3600"]);
    assert_contains(
        &output,
        &[&format!("Nothing {expected}"), &format!("on descriptor 3, which {actual}")],
    );
}

#[test]
fn a_server_in_the_background_fails() {
    let Some(program) = in_python("daemon.py") else { return };
    let output = output_of(&program, &[]);
    assert_contains(&output, &["running in the background", "stays in the foreground"]);
}

#[test]
fn a_server_that_dies_with_its_first_client_fails() {
    let Some(program) = in_python("crashes_on_client.py") else { return };
    assert_contains(&output_of(&program, &[]), &["✓ starts", "✗ slots", "killed by SIGABRT"]);
}

#[test]
fn a_task_that_is_still_to_do_does_not_hide_a_setting_that_was_taken() {
    let Some(program) = in_python("later_task.py") else { return };
    let output = stdout_of(&prove(&["--cmd", &program, "--only", "config,port-taken"]).code(1));
    let words = ["is accepted: the server goes on to Task 2.", "Using a bad setting all the same"];
    assert_contains(&output, &words);
    let words = ["reached a task that is still to do: Task 2: accept the client", "next: Task 1"];
    assert_contains(&output, &words);
    assert_contains(&output, &["The port is in use, and the server goes on to Task 2."]);
}

#[test]
fn escape_sequences_do_not_reach_the_terminal() {
    let Some(program) = in_python("terminal_escapes.py") else { return };
    let output = output_of(&program, &[]);
    assert_contains(&output, &["✗ starts", "active=0/64", r"\x1b[2J"]);
    let json = prove(&["--cmd", &program, "--format", "json"]).code(1).stderr(is_empty());
    let bytes = &json.get_output().stdout;
    assert!(!bytes.iter().any(|byte| byte.is_ascii_control() && *byte != b'\n'));
    assert_eq!(report(&json)["lessons"][0]["verdict"], "not-yet");
}

#[test]
fn a_forged_log_proves_nothing() {
    let Some(program) = in_python("fakes_log.py") else { return };
    assert_contains(
        &output_of(&program, &["--all"]),
        &["✗ slots", "the server never accepted it", "not accepted"],
    );
}

#[test]
fn a_server_that_closes_its_log_fails() {
    let Some(program) = in_python("closes_stdout.py") else { return };
    assert_contains(
        &output_of(&program, &[]),
        &["✓ starts", "✗ slots", "the server logged no [ACCEPT] line for it"],
    );
}

#[test]
fn a_million_log_lines_do_not_stop_the_proof() {
    let Some(program) = in_python("million_lines.py") else { return };
    assert_contains(
        &output_of(&program, &[]),
        &["✓ starts", "✗ slots", "the server never accepted it"],
    );
}

// <staff>
#[test]
fn a_thread_for_each_client_fails() {
    let dir = TestDir::new();
    let program = command_line([&dir.compiled("faulty/thread_per_client.c")]);
    let words = ["✗ one-thread", "threads and processes; with one it had"];
    assert_contains(&output_of(&program, &["--all"]), &words);
    assert_eq!(mistake(&program, "one-thread"), "thread-per-client");
    // The row is about a server that goes back to poll when descriptors run out. This one never calls
    // poll.
    assert_eq!(mistake(&program, "accept-again"), "");
}

#[test]
fn a_process_for_each_client_fails() {
    let Some(program) = in_python("fork_per_client.py") else { return };
    let words = ["✗ one-thread", "threads and processes; with one it had"];
    assert_contains(&output_of(&program, &["--all"]), &words);
}

#[test]
fn a_connection_whose_descriptor_number_changes_is_found() {
    let Some(program) = in_python("moves_descriptors.py") else { return };
    let output = output_of(&program, &["--only", "no-fd-leak"]);
    assert_contains(&output, &["✗ no-fd-leak", "CLOSE_WAIT", "client A, has left"]);
}
// </staff>

#[test]
fn a_server_in_a_busy_loop_that_ignores_sigterm_is_killed() {
    let dir = TestDir::new();
    let program = command_line([&dir.compiled("faulty/ignores_sigterm_and_spins.c")]);
    let flags = ["--timeout", "5", "--only", "slots,idle"];
    // If other processes use the CPUs, the proof is inconclusive. Then the test runs the proof
    // again.
    let run = || run(free_port(), &program, &flags);
    let is_conclusive = |answer: &Assert| !stdout_of(answer).contains("the machine was too busy");
    let Some(answer) = (0..20).map(|_| run()).find(is_conclusive) else {
        println!("skipped: other processes used the CPUs during every proof");
        return;
    };
    let output = stdout_of(&answer.code(1));
    assert_contains(&output, &["✗ slots", "computes without a system call"]);
    assert_contains(&output, &["✗ idle", "does not go to sleep"]);
}

/// Runs a proof of `program`, whose verdict must be "not yet", and returns the output. Fails if a
/// process of the program remains.
#[track_caller]
fn output_of(program: &str, flags: &[&str]) -> String {
    output_on_port(free_port(), program, flags)
}

/// The same as [`output_of`], with this port.
#[track_caller]
fn output_on_port(port: u16, program: &str, flags: &[&str]) -> String {
    stdout_of(&run(port, program, flags).code(1))
}

/// Runs a proof of `program`. Fails if a process of the program remains, or if the output contains
/// control characters.
#[track_caller]
fn run(port: u16, program: &str, flags: &[&str]) -> Assert {
    let marker = marker();
    let (program, port) = (format!("{program} {marker}"), port.to_string());
    let flags = [&["--cmd", &program, "--port", &port], flags].concat();
    let output = prove(&flags).stderr(is_empty());
    assert_gone(&marker);
    let text = String::from_utf8(output.get_output().stdout.clone()).expect("the output is UTF-8");
    let controls: Vec<_> = text.matches(|char: char| char.is_control() && char != '\n').collect();
    assert!(controls.is_empty(), "raw control characters {controls:?} in:\n{text}");
    output
}

// <staff>
/// The id of the mistake that the cause of a criterion names. The mistake is a row of the lesson's
/// table "Common Mistakes".
fn mistake(program: &str, criterion: &str) -> String {
    let report = report(&prove(&["--cmd", program, "--format", "json"]).code(1));
    let criteria = report["lessons"][0]["criteria"].as_array().unwrap();
    let found = criteria.iter().find(|each| each["id"] == criterion).unwrap();
    found["cause"]["mistake"].as_str().unwrap_or_default().to_owned()
}
// </staff>

fn script(name: &str) -> String {
    command_line([&faulty(name)])
}

fn in_python(name: &str) -> Option<String> {
    python().map(|python| command_line([&python, &faulty(name)]))
}

fn faulty(name: &str) -> PathBuf {
    servers().join("faulty").join(name)
}
