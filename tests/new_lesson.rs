//! `cargo xtask new-lesson` writes a lesson whose parts agree, and changes nothing of another lesson.

mod support;

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::{contains, is_empty};
use std::fs;
use std::path::Path;
use support::course::{Course, course_root};
use support::{assert_contains, stdout_of};

const FOLDER: &str = "lessons/w05-l01-slow-timers";
const LIB: &str = "crates/proofs/src/lib.rs";

fn course_with_lesson() -> Course {
    let course = Course::new();
    course.copy_proofs();
    let flags = ["w05-l01-slow-timers", "--port", "3500"];
    let output = course.command().arg("new-lesson").args(flags).assert();
    output
        .code(0)
        .stderr(is_empty())
        .stdout(contains("next: cargo xtask prove w05-l01 --solution"));
    course
}

#[test]
fn the_parts_of_a_new_lesson_agree() {
    let course = course_with_lesson();
    course.command().args(["starter", "--check", "w05-l01"]).assert().code(0).stdout(is_empty());
    let output = course.command().args(["list", "w05-l01"]).assert().code(0);
    assert_contains(&stdout_of(&output), &["Slow Timers", "greets", "starts"]);
    let text = fs::read_to_string(course.path(FOLDER).join("lesson.md")).unwrap();
    assert_contains(&text, &["# Lesson 1 (1/7): Slow Timers", "[START] port=3500"]);
    let log = fs::read_to_string(course.path(FOLDER).join("src/log.rs")).unwrap();
    assert_contains(&log, &["[START] port={port}"]);
    for file in ["lesson.md", "Cargo.toml", "src/main.rs", "mistakes/README.md"] {
        let text = fs::read_to_string(course.path(FOLDER).join(file)).unwrap();
        assert!(!text.contains("{{"), "{file}: {text}");
    }
}

#[test]
fn the_proof_of_a_new_lesson_is_registered_and_nothing_else_changes() {
    let course = course_with_lesson();
    let [before, after] =
        [course_root().join(LIB), course.path(LIB)].map(|path| fs::read_to_string(path).unwrap());
    let added: Vec<_> = after.lines().filter(|line| line.contains("w05_l01")).collect();
    assert_eq!(added, ["mod w05_l01;", "        &w05_l01::PROOF,"]);
    let others = after.lines().filter(|line| !line.contains("w05_l01"));
    assert!(others.eq(before.lines()));
    let proof = fs::read_to_string(course.path("crates/proofs/src/w05_l01.rs")).unwrap();
    assert_contains(&proof, &["lesson: \"w05-l01\"", "port: 3500"]);
}

#[test]
fn a_lesson_that_exists_is_not_touched() {
    let course = course_with_lesson();
    let solution = course.path(FOLDER).join("solution/server.rs");
    fs::write(&solution, "mine").unwrap();
    for folder in ["w05-l01-slow-timers", "w05-l01-other", "w03-l02-other"] {
        let output = course.command().args(["new-lesson", folder]).assert().code(2);
        output.stdout(is_empty()).stderr(contains("is in this course").and(contains("choose")));
    }
    assert_eq!(fs::read_to_string(solution).unwrap(), "mine");
    assert!(!course.path("lessons/w05-l01-other").exists());
}

#[test]
fn a_folder_needs_week_lesson_and_name() {
    let course = Course::new();
    for folder in ["timers", "w5-l1-timers", "w05-l01", "w05-l01-", "w05-l01-Timers", "w05-l01-a/b"]
    {
        let output = course.command().args(["new-lesson", folder]).assert().code(2);
        output.stderr(contains(format!("\"{folder}\" is no name")).and(contains("w05-l01-timers")));
    }
    assert!(!Path::new(&course.path("lessons/timers")).exists());
}
