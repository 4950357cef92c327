//! A verdict follows from the findings, and a report is serialized.

use course::report::{
    Build, BuildStatus, Cause, Isolation, LessonReport, ProgramKind, ReportedProgram, Row, Status,
    Step, Table, Verdict,
};

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
        Step { did: "A connected".to_owned(), logged },
        Step { did: "A left".to_owned(), logged: Vec::new() },
    ];
    let cause = serde_json::to_value(Cause { steps, ..Cause::default() }).unwrap();
    let lines = ["A connected: [ACCEPT] fd=4 slot=0 · hi", "A left"];
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

#[test]
fn isolation_has_its_name_and_the_older_name_under_launch() {
    for (isolation, launch, name) in [
        (Some(Isolation::Namespaces), Some("strong"), Some("namespaces")),
        (Some(Isolation::OtherUser), Some("uid-drop"), Some("other-user")),
        (Some(Isolation::Landlock), Some("landlock"), Some("landlock")),
        (Some(Isolation::None), Some("plain"), Some("none")),
        (None, None, None),
    ] {
        let report = serde_json::to_value(lesson_report(isolation)).unwrap();
        assert_eq!(report["launch"], serde_json::json!(launch));
        assert_eq!(report.get("isolation").and_then(|value| value.as_str()), name);
    }
}

fn lesson_report(isolation: Option<Isolation>) -> LessonReport {
    LessonReport {
        lesson: "w05-l03".to_owned(),
        title: "Count".to_owned(),
        subject: ReportedProgram { kind: ProgramKind::Crate, name: "count".to_owned() },
        isolation,
        verdict: Verdict::NotYet,
        build: Build { status: BuildStatus::Ok, millis: 0.0, message: None },
        millis: 0.0,
        criteria: Vec::new(),
    }
}
