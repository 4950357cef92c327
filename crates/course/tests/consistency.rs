//! A lesson's text is compared with its proof and its wrong servers, in both directions.

use course::consistency::{compare, shown_outputs};
use course::lesson::Lesson;
use course::mistake::MistakePatch;
use std::path::Path;

const PROOF: [&str; 3] = ["first", "no-eleven", "last"];

const TEXT: &str = include_str!("fixture/lesson.md");

fn lesson(text: &str) -> Lesson {
    let path = Path::new("lessons/w05-l03-count/lesson.md");
    Lesson::parse(path, text.as_bytes()).unwrap()
}

fn patch(id: &str, criterion: &str, row: &str) -> MistakePatch {
    let text = include_str!("fixture/forgot-close.patch")
        .replace("mistake: forgot-close", &format!("mistake: {id}"))
        .replace("no-fd-leak", criterion)
        .replace("row: forgot-close", &format!("row: {row}"));
    MistakePatch::parse(Path::new(&format!("{id}.patch")), text.as_bytes()).unwrap()
}

/// One wrong server for each criterion.
fn patches() -> Vec<MistakePatch> {
    PROOF.map(|criterion| patch(&format!("not-{criterion}"), criterion, "zero")).to_vec()
}

#[track_caller]
fn assert_differences(proof: &[&str], patches: &[MistakePatch], expected: &[&str]) {
    assert_compared(TEXT, proof, patches, expected);
}

/// Replaces `from` in the consistent text, and expects exactly these differences.
#[track_caller]
fn assert_edited(from: &str, to: &str, expected: &[&str]) {
    assert_eq!(TEXT.matches(from).count(), 1, "the text has {from:?} once");
    assert_compared(&TEXT.replace(from, to), &PROOF, &patches(), expected);
}

#[track_caller]
fn assert_compared(text: &str, proof: &[&str], patches: &[MistakePatch], expected: &[&str]) {
    let problems: Vec<_> = compare(&lesson(text), proof, patches)
        .iter()
        .map(|problem| problem.to_string().replace("lessons/w05-l03-count/", ""))
        .collect();
    assert_eq!(problems, expected);
}

#[test]
fn a_consistent_lesson_has_no_difference() {
    assert_differences(&PROOF, &patches(), &[]);
}

#[test]
fn a_criterion_without_a_check_is_a_difference() {
    assert_differences(
        &["first", "last"],
        &patches(),
        &["lesson.md:81: no proof checks \"no-eleven\"; write the check, or take out the id"],
    );
}

#[test]
fn a_check_without_a_criterion_is_a_difference() {
    assert_differences(
        &["first", "no-eleven", "last", "middle"],
        &patches(),
        &["lesson.md:67: the proof checks \"middle\", which no bullet states; \
         add one that ends with <!-- middle task=N -->"],
    );
    assert_differences(
        &["first", "no-eleven", "lasst"],
        &patches(),
        &[
            "lesson.md:67: the proof checks \"lasst\", which no bullet states; \
         did you mean \"last\"?",
            "lesson.md:70: no proof checks \"last\"; write the check, or take out the id",
        ],
    );
}

#[test]
fn a_repeated_check_is_a_difference() {
    assert_differences(
        &["first", "no-eleven", "last", "first"],
        &patches(),
        &["lesson.md:67: the proof checks \"first\" twice; take one check out"],
    );
}

#[test]
fn another_order_is_a_difference() {
    assert_differences(
        &["first", "last", "no-eleven"],
        &patches(),
        &["lesson.md:81: \"no-eleven\" comes here (by task, then as in the text), and \"last\" \
         in the proof; change one order"],
    );
}

#[test]
fn a_row_without_a_wrong_server_is_a_difference() {
    let patches: Vec<_> = PROOF.map(|id| patch(&format!("not-{id}"), id, "by-hand")).to_vec();
    assert_differences(
        &PROOF,
        &patches,
        &[
            "lesson.md:92: no wrong server for \"zero\"; \
         add mistakes/zero.patch, or mark it advice",
            "not-first.patch:3: row \"by-hand\" is advice; take that word out of the table",
            "not-no-eleven.patch:3: row \"by-hand\" is advice; take that word out of the table",
            "not-last.patch:3: row \"by-hand\" is advice; take that word out of the table",
        ],
    );
}

#[test]
fn a_criterion_that_no_wrong_server_fails_is_a_difference() {
    assert_differences(
        &PROOF,
        &patches()[..2],
        &["lesson.md:70: no wrong server fails \"last\"; add one to mistakes/"],
    );
}

