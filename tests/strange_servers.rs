//! A program that is no server at all, or a hostile one, is told so in words, and leaves nothing.

mod support;

use assert_cmd::assert::Assert;
use predicates::str::is_empty;
use std::path::PathBuf;
use support::processes::{assert_gone, free_port, marker};
use support::programs::{Bench, line, python, servers};
use support::{assert_says, complained, prove, report, said};

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
        let told = prove(&["--cmd", program]).code(2).stdout(is_empty());
        assert_says(&complained(&told), &["error: --cmd", words]);
    }
}

#[test]
fn an_early_end_is_told_with_its_status_and_last_words() {
    let told = told(&script("exits_at_once.sh"), &[]);
    let words = "no configuration file: giving up";
    assert_says(&told, &["Nothing listens on", "ended with exit status 3", words]);
}

#[test]
fn a_death_by_signal_is_told_by_its_name() {
    let told = told(&script("dies_by_signal.sh"), &[]);
    assert_says(&told, &["Nothing listens on", "killed by SIGSEGV"]);
}

#[test]
fn who_sleeps_without_listening_is_not_waited_for() {
    let told = told(&script("never_listens.sh"), &["--timeout", "3600"]);
    assert_says(&told, &["Nothing listens on", "asleep in"]);
}

#[test]
fn a_wrong_port_is_named() {
    let Some(program) = in_python("wrong_port.py") else { return };
    let port = free_port();
    let [said, is] = [port, port + 70].map(|port| format!("listens on {port}"));
    let told = told_on(port, &program, &["--timeout", "3600"]);
    assert_says(&told, &[&format!("Nothing {said}"), &format!("the server {is} instead")]);
}

#[test]
fn a_server_in_the_background_is_told_to_stay_in_front() {
    let Some(program) = in_python("daemon.py") else { return };
    let told = told(&program, &[]);
    assert_says(&told, &["running behind it", "stays in the foreground"]);
}

#[test]
fn a_death_with_the_first_client_is_told() {
    let Some(program) = in_python("crashes_on_client.py") else { return };
    assert_says(&told(&program, &[]), &["✓ starts", "✗ slots", "killed by SIGABRT"]);
}

#[test]
fn what_is_printed_cannot_command_a_terminal() {
    let Some(program) = in_python("garbage.py") else { return };
    let told = told(&program, &[]);
    assert_says(&told, &["✗ starts", "active=0/64", r"\x1b[2J"]);
    let json = prove(&["--cmd", &program, "--format", "json"]).code(1).stderr(is_empty());
    let bytes = &json.get_output().stdout;
    assert!(!bytes.iter().any(|byte| byte.is_ascii_control() && *byte != b'\n'));
    assert_eq!(report(&json)["lessons"][0]["verdict"], "not-yet");
}

#[test]
fn a_log_that_is_made_up_is_not_believed() {
    let Some(program) = in_python("fakes_log.py") else { return };
    assert_says(&told(&program, &[]), &["✗ slots", "the server never accepted it", "not accepted"]);
}

#[test]
fn a_closed_log_is_missed() {
    let Some(program) = in_python("closes_stdout.py") else { return };
    assert_says(&told(&program, &[]), &["✓ starts", "✗ slots", "no [ACCEPT] line says so"]);
}

#[test]
fn a_million_lines_do_no_harm() {
    let Some(program) = in_python("million_lines.py") else { return };
    assert_says(&told(&program, &[]), &["✓ starts", "✗ slots", "the server never accepted it"]);
}

// <staff>
#[test]
fn a_thread_for_each_client_is_counted() {
    let bench = Bench::new();
    let program = line([&bench.compiled("strange/thread_per_client.c")]);
    let words = ["✗ one-thread", "threads or processes: this lesson asks for one"];
    assert_says(&told(&program, &["--all"]), &words);
    assert_eq!(mistake(&program, "one-thread"), "thread-per-client");
}

#[test]
fn a_process_for_each_client_is_counted() {
    let Some(program) = in_python("fork_per_client.py") else { return };
    let words = ["✗ one-thread", "threads or processes: this lesson asks for one"];
    assert_says(&told(&program, &["--all"]), &words);
}

#[test]
fn a_descriptor_that_moves_while_it_is_looked_for_is_found() {
    let Some(program) = in_python("moves_descriptors.py") else { return };
    let told = told(&program, &["--only", "no-fd-leak"]);
    assert_says(&told, &["A left, but never closed its socket", "is the same connection"]);
}
// </staff>

#[test]
fn who_never_rests_and_ignores_sigterm_is_ended_at_the_time_out() {
    let bench = Bench::new();
    let program = line([&bench.compiled("strange/deaf_and_spinning.c")]);
    let flags = ["--timeout", "1", "--only", "slots,idle"];
    // A processor that others use is no server's fault, and gives no verdict: it is asked again.
    let asked = || asked(free_port(), &program, &flags);
    let is_seen = |answer: &Assert| !said(answer).contains("the machine was too busy");
    let Some(answer) = (0..20).map(|_| asked()).find(is_seen) else {
        println!("skipped: every time, others had the processors");
        return;
    };
    let told = said(&answer.code(1));
    assert_says(&told, &["✗ slots", "after 1 s the server was still running"]);
    assert_says(&told, &["✗ idle", "does not go to sleep"]);
}

/// What a learner is told of a program, which is not yet proved and of which nothing is left.
#[track_caller]
fn told(program: &str, flags: &[&str]) -> String {
    told_on(free_port(), program, flags)
}

/// As [`told`], with this port for the program's.
#[track_caller]
fn told_on(port: u16, program: &str, flags: &[&str]) -> String {
    said(&asked(port, program, flags).code(1))
}

/// What is said of a program of which nothing is left, in words that command no terminal.
#[track_caller]
fn asked(port: u16, program: &str, flags: &[&str]) -> Assert {
    let marker = marker();
    let (program, port) = (format!("{program} {marker}"), port.to_string());
    let flags = [&["--cmd", &program, "--port", &port], flags].concat();
    let told = prove(&flags).stderr(is_empty());
    assert_gone(&marker);
    let text = String::from_utf8(told.get_output().stdout.clone()).expect("the output is UTF-8");
    let acting: Vec<_> = text.matches(|char: char| char.is_control() && char != '\n').collect();
    assert!(acting.is_empty(), "raw control characters {acting:?} in:\n{text}");
    told
}

// <staff>
/// The Common Mistakes row that one criterion names as the cause.
fn mistake(program: &str, criterion: &str) -> String {
    let report = report(&prove(&["--cmd", program, "--format", "json"]).code(1));
    let criteria = report["lessons"][0]["criteria"].as_array().unwrap();
    let found = criteria.iter().find(|each| each["id"] == criterion).unwrap();
    found["cause"]["mistake"].as_str().unwrap_or_default().to_owned()
}
// </staff>

fn script(name: &str) -> String {
    line([&strange(name)])
}

fn in_python(name: &str) -> Option<String> {
    python().map(|python| line([&python, &strange(name)]))
}

fn strange(name: &str) -> PathBuf {
    servers().join("strange").join(name)
}
