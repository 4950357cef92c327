//! What `cargo xtask prove` says of the starter, of the solution, and of a crate that is broken.

mod support;

use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, is_empty};
use std::fs;
use support::course::{Course, LESSON};
use support::processes::{free_port, held_port};
use support::programs::{Bench, line};
use support::{assert_says, checked, complained, prove, report, said, score};
use xtask::place;

#[test]
fn proves_the_solution() {
    let proved = prove(&["--solution"]).code(0).stderr(is_empty());
    assert_says(&said(&proved), &["solution", "✓ starts", "✓ capacity", "proved · 10 of 10 ·"]);
}

#[test]
fn reports_the_solution_as_json() {
    let proved = report(&prove(&["--solution", "--format", "json"]).code(0).stderr(is_empty()));
    let lesson = &proved["lessons"][0];
    assert_eq!(lesson["lesson"], "w03-l02");
    assert_eq!(lesson["subject"]["kind"], "solution");
    assert_eq!(lesson["verdict"], "proved");
    assert_eq!(lesson["build"]["status"], "ok");
    assert_eq!(score(lesson), (10, 10));
}

#[test]
fn sends_who_starts_to_the_first_task() {
    let told = prove(&[]).code(1).stderr(is_empty());
    let pieces = ["✗ starts", "still to do:", "Task 1:", "src/", "not run: it stands on starts"];
    assert_says(&said(&told), &pieces);
    assert_says(&said(&told), &["not yet · 0 of 10 · next: Task 1 ·"]);
}

#[test]
fn reports_the_starter_as_json() {
    let told = report(&prove(&["--format", "json"]).code(1).stderr(is_empty()));
    let lesson = &told["lessons"][0];
    assert_eq!(lesson["subject"]["kind"], "crate");
    assert_eq!(lesson["verdict"], "not-yet");
    assert_eq!(score(lesson), (0, 10));
    let first = &lesson["criteria"][0];
    assert_eq!((&first["status"], &first["task"]), (&"failed".into(), &1.into()));
    let replay = first["cause"]["replay"].as_str().unwrap();
    assert_eq!(replay, "cargo xtask prove w03-l02 --only starts");
}

#[test]
fn writes_the_report_to_a_file_instead() {
    let bench = Bench::new();
    let file = bench.path("report.json");
    let flags = ["--solution", "--format", "json", "--only", "starts", "--out"];
    let written = prove(&[&flags[..], &[file.to_str().unwrap()]].concat());
    written.code(0).stdout(is_empty()).stderr(is_empty());
    assert_eq!(checked(&fs::read(file).unwrap())["lessons"][0]["verdict"], "proved");
}

#[test]
fn shows_the_compilers_own_words() {
    let course = Course::new();
    course.edit("src/table.rs", "use ", "use of a word too many;\nuse ");
    let told = course.command().args(["prove", "w03-l02"]).assert().code(1);
    assert_says(&complained(&told), &["error: expected", "src/table.rs"]);
    assert_says(&said(&told), &["not yet · it does not compile", "next: the first error above"]);
    told.stderr(contains("panicked").not());

    let told = course.command().args(["prove", "w03-l02", "--format", "json"]).assert().code(1);
    let lesson = &report(&told)["lessons"][0];
    assert_eq!((&lesson["verdict"], &lesson["launch"]), (&"not-yet".into(), &().into()));
    assert_eq!(lesson["build"]["status"], "failed");
    assert_says(lesson["build"]["message"].as_str().unwrap(), &["error: expected", "table.rs"]);
}

#[test]
fn names_a_manifest_that_cargo_cannot_read() {
    let course = Course::new();
    course.edit("Cargo.toml", "[package]", "[package");
    let told = course.command().args(["prove", "w03-l02"]).assert().code(2);
    assert_says(&complained(&told), &["cargo could not start to compile", LESSON, "Cargo.toml"]);
}

#[test]
fn proves_the_solution_on_this_machines_own_network() {
    prove(&["--solution", "--only", "starts"]).code(0);
    let name = LESSON.trim_start_matches("lessons/");
    let solution = place::target().join("solution/debug").join(name);
    let (solution, port) = (line([&solution]), free_port().to_string());
    let proved = prove(&["--tier", "plain", "--cmd", &solution, "--port", &port]).code(0);
    assert_says(&said(&proved), &["· plain", "proved · 10 of 10 ·"]);
}

#[test]
fn says_who_holds_a_port_that_is_taken() {
    let (port, _holder) = held_port();
    let port = port.to_string();
    let bench = Bench::new();
    let server = line([&bench.compiled("linear_scan.c")]);
    let told = prove(&["--tier", "plain", "--cmd", &server, "--port", &port]).code(2);
    assert_says(&complained(&told), &[&format!("port {port} is not free"), "ss -ltnp", &port]);
}
