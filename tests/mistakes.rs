//! Each wrong server fails the criterion of its mistake, and the cause names this mistake. The
//! lessons' texts, criteria, mistakes, starters and shown outputs are consistent.

mod support;

use predicates::str::{is_empty, starts_with};
use std::fs;
use std::time::Duration;
use support::course::{Course, LESSON};
use support::{assert_contains, command, stderr_of, stdout_of, xtask};

/// The time-out of a command that builds and proves every wrong server of every lesson. It takes
/// about 6 minutes on 2 cores.
const WHOLE_COURSE: Duration = Duration::from_secs(1200);

#[test]
fn each_wrong_server_fails_its_criterion_with_its_mistake_as_the_cause() {
    // `check` below builds and proves all of them.
    let some = ["--only", "slot-order,naps,forgot-close,leaks-file,off-by-one"];
    let output = xtask(&[&["mistakes", "w03-l02"], &some[..]].concat()).code(0).stderr(is_empty());
    assert_contains(&stdout_of(&output), &["all caught · 5 of 5"]);
}

#[test]
fn the_table_can_be_printed_as_markdown() {
    let flags = ["--only", "forgot-close,slot-order", "--format", "markdown"];
    let output = xtask(&[&["mistakes", "w03-l02"], &flags[..]].concat()).code(0);
    assert_contains(&stdout_of(&output), &["| forgot-close |", "| slot-order |", "|---|"]);
}

#[test]
fn a_mistake_with_a_wrong_criterion_or_row_does_not_count_as_caught() {
    let course = Course::new();
    let edit = ("criterion: no-fd-leak", "criterion: reuse");
    course.edit("mistakes/forgot-close.patch", edit.0, edit.1);
    course.edit("mistakes/slot-order.patch", "row: slot-order", "row: wrong-fd");
    let only = ["--only", "forgot-close,slot-order,start-count"];
    let output = course.command().args(["mistakes", "w03-l02"]).args(only).assert().code(1);
    let pieces = ["reuse does not catch it", "slots names the row slot-order, not wrong-fd"];
    assert_contains(&stdout_of(&output), &pieces);
    assert_contains(&stdout_of(&output), &["✓ start-count", "not all caught · 1 of 3"]);
}

#[test]
fn a_patch_that_does_not_apply_is_reported() {
    let course = Course::new();
    course.edit("solution/table.rs", "free", "unused");
    course.edit("mistakes/forgot-close.patch", "--- a/solution/table.rs", "--- a/solution/no.rs");
    let output = course.command().args(["mistakes", "w03-l02"]).assert().code(2);
    assert_contains(&stderr_of(&output), &["mistakes/forgot-close.patch: ", "solution/no.rs"]);
}

#[test]
#[ignore = "takes minutes: proves every wrong server of every lesson"]
fn text_criteria_mistakes_starters_and_outputs_are_consistent() {
    let answer = command().arg("check").timeout(WHOLE_COURSE).assert();
    answer.code(0).stdout(starts_with("consistent · ")).stderr(is_empty());
}

#[test]
fn one_check_reports_every_difference() {
    let course = Course::new();
    course.edit("lesson.md", "<!-- idle task=3 -->", "<!-- idles task=3 -->");
    course.edit("mistakes/slot-order.patch", "row: slot-order", "row: slot-odor");
    course.edit("src/table.rs", "//!", "//! Changed.");
    course.edit("timeline.svg", "2. A connected. ", "");
    let output = course.command().args(["check", "w03-l02"]).assert().code(1);
    let pieces = ["lesson.md:", "\"idles\"", "slot-order.patch:", "slot-odor", "src/table.rs:1: "];
    assert_contains(&stdout_of(&output), &pieces);
    assert_contains(&stdout_of(&output), &["timeline.svg shows something else now"]);
}

#[test]
fn check_compares_tasks_tests_regions_rows_and_shown_blocks() {
    let course = Course::new();
    let test = course.edit("lesson.md", "--only capacity", "--only capacity,idle");
    let output = "<!-- output: cargo xtask prove w03-l02 --solution -->\n";
    let block = course.edit("lesson.md", output, "");
    let region = course.edit("solution/server.rs", "<task 4: ", "<task 7: ");
    let readme = course.path("README.md");
    let text = fs::read_to_string(&readme).unwrap();
    let row = text.lines().find(|line| line.starts_with("| [w03-l02]")).unwrap();
    fs::write(&readme, text.replace(row, "| [w05-l01](lessons/w05/lesson.md) | | |")).unwrap();

    let found = course.command().args(["check", "w03-l02"]).assert().code(1);
    let found = stdout_of(&found);
    let pieces = [
        format!("{LESSON}/lesson.md:{test}: the Test of task 4 proves \"idle\", which belongs to"),
        format!("{LESSON}/lesson.md:{block}: this block shows what a command prints"),
        "the section Proof shows no output".to_owned(),
        format!("{LESSON}/solution/server.rs:{region}: this region belongs to task 7, but w03-l02"),
        "task 4 has no region in solution/".to_owned(),
        "lesson w03-l02 has no row here".to_owned(),
        "the course has no lesson w05-l01 at lessons/w05/lesson.md".to_owned(),
    ];
    assert_contains(&found, &pieces.each_ref().map(String::as_str));
    assert!(found.matches("README.md:").count() >= 2, "{found}");
}
