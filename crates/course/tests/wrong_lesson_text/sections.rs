//! Sections, and what hides them.

use super::says;

#[test]
fn sections_are_known_and_complete() {
    says(
        "### Warmup (5 min)",
        "### Warm up",
        &[
            "## TRAINING => missing section \"Warmup\"; add `### Warmup` below",
            "### Warm up => unknown section \"Warm up\"; did you mean \"Warmup\"?",
        ],
    );
    says(
        "## Proof",
        "## Appendix\n\nA.\n\n## Proof",
        &["## Appendix => unknown section \"Appendix\"; take it out, or use #####"],
    );
    says(
        "### Ship\n\nCommit it.\n",
        "",
        &["### Prove => missing section \"Ship\"; add `### Ship` below"],
    );
    says(
        "## Done When",
        "### Done When",
        &["### Done When => \"Done When\" at the wrong level; write `## Done When`"],
    );
    says(
        "Commit it.\n",
        "",
        &["### Ship => section \"Ship\" is empty; write it"],
    );
    says(
        "```\n1 → 2 → 3\n```",
        "1, 2, 3",
        &["## Hero => the Hero Visual has no drawing; put it in a fenced block"],
    );
}

#[test]
fn sections_come_once_and_in_order() {
    let proof = "## Proof\n\n<!-- output: count 2 -->\n```text\n1\n2\n```\n\n";
    let visual = "## Hero Visual\n\n```\n1 → 2 → 3\n```\n\n";
    let again = "## proof => section \"Proof\" is already on line 70; join the two";
    says(
        "Next: backwards.\n",
        "Next.\n\n## proof\n\nAgain.\n",
        &[again],
    );
    let order = "## Proof => section \"Proof\" out of order; move it before \"Hero Visual\"";
    says(
        &[proof, visual].concat(),
        &[visual, proof].concat(),
        &[order],
    );
}

#[test]
fn what_is_never_closed_is_reported_where_it_opens() {
    says(
        "<!-- last task=2 -->",
        "<!-- last task=2",
        &[
            "- [ ] It stops => a comment here is never closed; end it with -->",
            "- [ ] It stops => this bullet has no id; end it with <!-- id task=N -->",
        ],
    );
    says(
        "<!-- output: count 2 -->",
        "<!-- output: count 2",
        &["<!-- output => this comment is never closed; end it with -->"],
    );
    says(
        "```\n1 → 2 → 3\n```",
        "~~~\n1 → 2 → 3",
        &["~~~ => this code block is never closed; end it with its opening marks"],
    );
}

#[test]
fn an_output_comment_is_followed_by_its_block() {
    says(
        "<!-- output: count 2 -->\n",
        "<!-- output: count 2 -->\n\nLike so:\n",
        &["<!-- output => no fenced block follows this comment; put one on the next line"],
    );
}
