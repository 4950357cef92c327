use super::*;
use programs::starter_regions::regions;

/// The changes of the statements in a function that returns `output`, as `operator: text`.
fn changes_in(output: &str, code: &str) -> Vec<String> {
    let text = format!("fn f() -> {output} {{\n    // <task 1: it>\n{code}\n    // </task>\n}}\n");
    let changes = changes(&text, &regions(&text).unwrap()).unwrap();
    let content = |change: &Change| {
        let changed = changed(&text, change);
        let (_, rest) = changed.split_once("it>\n").unwrap();
        rest.split_once("\n    // </task>").unwrap().0.to_owned()
    };
    changes.iter().map(|it| format!("{}: {}", it.operator.name(), content(it))).collect()
}

#[track_caller]
fn assert_has(output: &str, code: &str, expected: &[&str]) {
    let found = changes_in(output, code);
    for change in expected {
        assert!(found.iter().any(|it| it == change), "{change:?} is missing in {found:#?}");
    }
}

#[test]
fn code_outside_of_regions_is_kept() {
    let text =
        "fn f() -> usize {\n    let a = 1 < 2;\n    // <task 1: b>\n    b()\n    // </task>\n}\n";
    for change in changes(text, &regions(text).unwrap()).unwrap() {
        assert!(text[change.range.clone()].contains("b()"), "{change:?}");
    }
}

#[test]
fn conditions_are_negated_and_made_constant() {
    assert_has(
        "()",
        "if a.is_empty() { b(); }",
        &[
            "condition: if true { b(); }",
            "condition: if false { b(); }",
            "condition: if !(a.is_empty()) { b(); }",
            "statement: ",
        ],
    );
    assert_has("()", "while !a { b(); }", &["condition: while a { b(); }"]);
    let found = changes_in("()", "if !a.is_empty() && let Some(c) = d { b(c); }");
    assert!(found.contains(&"condition: if true && let Some(c) = d { b(c); }".to_owned()));
    assert!(!found.iter().any(|it| it.contains("!(")), "{found:#?}");
}

#[test]
fn comparisons_and_bounds_are_changed() {
    assert_has("bool", "a < b", &["comparison: a <= b", "comparison: a >= b"]);
    assert_has("bool", "a == b && c", &["comparison: a != b && c", "comparison: a == b || c"]);
    assert_has("()", "g(&a[1..n]);", &["comparison: g(&a[1..=n]);"]);
}

#[test]
fn numbers_and_constants_are_changed() {
    assert_has("()", "g(7u8);", &["constant: g(8u8);", "constant: g(6u8);", "constant: g(0u8);"]);
    assert_has(
        "()",
        "g(b'$', MAX);",
        &["constant: g(37u8, MAX);", "constant: g(b'$', (MAX + 1));"],
    );
    assert_has("u8", "a - 1", &["arithmetic: a + 1", "constant: a - 2", "constant: a - 0"]);
    assert_has("()", "g(false);", &["constant: g(true);"]);
}

#[test]
fn statements_calls_and_errors_are_dropped() {
    assert_has(
        "io::Result<()>",
        "a()?;\nb.c().d();\nOk(())",
        &[
            "statement: \nb.c().d();\nOk(())",
            "error: let _ = a();\nb.c().d();\nOk(())",
            "call: a()?;\nb.d();\nOk(())",
            "call: a()?;\nb.c();\nOk(())",
            "return: a()?;\nreturn Ok(()); b.c().d();\nOk(())",
        ],
    );
    // The last expression of a function that returns a value cannot be dropped.
    let found = changes_in("u64", "a(b)");
    assert_eq!(found, ["return: return 0; a(b)", "return: return 1; a(b)"]);
}

#[test]
fn loops_and_returns_end_in_other_places() {
    assert_has(
        "()",
        "loop { if a { break; } b(); }",
        &["return: loop { if a {  } b(); }", "return: loop { if a { continue; } b(); }"],
    );
    assert_has("()", "if a { return; }", &["return: if a {  }"]);
}

#[test]
fn arms_and_patterns_are_dropped_and_swapped() {
    assert_has(
        "()",
        "match a { A | B => b(), C(c) => d(c), _ => {} }",
        &[
            "match: match a { B => b(), C(c) => d(c), _ => {} }",
            "match: match a { A => b(), C(c) => d(c), _ => {} }",
            "match: match a {  C(c) => d(c), _ => {} }",
            "match: match a { A | B => b(),  _ => {} }",
            "match: match a { A | B => { d(c) }, C(c) => { b() }, _ => {} }",
        ],
    );
}

#[test]
fn each_flag_is_dropped() {
    assert_has(
        "()",
        "g(F::A | F::B | F::C);",
        &["flag: g(F::B | F::C);", "flag: g(F::A | F::C);", "flag: g(F::A | F::B);"],
    );
    assert_has("()", "g(F::NOSIGNAL);", &["flag: g(F::empty());"]);
    assert_has("()", "g(libc::POLLIN);", &["flag: g(0);"]);
}

#[test]
fn a_text_that_is_not_rust_is_an_error() {
    assert!(changes("fn {", &[]).is_err());
}
