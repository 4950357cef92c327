//! Writes `sample.json`. The file has the results of real proofs of wrong servers, for the sample
//! class.

use course::catalogue::Course;
use course::lesson::Lesson;
use course::report::{CriterionReport, Status};
use grade::model::{Build, BuildStatus, Cause, CriterionGrade, LessonGrade, Verdict};
use programs::build;
use programs::lesson_check::LessonCheck;
use programs::wrong_server::{self, WrongServer};
use proofs::ProgramUnderTest;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use terminal::paths;

/// The lessons, and the wrong servers of each lesson for which a proof is run. A proof is also run
/// for the starter and for the solution of each lesson.
const WANTED: [(&str, &[&str]); 2] = [
    ("w01-l01", &["short-write", "no-reuse", "c-string", "forgot-close", "port-panic"]),
    (
        "w03-l02",
        &[
            "forgot-close",
            "spin-on-eof",
            "wrong-fd",
            "off-by-one",
            "thread-per-client",
            "stale-pollfd",
        ],
    ),
];

#[test]
#[ignore = "builds and proves a dozen servers; run it when the model of results changes"]
fn write_the_sample() {
    let course = Course::open(paths::root()).unwrap();
    let mut grades = BTreeMap::new();
    for (lesson, wrong) in WANTED {
        let lesson = course.lesson(lesson).unwrap();
        for (name, program) in programs(&course, lesson, wrong) {
            grades.insert(format!("{}/{name}", lesson.id), graded(lesson, program));
        }
    }
    let file = paths::root().join("crates/grade/tests/reports/sample.json");
    let lines = grades.iter().map(|(name, grade)| {
        format!("{}: {}", serde_json::json!(name), serde_json::to_string(grade).unwrap())
    });
    let text = format!("{{\n{}\n}}\n", lines.collect::<Vec<_>>().join(",\n"));
    std::fs::write(file, text).unwrap();
}

fn programs(course: &Course, lesson: &Lesson, wrong: &[&str]) -> Vec<(String, PathBuf)> {
    let folder = paths::root().join(lesson.folder());
    let patches = course.mistakes(lesson).unwrap();
    let patches: Vec<_> =
        patches.iter().filter(|patch| wrong.contains(&patch.id.as_str())).collect();
    let wrongs: Vec<_> = patches.iter().map(|patch| WrongServer::from(*patch)).collect();
    let built = wrong_server::build(&lesson.id, &folder, &wrongs).unwrap();
    let names = patches.iter().map(|patch| patch.id.clone());
    let crates = [("starter", false), ("solution", true)].map(|(name, solution)| {
        let built = build::lesson(&folder, solution, false).unwrap().result.unwrap();
        (name.to_owned(), built[0].path.clone())
    });
    names.zip(built).chain(crates).collect()
}

fn graded(lesson: &Lesson, program: PathBuf) -> LessonGrade {
    let check = LessonCheck::new(lesson, &[]).unwrap();
    let subject = ProgramUnderTest {
        command: vec![program.into()],
        directory: paths::root(),
        port: None,
        capacity: None,
        isolation: None,
        timeout: Duration::from_secs(10),
        sandbox: None,
        workers: None,
        seed: None,
        budget: None,
        recording: None,
    };
    let reports = check.run(&subject, &mut |_| {}).unwrap();
    let is_proved = reports.iter().all(|report| report.status == Status::Proved);
    LessonGrade {
        lesson: lesson.id.clone(),
        title: lesson.title.clone(),
        verdict: if is_proved { Verdict::Proved } else { Verdict::NotYet },
        reason: String::new(),
        isolation: "namespaces".into(),
        build: Build { status: BuildStatus::Ok, seconds: 0.71, message: String::new() },
        graded: None,
        seconds: reports.iter().map(|report| report.millis).sum::<f64>() / 1e3,
        criteria: reports.into_iter().map(|report| criterion(lesson, report)).collect(),
    }
}

fn criterion(lesson: &Lesson, report: CriterionReport) -> CriterionGrade {
    let is_failed = report.status == Status::Failed;
    CriterionGrade {
        id: report.id,
        kind: report.kind,
        task: report.task,
        text: report.text,
        status: report.status,
        runs: if is_failed { 5 } else { 1 },
        failed: if is_failed { 5 } else { 0 },
        millis: report.millis,
        cause: report.cause.map(|cause| Cause::of(lesson, cause)),
    }
}
