//! Wrong usage of `cargo xtask` ends with one clear message and exit status 2. The help names every
//! command and flag.

mod support;

use predicates::str::is_empty;
use support::programs::TestDir;
use support::{assert_contains, stderr_of, stdout_of, xtask};

#[test]
fn an_unknown_name_gets_a_suggestion() {
    for (arguments, words) in [
        (&["prove", "w03-l20"][..], &["lesson \"w03-l20\"", "did you mean w03-l02?"][..]),
        (&["prove", "zebra"], &["lesson \"zebra\"", "it has ", "w03-l02"]),
        (&["list", "w03-l20"], &["did you mean w03-l02?"]),
        (&["prove", "w03-l02", "--only", "slot"], &["\"slot\"", "did you mean slots?"]),
        (&["prove", "w03-l02", "--only", "zebra"], &["\"zebra\"", "it has starts, config"]),
        (&["prove", "w03-l02", "--onyl", "slots"], &["'--onyl'", "'--only'"]),
        (&["nxt"], &["'nxt'", "'next'"]),
        (&["statsu"], &["'statsu'", "'status'"]),
        (&["status", "w03-l20"], &["did you mean w03-l02?"]),
        (&["ship", "w03-l20"], &["did you mean w03-l02?"]),
        // <staff>
        (&["check", "w03-l20"], &["did you mean w03-l02?"]),
        (&["starter", "w03-l20"], &["did you mean w03-l02?"]),
        (&["mistakes", "w03-l20"], &["did you mean w03-l02?"]),
        (&["mistakes", "w03-l02", "--only", "zebra"], &["mistake \"zebra\"", "forgot-close"]),
        // </staff>
    ] {
        assert_misuse(arguments, words);
    }
}

#[test]
fn missing_and_conflicting_arguments_are_named() {
    for (arguments, words) in [
        (&["prove"][..], &["name a lesson to prove", "w03-l02 Accept & Track Many Clients"][..]),
        (&["ship"], &["name a lesson to hand in, or go to its folder", "w03-l02 Accept"]),
        (&["reset", "w03-l02", "9"], &["w03-l02 has no task 9", "1 to 4"]),
        (&["reset", "3"], &["name a lesson to put back, or go to its folder"]),
        (&["diff", "w03-l02", "--task", "0"], &["w03-l02 has no task 0", "1 to 4"]),
        (&["reveal", "w03-l02", "--task", "5"], &["w03-l02 has no task 5", "1 to 4"]),
        (&["prove", "w03-l02", "--port", "7000"], &["not provided", "--cmd <COMMAND>"]),
        (&["prove", "w03-l02", "--only"], &["--only <ID>", "--help"]),
        (&["prove", "w03-l02", "--task", "9"], &["w03-l02 has no task 9", "1 to 4"]),
        (
            &["prove", "w03-l02", "--task", "1", "--only", "starts"],
            &["'--task <N>' cannot be used with '--only <ID>'"],
        ),
        // <staff>
        (&["mistakes"], &["<LESSON>", "--help"]),
        (
            &["prove", "w03-l02", "--solution", "--cmd", "true"],
            &["'--solution' cannot be used with '--cmd <COMMAND>'"],
        ),
        (&["prove", "w03-l02", "--solution", "--port", "7000"], &["--port tells", "leave it out"]),
        (&["prove", "w03-l02", "--solution", "--capacity", "4"], &["--capacity", "leave it out"]),
        (&["starter", "--check", "--force"], &["'--check' cannot be used with '--force'"]),
        (&["kit"], &["<OUT>", "--help"]),
        // </staff>
    ] {
        assert_misuse(arguments, words);
    }
}

#[test]
fn the_message_for_a_number_out_of_range_has_the_range() {
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
        assert_misuse(&["prove", "w03-l02", "--cmd", "true", &number], &[flag, range]);
    }
}

