//! A patch file is parsed into its parts, and the problems of a wrong patch file are reported.

use course::mistake::MistakePatch;
use std::path::Path;

const CORRECT: &str = include_str!("fixture/forgot-close.patch");

fn parse(text: &str) -> Result<MistakePatch, String> {
    let path = Path::new("mistakes/forgot-close.patch");
    MistakePatch::parse(path, text.as_bytes()).map_err(|problems| problems.to_string())
}

#[test]
fn header_description_and_diff_are_parsed() {
    let patch = parse(CORRECT).unwrap();
    assert_eq!(patch.id, "forgot-close");
    assert_eq!((patch.criterion.as_str(), patch.criterion_line), ("no-fd-leak", 2));
    assert_eq!((patch.row.as_str(), patch.row_line), ("forgot-close", 3));
    assert!(patch.description.starts_with("The counter never"));
    assert!(patch.description.ends_with("a thousand counts."));
    assert!(patch.diff.starts_with("--- a/solution/count.rs\n"));
    assert!(patch.diff.ends_with("+forget(file);\n"));
    assert_eq!(patch.diff_line, 8);
}

#[test]
fn a_diff_may_begin_with_a_line_of_git() {
    let text = CORRECT.replace("--- a/", "diff --git a/count.rs b/count.rs\n--- a/");
    assert!(parse(&text).unwrap().diff.starts_with("diff --git"));
}

#[test]
fn each_problem_of_a_patch_is_reported_with_its_line() {
    let diff = &CORRECT[CORRECT.find("--- a/").unwrap()..];
    let cases: [(&str, &str, &[&str]); 9] = [
        ("row: forgot-close\n", "", &["1: the header has no row; add `row: ` and an id"]),
        (
            "criterion: no",
            "criteria: no",
            &[
                "1: the header has no criterion; add `criterion: ` and an id",
                "2: unknown field \"criteria\"; did you mean \"criterion\"?",
            ],
        ),
        ("no-fd-leak", "No leak", &["2: criterion is not an id; write `criterion: ` and an id"]),
        (
            "row: forgot-close\n",
            "row: forgot-close\nrow: other\n",
            &["4: row is here twice; keep one"],
        ),
        (
            "row: forgot-close\n\n",
            "row: forgot-close\n",
            &[
                "4: unknown field \"The counter never closes its file.\"; \
             leave a blank line before the description",
                "5: unknown field \"It shows after a thousand counts.\"; \
             leave a blank line before the description",
                "7: no description; say below the header what is wrong and how it shows",
            ],
        ),
        (
            "mistake: forgot-close",
            "mistake: forgets",
            &["1: mistake \"forgets\" is in a file of another name; name the file forgets.patch"],
        ),
        (
            "The counter never closes its file.\nIt shows after a thousand counts.\n",
            "",
            &["5: no description; say below the header what is wrong and how it shows"],
        ),
        (diff, "", &["7: no diff; end the file with a unified diff of a/… and b/…"]),
        ("@@ -1,2 +1,2 @@\n", "", &["7: no diff; end the file with a unified diff of a/… and b/…"]),
    ];
    for (from, to, expected) in cases {
        assert_eq!(CORRECT.matches(from).count(), 1, "{from:?}");
        let message = parse(&CORRECT.replace(from, to)).unwrap_err();
        let messages: Vec<_> = message
            .lines()
            .map(|line| line.strip_prefix("mistakes/forgot-close.patch:").unwrap())
            .collect();
        assert_eq!(messages, expected, "{from:?} -> {to:?}");
    }
}