#[test]
fn a_wrong_server_of_an_unknown_criterion_or_row_is_a_difference() {
    let mut patches = patches();
    patches.push(patch("odd", "lasst", "zerro"));
    patches.push(patch("even", "sockets", "sockets"));
    assert_differences(
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

#[test]
fn a_task_without_a_prediction_or_an_invariant_is_a_difference() {
    assert_edited(
        "**Predict:** How long is the output?\n\n",
        "",
        &["lesson.md:52: task 2 has no **Predict:**; begin a paragraph with it"],
    );
    assert_edited(
        "**Invariant:** A line holds a number.",
        "A line holds a number.",
        &["lesson.md:40: task 1 has no **Invariant:**; begin a paragraph with it"],
    );
}

#[test]
fn a_warmup_without_answers_is_a_difference() {
    let fold = "<details>\n<summary>Answers</summary>\n\n1. The number one.\n\n</details>\n";
    let expected = "lesson.md:27: the Warmup has no answers; put them in <details> … </details>";
    assert_edited(fold, "", &[expected]);
}

#[test]
fn a_goal_without_outcomes_is_a_difference() {
    let expected = "lesson.md:11: no outcomes; write `You will be able to:` and a bullet list \
                    below the goal";
    assert_edited("You will be able to:", "Afterwards you know how to:", &[expected]);
}

#[test]
fn done_when_has_two_open_questions() {
    let none = "1. Why ten?\n2. What comes before one?\n";
    let differs = |line: usize, count: usize| {
        format!(
            "lesson.md:{line}: Done When has {count} open questions; \
             end it with a numbered list of 2"
        )
    };
    assert_edited(none, "", &[&differs(78, 0)]);
    assert_edited("2. What comes before one?\n", "", &[&differs(85, 1)]);
    assert_edited("1. Why ten?\n", "1. Why ten?\n1. Why nine?\n", &[&differs(85, 3)]);
    let statement = "lesson.md:85: this open question has no question mark; ask something";
    assert_edited("Why ten?", "Ten is enough.", &[statement]);
}

#[test]
fn a_test_proves_exactly_the_criteria_of_its_task() {
    let test = "```bash\ncount 10\n```";
    let with = |command: &str| format!("```bash\n{command}\n```");
    assert_edited(test, &with("cargo xtask prove w05-l03 --only last"), &[]);
    assert_edited(test, &with("cargo xtask prove w05-l03 --task 2"), &[]);
    assert_edited(
        test,
        &with("count 10\ncargo xtask prove w05-l03 --only last,first"),
        &["lesson.md:63: the Test of task 2 proves \"first\", which belongs to task 1; \
         take it out, or move the criterion"],
    );
    assert_edited(
        test,
        &with("cargo xtask prove w05-l03 --only lost"),
        &[
            "lesson.md:62: criterion \"lost\" is not in w05-l03; did you mean last?",
            "lesson.md:62: the Test of task 2 omits last; add it to --only",
        ],
    );
    assert_edited(
        test,
        &with("cargo xtask prove w05-l03 --task 1"),
        &["lesson.md:62: this is the Test of task 2; write --task 2"],
    );
    assert_edited(
        test,
        &with("cargo xtask prove w05-l03"),
        &["lesson.md:62: the Test of task 2 proves every task; add --only and the task's criteria"],
    );
    assert_edited(
        test,
        &with("cargo xtask prove w05-l02 --only last"),
        &["lesson.md:62: the Test of task 2 proves another lesson; name w05-l03"],
    );
}

#[test]
fn a_shown_output_without_its_comment_is_a_difference() {
    assert_edited(
        "<!-- output: count 2 -->\n",
        "",
        &["lesson.md:95: the section Proof shows no output; add a block after \
         `<!-- output: cargo xtask prove w05-l03 --solution -->`"],
    );
    let problems = |text: &str| {
        let found = shown_outputs::check_text(Path::new("a.md"), text.as_bytes()).unwrap();
        found.iter().map(|problem| problem.location.to_string()).collect::<Vec<_>>()
    };
    let shown = "```text\n  ✓ starts  It listens\nproved · 1 of 1 · 5 ms\n```\n";
    assert_eq!(problems(&format!("Text.\n\n{shown}\n{shown}")), ["a.md:3", "a.md:8"]);
    let comment = "<!-- output: cargo xtask prove w05-l03 -->\n";
    assert_eq!(problems(&format!("{comment}{shown}")), [""; 0]);
    assert_eq!(problems("```text\nany other block\n```\n"), [""; 0]);
}

#[test]
fn a_lesson_with_hints_has_them_for_every_row_that_is_no_advice() {
    let hints = "##### zero\n\n1. Which is first?\n2. Look.\n3. One.\n\n## Proof";
    assert_edited("## Proof", hints, &[]);
    assert_edited(
        "## Proof",
        &hints.replace("first?", "first."),
        &["lesson.md:97: the first hint has no question mark; ask something"],
    );
    let two = TEXT.replace("<!-- by-hand advice -->", "<!-- by-hand -->");
    let mut patches = patches();
    patches.push(patch("by-hand", "last", "by-hand"));
    let lacking = "lesson.md:93: row \"by-hand\" has no hints; write `##### by-hand` and three hints \
                   below the table";
    assert_compared(&two.replace("## Proof", hints), &PROOF, &patches, &[lacking]);
    assert_compared(&two, &PROOF, &patches, &[]);
}
