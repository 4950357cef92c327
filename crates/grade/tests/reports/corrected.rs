//! The points of a lesson that an instructor has corrected.

use crate::class::{alice, lesson, rubric, without};
use course::report::Status;
use grade::model::{LessonGrade, Submission, Verdict};
use grade::overrides::Correction;
use grade::rubric::{Points, Rubric};

fn slots(points: f64) -> Correction {
    Correction { points: [("slots".to_owned(), points)].into(), ..Correction::default() }
}

fn corrected(rubric: &Rubric, lesson: LessonGrade, correction: &Correction) -> Points {
    let submission = Submission { submitted: Some(1000), lessons: vec![lesson], ..alice() };
    rubric.corrected(&submission, &submission.lessons[0], correction)
}

#[test]
fn the_corrected_points_replace_the_measured_points() {
    let rubric = rubric();
    let proved = || lesson("w03-l02/solution");
    assert_eq!(corrected(&rubric, proved(), &Correction::default()).points, Some(15.0));
    assert_eq!(corrected(&rubric, proved(), &slots(0.25)).points, Some(14.25));
    assert_eq!(corrected(&rubric, proved(), &slots(3.0)).points, Some(17.0), "a bonus");
}

#[test]
fn a_corrected_criterion_is_not_inconclusive_any_more() {
    let mut open = lesson("w03-l02/solution");
    open.verdict = Verdict::Inconclusive;
    let slot = open.criteria.iter_mut().find(|each| each.id == "slots").unwrap();
    slot.status = Status::Inconclusive;
    let rubric = rubric();
    assert_eq!(corrected(&rubric, open.clone(), &Correction::default()).points, None);
    assert_eq!(corrected(&rubric, open, &slots(1.0)).points, Some(15.0));
}

#[test]
fn a_refused_lesson_can_get_points() {
    let refused = || without("w03-l02", Verdict::Refused, "a damaged archive");
    let rubric = rubric();
    assert_eq!(corrected(&rubric, refused(), &Correction::default()).points, Some(0.0));
    assert_eq!(corrected(&rubric, refused(), &slots(1.0)).points, Some(1.0));
}

#[test]
fn all_or_nothing_needs_a_correction_of_everything_that_is_not_proved() {
    let mut rubric = rubric();
    rubric.lessons.get_mut("w03-l02").unwrap().all_or_nothing = true;
    let mut failed = lesson("w03-l02/solution");
    failed.verdict = Verdict::NotYet;
    assert_eq!(corrected(&rubric, failed.clone(), &Correction::default()).points, Some(0.0));
    let slot = failed.criteria.iter_mut().find(|each| each.id == "slots").unwrap();
    slot.status = Status::Failed;
    assert_eq!(corrected(&rubric, failed.clone(), &slots(1.0)).points, Some(15.0));
    let reuse = Correction { points: [("reuse".to_owned(), 1.0)].into(), ..Correction::default() };
    assert_eq!(corrected(&rubric, failed, &reuse).points, Some(0.0));
}

#[test]
fn an_extension_replaces_the_due_time() {
    let mut rubric = rubric();
    rubric.late.percent = 10.0;
    rubric.lessons.get_mut("w03-l02").unwrap().due = Some(900);
    let until = |extension| Correction { extension: Some(extension), ..Correction::default() };
    let points = |extension| corrected(&rubric, lesson("w03-l02/solution"), &until(extension));
    assert_eq!(points(900).points, Some(13.5));
    assert_eq!(points(1000).points, Some(15.0));
    assert_eq!(points(100).points, Some(13.5), "an extension can also be earlier");
}
