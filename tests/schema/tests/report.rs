//! Reports agree with `report.schema.json`: valid reports are accepted, and reports with a wrong
//! value or property are rejected.

use course::lesson::Kind;
use course::report::{
    Build, BuildStatus, Cause, CriterionReport, LessonReport, ProgramKind, Report, ReportedProgram,
    Row, Status, Step, Table, Todo, Verdict,
};
use jsonschema::Validator;
use serde_json::{Value, json};

fn schema() -> Validator {
    let schema =
        serde_json::from_str(include_str!("../../../crates/course/report.schema.json")).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

/// A report with a criterion of every status.
fn report() -> Report {
    let criterion = |status, cause| CriterionReport {
        id: "no-fd-leak".to_owned(),
        kind: Kind::Prove,
        task: 3,
        text: "Descriptors stay the same".to_owned(),
        status,
        millis: 4.1,
        cause,
    };
    Report {
        schema: 1,
        lessons: vec![LessonReport {
            lesson: "w03-l02".to_owned(),
            title: "Accept & Track Many Clients".to_owned(),
            subject: ReportedProgram { kind: ProgramKind::Command, name: "./server".to_owned() },
            isolation: Some("namespaces".to_owned()),
            verdict: Verdict::NotYet,
            build: Build { status: BuildStatus::None, millis: 0.0, message: None },
            millis: 88.4,
            todos: vec![Todo { task: Some(3), place: "src/server.rs:66".to_owned() }],
            criteria: vec![
                criterion(Status::Proved, None),
                criterion(Status::Failed, Some(cause(Some("forgot-close")))),
                criterion(Status::Skipped, Some(cause(None))),
                criterion(Status::Inconclusive, Some(cause(None))),
            ],
        }],
    }
}

fn cause(mistake: Option<&str>) -> Cause {
    let row = Row { wrong: true, text: "5  CLOSE_WAIT  B".to_owned() };
    Cause {
        id: "fd-leak".to_owned(),
        mistake: mistake.map(str::to_owned),
        summary: "B left and its socket stayed open.".to_owned(),
        steps: vec![Step {
            did: "B left".to_owned(),
            logged: vec!["[DISCONNECT]".to_owned()],
            printed: vec!["bye".to_owned()],
        }],
        expected: "descriptors 3 4".to_owned(),
        observed: "descriptors 3 4 5".to_owned(),
        exit: None,
        evidence: vec![Table { title: "the kernel says".to_owned(), rows: vec![row] }],
        replay: "cargo xtask prove w03-l02 --only no-fd-leak".to_owned(),
    }
}

#[test]
fn a_report_with_every_status_is_valid() {
    let report = serde_json::to_value(report()).unwrap();
    assert_eq!(schema().validate(&report).err().map(|error| error.to_string()), None);
}

#[test]
fn every_isolation_level_is_valid() {
    for isolation in ["namespaces", "other-user", "landlock", "none"] {
        let mut report = report();
        report.lessons[0].isolation = Some(isolation.to_owned());
        assert!(schema().is_valid(&serde_json::to_value(report).unwrap()), "{isolation}");
    }
}

#[test]
fn every_program_verdict_and_build_is_valid() {
    let schema = schema();
    for program in [ProgramKind::Crate, ProgramKind::Solution, ProgramKind::Command] {
        for verdict in [Verdict::Proved, Verdict::NotYet, Verdict::Inconclusive] {
            for status in [BuildStatus::Ok, BuildStatus::Failed, BuildStatus::None] {
                let mut report = report();
                let lesson = &mut report.lessons[0];
                lesson.subject.kind = program;
                lesson.isolation = None;
                lesson.verdict = verdict;
                let message = (status == BuildStatus::Failed).then(|| "expected `;`".to_owned());
                lesson.build = Build { status, millis: 1.0, message };
                assert!(schema.is_valid(&serde_json::to_value(report).unwrap()));
            }
        }
    }
}

#[test]
fn a_report_with_a_wrong_value_is_rejected() {
    let schema = schema();
    let cases: [(&str, Value); 14] = [
        ("/schema", json!(2)),
        ("/lessons/0/lesson", json!("lesson 2")),
        ("/lessons/0/verdict", json!("passed")),
        ("/lessons/0/isolation", json!("strong")),
        ("/lessons/0/subject/kind", json!("student")),
        ("/lessons/0/build/status", json!("failed")),
        ("/lessons/0/build/message", json!("warning: unused")),
        ("/lessons/0/millis", json!(-1)),
        ("/lessons/0/criteria/0/kind", json!("bonus")),
        ("/lessons/0/criteria/0/task", json!(0)),
        ("/lessons/0/criteria/0/status", json!("failed")),
        ("/lessons/0/criteria/1/status", json!("proved")),
        ("/lessons/0/criteria/2/cause", json!(null)),
        ("/lessons/0/criteria/3/cause/mistake", json!("Forgot to close")),
    ];
    for (pointer, value) in cases {
        let mut report = serde_json::to_value(report()).unwrap();
        *report.pointer_mut(pointer).unwrap() = value;
        assert!(!schema.is_valid(&report), "{pointer}");
    }
}

#[test]
fn a_missing_or_additional_property_is_rejected() {
    let schema = schema();
    let report = serde_json::to_value(report()).unwrap();
    for pointer in [
        "",
        "/lessons/0",
        "/lessons/0/subject",
        "/lessons/0/build",
        "/lessons/0/criteria/1",
        "/lessons/0/criteria/1/cause",
    ] {
        let object = report.pointer(pointer).unwrap().as_object().unwrap();
        // A report of a lesson without a todo! has no key `todos`.
        for property in object.keys().filter(|it| *it != "todos") {
            let mut less = report.clone();
            less.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(property);
            assert!(!schema.is_valid(&less), "{pointer} without {property}");
        }
        let mut more = report.clone();
        more.pointer_mut(pointer).unwrap()["extra"] = json!(true);
        assert!(!schema.is_valid(&more), "{pointer} with extra");
    }
}
