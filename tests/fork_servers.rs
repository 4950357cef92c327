//! Lesson w02-l01: every correct server that forks is proved. For a wrong server, the report names
//! the cause.

mod support;

use assert_cmd::assert::Assert;
use predicates::str::is_empty;
use std::process::Command;
use support::other_user::xtask_as_other_user;
use support::processes::free_port;
use support::programs::{TestDir, command_line, python, servers};
use support::{assert_contains, stdout_of, xtask};

/// The correct servers in C; they differ in how they fork and reap.
const IN_C: [&str; 8] = [
    "ignores_sigchld",
    "reaps_in_handler",
    "reaps_in_loop",
    "double_fork",
    "execs_itself",
    "client_is_stdout",
    "reaps_in_thread",
    "signalfd",
];

/// The number of the lesson's criteria.
const CRITERIA: usize = 13;

#[test]
fn proves_the_c_servers() {
    let dir = TestDir::new();
    for name in IN_C {
        assert_proved(&in_c(&dir, name), &[]);
    }
}

#[test]
fn proves_the_c_servers_without_isolation() {
    let dir = TestDir::new();
    for name in IN_C {
        let port = free_port().to_string();
        let server = format!("env PORT={port} {}", in_c(&dir, name));
        assert_proved(&server, &["--isolation", "none", "--port", &port]);
    }
}

#[test]
fn proves_the_python_servers() {
    let Some(python) = python() else { return };
    // An interpreter takes long to start on a busy machine, and `config` starts it several times.
    for name in ["plain.py", "forking_mixin.py", "multiprocess.py"] {
        let server = command_line([&python, &servers().join("fork").join(name)]);
        assert_proved(&server, &["--timeout", "60"]);
    }
}

#[test]
fn proves_the_servers_in_perl_and_ruby() {
    for (interpreter, name) in [("perl", "plain.pl"), ("ruby", "plain.rb")] {
        if Command::new(interpreter).arg("-v").output().is_err() {
            continue; // This machine does not have the language.
        }
        let server =
            format!("{interpreter} {}", command_line([&servers().join("fork").join(name)]));
        assert_proved(&server, &["--timeout", "60"]);
    }
}

#[test]
fn proves_as_an_ordinary_user_who_cannot_observe_dying_processes() {
    let dir = TestDir::new();
    let flags = ["--repeat", "10", "--isolation", "none", "--port", &free_port().to_string()];
    let server = in_c(&dir, "double_fork");
    let Some(proved) =
        xtask_as_other_user(&[&["prove", "w02-l01", "--cmd", &server], &flags[..]].concat())
    else {
        return;
    };
    assert_contains(&stdout_of(&proved.code(0).stderr(is_empty())), &["proved · 10 of 10 runs"]);
}

#[test]
fn proves_a_server_repeatedly() {
    let dir = TestDir::new();
    let output = prove(&in_c(&dir, "reaps_in_handler"), &["--repeat", "20"]).code(0);
    assert_contains(&stdout_of(&output), &["proved · 20 of 20 runs"]);
}

#[test]
fn a_server_that_reads_whole_lines_fails() {
    let pieces = ["was answered only after a newline", "Common mistake: Reading whole lines"];
    assert_contains(&output_of("reads_lines"), &pieces);
}

#[test]
fn a_child_that_ends_by_an_exception_has_not_chosen_to_answer_once() {
    let Some(python) = python() else { return };
    let server = command_line([&python, &servers().join("fork/faulty/decodes_text.py")]);
    let output = stdout_of(&prove(&server, &["--only", "flips"]).code(1).stderr(is_empty()));
    assert_contains(&output, &["whole answer. Printed on standard error: UnicodeDecodeError"]);
    assert!(!output.contains("Common mistake"), "{output}");
}

#[test]
fn children_that_are_forked_before_a_client_connects_fail() {
    let pieces = [
        "A's child was forked, and logged, before A connected.",
        "3 processes have the listener, and wait in accept for a client.",
    ];
    assert_contains(&output_of("forks_first"), &pieces);
}

#[test]
fn a_child_that_closes_its_connection_and_never_ends_fails() {
    let pieces = ["A's child has closed the connection, and runs on in a busy loop."];
    assert_contains(&output_of("closes_and_spins"), &pieces);
}

#[test]
fn a_child_that_sleeps_after_end_of_file_fails() {
    let pieces =
        ["A's child has read the end of file, and does not end: it sleeps, and looks again"];
    assert_contains(&output_of("naps_at_eof"), &pieces);
}

#[test]
fn a_server_that_compares_bytes_with_eof_fails() {
    let output = output_of("looks_for_eof_byte");
    let pieces = ["0xff is not EOF", "A has sent its last byte, and its child keeps sending"];
    assert_contains(&output, &pieces);
}

#[test]
fn a_child_in_a_busy_loop_fails() {
    let output = output_of("spins_at_eof");
    assert_contains(
        &output,
        &["A has left; its child's read returns 0, again and again.", "read(4) = 0"],
    );
}

