//! The points: weights, late penalty, rounding, and the messages about a wrong rubric.

use crate::class::{alice, lesson};
use course::catalogue::Course;
use course::report::Status;
use grade::model::{
    Allowance, Extension, HandInTime, LessonGrade, Submission, TimeSource, Verdict,
};
use grade::rubric::{Points, Rubric};
use proptest::prelude::*;
use std::fs;
use std::path::Path;
use terminal::paths;

const EXAMPLE: &str = include_str!("../../rubric.example.toml");
/// 2026-10-09T23:59:00+02:00, in seconds since 1970.
const DUE: i64 = 1_791_583_140;

fn open(text: &str) -> Result<Rubric, String> {
    let course = Course::open(paths::root()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rubric.toml");
    fs::write(&path, text).unwrap();
    let place = format!("{}:", path.display());
    Rubric::open(Some(&path), &course).map_err(|error| format!("{error:#}").replace(&place, ""))
}

fn default() -> Rubric {
    Rubric::open(None, &Course::open(paths::root()).unwrap()).unwrap()
}

fn points(rubric: &Rubric, lesson: LessonGrade) -> Points {
    points_at(rubric, lesson, None)
}

fn points_at(rubric: &Rubric, lesson: LessonGrade, submitted: Option<i64>) -> Points {
    let lessons = vec![lesson];
    let submitted = submitted.map(|seconds| HandInTime { seconds, source: TimeSource::Platform });
    let submission = Submission { submitted, lessons, ..alice() };
    rubric.points(&submission, &submission.lessons[0])
}

fn with(mut lesson: LessonGrade, id: &str, status: Status) -> LessonGrade {
    lesson.criteria.iter_mut().find(|criterion| criterion.id == id).unwrap().status = status;
    lesson
}

#[test]
fn the_example_has_the_default_values() {
    assert_eq!(open(EXAMPLE).unwrap(), default());
    assert_eq!(open("").unwrap(), default());
}

#[test]
fn settings_that_are_commented_out_in_the_example_are_valid() {
    let on = |line: &str| match line.strip_prefix('#') {
        Some(setting) if setting.starts_with(char::is_alphabetic) => setting.to_owned(),
        _ => line.to_owned(),
    };
    let text = EXAMPLE.lines().map(on).collect::<Vec<_>>().join("\n");
    let rubric = open(&text).unwrap();
    assert_eq!(rubric.lessons["w01-l01"].due, Some(DUE));
    assert_eq!(rubric.lessons["w03-l02"].criteria["no-fd-leak"], 3.0);
}

#[test]
fn a_criterion_gives_one_point_by_default() {
    let points = points(&default(), lesson("w03-l02/forgot-close"));
    assert_eq!((points.points, points.max), (Some(14.0), 15.0));
    assert_eq!(points.criteria.iter().filter(|each| **each == (0.0, 1.0)).count(), 1);
    assert!(points.remarks.is_empty());
}

#[test]
fn the_points_of_a_lesson_are_divided_equally_and_rounded_once() {
    let rubric = open("[lessons.w03-l02]\npoints = 1").unwrap();
    let points = points(&rubric, lesson("w03-l02/spin-on-eof"));
    assert_eq!((points.points, points.max), (Some(0.67), 1.0));
    let thirds = open("lessons.w01-l01.points = 20.04").unwrap();
    let twelve = self::points(&thirds, lesson("w01-l01/c-string"));
    // Twelve thirteenths of 20.04 are 18.498.
    assert_eq!((twelve.points, twelve.max), (Some(18.5), 20.04));
}

#[test]
fn criteria_that_are_not_named_keep_their_points() {
    let rubric = open("[lessons.w03-l02.points]\nno-fd-leak = 4\nidle = 0").unwrap();
    assert_eq!(points(&rubric, lesson("w03-l02/solution")).points, Some(17.0));
    assert_eq!(points(&rubric, lesson("w03-l02/forgot-close")).points, Some(13.0));
}

#[test]
fn all_or_nothing_gives_zero_points_if_a_criterion_fails() {
    let rubric = open("lessons.w03-l02.all_or_nothing = true").unwrap();
    let failed = points(&rubric, lesson("w03-l02/forgot-close"));
    assert_eq!((failed.points, failed.remarks), (Some(0.0), vec!["all or nothing".to_owned()]));
    assert_eq!(points(&rubric, lesson("w03-l02/solution")).points, Some(15.0));
}

#[test]
fn an_inconclusive_criterion_makes_the_points_unknown() {
    let inconclusive = |name| with(lesson(name), "watch-set", Status::Inconclusive);
    let mut alone = inconclusive("w03-l02/solution");
    alone.verdict = Verdict::Inconclusive;
    let points_of = |lesson| points(&default(), lesson);
    assert_eq!(points_of(alone.clone()).points, None);
    let beside = points_of(inconclusive("w03-l02/forgot-close"));
    assert_eq!(beside.points, None);
    assert_eq!(beside.remarks, ["no points yet: watch-set could not be checked"]);
    let worthless = open("lessons.w03-l02.points.watch-set = 0").unwrap();
    assert_eq!(points(&worthless, alone).points, Some(14.0));
    let mut nothing = with(lesson("w03-l02/starter"), "starts", Status::Skipped);
    nothing.verdict = Verdict::Inconclusive;
    nothing.reason = "the disk is full".to_owned();
    let nothing = points_of(nothing);
    assert_eq!(nothing.points, None);
    assert_eq!(nothing.remarks, ["no points yet: the disk is full"]);
}

#[test]
fn missing_and_refused_lessons_have_zero_points_and_a_remark() {
    let mut grade = with(lesson("w03-l02/starter"), "starts", Status::Skipped);
    grade.verdict = Verdict::Missing;
    let missing = points(&default(), grade.clone());
    assert_eq!((missing.points, missing.max), (Some(0.0), 15.0));
    assert_eq!(missing.remarks, ["nothing was handed in"]);
    grade.verdict = Verdict::Refused;
    grade.reason = "not a zip archive".to_owned();
    assert_eq!(points(&default(), grade).remarks, ["refused: not a zip archive"]);
}

#[test]
fn each_unit_of_lateness_takes_off_points_up_to_the_cap() {
    let text = "[late]\nper = \"hour\"\npercent = 10\ncap = 25\ngrace_minutes = 5\n\
                [lessons.w03-l02]\npoints = 10\ndue = 2026-10-09T23:59:00+02:00";
    let rubric = open(text).unwrap();
    let after = |seconds: i64| {
        let points = points_at(&rubric, lesson("w03-l02/solution"), Some(DUE + seconds));
        (points.points.unwrap(), points.late, points.remarks.join(""))
    };
    assert_eq!(after(-9), (10.0, 0.0, String::new()));
    assert_eq!(after(300), (10.0, 0.0, String::new()));
    assert_eq!(after(301), (9.0, 1.0, "5 min late: 10 % off".to_owned()));
    assert_eq!(after(3600), (9.0, 1.0, "1 h late: 10 % off".to_owned()));
    assert_eq!(after(3601), (8.0, 2.0, "1 h late: 20 % off".to_owned()));
    assert_eq!(after(9 * 86_400), (7.5, 2.5, "9 d late: 25 % off".to_owned()));
    assert_eq!(after(i64::MAX - DUE).1, 2.5);
    let unknown = points_at(&rubric, lesson("w03-l02/solution"), None);
    assert_eq!((unknown.points, unknown.late), (Some(10.0), 0.0));
    let remark = "the time of the hand-in is not known, so no late penalty counts";
    assert_eq!(unknown.remarks, [remark]);
    let without_due = open("late.percent = 10").unwrap();
    assert!(points(&without_due, lesson("w03-l02/solution")).remarks.is_empty());
}

#[test]
fn an_extension_and_late_days_move_the_due_time() {
    let text = "[late]\npercent = 10\n[lessons.w03-l02]\npoints = 10\n\
                due = 2026-10-09T23:59:00+02:00";
    let rubric = open(text).unwrap();
    let day = 86_400;
    let after = |extension, late_days, seconds: i64| {
        let allowance = Allowance { extension, late_days };
        let time = HandInTime { seconds: DUE + seconds, source: TimeSource::TimesFile };
        let lessons = vec![lesson("w03-l02/solution")];
        let submission = Submission { submitted: Some(time), allowance, lessons, ..alice() };
        let points = rubric.points(&submission, &submission.lessons[0]);
        (points.points.unwrap(), points.remarks.join(""))
    };
    let by = Some(Extension::By(2 * day));
    assert_eq!(after(by, 0, 0), (10.0, String::new()));
    assert_eq!(after(by, 0, 2 * day), (10.0, "in time with the extension".to_owned()));
    assert_eq!(after(by, 0, 2 * day + 60), (9.0, "1 min late: 10 % off".to_owned()));
    assert_eq!(after(by, 1, 2 * day + 60), (10.0, "1 of 1 late days used".to_owned()));
    assert_eq!(after(None, 3, day + 1), (10.0, "2 of 3 late days used".to_owned()));
    assert_eq!(after(None, 3, 3 * day + 60), (9.0, "1 min late: 10 % off".to_owned()));
    let until = |seconds| Some(Extension::Until(DUE + seconds));
    assert_eq!(after(until(day), 0, day), (10.0, "in time with the extension".to_owned()));
    assert_eq!(after(until(-day), 0, 60).0, 9.0, "an earlier time has no effect");
}

#[test]
fn every_problem_of_a_rubric_is_reported_with_its_line() {
    let text = "\
[latte]
[late]
per = \"week\"
percentage = 10
percent = -1
cap = 120
[lessons.w3-l2]
points = 3
[lessons.w03-l02]
due = \"tomorrow\"
all_or_nothing = 1
pionts = 3
[lessons.w03-l02.points]
slot = 2
reuse = nan
[lessons.w01-l01]
due = 2026-10-09
";
    let expected = "\
1: table \"latte\" is not in a rubric; did you mean late?
3: per must be \"hour\" or \"day\"
4: key \"percentage\" is not in [late]; it has per, percent, cap, grace_minutes
5: percent must be a number from 0 to 100
6: cap must be a number from 0 to 100
7: lesson \"w3-l2\" is not in this course; did you mean w03-l02?
10: due must be a time with its zone, e.g. \"2026-10-09T23:59:00+02:00\" (RFC 3339)
11: all_or_nothing must be true or false
12: key \"pionts\" is not in [lessons.w03-l02]; did you mean points?
14: criterion \"slot\" is not in w03-l02; did you mean slots?
15: reuse must be a number from 0 to 1000000
17: due must be a time with its zone, e.g. \"2026-10-09T23:59:00+02:00\" (RFC 3339)";
    assert_eq!(open(text).unwrap_err(), expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_gives_a_rubric_or_problems_with_lines(
        (start, end) in (0.0..1.0, 0.0..1.0),
        text in "[\\[\\]a-z0-9=.\"é\n#-]{0,12}",
    ) {
        let place = |part: f64| EXAMPLE.len() * (part * 1000.0) as usize / 1000;
        let given = [&EXAMPLE[..place(start)], &text, &EXAMPLE[place(end)..]].concat();
        if let Err(problems) = open(&given) {
            for problem in problems.lines() {
                let line = problem.split(':').next().unwrap().parse::<usize>();
                prop_assert!(line.is_ok_and(|line| line <= given.lines().count() + 1), "{problem}");
            }
        }
    }

    #[test]
    fn points_are_between_zero_and_the_maximum(
        statuses in prop::collection::vec(0..4_usize, 10),
        weight in 0.01..100.0,
        percent in 0.0..100.0,
        late in 0..1_000_000_i64,
    ) {
        let text = format!(
            "late.percent = {percent:?}\n[lessons.w03-l02]\n\
             due = 2026-10-09T23:59:00+02:00\npoints.slots = {weight:?}"
        );
        let all = [Status::Proved, Status::Failed, Status::Skipped, Status::Inconclusive];
        let mut grade = lesson("w03-l02/solution");
        for (criterion, status) in grade.criteria.iter_mut().zip(&statuses) {
            criterion.status = all[*status];
        }
        let points = points_at(&open(&text).unwrap(), grade, Some(DUE + late));
        prop_assert_eq!(points.points.is_none(), statuses.contains(&3));
        if let Some(reached) = points.points {
            prop_assert!((0.0..=points.max).contains(&reached));
            prop_assert!(points.late >= 0.0 && reached + points.late <= points.max + 0.01);
        }
    }
}

#[test]
fn an_invalid_or_missing_file_is_named() {
    let wrong = open("[late]\npercent = ten\n").unwrap_err();
    assert!(wrong.starts_with("2: "), "{wrong}");
    assert_eq!(wrong.lines().count(), 1, "{wrong}");
    assert!(open("late = 3").unwrap_err().starts_with("1: late must be a table"));
    let course = Course::open(paths::root()).unwrap();
    let missing = Rubric::open(Some(Path::new("no/rubric.toml")), &course).unwrap_err();
    assert!(format!("{missing:#}").starts_with("no/rubric.toml: cannot be read"), "{missing:#}");
}
