//! Labels, tasks, bullets and rows.

use super::says;

#[test]
fn labels_are_complete_in_order_and_not_empty() {
    says(
        "**Goal:** Count",
        "Count",
        &["Count => the introduction has no **Goal:**; begin a paragraph with it"],
    );
    says(
        "**Do:** Print the",
        "**To do:** Print the",
        &["#### Task 2 => task 2 has no **Do:**; begin a paragraph with it"],
    );
    says(
        "**Do:** Print `1`.",
        "**Do:**",
        &["**Do:** => **Do:** is empty in task 1; write it"],
    );
    says(
        "**Test:** `count 1`",
        "**Test:**",
        &["**Test:** => **Test:** is empty in task 1; write it"],
    );
    says(
        "**Expected:** `1`",
        "**Expected:**",
        &["**Expected:** => **Expected:** is empty in task 1; write it"],
    );
    says(
        "**Test:** `count 1`\n\n**Expected:** `1`",
        "**Expected:** `1`\n\n**Test:** `count 1`",
        &["#### Task 1 => task 1 must have each label once and in order: Do, Test, Expected"],
    );
}

#[test]
fn tasks_are_numbered_from_one() {
    says(
        "Task 2 — Go on",
        "Task 3 — Go on",
        &["#### Task 3 => task 3 where task 2 belongs; number them from 1"],
    );
    says(
        "Task 2 — Go on",
        "Task 2: Go on",
        &[
            "#### Task 2 => \"Task 2: Go on\" is not a task; write `#### Task N — Title`",
            "- [ ] It stops => criterion \"last\" belongs to task 2, but there are 1",
        ],
    );
}

#[test]
fn a_bullet_of_prove_has_one_good_id_at_its_end() {
    says(
        " <!-- last task=2 -->",
        "",
        &["- [ ] It stops => this bullet has no id; end it with <!-- id task=N -->"],
    );
    says(
        "last task=2",
        "last",
        &["- [ ] It stops => criterion \"last\" belongs to no task; write <!-- last task=N -->"],
    );
    says(
        "last task=2",
        "last task=7",
        &["- [ ] It stops => criterion \"last\" belongs to task 7, but there are 2"],
    );
    says(
        "last task=2",
        "last tsk=2",
        &["- [ ] It stops => \"tsk=2\" says nothing here; write task=N or advice"],
    );
    says(
        "last task=2",
        "last task=2 advice",
        &["- [ ] It stops => criterion \"last\" cannot be advice; take that word out"],
    );
    says(
        "last task=2",
        "Last task=2",
        &["- [ ] It stops => \"Last\" is not an id; write it in small letters, digits and hyphens"],
    );
    says(
        "last task=2",
        "first task=2",
        &["- [ ] It stops => id \"first\" is already on line 49; choose another"],
    );
    says(
        "no-eleven task=1",
        "first task=1",
        &["- It prints no => id \"first\" is already on line 49; choose another"],
    );
    says(
        "It stops at 10 ",
        "",
        &["- [ ] <!-- => criterion \"last\" has no sentence; write it before the comment"],
    );
    says(
        "at 10 <!-- last task=2 -->",
        "<!-- last task=2 --> at 10",
        &["- [ ] It stops => text follows the comment \"last task=2\"; put it last"],
    );
    says(
        "<!-- last task=2 -->",
        "<!-- last task=2 --> <!-- and more -->",
        &["- [ ] It stops => more than one comment; keep the one that is the id"],
    );
}

#[test]
fn a_table_of_mistakes_has_two_columns_and_an_id_in_each_row() {
    says(
        "| Mistake | Fix |",
        "| Mistake | Cure |",
        &["| Mistake => the table has other columns; its first line must be `| Mistake | Fix |`"],
    );
    says(
        "| Mistake | Fix |\n|---------|-----|",
        "| Mistake | Fix | Why |\n|--|--|--|",
        &["| Mistake => the table has other columns; its first line must be `| Mistake | Fix |`"],
    );
    says(
        "|---------|-----|\n",
        "",
        &["## Common => no table of mistakes; write `| Mistake | Fix |` and its rows"],
    );
    says(
        "| Beginning with `0` |",
        "| |",
        &["| | => an empty cell; say what the mistake is and what to do instead"],
    );
    says(
        " <!-- zero -->",
        "",
        &["| Beginning => this row has no id; end its Fix cell with <!-- id -->"],
    );
    says(
        "<!-- zero -->",
        "<!-- zero task=1 -->",
        &["| Beginning => row \"zero\" cannot belong to a task; write <!-- zero -->"],
    );
    says(
        "by-hand advice",
        "zero advice",
        &["| Counting => id \"zero\" is already on line 67; choose another"],
    );
    says(
        "## Proof",
        "| Second | Table |\n|--|--|\n\n## Proof",
        &["| Second => a second table; move its rows into the first"],
    );
}
