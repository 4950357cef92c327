//! Helper functions for the tests: they run `cargo xtask`, build servers, and find processes.

#![allow(dead_code, reason = "each test file uses a part of these helpers")]

pub(crate) mod course;
pub(crate) mod processes;
pub(crate) mod programs;
// <staff>
pub(crate) mod answers;
pub(crate) mod kit;
pub(crate) mod other_user;
pub(crate) mod pseudo_terminal;
pub(crate) mod schema;
pub(crate) mod stores;
// </staff>

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use serde_json::Value;
use std::str;
use std::time::Duration;

/// The time-out of a command.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(300);

/// The folder for temporary files that simultaneous commands share.
pub(crate) const TMPDIR: &str = env!("CARGO_TARGET_TMPDIR");

/// Runs `cargo xtask` with these arguments.
pub(crate) fn xtask(arguments: &[&str]) -> Assert {
    command().args(arguments).assert()
}

/// Runs `cargo xtask prove w03-l02` with these flags.
pub(crate) fn prove(flags: &[&str]) -> Assert {
    command().args(["prove", "w03-l02"]).args(flags).assert()
}

/// A `cargo xtask` command without arguments.
pub(crate) fn command() -> Command {
    hermetic(Command::new(env!("CARGO_BIN_EXE_xtask")))
}

/// Makes `command` independent of the developer's terminal and progress, and sets its time-out.
pub(crate) fn hermetic(mut command: Command) -> Command {
    command.env_remove("CLICOLOR_FORCE").env_remove("COLUMNS");
    command.env("SOCKPROOF_PROGRESS", "off").env("TMPDIR", TMPDIR).timeout(TIMEOUT);
    command
}

/// Standard output as one line: each sequence of white space is replaced by one space.
pub(crate) fn stdout_of(answer: &Assert) -> String {
    as_one_line(&answer.get_output().stdout)
}

/// Standard error as one line: each sequence of white space is replaced by one space.
pub(crate) fn stderr_of(answer: &Assert) -> String {
    as_one_line(&answer.get_output().stderr)
}

fn as_one_line(bytes: &[u8]) -> String {
    let text = str::from_utf8(bytes).expect("the output is UTF-8");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Fails unless `text` contains each of these pieces.
#[track_caller]
pub(crate) fn assert_contains(text: &str, pieces: &[&str]) {
    for piece in pieces {
        assert!(text.contains(piece), "{piece:?} is missing in: {text}");
    }
}

/// Standard output as a report: one valid JSON document, and nothing else.
pub(crate) fn report(answer: &Assert) -> Value {
    validated(&answer.get_output().stdout)
}

/// Parses a report from these bytes. Fails unless the report is valid according to the schema.
pub(crate) fn validated(bytes: &[u8]) -> Value {
    // <staff>
    schema::assert_allows(bytes);
    // </staff>
    serde_json::from_slice(bytes).expect("the report is JSON")
}

/// The number of proved criteria in a lesson's report, and the number of all criteria.
pub(crate) fn score(lesson: &Value) -> (usize, usize) {
    let criteria = lesson["criteria"].as_array().unwrap();
    let proved = criteria.iter().filter(|criterion| criterion["status"] == "proved").count();
    (proved, criteria.len())
}
