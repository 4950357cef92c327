//! What the tests share: the command line, servers to prove, and the processes of this machine.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod course;
pub(crate) mod processes;
pub(crate) mod programs;
// <staff>
pub(crate) mod answers;
pub(crate) mod kit;
pub(crate) mod nobody;
pub(crate) mod schema;
// </staff>

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use serde_json::Value;
use std::str;
use std::time::Duration;

/// How long anything here may take before it counts as hanging.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

/// Where commands leave what they share with others that run at the same time.
pub(crate) const TMPDIR: &str = env!("CARGO_TARGET_TMPDIR");

/// What `cargo xtask` says to these arguments.
pub(crate) fn xtask(arguments: &[&str]) -> Assert {
    command().args(arguments).assert()
}

/// What `cargo xtask prove w03-l02` says to these flags.
pub(crate) fn prove(flags: &[&str]) -> Assert {
    command().args(["prove", "w03-l02"]).args(flags).assert()
}

/// The command line, to be given arguments.
pub(crate) fn command() -> Command {
    tamed(Command::new(env!("CARGO_BIN_EXE_xtask")))
}

/// `command` without what a developer's terminal would add to it, and with an end in any case.
pub(crate) fn tamed(mut command: Command) -> Command {
    command.env_remove("CLICOLOR_FORCE").env_remove("COLUMNS");
    command.env("TMPDIR", TMPDIR).timeout(PATIENCE);
    command
}

/// Standard output as one line, however it was wrapped.
pub(crate) fn said(answer: &Assert) -> String {
    words(&answer.get_output().stdout)
}

/// Standard error as one line, however it was wrapped.
pub(crate) fn complained(answer: &Assert) -> String {
    words(&answer.get_output().stderr)
}

fn words(bytes: &[u8]) -> String {
    let text = str::from_utf8(bytes).expect("the output is UTF-8");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Fails unless `text` has every one of these pieces.
#[track_caller]
pub(crate) fn assert_says(text: &str, pieces: &[&str]) {
    for piece in pieces {
        assert!(text.contains(piece), "{piece:?} is missing in: {text}");
    }
}

/// Standard output as a report: one right JSON document, and nothing else.
pub(crate) fn report(answer: &Assert) -> Value {
    checked(&answer.get_output().stdout)
}

/// These bytes as a report, which is a right one.
pub(crate) fn checked(bytes: &[u8]) -> Value {
    // <staff>
    schema::assert_allows(bytes);
    // </staff>
    serde_json::from_slice(bytes).expect("the report is JSON")
}

/// How many criteria of a lesson's report are proved, and how many it has.
pub(crate) fn score(lesson: &Value) -> (usize, usize) {
    let criteria = lesson["criteria"].as_array().unwrap();
    let proved = criteria.iter().filter(|criterion| criterion["status"] == "proved").count();
    (proved, criteria.len())
}
