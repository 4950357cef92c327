//! Problems of labels, tasks, bullets, rows and study aids.

use super::assert_problems;

#[test]
fn a_label_that_is_missing_out_of_order_or_empty_is_reported() {
    assert_problems(
        "**Goal:** Count",
        "Count",
        &["Count => the introduction has no **Goal:**; begin a paragraph with it"],
    );
    assert_problems(
        "**Do:** Print the",
        "**To do:** Print the",
        &["#### Task 2 => task 2 has no **Do:**; begin a paragraph with it"],
    );
    assert_problems(
        "**Do:** Print `1`.",
        "**Do:**",
        &["**Do:** => **Do:** is empty in task 1; write it"],
    );
    assert_problems(
        "**Test:** `count 1`",
        "**Test:**",
        &["**Test:** => **Test:** is empty in task 1; write it"],
    );
    assert_problems(
        "**Expected:** `1`",
        "**Expected:**",
        &["**Expected:** => **Expected:** is empty in task 1; write it"],
    );
    assert_problems(
        "**Test:** `count 1`\n\n**Expected:** `1`",
        "**Expected:** `1`\n\n**Test:** `count 1`",
        &["#### Task 1 => task 1 must have each label once and in order: \
         Predict, Invariant, Do, Test, Expected"],
    );
}

#[test]
fn a_wrong_task_number_is_reported() {
    assert_problems(
        "Task 2 — Go on",
        "Task 3 — Go on",
        &["#### Task 3 => task 3 where task 2 is expected; number the tasks from 1"],
    );
    assert_problems(
        "Task 2 — Go on",
        "Task 2: Go on",
        &[
            "#### Task 2 => \"Task 2: Go on\" is not a task; write `#### Task N — Title`",
            "- [ ] It stops => criterion \"last\" belongs to task 2, but there are 1",
        ],
    );
}

#[test]
fn a_wrong_id_of_a_bullet_is_reported() {
    assert_problems(
        " <!-- last task=2 -->",
        "",
        &["- [ ] It stops => this bullet has no id; end it with <!-- id task=N -->"],
    );
    assert_problems(
        "last task=2",
        "last",
        &["- [ ] It stops => criterion \"last\" belongs to no task; write <!-- last task=N -->"],
    );
    assert_problems(
        "last task=2",
        "last task=7",
        &["- [ ] It stops => criterion \"last\" belongs to task 7, but there are 2"],
    );
    assert_problems(
        "last task=2",
        "last tsk=2",
        &["- [ ] It stops => \"tsk=2\" has no meaning here; write task=N or advice"],
    );
    assert_problems(
        "last task=2",
        "last task=2 advice",
        &["- [ ] It stops => criterion \"last\" cannot be advice; take that word out"],
    );
    assert_problems(
        "last task=2",
        "Last task=2",
        &[
            "- [ ] It stops => \"Last\" is not an id; write it in lower-case letters, digits and hyphens",
        ],
    );
    assert_problems(
        "last task=2",
        "first task=2",
        &["- [ ] It stops => id \"first\" is already on line 69; choose another"],
    );
    assert_problems(
        "no-eleven task=1",
        "first task=1",
        &["- It prints no => id \"first\" is already on line 69; choose another"],
    );
    assert_problems(
        "It stops at 10 ",
        "",
        &["- [ ] <!-- => criterion \"last\" has no sentence; write it before the comment"],
    );
    assert_problems(
        "at 10 <!-- last task=2 -->",
        "<!-- last task=2 --> at 10",
        &["- [ ] It stops => text follows the comment \"last task=2\"; put it last"],
    );
    assert_problems(
        "<!-- last task=2 -->",
        "<!-- last task=2 --> <!-- and more -->",
        &["- [ ] It stops => more than one comment; keep the one that states the id"],
    );
}

