//! Problems of sections, and of blocks that are never closed.

use super::assert_problems;

#[test]
fn an_unknown_missing_or_empty_section_is_reported() {
    assert_problems(
        "### Warmup (5 min)",
        "### Warm up",
        &[
            "## TRAINING => missing section \"Warmup\"; add `### Warmup` below",
            "### Warm up => unknown section \"Warm up\"; did you mean \"Warmup\"?",
        ],
    );
    assert_problems(
        "## Proof",
        "## Appendix\n\nA.\n\n## Proof",
        &["## Appendix => unknown section \"Appendix\"; take it out, or use #####"],
    );
    assert_problems(
        "### Ship\n\nCommit it.\n",
        "",
        &["### Prove => missing section \"Ship\"; add `### Ship` below"],
    );
    assert_problems(
        "## Done When",
        "### Done When",
        &["### Done When => \"Done When\" is at the wrong level; write `## Done When`"],
    );
    assert_problems("Commit it.\n", "", &["### Ship => section \"Ship\" is empty; write it"]);
    assert_problems(
        "```\n1 → 2 → 3\n```",
        "1, 2, 3",
        &["## Hero => the Hero Visual has no drawing; put one in a fenced block"],
    );
}

#[test]
fn a_repeated_or_misplaced_section_is_reported() {
    let proof = "## Proof\n\n<!-- output: count 2 -->\n```text\n1\n2\n```\n\n";
    let visual = "## Hero Visual\n\n```\n1 → 2 → 3\n```\n\n";
    let again = "## proof => section \"Proof\" is already on line 95; join the two";
    assert_problems("Next: backwards.\n", "Next.\n\n## proof\n\nAgain.\n", &[again]);
    let order = "## Proof => section \"Proof\" is out of order; move it before \"Hero Visual\"";
    assert_problems(&[proof, visual].concat(), &[visual, proof].concat(), &[order]);
}

#[test]
fn a_block_that_is_never_closed_is_reported_where_it_opens() {
    assert_problems(
        "<!-- last task=2 -->",
        "<!-- last task=2",
        &[
            "- [ ] It stops => a comment here is never closed; end it with -->",
            "- [ ] It stops => this bullet has no id; end it with <!-- id task=N -->",
        ],
    );
    assert_problems(
        "<!-- output: count 2 -->",
        "<!-- output: count 2",
        &["<!-- output => this comment is never closed; end it with -->"],
    );
    assert_problems(
        "```\n1 → 2 → 3\n```",
        "~~~\n1 → 2 → 3",
        &["~~~ => this code block is never closed; end it with its opening marks"],
    );
}

#[test]
fn an_output_comment_without_a_block_is_reported() {
    assert_problems(
        "<!-- output: count 2 -->\n",
        "<!-- output: count 2 -->\n\nLike so:\n",
        &["<!-- output => no fenced block follows this comment; put one on the next line"],
    );
}