#[test]
fn the_message_for_an_unknown_choice_has_the_choices() {
    assert_misuse(
        &["prove", "w03-l02", "--isolation", "sky"],
        &["'sky'", "namespaces, other-user, landlock, none"],
    );
    assert_misuse(&["prove", "w03-l02", "--format", "xml"], &["'xml'", "human, short, json"]);
    // <staff>
    assert_misuse(&["mistakes", "w03-l02", "--format", "xml"], &["'xml'", "human, markdown"]);
    // </staff>
}

#[test]
fn an_output_file_that_cannot_be_written_is_misuse() {
    let dir = TestDir::new();
    let folder = dir.path("").to_str().unwrap().trim_end_matches('/').to_owned();
    let missing = format!("{folder}/missing/report.json");
    for (file, words) in [
        (missing.as_str(), "make it first"),
        (&folder, "not a file; name one"),
        ("/proc/report.json", "cannot write there"),
    ] {
        let arguments = ["prove", "w03-l02", "--cmd", "true", "--out", file];
        assert_misuse(&arguments, &[&format!("--out {file}: "), words]);
    }
}

#[test]
fn lists_the_lessons() {
    let output = xtask(&["list"]).code(0).stderr(is_empty());
    let row = ["w03-l02 Accept & Track Many Clients", "120 min", "4 tasks", "15 criteria"];
    assert_contains(&stdout_of(&output), &row);
}

#[test]
fn lists_a_lessons_tasks_and_criteria() {
    for command in ["list", "show"] {
        let output = xtask(&[command, "w03-l02"]).code(0).stderr(is_empty());
        let file = "lessons/w03-l02-poll-tracker/lesson.md";
        assert_contains(
            &stdout_of(&output),
            &[file, "Task 1 A table", "Task 4", "starts The server listens"],
        );
    }
}

#[test]
fn the_help_names_every_flag() {
    assert_help_names("prove", PROVE);
    assert_help_names("list", &[]);
    assert_help_names("status", &["--all", ".progress"]);
    assert_help_names("diff", &["--task <N>"]);
    assert_help_names("hint", &["[CRITERION]", "--step <N>"]);
    assert_help_names("run", &["--cmd <COMMAND>", "--port <N>", "--capacity <N>", "Ctrl-C"]);
    assert_help_names("view", &["--cmd <COMMAND>", "n opens a client", "q", "2 misuse"]);
    assert_help_names("watch", &["--cmd <COMMAND>", "p proves again", "q quits", "2 misuse"]);
    assert_help_names("reveal", &["--task <N>", "--yes"]);
    assert_help_names("reset", &["[TASK]", ".kept"]);
    // <staff>
    assert_help_names("starter", &["--check", "--force"]);
    assert_help_names("mistakes", &["--only <ID>", "--format <FORMAT>"]);
    assert_help_names("check", &["--write"]);
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
    "--isolation <LEVEL>",
    "--only <ID>",
    "--task <N>",
    "--seed <N>",
    "--repeat <N>",
    "--all",
    "--format <FORMAT>",
    "--out <FILE>",
    "Exit status: 0 proved; 1 not yet; 2",
];

/// Fails unless `cargo xtask` refuses these arguments with exit status 2, and unless the message
/// contains all `words`.
#[track_caller]
fn assert_misuse(arguments: &[&str], words: &[&str]) {
    let refused = xtask(arguments).code(2).stdout(is_empty());
    assert_contains(&stderr_of(&refused), words);
}

/// Fails unless the general help names the command, and the command's help names these flags.
#[track_caller]
fn assert_help_names(command: &str, flags: &[&str]) {
    assert_contains(
        &stdout_of(&xtask(&["--help"]).code(0)),
        &[command, "Exit status: 0 proved; 1 not"],
    );
    let output = stdout_of(&xtask(&[command, "--help"]).code(0).stderr(is_empty()));
    assert_contains(&output, flags);
    assert_contains(&output, &["Usage: cargo xtask", "Examples:", "LESSON", "--help"]);
}
