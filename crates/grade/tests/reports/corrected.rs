//! The points of a lesson that an instructor has corrected.

use crate::class::{alice, lesson, rubric, without};
use course::report::Status;
use grade::model::{HandInTime, LessonGrade, Submission, TimeSource, Verdict};
use grade::overrides::{Correction, Overrides};
use grade::rubric::{Points, Rubric};

fn slots(points: f64) -> Correction {
    Correction { points: [("slots".to_owned(), points)].into(), ..Correction::default() }
}

fn corrected(rubric: &Rubric, lesson: LessonGrade, correction: &Correction) -> Points {
    let submission = Submission {
        submitted: Some(HandInTime { seconds: 1000, source: TimeSource::Platform }),
        lessons: vec![lesson],
        ..alice()
    };
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

#[test]
fn the_example_has_no_entry_and_its_switched_off_entries_are_valid() {
    let course = course::catalogue::Course::open(terminal::paths::root()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("overrides.toml");
    let open = |text: &str| {
        std::fs::write(&file, text).unwrap();
        Overrides::open(&file, &course, &["ada"]).unwrap()
    };
    let example = include_str!("../../overrides.example.toml");
    assert_eq!(open(example), (Overrides::default(), Vec::new()));
    let on = |line: &str| match line.strip_prefix('#') {
        Some(setting) if setting.starts_with(|c: char| c.is_alphabetic() || c == '[') => {
            setting.to_owned()
        }
        _ => line.to_owned(),
    };
    let text = example.lines().map(on).collect::<Vec<_>>().join("\n");
    let (overrides, problems) = open(&text);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(overrides.notes("ada", "w03-l02").len(), 2);
    let correction = overrides.of("ada", "w03-l02").unwrap();
    assert_eq!((correction.points.len(), correction.extension.is_some()), (2, true));
}

#[test]
fn a_file_that_is_not_toml_is_an_error_with_its_line() {
    let course = course::catalogue::Course::open(terminal::paths::root()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("overrides.toml");
    for (text, why) in [("\n[students\n", ":2: "), ("\u{0}", ":1: ")] {
        std::fs::write(&file, text).unwrap();
        let error = format!("{:#}", Overrides::open(&file, &course, &["ada"]).unwrap_err());
        assert!(error.contains(why), "{error}");
    }
    std::fs::write(&file, "[students.ada]\nw03-l02 = 3\nnote = 4\n[other]\n").unwrap();
    let (_, problems) = Overrides::open(&file, &course, &["ada"]).unwrap();
    let places: Vec<_> =
        problems.iter().map(|problem| problem.split(": ").nth(1).unwrap()).collect();
    assert_eq!(places.len(), 3, "{problems:?}");
    assert!(problems.iter().all(|problem| problem.contains("overrides.toml:")));
}

#[test]
fn a_large_class_is_not_listed_in_a_message() {
    let course = course::catalogue::Course::open(terminal::paths::root()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("overrides.toml");
    std::fs::write(&file, "[students.somebody-else]\n").unwrap();
    let names: Vec<_> = (0..60).map(|number| format!("student-{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let (_, problems) = Overrides::open(&file, &course, &names).unwrap();
    assert!(
        problems[0]
            .ends_with("; the names are in the first column of grades.csv; this entry is left out"),
        "{problems:?}"
    );
}
