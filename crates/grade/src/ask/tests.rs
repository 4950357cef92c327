//! How often is asked, and what comes of it.

use super::*;
use course::lesson::Kind;
use course::report::Status;
use std::cell::RefCell;

fn lesson() -> Lesson {
    let text = include_bytes!("../../../../lessons/w03-l02-poll-tracker/lesson.md");
    Lesson::parse(Path::new("lessons/w03-l02-poll-tracker/lesson.md"), text).unwrap()
}

fn report(id: &str, answer: &str) -> CriterionReport {
    let status = match answer {
        "yes" => Status::Proved,
        "stands on slots" => Status::Skipped,
        "unseen" => Status::Inconclusive,
        _ => Status::Failed,
    };
    let cause = Cause { id: answer.to_owned(), ..Cause::default() };
    CriterionReport {
        id: id.to_owned(),
        kind: Kind::Prove,
        task: 1,
        text: String::new(),
        status,
        millis: 1.0,
        cause: (status != Status::Proved).then_some(cause),
    }
}

/// What is made of a server whose criteria are answered like this, round after round; and how often
/// it was asked at all.
fn asked(criteria: &[(&str, &[&str])]) -> (Vec<CriterionGrade>, usize) {
    let (rounds, told) = (RefCell::new(0), RefCell::new(Vec::new()));
    let grades = repeat(
        &lesson(),
        &mut |grade| told.borrow_mut().push(grade.clone()),
        &mut |only, heard| {
            let round = *rounds.borrow();
            for (id, answers) in criteria {
                let is_asked = |id: &str| only.is_empty() || only.iter().any(|it| it == id);
                if !is_asked(id) {
                    continue;
                }
                let answer = answers[round.min(answers.len() - 1)];
                // As a proof does: where what it stands on is not asked, it has failed itself.
                let own = answer == "stands on slots" && !is_asked("slots");
                heard(report(id, if own { "leak" } else { answer }));
            }
            *rounds.borrow_mut() += 1;
            Ok(())
        },
    );
    let grades = grades.unwrap();
    let mut told = told.into_inner();
    let place = |grade: &CriterionGrade| grades.iter().position(|it| it.id == grade.id);
    told.sort_by_key(place);
    assert_eq!(told, grades, "each is told once, as it is in the end");
    (grades, rounds.into_inner())
}

fn one(answers: &[&str]) -> (Status, u32, u32) {
    let (grades, _) = asked(&[("starts", &["yes"]), ("slots", answers)]);
    counts(&grades)[1]
}

/// How each came out, and how often it failed, of how many runs.
fn counts(grades: &[CriterionGrade]) -> Vec<(Status, u32, u32)> {
    grades.iter().map(|it| (it.status, it.failed, it.runs)).collect()
}

#[test]
fn a_right_server_is_asked_once() {
    let (grades, rounds) = asked(&[("starts", &["yes"]), ("slots", &["yes"])]);
    assert_eq!(rounds, 1);
    assert!(grades.iter().all(|grade| (grade.status, grade.runs) == (Status::Proved, 1)));
}

#[test]
fn the_same_failure_twice_is_enough() {
    assert_eq!(one(&["leak", "leak"]), (Status::Failed, 2, 2));
}

#[test]
fn a_flaky_server_is_asked_five_times() {
    assert_eq!(one(&["leak", "yes", "leak", "yes", "leak"]), (Status::Failed, 3, 5));
    assert_eq!(one(&["leak", "yes"]), (Status::Failed, 1, 5));
    assert_eq!(one(&["leak", "crash"]), (Status::Failed, 5, 5));
}

#[test]
fn what_the_machine_hid_counts_neither_way() {
    assert_eq!(one(&["leak", "unseen", "leak"]), (Status::Failed, 2, 2));
    assert_eq!(one(&["unseen"]).0, Status::Inconclusive);
    assert_eq!(one(&["leak", "unseen"]).0, Status::Inconclusive);
}

#[test]
fn what_stands_on_a_flaky_criterion_is_asked_when_that_holds() {
    let (grades, _) = asked(&[
        ("starts", &["yes"]),
        ("slots", &["leak", "yes"]),
        ("reuse", &["stands on slots", "yes"]),
        ("capacity", &["stands on slots", "leak"]),
        ("idle", &["stands on slots"]),
    ]);
    let expected = [
        (Status::Proved, 0, 1),
        (Status::Failed, 1, 5),
        (Status::Proved, 0, 1),
        (Status::Failed, 2, 2),
        (Status::Skipped, 0, 0),
    ];
    assert_eq!(counts(&grades), expected);
}

#[test]
fn what_stands_on_a_settled_failure_is_never_asked_without_it() {
    let (grades, rounds) = asked(&[
        ("starts", &["yes"]),
        ("slots", &["leak"]),
        ("reuse", &["stands on slots"]),
        ("idle", &["leak", "yes", "leak"]),
    ]);
    assert_eq!(rounds, 5);
    let expected = [
        (Status::Proved, 0, 1),
        (Status::Failed, 2, 2),
        (Status::Skipped, 0, 0),
        (Status::Failed, 4, 5),
    ];
    assert_eq!(counts(&grades), expected);
}

fn program(command: &[&str]) -> Program {
    Program {
        command: command.iter().map(OsString::from).collect(),
        directory: "/cache/one".into(),
        visible: Vec::new(),
        port: None,
        capacity: None,
    }
}

#[test]
fn a_student_can_type_the_replay() {
    let lesson = lesson();
    assert_eq!(flags(&lesson, &program(&["/cache/one/w03-l02-poll-tracker"])), "");
    assert_eq!(flags(&lesson, &program(&["/cache/one/server"])), " --cmd ./server");
    let python = Program { port: Some(9000), ..program(&["python3", "a b.py"]) };
    assert_eq!(flags(&lesson, &python), r#" --cmd 'python3 '\''a b.py'\''' --port 9000"#);
}
