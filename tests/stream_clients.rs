//! Lesson w01-l02: correct clients are proved. For a wrong client, the report names the cause.

mod support;

use predicates::str::is_empty;
use std::env;
use std::path::PathBuf;
use std::process::Command;
use support::programs::{TestDir, command_line, in_folder, python, servers};
use support::{assert_contains, report, stderr_of, stdout_of, xtask};

#[test]
fn proves_the_solution() {
    let proved = xtask(&["prove", "w01-l02", "--solution"]).code(0).stderr(is_empty());
    assert_contains(&stdout_of(&proved), &["proved · 10 of 10 ·"]);
}

#[test]
fn sends_a_beginner_to_the_first_task() {
    let output = xtask(&["prove", "w01-l02"]).code(1).stderr(is_empty());
    let words = ["✗ connects", "The client reached a task", "Task 1:", "0 of 10 · next: Task 1 ·"];
    assert_contains(&stdout_of(&output), &words);
}

#[test]
fn proves_the_c_clients() {
    let dir = TestDir::new();
    for source in in_folder(&clients(), "c") {
        assert_proved(&command_line([&dir.compiled(&source)]));
    }
}

#[test]
fn proves_a_client_that_pauses_before_it_tries_the_next_address() {
    let dir = TestDir::new();
    assert_proved(&command_line([&dir.compiled_with("client/nonblocking.c", "PAUSES")]));
}

#[test]
fn proves_the_python_clients() {
    let Some(python) = python() else { return };
    for script in in_folder(&clients(), "py") {
        assert_proved(&command_line([&python, &script]));
    }
}

#[test]
fn proves_the_perl_client() {
    let Some(perl) = in_path("perl") else { return };
    assert_proved(&command_line([&perl, &clients().join("plain.pl")]));
}

#[test]
fn proves_the_go_client() {
    let Some(go) = in_path("go") else { return };
    let dir = TestDir::new();
    let (program, source) = (dir.path("go-client"), clients().join("client.go"));
    let built = Command::new(go).args(["build", "-o"]).args([&program, &source]).status().unwrap();
    assert!(built.success());
    assert_proved(&command_line([&program]));
}

#[test]
fn a_beginners_client_has_each_of_its_faults_named() {
    let dir = TestDir::new();
    let client = command_line([&dir.compiled("client/faulty/beginner.c")]);
    for (criterion, mistake) in [
        ("connects", None),
        ("usage", Some("unchecked-port")),
        ("exchange", None),
        ("whole-reply", Some("one-recv")),
        ("all-sent", Some("line-cut")),
        ("hung-up", Some("eof-is-success")),
    ] {
        let expected = match mistake {
            Some(mistake) => ("failed".to_owned(), mistake.to_owned()),
            None => ("proved".to_owned(), String::new()),
        };
        assert_eq!(finding(&client, criterion), expected, "{criterion}");
    }
}

#[test]
fn a_client_with_one_fault_fails_its_criterion() {
    let dir = TestDir::new();
    let client = |name| command_line([&dir.compiled_with("client/faulty/one_fault.c", name)]);
    assert_proved(&client("NO_FAULT"));
    for (fault, criterion, words) in [
        ("IPV4_ROOM", "connects", "and the client logs \"\"."),
        ("SHORT_HOST", "connects", "the client does not try to connect to it."),
        ("BELOW_LAST_PORT", "connects", "The client does not connect to the server."),
        (
            "LOGS_LATE",
            "connects",
            "does not answer. The client waits in its attempt to connect to it, and has",
        ),
        (
            "OVER_LAST_PORT",
            "usage",
            "With a port over 65535 (127.0.0.1 65536), the client tries to",
        ),
        ("ONLY_REFUSED", "refused", "The client has logged no attempt to connect to 198.51.100."),
        (
            "FIRST_REASON",
            "refused",
            "to which there is no route, and standard error has the reason of",
        ),
        ("SENT_CUT", "all-sent", "and the text of its line [client] sent has"),
        ("SENT_IN_PIECES", "all-sent", "lines [client] sent for one line."),
        ("CRASHES_IN_LOG", "exchange", "The client was killed by SIGSEGV"),
        ("FIXED_TABLE", "next-address", "127.0.0.9 and not 127.0.0.19,"),
        ("LENGTH_ONE", "nothing-to-say", "The line has no newline, and the client does not send"),
        ("READ_IS_LINE", "exchange", "The client sends 10 of the 20 bytes of its line"),
        (
            "EINTR_IS_FATAL",
            "all-sent",
            "The client ended with exit status 1 after it was stopped and",
        ),
        ("ASKS_FOR_ROOM", "all-sent", "The client does not sleep while it waits: it repeats poll"),
    ] {
        assert_contains(&prove_only(&client(fault), criterion), &[words]);
    }
}

#[test]
fn a_client_that_a_stop_has_ended_is_told_so_while_it_sends_and_while_it_waits() {
    let dir = TestDir::new();
    let client = dir.compiled_with("client/faulty/one_fault.c", "EINTR_IS_FATAL");
    let client = command_line([&client]);
    for criterion in ["all-sent", "tidy"] {
        let expected = ("failed".to_owned(), "eintr-ends-client".to_owned());
        assert_eq!(finding(&client, criterion), expected, "{criterion}");
    }
}

