//! Text, proof and wrong servers are compared both ways.

use course::consistency::compare;
use course::lesson::Lesson;
use course::mistake::MistakePatch;
use std::path::Path;

const PROOF: [&str; 3] = ["first", "no-eleven", "last"];

fn lesson() -> Lesson {
    let path = Path::new("lessons/w05-l03-count/lesson.md");
    Lesson::parse(path, include_bytes!("fixture/lesson.md")).unwrap()
}

fn patch(id: &str, criterion: &str, row: &str) -> MistakePatch {
    let text = include_str!("fixture/forgot-close.patch")
        .replace("mistake: forgot-close", &format!("mistake: {id}"))
        .replace("no-fd-leak", criterion)
        .replace("row: forgot-close", &format!("row: {row}"));
    MistakePatch::parse(Path::new(&format!("{id}.patch")), text.as_bytes()).unwrap()
}

/// A wrong server for each criterion.
fn patches() -> Vec<MistakePatch> {
    PROOF
        .map(|criterion| patch(&format!("not-{criterion}"), criterion, "zero"))
        .to_vec()
}

#[track_caller]
fn differs(proof: &[&str], patches: &[MistakePatch], expected: &[&str]) {
    let problems: Vec<_> = compare(&lesson(), proof, patches)
        .iter()
        .map(|problem| problem.to_string().replace("lessons/w05-l03-count/", ""))
        .collect();
    assert_eq!(problems, expected);
}

#[test]
fn what_agrees_has_no_difference() {
    differs(&PROOF, &patches(), &[]);
}

#[test]
fn a_sentence_without_a_check_is_a_difference() {
    differs(
        &["first", "last"],
        &patches(),
        &["lesson.md:61: no proof checks \"no-eleven\"; write the check, or take out the id"],
    );
}

#[test]
fn a_check_without_a_sentence_is_a_difference() {
    differs(
        &["first", "no-eleven", "last", "middle"],
        &patches(),
        &[
            "lesson.md:47: the proof checks \"middle\", which no bullet states; \
         add one that ends with <!-- middle task=N -->",
        ],
    );
    differs(
        &["first", "no-eleven", "lasst"],
        &patches(),
        &[
            "lesson.md:47: the proof checks \"lasst\", which no bullet states; \
         did you mean \"last\"?",
            "lesson.md:50: no proof checks \"last\"; write the check, or take out the id",
        ],
    );
}

#[test]
fn a_check_made_twice_is_a_difference() {
    differs(
        &["first", "no-eleven", "last", "first"],
        &patches(),
        &["lesson.md:47: the proof checks \"first\" twice; take one out"],
    );
}

#[test]
fn another_order_is_a_difference() {
    differs(
        &["first", "last", "no-eleven"],
        &patches(),
        &[
            "lesson.md:61: \"no-eleven\" comes here (by task, then as in the text), and \"last\" \
         in the proof; reorder one",
        ],
    );
}

#[test]
fn a_row_without_a_wrong_server_is_a_difference() {
    let patches: Vec<_> = PROOF
        .map(|id| patch(&format!("not-{id}"), id, "by-hand"))
        .to_vec();
    differs(
        &PROOF,
        &patches,
        &[
            "lesson.md:67: no wrong server for \"zero\"; \
         add mistakes/zero.patch, or mark it advice",
            "not-first.patch:3: row \"by-hand\" is advice; take that word out",
            "not-no-eleven.patch:3: row \"by-hand\" is advice; take that word out",
            "not-last.patch:3: row \"by-hand\" is advice; take that word out",
        ],
    );
}

#[test]
fn a_criterion_that_catches_nothing_is_a_difference() {
    differs(
        &PROOF,
        &patches()[..2],
        &["lesson.md:50: no wrong server fails \"last\"; add one to mistakes/"],
    );
}

#[test]
fn a_wrong_server_of_an_unknown_criterion_or_row_is_a_difference() {
    let mut patches = patches();
    patches.push(patch("odd", "lasst", "zerro"));
    patches.push(patch("even", "sockets", "sockets"));
    differs(
        &PROOF,
        &patches,
        &[
            "odd.patch:2: criterion \"lasst\" is not in w05-l03; did you mean last?",
            "odd.patch:3: row \"zerro\" is not in w05-l03; did you mean \"zero\"?",
            "even.patch:2: criterion \"sockets\" is not in w05-l03; it has first, no-eleven, last",
            "even.patch:3: row \"sockets\" is not in w05-l03; add it to the table",
        ],
    );
}
