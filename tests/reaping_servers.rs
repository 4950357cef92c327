//! Lesson w02-l02: every correct server that reaps its children is proved, whichever way SIGCHLD reaches
//! it. For a wrong server, the report names the cause.

mod support;

use assert_cmd::assert::Assert;
use predicates::str::is_empty;
use std::process::Command;
use support::processes::free_port;
use support::programs::{TestDir, command_line, python, servers};
use support::{assert_contains, stdout_of, xtask};

/// The correct servers in C; they differ in how SIGCHLD reaches them, and in where they reap.
const IN_C: [&str; 7] = [
    "in_handler",
    "bsd_signal",
    "signalfd",
    "self_pipe",
    "flag_and_eintr",
    "eintr_only",
    "sigwait_thread",
];

/// The number of the lesson's criteria.
const CRITERIA: usize = 18;

#[test]
fn proves_the_c_servers() {
    let dir = TestDir::new();
    for name in IN_C {
        assert_proved(&in_c(&dir, name), &[]);
    }
}

#[test]
fn proves_a_c_server_without_isolation() {
    let dir = TestDir::new();
    let port = free_port().to_string();
    let server = format!("env PORT={port} {}", in_c(&dir, "in_handler"));
    assert_proved(&server, &["--isolation", "none", "--port", &port]);
}

#[test]
fn proves_the_python_servers() {
    let Some(python) = python() else { return };
    // An interpreter takes long to start on a busy machine, and `config` starts it several times.
    for name in ["in_handler.py", "wakeup_fd.py"] {
        let server = command_line([&python, &servers().join("reap").join(name)]);
        assert_proved(&server, &["--timeout", "60"]);
    }
}

#[test]
fn proves_the_server_in_perl() {
    if Command::new("perl").arg("-v").output().is_err() {
        return; // This machine does not have the language.
    }
    let server = format!("perl {}", command_line([&servers().join("reap/plain.pl")]));
    assert_proved(&server, &["--timeout", "60"]);
}

#[test]
fn proves_a_server_repeatedly() {
    let dir = TestDir::new();
    let output = prove(&in_c(&dir, "in_handler"), &["--repeat", "20"]).code(0);
    assert_contains(&stdout_of(&output), &["proved · 20 of 20 runs"]);
}

#[test]
fn a_server_that_reaps_the_child_that_the_signal_names_fails() {
    let pieces = [
        "50 children ended together, and 49 of them were not reaped.",
        "Common mistake: Reaping one child, or a fixed number, for each signal",
    ];
    assert_contains(&output_of("siginfo_only"), &pieces);
}

#[test]
fn a_handler_that_changes_errno_fails() {
    let pieces = [
        "The server ended with exit status 1 after its handler of SIGCHLD had changed",
        "Common mistake: Changing errno in the handler",
        "not yet · 17 of 18",
    ];
    assert_contains(&output_of("changes_errno"), &pieces);
}

#[test]
fn a_handler_with_one_fault_fails_its_criterion() {
    let dir = TestDir::new();
    let server = |name| command_line([&dir.compiled_with("reap/faulty/one_fault.c", name)]);
    assert_proved(&server("NO_FAULT"), &[]);
    for (fault, criterion, words) in [
        ("TABLE", "burst", "50 children ended together, and 6 of them were not reaped."),
        ("EARLY_RETURN", "errno-kept", "Common mistake: Changing errno in the handler"),
        ("STOPPED", "reaps", "A's child was stopped and has not ended, and the server logged it"),
        ("STOPPED_LATER", "reaps", "A's child was stopped and has not ended, and the server"),
        ("UNTIL_KILLED", "burst", "of them were not reaped. SIGKILL had ended one of them."),
        (
            "KEEPS_MASK",
            "reaps",
            "After fork had failed, A's child has ended, and the server has not",
        ),
        ("KEEPS_ALL", "fork-fails", "After fork had failed, SIGTERM did not end the server"),
        ("LOOKS_ONCE", "reaps", "were forked. They were reaped, and"),
        ("HIDES_SIGTERM", "killed", "D's child was reaped, and no [REAP] line names it."),
        ("INHERITED", "killed", "was sent to D's child alone, and A's child ended with it."),
        ("NAPS", "burst", "are not reaped yet."),
    ] {
        let output = stdout_of(&prove(&server(fault), &["--only", criterion]).code(1));
        assert_contains(&output, &[words]);
        let has_no_row = ["TABLE", "LOOKS_ONCE", "INHERITED", "NAPS"].contains(&fault);
        assert!(!has_no_row || !output.contains("Common mistake"), "{output}");
    }
}

#[test]
fn an_exit_status_for_a_child_that_was_killed_fails() {
    let pieces = ["Signal 9 killed B's child, and the log gives it an exit status."];
    assert_contains(&output_of("exit_status_only"), &pieces);
}

#[test]
fn a_thread_that_waits_in_place_of_a_handler_fails_and_is_not_said_to_leave_zombies() {
    let output = output_of("waits_in_thread");
    assert_contains(&output, &["it has its default", "and a thread waits"]);
    assert!(!output.contains("Installing no handler"), "{output}");
}

#[test]
fn children_that_log_their_own_end_fail_when_they_are_killed() {
    let pieces = ["B's child was reaped, and no [REAP] line names it."];
    assert_contains(&output_of("children_log"), &pieces);
}

#[test]
fn a_server_that_logs_each_child_twice_fails() {
    let Some(python) = python() else { return };
    let server = command_line([&python, &servers().join("reap/faulty/logs_twice.py")]);
    let output = stdout_of(&prove(&server, &["--timeout", "60", "--only", "reaps"]).code(1));
    assert_contains(&output, &["child was reaped once, and logged 2 times."]);
}

#[test]
fn correct_servers_of_the_lesson_before_are_not_proved() {
    let dir = TestDir::new();
    let output = |name: &str| {
        let server = command_line([&dir.compiled(format!("fork/{name}.c"))]);
        stdout_of(&prove(&server, &["--all"]).code(1).stderr(is_empty()))
    };
    let ignored = ["it is ignored (SIG_IGN)", "Common mistake: Leaving SIGCHLD ignored"];
    assert_contains(&output("ignores_sigchld"), &ignored);
    let twice = ["is no child of the server", "Common mistake: Forking twice for a client"];
    assert_contains(&output("double_fork"), &twice);
    let silent = ["no [REAP] line names it", "Common mistake: Reaping without a log line"];
    assert_contains(&output("reaps_in_handler"), &silent);
}

fn in_c(dir: &TestDir, name: &str) -> String {
    command_line([&dir.compiled(format!("reap/{name}.c"))])
}

#[track_caller]
fn assert_proved(server: &str, flags: &[&str]) {
    let proved = prove(server, flags);
    let output = stdout_of(&proved);
    assert!(output.contains(&format!("proved · {CRITERIA} of {CRITERIA} ·")), "{server}: {output}");
    proved.code(0).stderr(is_empty());
}

/// Runs a proof of a wrong server in `tests/servers/reap/faulty`, and returns the output.
#[track_caller]
fn output_of(name: &str) -> String {
    let dir = TestDir::new();
    stdout_of(&prove(&in_c(&dir, &format!("faulty/{name}")), &["--all"]).code(1).stderr(is_empty()))
}

fn prove(server: &str, flags: &[&str]) -> Assert {
    xtask(&[&["prove", "w02-l02", "--cmd", server], flags].concat())
}