#[test]
fn a_client_that_tries_only_the_last_address_fails_next_address() {
    let Some(client) = faulty_script("last_address.py") else { return };
    assert_eq!(finding(&client, "connects").0, "proved");
    assert_eq!(finding(&client, "next-address").0, "failed");
}

#[test]
fn a_client_that_prints_its_own_line_as_the_answer_fails_whole_reply() {
    let Some(client) = faulty_script("fakes_answer.py") else { return };
    assert_eq!(finding(&client, "exchange").0, "proved");
    assert_eq!(finding(&client, "whole-reply").0, "failed");
    assert_eq!(finding(&client, "hung-up").0, "failed");
}

#[test]
fn a_task_that_is_still_to_do_does_not_hide_a_port_that_was_taken() {
    let Some(client) = faulty_script("later_task.py") else { return };
    let output = prove_only(&client, "usage");
    let words = ["With port 0 (127.0.0.1 0), the client tries to connect.", "Taking any text for"];
    assert_contains(&output, &words);
    assert_contains(&output, &["reached a task that is still to do: Task 2", "next: Task 1"]);
}

#[test]
fn a_client_that_sends_a_part_and_ends_is_not_said_to_wait() {
    let Some(client) = faulty_script("cuts_line.py") else { return };
    for criterion in ["all-sent", "whole-reply"] {
        assert_eq!(finding(&client, criterion), ("failed".to_owned(), "line-cut".to_owned()));
        let output = prove_only(&client, criterion);
        assert_contains(&output, &["The client sends 4095 of the", "for the whole answer."]);
        assert_contains(&output, &["the client ended with exit status 0"]);
        assert!(!output.contains("waits"), "{output}");
    }
}

#[test]
fn a_client_that_does_not_sleep_is_told_which_call_it_repeats() {
    let Some(client) = faulty_script("sent_again.py") else { return };
    let output = prove_only(&client, "whole-reply");
    let words = ["The client does not sleep while it waits: it repeats poll([3]) = 1"];
    assert_contains(&output, &words);
    assert_contains(&output, &["the client asks poll for", "Waiting in a busy loop"]);
}

#[test]
fn a_client_that_logs_its_line_again_and_again_is_told_so() {
    let Some(client) = faulty_script("sent_again.py") else { return };
    let output = prove_only(&client, "all-sent");
    assert_contains(&output, &["The client logs", "times or more that it has sent its line."]);
}

#[test]
fn a_byte_behind_the_memory_of_the_answer_is_found() {
    let dir = TestDir::new();
    let client = command_line([&dir.compiled("client/faulty/heap_terminator.c")]);
    let expected = ("failed".to_owned(), "terminator".to_owned());
    assert_eq!(finding(&client, "whole-reply"), expected);
    assert_eq!(finding(&client, "hung-up").0, "failed");
}

#[test]
fn a_client_that_interprets_its_line_fails_exchange() {
    for (program, script) in [("perl", "format.pl"), ("bash", "echo.sh")] {
        let Some(program) = in_path(program) else { continue };
        let client = command_line([&program, &clients().join("faulty").join(script)]);
        assert_eq!(finding(&client, "exchange").0, "failed", "{script}");
        assert_eq!(finding(&client, "tidy").0, "proved", "{script}");
    }
}

#[test]
fn names_are_inconclusive_without_mounts() {
    let Some(python) = python() else { return };
    let client = command_line([&python, &clients().join("create_connection.py")]);
    let flags = ["--isolation", "none", "--cmd", &client];
    let output = xtask(&[&["prove", "w01-l02"], &flags[..]].concat());
    let output = stdout_of(&output.code(2));
    assert_contains(&output, &["? connects", "? next-address", "✓ exchange", "/etc/hosts"]);
    assert!(!output.contains("✗"), "{output}");
}

#[test]
fn a_client_has_no_port_of_its_own() {
    let flags = ["prove", "w01-l02", "--cmd", "true", "--port", "7000"];
    let refused = xtask(&flags).code(2).stdout(is_empty());
    assert_contains(&stderr_of(&refused), &["--port", "client", "leave it out"]);
}

fn clients() -> PathBuf {
    servers().join("client")
}

fn faulty_script(name: &str) -> Option<String> {
    Some(command_line([&python()?, &clients().join("faulty").join(name)]))
}

#[track_caller]
fn assert_proved(client: &str) {
    let proved = xtask(&["prove", "w01-l02", "--cmd", client, "--all", "--timeout", "60"]);
    let output = stdout_of(&proved);
    assert!(output.contains("proved · 10 of 10 ·"), "{output}");
    proved.code(0).stderr(is_empty());
}

/// What `prove` prints for a client that fails a criterion.
fn prove_only(client: &str, criterion: &str) -> String {
    stdout_of(&xtask(&["prove", "w01-l02", "--only", criterion, "--cmd", client]).code(1))
}

/// The status of a criterion, and the row that its failure names.
fn finding(client: &str, criterion: &str) -> (String, String) {
    let flags = ["--cmd", client, "--only", criterion, "--format", "json"];
    let output = xtask(&[&["prove", "w01-l02"], &flags[..]].concat());
    let found = &report(&output)["lessons"][0]["criteria"][0];
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    (text(&found["status"]), text(&found["cause"]["mistake"]))
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
