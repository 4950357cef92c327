//! A malformed lesson is an error with file, line and what to do: never a panic, never a guess.

mod support;

use support::course::{Course, LESSON};
use support::{answer, assert_says, complained, said};

/// What stands in lesson.md, what takes its place, and what is said of it.
const SPOILED: &[(&str, &str, &str)] = &[
    ("id: w03-l02", "id: lesson two", "id"),
    ("duration_min: 120", "duration_min: soon", "duration_min"),
    ("### Warmup", "### Warm up", "\"Warm up\""),
    ("## Common Mistakes", "## Mistakes", "\"Mistakes\""),
    ("#### Task 2", "#### Task 7", "Task 7"),
    ("<!-- slots task=2 -->", "<!-- slots task=9 -->", "task"),
    ("<!-- slots task=2 -->", "<!-- slots -->", "slots"),
    ("<!-- slots task=2 -->", "<!-- reuse task=2 -->", "reuse"),
    ("<!-- idle task=3 -->", "", "mark"),
];

#[test]
fn each_fault_is_told_by_file_and_line() {
    for (old, new, word) in SPOILED {
        let course = Course::new();
        course.edit("lesson.md", old, new);
        for command in ["list", "prove"] {
            let told = answer(course.command().args([command, "w03-l02"])).code(2).stdout("");
            assert_placed(&complained(&told), word);
        }
        let told = answer(course.command().arg("check")).code(1).stderr("");
        assert_placed(&said(&told), word);
    }
}

#[test]
fn a_course_without_lessons_says_where_it_looked() {
    let course = Course::new();
    std::fs::remove_dir_all(course.path("lessons")).unwrap();
    let told = answer(course.command().args(["prove", "w03-l02"])).code(2).stdout("");
    assert_says(&complained(&told), &["lessons"]);
}

/// Fails unless `told` begins with a place in lesson.md, and names the fault.
#[track_caller]
fn assert_placed(told: &str, word: &str) {
    let place = format!("{LESSON}/lesson.md:");
    let (_, rest) = told.split_once(&place).unwrap_or_else(|| panic!("{place} is not in: {told}"));
    let line = rest.split(':').next().unwrap_or_default();
    assert!(line.parse::<u32>().is_ok_and(|line| line > 0), "no line number in: {told}");
    assert_says(rest, &[word]);
}
