//! How often a criterion is checked, and the result of several runs.

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
        "depends on slots" => Status::Skipped,
        "inconclusive" => Status::Inconclusive,
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

/// The grades of a server whose criteria have these results in each round, and the number of
/// rounds.
fn graded(criteria: &[(&str, &[&str])]) -> (Vec<CriterionGrade>, usize) {
    let (rounds, reported) = (RefCell::new(0), RefCell::new(Vec::new()));
    let grades = repeat(
        &lesson(),
        &Budget::new(std::time::Duration::from_secs(3600)),
        &mut |grade| reported.borrow_mut().push(grade.clone()),
        &mut |only, on_report| {
            let round = *rounds.borrow();
            for (id, answers) in criteria {
                let is_checked = |id: &str| only.is_empty() || only.iter().any(|it| it == id);
                if !is_checked(id) {
                    continue;
                }
                let answer = answers[round.min(answers.len() - 1)];
                // This is as in a proof: if `slots` is not checked, a criterion that depends on
                // `slots` fails.
                let has_failed = answer == "depends on slots" && !is_checked("slots");
                on_report(report(id, if has_failed { "leak" } else { answer }));
            }
            *rounds.borrow_mut() += 1;
            Ok(())
        },
    );
    let grades = grades.unwrap();
    let mut reported = reported.into_inner();
    let place = |grade: &CriterionGrade| grades.iter().position(|it| it.id == grade.id);
    reported.sort_by_key(place);
    assert_eq!(reported, grades, "each criterion is reported once, with its final result");
    (grades, rounds.into_inner())
}

fn counts_of(answers: &[&str]) -> (Status, u32, u32) {
    let (grades, _) = graded(&[("starts", &["yes"]), ("slots", answers)]);
    counts(&grades)[1]
}

/// Each criterion's status, number of failed runs and number of runs.
fn counts(grades: &[CriterionGrade]) -> Vec<(Status, u32, u32)> {
    grades.iter().map(|it| (it.status, it.failed, it.runs)).collect()
}

#[test]
fn a_correct_server_is_checked_once() {
    let (grades, rounds) = graded(&[("starts", &["yes"]), ("slots", &["yes"])]);
    assert_eq!(rounds, 1);
    assert!(grades.iter().all(|grade| (grade.status, grade.runs) == (Status::Proved, 1)));
}

#[test]
fn the_same_failure_twice_is_enough() {
    assert_eq!(counts_of(&["leak", "leak"]), (Status::Failed, 2, 2));
}

#[test]
fn a_flaky_criterion_is_checked_five_times() {
    assert_eq!(counts_of(&["leak", "yes", "leak", "yes", "leak"]), (Status::Failed, 3, 5));
    assert_eq!(counts_of(&["leak", "yes"]), (Status::Failed, 1, 5));
    assert_eq!(counts_of(&["leak", "crash"]), (Status::Failed, 5, 5));
}

#[test]
fn an_inconclusive_run_counts_neither_as_passed_nor_as_failed() {
    assert_eq!(counts_of(&["leak", "inconclusive", "leak"]), (Status::Failed, 2, 2));
    assert_eq!(counts_of(&["inconclusive"]).0, Status::Inconclusive);
    assert_eq!(counts_of(&["leak", "inconclusive"]).0, Status::Inconclusive);
}

#[test]
fn a_criterion_that_depends_on_a_flaky_one_is_checked_when_that_passes() {
    let (grades, _) = graded(&[
        ("starts", &["yes"]),
        ("slots", &["leak", "yes"]),
        ("reuse", &["depends on slots", "yes"]),
        ("capacity", &["depends on slots", "leak"]),
        ("idle", &["depends on slots"]),
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
fn a_criterion_that_depends_on_a_failed_one_is_never_checked_without_it() {
    let (grades, rounds) = graded(&[
        ("starts", &["yes"]),
        ("slots", &["leak"]),
        ("reuse", &["depends on slots"]),
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
        hidden: Vec::new(),
        port: None,
        capacity: None,
    }
}

#[test]
fn the_replay_has_the_options_for_the_same_program() {
    let lesson = lesson();
    assert_eq!(flags(&lesson, &program(&["/cache/one/w03-l02-poll-tracker"])), "");
    assert_eq!(flags(&lesson, &program(&["/cache/one/server"])), " --cmd ./server");
    let python = Program { port: Some(9000), ..program(&["python3", "a b.py"]) };
    assert_eq!(flags(&lesson, &python), r#" --cmd 'python3 '\''a b.py'\''' --port 9000"#);
}
