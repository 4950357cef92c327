//! Each problem of a lesson's text is reported, with the line of the problem.

mod front_matter;
mod lists;
mod sections;

use course::lesson::Lesson;
use std::path::Path;

const CORRECT: &str = include_str!("../fixture/lesson.md");

fn problems(bytes: &[u8]) -> Vec<String> {
    let path = Path::new("lessons/w05-l03-count/lesson.md");
    let Err(problems) = Lesson::parse(path, bytes) else {
        return Vec::new();
    };
    problems.0.iter().map(ToString::to_string).collect()
}

/// Replaces `from` in the correct text, and expects exactly these problems. Each problem is written
/// as `BEGINNING OF ITS LINE => MESSAGE`.
#[track_caller]
fn assert_problems(from: &str, to: &str, expected: &[&str]) {
    assert_eq!(CORRECT.matches(from).count(), 1, "the correct text has {from:?} once");
    let text = CORRECT.replace(from, to);
    let at_its_line = |expected: &&str| {
        let (start, message) = expected.split_once(" => ").unwrap();
        let line = 1 + text.lines().position(|line| line.starts_with(start)).unwrap();
        format!("lessons/w05-l03-count/lesson.md:{line}: {message}")
    };
    let expected: Vec<_> = expected.iter().map(at_its_line).collect();
    assert_eq!(problems(text.as_bytes()), expected, "{from:?} -> {to:?}");
}

#[test]
fn every_problem_is_reported_in_the_order_of_the_lines() {
    let text = CORRECT
        .replace("order: 3", "order: third")
        .replace("### Warmup", "### Warm up")
        .replace("Ten lines.", "")
        .replace(" <!-- last task=2 -->", "");
    let problems = problems(text.as_bytes());
    let lines: Vec<_> = problems.iter().map(|line| line.split(':').nth(1).unwrap()).collect();
    assert_eq!(lines, ["4", "25", "27", "65", "70"]);
}

#[test]
fn a_file_that_is_not_utf_8_is_rejected_with_the_line() {
    let mut bytes = CORRECT.as_bytes().to_vec();
    bytes[CORRECT.find("Count to ten").unwrap()] = 0xff;
    let expected = "lessons/w05-l03-count/lesson.md:11: \
                    byte 0xff is not UTF-8; save the file as UTF-8";
    assert_eq!(problems(&bytes), [expected]);
}

#[test]
fn an_empty_file_is_rejected() {
    assert!(problems(b"")[0].starts_with("lessons/w05-l03-count/lesson.md:1: no front matter"));
}
