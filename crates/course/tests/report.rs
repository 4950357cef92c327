//! A verdict follows from the findings, and a report is serialized.

use course::report::{Cause, Row, Status, Step, Table, Verdict};

#[test]
fn one_failure_makes_the_verdict_not_yet() {
    use Status::*;
    for findings in [
        vec![Failed],
        vec![Proved, Skipped],
        vec![Inconclusive, Failed],
        vec![Failed, Inconclusive],
    ] {
        assert_eq!(Verdict::of(findings.clone()), Verdict::NotYet, "{findings:?}");
    }
}

#[test]
fn an_inconclusive_finding_makes_the_verdict_inconclusive() {
    use Status::*;
    assert_eq!(Verdict::of([Proved, Inconclusive]), Verdict::Inconclusive);
    assert_eq!(Verdict::of([Inconclusive, Proved]), Verdict::Inconclusive);
}

#[test]
fn a_lesson_is_proved_by_all_of_at_least_one_criterion() {
    assert_eq!(Verdict::of([Status::Proved, Status::Proved]), Verdict::Proved);
    assert_eq!(Verdict::of([]), Verdict::NotYet);
}

#[test]
fn a_step_is_serialized_as_one_line_with_its_log() {
    let logged = vec!["[ACCEPT] fd=4 slot=0".to_owned(), "hi".to_owned()];
    let steps = vec![
        Step { did: "A connected".to_owned(), logged, printed: vec!["got one".to_owned()] },
        Step { did: "A left".to_owned(), logged: Vec::new(), printed: Vec::new() },
    ];
    let cause = serde_json::to_value(Cause { steps, ..Cause::default() }).unwrap();
    let lines = ["A connected: [ACCEPT] fd=4 slot=0 · hi · │ got one", "A left"];
    assert_eq!(cause["steps"], serde_json::json!(lines));
}

#[test]
fn a_row_of_evidence_is_serialized_with_its_table_and_mark() {
    let row = |wrong, text: &str| Row { wrong, text: text.to_owned() };
    let rows = vec![row(false, "3  LISTEN"), row(true, "5  CLOSE_WAIT")];
    let evidence = vec![Table { title: "the kernel says".to_owned(), rows }];
    let cause = serde_json::to_value(Cause { evidence, ..Cause::default() }).unwrap();
    let lines = ["the kernel says: 3  LISTEN", "the kernel says: ▸ 5  CLOSE_WAIT"];
    assert_eq!(cause["evidence"], serde_json::json!(lines));
}
