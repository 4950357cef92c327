//! Each Common Mistake is a wrong server, and its own criterion names it; text and checks agree.

mod support;

use predicates::str::{is_empty, starts_with};
use support::course::Course;
use support::{assert_says, complained, said, xtask};

#[test]
fn every_mistake_is_caught_by_its_criterion_and_row() {
    let told = xtask(&["mistakes", "w03-l02"]).code(0).stderr(is_empty());
    assert_says(&said(&told), &["all caught · "]);
}

#[test]
fn the_table_can_be_markdown() {
    let flags = ["--only", "forgot-close,slot-order", "--format", "markdown"];
    let told = xtask(&[&["mistakes", "w03-l02"], &flags[..]].concat()).code(0);
    assert_says(&said(&told), &["| forgot-close |", "| slot-order |", "|---|"]);
}

#[test]
fn a_wrong_criterion_or_row_does_not_count_as_caught() {
    let course = Course::new();
    let named = ("criterion: no-fd-leak", "criterion: reuse");
    course.edit("mistakes/forgot-close.patch", named.0, named.1);
    course.edit("mistakes/slot-order.patch", "row: slot-order", "row: wrong-fd");
    let only = ["--only", "forgot-close,slot-order,start-count"];
    let told = course.command().args(["mistakes", "w03-l02"]).args(only).assert().code(1);
    let pieces = ["reuse does not catch it", "slots names the row slot-order, not wrong-fd"];
    assert_says(&said(&told), &pieces);
    assert_says(&said(&told), &["✓ start-count", "not all caught · 1 of 3"]);
}

#[test]
fn a_patch_that_no_longer_fits_is_named() {
    let course = Course::new();
    course.edit("solution/table.rs", "free", "unused");
    course.edit("mistakes/forgot-close.patch", "--- a/solution/table.rs", "--- a/solution/no.rs");
    let told = course.command().args(["mistakes", "w03-l02"]).assert().code(2);
    assert_says(&complained(&told), &["mistakes/forgot-close.patch: ", "solution/no.rs"]);
}

#[test]
fn text_criteria_mistakes_starters_and_outputs_agree() {
    xtask(&["check"]).code(0).stdout(starts_with("consistent · ")).stderr(is_empty());
}

#[test]
fn every_disagreement_is_found_at_once() {
    let course = Course::new();
    course.edit("lesson.md", "<!-- idle task=3 -->", "<!-- idles task=3 -->");
    course.edit("mistakes/slot-order.patch", "row: slot-order", "row: slot-odor");
    course.edit("src/table.rs", "//!", "//! Changed.");
    let told = course.command().args(["check", "w03-l02"]).assert().code(1);
    let pieces = ["lesson.md:", "\"idles\"", "slot-order.patch:", "slot-odor", "src/table.rs:1: "];
    assert_says(&said(&told), &pieces);
}
