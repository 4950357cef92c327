//! Compares the grades of a class beside hostile programs with its grades without them.
//!
//! The environment variable ROUNDS says how often the comparison is repeated; without it, once.

#[path = "support/graded.rs"]
mod graded;

use course::catalogue::Course;
use course::report::Status;
use grade::model::{CriterionGrade, LessonGrade};
use grade::sample_class::crates;
use grade::sample_class::hostile::{GREEDY, HOSTILE, Hostile, LESSON};
use graded::{Class, Grader, can_become_nobody};
use std::env;
use std::sync::Mutex;
use terminal::paths;

/// A budget of seconds that is sufficient for the compared servers beside hostile ones.
const SHORT_BUDGET: &str = "--budget=40";

/// Locked while a class is graded, so that each class has the machine for itself.
static ONE_CLASS: Mutex<()> = Mutex::new(());

/// The course's servers, right and wrong ones, whose grades are compared.
const COMPARED: [&str; 5] = ["solution", "forgot-close", "off-by-one", "sigpipe", "stale-pollfd"];

#[test]
#[ignore = "takes minutes: run it after a change of the sandbox"]
fn grades_beside_greedy_programs_are_the_same_as_without_them() {
    assert_same_grades(Grader::CurrentUser);
}

#[test]
#[ignore = "takes minutes: run it after a change of the sandbox"]
fn grades_beside_greedy_programs_are_the_same_if_an_ordinary_user_grades() {
    if can_become_nobody() {
        assert_same_grades(Grader::Nobody);
    }
}

/// Grades the servers of [`COMPARED`] alone, and then beside each greedy program, all at the same
/// time.
#[track_caller]
fn assert_same_grades(grader: Grader) {
    let _guard = ONE_CLASS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let course = Course::open(paths::root()).unwrap();
    let all = crates::samples(&course, course.lesson(LESSON).unwrap()).unwrap();
    let servers: Vec<_> = all.iter().filter(|it| COMPARED.contains(&it.name.as_str())).collect();
    assert_eq!(servers.len(), COMPARED.len());
    let greedy: Vec<_> = HOSTILE.iter().filter(|row| GREEDY.contains(&row.file)).collect();
    let grades = |attacks: &[&Hostile]| {
        let class = Class::new();
        // The grader takes the names in their order, so that a server and an attack take turns.
        for (number, server) in servers.iter().enumerate() {
            class.hand_in(&format!("{number}-server-{}", server.name), &server.files);
        }
        for (number, row) in attacks.iter().enumerate() {
            let attack = row.sample(&course).unwrap();
            class
                .hand_in(&format!("{number}-attack-{}", row.file.replace('.', "-")), &attack.files);
        }
        let mut lessons = class.grade_with(grader, LESSON, 4, &[SHORT_BUDGET]).lessons;
        lessons.retain(|name, _| name.contains("-server-"));
        lessons.into_iter().map(|(name, lesson)| (name, statuses(&lesson))).collect::<Vec<_>>()
    };
    let rounds = env::var("ROUNDS").map_or(1, |rounds| rounds.parse().unwrap());
    let alone = grades(&[]);
    for round in 1..=rounds {
        assert_eq!(grades(&greedy), alone, "in round {round}");
    }
}

/// The status of each criterion, and the mistake that is named as its cause.
fn statuses(lesson: &LessonGrade) -> Vec<(String, Status, String)> {
    let mistake = |it: &CriterionGrade| {
        let named = it.cause.as_ref().and_then(|cause| cause.mistake.as_ref());
        named.map(|mistake| mistake.id.clone()).unwrap_or_default()
    };
    lesson.criteria.iter().map(|it| (it.id.clone(), it.status, mistake(it))).collect()
}