#[test]
fn a_wrong_table_of_mistakes_is_reported() {
    assert_problems(
        "| Mistake | Fix |",
        "| Mistake | Cure |",
        &["| Mistake => the table has other columns; its first line must be `| Mistake | Fix |`"],
    );
    assert_problems(
        "| Mistake | Fix |\n|---------|-----|",
        "| Mistake | Fix | Why |\n|--|--|--|",
        &["| Mistake => the table has other columns; its first line must be `| Mistake | Fix |`"],
    );
    assert_problems(
        "|---------|-----|\n",
        "",
        &["## Common => no table of mistakes; write `| Mistake | Fix |` and its rows"],
    );
    assert_problems(
        "| Beginning with `0` |",
        "| |",
        &["| | => this row has an empty cell; write what the mistake is and what to do instead"],
    );
    assert_problems(
        " <!-- zero -->",
        "",
        &["| Beginning => this row has no id; end its Fix cell with <!-- id -->"],
    );
    assert_problems(
        "<!-- zero -->",
        "<!-- zero task=1 -->",
        &["| Beginning => row \"zero\" cannot belong to a task; write <!-- zero -->"],
    );
    assert_problems(
        "by-hand advice",
        "zero advice",
        &["| Counting => id \"zero\" is already on line 92; choose another"],
    );
    assert_problems(
        "## Proof",
        "| Second | Table |\n|--|--|\n\n## Proof",
        &["| Second => this is a second table; move its rows into the first"],
    );
}

#[test]
fn a_fold_that_is_open_or_empty_is_reported() {
    assert_problems(
        "</details>",
        "",
        &["<details> => this fold is never closed; end it with a line </details>"],
    );
    let empty = "<details> => this fold holds no Markdown; leave a blank line after </summary> \
                 and before </details>, and write the answers between them";
    assert_problems("1. The number one.\n\n", "", &[empty]);
    assert_problems("\n\n1. The number one.\n\n", "\n1. The number one.\n", &[empty]);
}

#[test]
fn outcomes_without_a_list_are_reported() {
    let missing = "You will => no bullet list follows \"You will be able to:\"; write one below";
    assert_problems("- count\n- stop\n", "Count.\n", &[missing]);
    assert_problems("- count\n- stop\n", "1. Count.\n", &[missing]);
}

#[test]
fn an_empty_prediction_is_reported() {
    assert_problems(
        "**Predict:** What does `count 0` print?",
        "**Predict:**",
        &["**Predict:** => **Predict:** is empty in task 1; write it"],
    );
}

#[test]
fn an_open_question_with_an_id_is_reported() {
    assert_problems(
        "1. Why ten?",
        "1. Why ten? <!-- ten task=1 -->",
        &["1. Why => an open question has no id; write it as a bullet, or take the id out"],
    );
    assert_problems(
        "2. What comes before one?\n",
        "2. What comes before one?\n\n- You can stop.\n",
        &["- You can stop => these bullets follow the open questions; move them above"],
    );
}

#[test]
fn hints_without_a_row_or_of_another_number_are_reported() {
    let hints = |id: &str, count: usize| {
        let list: String = (1..=count).map(|number| format!("{number}. Why?\n")).collect();
        format!("##### {id}\n\n{list}\n## Proof")
    };
    assert_problems(
        "## Proof",
        &hints("zeroo", 3),
        &["##### zeroo => hints for an unknown mistake \"zeroo\"; did you mean \"zero\"?"],
    );
    let message =
        "hints; write a numbered list of 3 below: a question, a pointer, nearly the answer";
    for count in [0, 2, 4] {
        let expected = format!("##### zero => \"zero\" has {count} {message}");
        assert_problems("## Proof", &hints("zero", count), &[&expected]);
    }
    let twice = hints("zero", 3).replace("## Proof", &hints("zero", 3));
    let text = twice.replacen("##### zero", "##### zero ", 1);
    assert_problems(
        "## Proof",
        &text.replacen("\n##### zero\n", "\n##### zero  \n", 1),
        &["##### zero   => \"zero\" already has hints on line 97; keep one list"],
    );
}
