//! For a malformed lesson, the error message has the file, the line and advice.

mod support;

use support::course::{Course, LESSON};
// <staff>
use support::stdout_of;
// </staff>
use support::{assert_contains, stderr_of};

/// The text in lesson.md, its replacement, and the message for that line.
const EDITS: &[(&str, &str, &str)] = &[
    ("id: w03-l02", "id: lesson two", "id \"lesson two\" does not have the form w03-l02"),
    ("duration_min: 120", "duration_min: soon", "duration_min must be a whole number"),
    ("### Warmup", "### Warm up", "unknown section \"Warm up"),
    ("## Common Mistakes", "## Uncommon Mistakes", "unknown section \"Uncommon Mistakes\""),
    ("#### Task 2", "#### Task 7", "task 7 where task 2 is expected"),
    ("<!-- slots task=2 -->", "<!-- slots task=9 -->", "criterion \"slots\" belongs to task 9"),
    ("<!-- slots task=2 -->", "<!-- slots -->", "criterion \"slots\" belongs to no task"),
    ("<!-- reuse task=3 -->", "<!-- slots task=3 -->", "id \"slots\" is already on line"),
];

#[test]
fn each_problem_is_reported_with_file_and_line() {
    for (old, new, words) in EDITS {
        let course = Course::new();
        let line = course.edit("lesson.md", old, new);
        let location = format!("{LESSON}/lesson.md:{line}: {words}");
        for command in ["list", "prove"] {
            let output = course.command().args([command, "w03-l02"]).assert().code(2).stdout("");
            assert_contains(&stderr_of(&output), &["error: lessons/", &location]);
        }
        // <staff>
        let output = course.command().arg("check").assert().code(1).stderr("");
        assert_contains(&stdout_of(&output), &[&location]);
        // </staff>
    }
}

#[test]
fn a_course_without_lessons_is_an_error() {
    let course = Course::new();
    std::fs::remove_dir_all(course.path("lessons")).unwrap();
    let output = course.command().args(["prove", "w03-l02"]).assert().code(2).stdout("");
    assert_contains(&stderr_of(&output), &["error: lessons: cannot be read"]);
}