#[test]
fn a_server_with_preforked_children_fails() {
    let output = output_of("prefork");
    assert_contains(
        &output,
        &["processes have the listener, and wait in accept", "its child waits in accept again, as"],
    );
}

#[test]
fn threads_in_place_of_child_processes_fail_even_if_the_log_is_correct() {
    assert_contains(
        &output_of("thread_per_client"),
        &["A connected and has no child of its own", "the parent serves the client itself"],
    );
}

#[test]
fn a_server_that_forks_after_several_accepts_fails() {
    let output = output_of("accepts_batch");
    assert_contains(&output, &["✗ descriptors", "child has a copy of E's connection"]);
    assert!(!output.contains("Common mistake"), "{output}");
}

#[test]
fn a_count_that_is_too_small_fails() {
    let dir = TestDir::new();
    for (name, words) in [
        ("FEW_REMEMBERED", ["✗ ends", "outlived it"]),
        ("FEW_REAPED", ["✗ no-zombies", "Children ended up to 20 at a time"]),
        ("FEW_FAILURES", ["✗ fork-fails", "when fork failed with EAGAIN"]),
    ] {
        let server = command_line([&dir.compiled_with("fork/faulty/counts_children.c", name)]);
        assert_contains(&stdout_of(&prove(&server, &[]).code(1).stderr(is_empty())), &words);
    }
}

#[test]
fn one_fault_of_a_child_fails_its_criterion() {
    let dir = TestDir::new();
    let server = |name| command_line([&dir.compiled_with("fork/faulty/one_fault.c", name)]);
    assert_proved(&server("NO_FAULT"), &[]);
    for (fault, criterion, words) in [
        ("WRITES_TWICE", "every-byte", "Common mistake: Dropping the rest after a short write"),
        ("RETRIES_EPIPE", "hangup", "has left, and its child does not end: it sleeps, and looks"),
        ("NEEDS_PEER", "hangup", "1 when it accepted clients that had left before."),
        ("KEEPS_PEERLESS", "hangup", "before the parent accepted them, and it keeps their"),
        ("SHUTS_DOWN", "fork-fails", "ended B's connection and never closed its"),
        ("KEEPS_BLOCKED", "fork-fails", "After fork had failed, SIGTERM did not end the server"),
        ("TABLE", "ends", "and 6 processes that it had started"),
    ] {
        let output = stdout_of(&prove(&server(fault), &["--only", criterion]).code(1));
        assert_contains(&output, &[words]);
    }
}

#[test]
fn a_child_that_handles_sigterm_itself_is_no_child_without_the_signal() {
    let output = output_of("child_handles_sigterm");
    assert_contains(&output, &["✗ ends", "itself does not end it: it has a handler"]);
    assert!(!output.contains("Common mistake"), "{output}");
}

#[test]
fn a_child_that_is_not_reaped_after_one_that_was_killed_fails() {
    let dir = TestDir::new();
    let server = command_line([&dir.compiled_with("reap/faulty/one_fault.c", "UNTIL_KILLED")]);
    let output = stdout_of(&prove(&server, &["--only", "no-zombies"]).code(1).stderr(is_empty()));
    assert_contains(&output, &["ended together, one by SIGKILL, and one of them was not reaped."]);
    assert!(!output.contains("Common mistake"), "{output}");
}

#[test]
fn a_mask_that_stays_after_a_failed_fork_fails() {
    let dir = TestDir::new();
    let server = command_line([&dir.compiled_with("reap/faulty/one_fault.c", "KEEPS_MASK")]);
    let output = stdout_of(&prove(&server, &["--only", "fork-fails"]).code(1).stderr(is_empty()));
    let words = ["After fork had failed, A's child has ended, and the parent has not reaped it."];
    assert_contains(&output, &words);
    assert_contains(&output, &["a handler for SIGCHLD, and blocks the signal."]);
    assert!(!output.contains("Common mistake"), "{output}");
}

fn in_c(dir: &TestDir, name: &str) -> String {
    command_line([&dir.compiled(format!("fork/{name}.c"))])
}

#[track_caller]
fn assert_proved(server: &str, flags: &[&str]) {
    let proved = prove(server, flags);
    let output = stdout_of(&proved);
    assert!(output.contains(&format!("proved · {CRITERIA} of {CRITERIA} ·")), "{server}: {output}");
    proved.code(0).stderr(is_empty());
}

/// Runs a proof of a wrong server in `tests/servers/fork/faulty`, and returns the output.
#[track_caller]
fn output_of(name: &str) -> String {
    let dir = TestDir::new();
    stdout_of(&prove(&in_c(&dir, &format!("faulty/{name}")), &["--all"]).code(1).stderr(is_empty()))
}

fn prove(server: &str, flags: &[&str]) -> Assert {
    xtask(&[&["prove", "w02-l01", "--cmd", server], flags].concat())
}
