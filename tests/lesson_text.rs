//! A malformed lesson is an error with file, line and what to do: never a panic, never a guess.

mod support;

use support::course::{Course, LESSON};
// <staff>
use support::said;
// </staff>
use support::{assert_says, complained};

/// What stands in lesson.md, what takes its place, and what is said of that line.
const SPOILED: &[(&str, &str, &str)] = &[
    ("id: w03-l02", "id: lesson two", "id \"lesson two\" is not of the form w03-l02"),
    ("duration_min: 120", "duration_min: soon", "duration_min must be a whole number"),
    ("### Warmup", "### Warm up", "unknown section \"Warm up"),
    ("## Common Mistakes", "## Uncommon Mistakes", "unknown section \"Uncommon Mistakes\""),
    ("#### Task 2", "#### Task 7", "task 7 where task 2 belongs"),
    ("<!-- slots task=2 -->", "<!-- slots task=9 -->", "criterion \"slots\" belongs to task 9"),
    ("<!-- slots task=2 -->", "<!-- slots -->", "criterion \"slots\" belongs to no task"),
    ("<!-- reuse task=3 -->", "<!-- slots task=3 -->", "id \"slots\" is already on line"),
];

#[test]
fn each_fault_is_told_by_file_and_line() {
    for (old, new, words) in SPOILED {
        let course = Course::new();
        let line = course.edit("lesson.md", old, new);
        let place = format!("{LESSON}/lesson.md:{line}: {words}");
        for command in ["list", "prove"] {
            let told = course.command().args([command, "w03-l02"]).assert().code(2).stdout("");
            assert_says(&complained(&told), &["error: lessons/", &place]);
        }
        // <staff>
        let told = course.command().arg("check").assert().code(1).stderr("");
        assert_says(&said(&told), &[&place]);
        // </staff>
    }
}

#[test]
fn a_course_without_lessons_says_where_it_looked() {
    let course = Course::new();
    std::fs::remove_dir_all(course.path("lessons")).unwrap();
    let told = course.command().args(["prove", "w03-l02"]).assert().code(2).stdout("");
    assert_says(&complained(&told), &["error: lessons: cannot be read"]);
}
