//! Misuse costs one clear message and exit status 2; the help names everything there is.

mod support;

use predicates::str::is_empty;
use support::programs::Bench;
use support::{assert_says, complained, said, xtask};

#[test]
fn a_wrong_name_is_answered_with_the_right_one() {
    for (arguments, words) in [
        (&["prove", "w03-l20"][..], &["lesson \"w03-l20\"", "did you mean w03-l02?"][..]),
        (&["prove", "zebra"], &["lesson \"zebra\"", "it has ", "w03-l02"]),
        (&["list", "w03-l20"], &["did you mean w03-l02?"]),
        (&["prove", "w03-l02", "--only", "slot"], &["\"slot\"", "did you mean slots?"]),
        (&["prove", "w03-l02", "--only", "zebra"], &["\"zebra\"", "it has starts, slots"]),
        (&["prove", "w03-l02", "--onyl", "slots"], &["'--onyl'", "'--only'"]),
        // <staff>
        (&["check", "w03-l20"], &["did you mean w03-l02?"]),
        (&["starter", "w03-l20"], &["did you mean w03-l02?"]),
        (&["mistakes", "w03-l20"], &["did you mean w03-l02?"]),
        (&["mistakes", "w03-l02", "--only", "zebra"], &["mistake \"zebra\"", "forgot-close"]),
        // </staff>
    ] {
        assert_refused(arguments, words);
    }
}

#[test]
fn what_is_missing_or_too_much_is_named() {
    for (arguments, words) in [
        (&[][..], &["Usage: cargo xtask <COMMAND>", "prove", "Examples:"][..]),
        (&["prove"], &["name a lesson to prove", "w03-l02 Accept & Track Many Clients"]),
        (&["prove", "w03-l02", "--port", "7000"], &["not provided", "--cmd <COMMAND>"]),
        (&["prove", "w03-l02", "--only"], &["--only <ID>", "--help"]),
        // <staff>
        (&["mistakes"], &["<LESSON>", "--help"]),
        (
            &["prove", "w03-l02", "--solution", "--cmd", "true"],
            &["'--solution' cannot be used with '--cmd <COMMAND>'"],
        ),
        (&["starter", "--check", "--force"], &["'--check' cannot be used with '--force'"]),
        (&["kit"], &["<OUT>", "--help"]),
        // </staff>
    ] {
        assert_refused(arguments, words);
    }
}

#[test]
fn a_number_out_of_range_is_answered_with_the_range() {
    for (flag, number, range) in [
        ("--repeat", "0", "1..="),
        ("--repeat", "-1", "'-1'"),
        ("--port", "0", "1..=65535"),
        ("--port", "65536", "1..=65535"),
        ("--capacity", "0", "1..="),
        ("--timeout", "0", "1..=3600"),
        ("--timeout", "soon", "invalid digit"),
    ] {
        let number = format!("{flag}={number}");
        assert_refused(&["prove", "w03-l02", "--cmd", "true", &number], &[flag, range]);
    }
}

#[test]
fn an_unknown_choice_is_answered_with_the_choices() {
    assert_refused(
        &["prove", "w03-l02", "--tier", "sky"],
        &["'sky'", "strong, uid-drop, landlock, plain"],
    );
    assert_refused(&["prove", "w03-l02", "--format", "xml"], &["'xml'", "human, json"]);
    // <staff>
    assert_refused(&["mistakes", "w03-l02", "--format", "xml"], &["'xml'", "human, markdown"]);
    // </staff>
}

#[test]
fn a_place_that_cannot_be_written_is_refused_before_anything_runs() {
    let bench = Bench::new();
    let folder = bench.path("").to_str().unwrap().trim_end_matches('/').to_owned();
    let missing = format!("{folder}/missing/report.json");
    for (place, words) in [
        (missing.as_str(), "make it first"),
        (&folder, "not a file; name one"),
        ("/proc/report.json", "cannot write there"),
    ] {
        let arguments = ["prove", "w03-l02", "--cmd", "true", "--out", place];
        assert_refused(&arguments, &[&format!("--out {place}: "), words]);
    }
}

#[test]
fn lists_the_lessons() {
    let told = xtask(&["list"]).code(0).stderr(is_empty());
    let row = ["w03-l02 Accept & Track Many Clients", "120 min", "4 tasks", "10 criteria"];
    assert_says(&said(&told), &row);
}

#[test]
fn lists_a_lessons_tasks_and_criteria() {
    for command in ["list", "show"] {
        let told = xtask(&[command, "w03-l02"]).code(0).stderr(is_empty());
        let file = "lessons/w03-l02-poll-tracker/lesson.md";
        assert_says(&said(&told), &[file, "Task 1 A table", "Task 4", "starts It listens"]);
    }
}

#[test]
fn the_help_names_every_flag() {
    assert_helps("prove", PROVE);
    assert_helps("list", &[]);
    // <staff>
    assert_helps("starter", &["--check", "--force"]);
    assert_helps("mistakes", &["--only <ID>", "--format <FORMAT>"]);
    assert_helps("check", &["--write"]);
    // </staff>
}

const PROVE: &[&str] = &[
    // <staff>
    "--solution",
    // </staff>
    "--cmd <COMMAND>",
    "--port <N>",
    "--capacity <N>",
    "--timeout <SECS>",
    "--tier <TIER>",
    "--only <ID>",
    "--repeat <N>",
    "--all",
    "--format <FORMAT>",
    "--out <FILE>",
    "Exit status: 0 proved; 1 not yet; 2",
];

/// Fails unless these arguments are misuse, and the message has all the words.
#[track_caller]
fn assert_refused(arguments: &[&str], words: &[&str]) {
    let refused = xtask(arguments).code(2).stdout(is_empty());
    assert_says(&complained(&refused), words);
}

/// Fails unless the help of a command, whose name is in the help of all, names these flags.
#[track_caller]
fn assert_helps(command: &str, flags: &[&str]) {
    assert_says(&said(&xtask(&["--help"]).code(0)), &[command, "Exit status: 0 proved; 1 not"]);
    let told = said(&xtask(&[command, "--help"]).code(0).stderr(is_empty()));
    assert_says(&told, flags);
    assert_says(&told, &["Usage: cargo xtask", "Examples:", "LESSON", "--help"]);
}
