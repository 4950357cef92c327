//! What is said of a lesson's text that is wrong, and on which line.

mod front_matter;
mod points;
mod sections;

use course::lesson::Lesson;
use std::path::Path;

const RIGHT: &str = include_str!("../fixture/lesson.md");

fn problems(bytes: &[u8]) -> Vec<String> {
    let path = Path::new("lessons/w05-l03-count/lesson.md");
    let Err(problems) = Lesson::parse(path, bytes) else {
        return Vec::new();
    };
    problems.0.iter().map(ToString::to_string).collect()
}

/// Edits the right text at one place and expects each `BEGINNING OF A LINE => WHAT IS SAID OF IT`.
#[track_caller]
fn says(from: &str, to: &str, expected: &[&str]) {
    assert_eq!(
        RIGHT.matches(from).count(),
        1,
        "the right text has {from:?} once"
    );
    let text = RIGHT.replace(from, to);
    let at_its_line = |expected: &&str| {
        let (start, message) = expected.split_once(" => ").unwrap();
        let line = 1 + text
            .lines()
            .position(|line| line.starts_with(start))
            .unwrap();
        format!("lessons/w05-l03-count/lesson.md:{line}: {message}")
    };
    let expected: Vec<_> = expected.iter().map(at_its_line).collect();
    assert_eq!(problems(text.as_bytes()), expected, "{from:?} -> {to:?}");
}

#[test]
fn every_problem_is_reported_in_the_order_of_the_lines() {
    let text = RIGHT
        .replace("order: 3", "order: third")
        .replace("### Warmup", "### Warm up")
        .replace("Ten lines.", "")
        .replace(" <!-- last task=2 -->", "");
    let problems = problems(text.as_bytes());
    let lines: Vec<_> = problems
        .iter()
        .map(|line| line.split(':').nth(1).unwrap())
        .collect();
    assert_eq!(lines, ["4", "20", "22", "45", "50"]);
}

#[test]
fn bytes_that_are_not_utf_8_are_refused_with_their_line() {
    let mut bytes = RIGHT.as_bytes().to_vec();
    bytes[RIGHT.find("Count to ten").unwrap()] = 0xff;
    let expected = "lessons/w05-l03-count/lesson.md:11: \
                    byte 0xff is not UTF-8; save the file as UTF-8";
    assert_eq!(problems(&bytes), [expected]);
}

#[test]
fn an_empty_file_is_refused() {
    assert!(problems(b"")[0].starts_with("lessons/w05-l03-count/lesson.md:1: no front matter"));
}
