//! JUnit XML, with a test suite for each student and lesson, and a test case for each criterion.
//!
//! A criterion that failed is a `failure`. An inconclusive criterion is an `error`, because its
//! cause is the machine and not the server.

use super::{Class, clusters, plain};
use crate::model::{BuildStatus, CriterionGrade, LessonGrade, Submission, Verdict};
use anyhow::{Context, Result};
use course::report::Status;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::path::Path;
use std::time::Duration;
use terminal::output;

/// The maximum number of lines that are written of a compiler's output.
const LINES: usize = 200;

/// Writes the results of the class to the file `to`. The file is replaced atomically: a reader sees
/// either the old file or the complete new file.
///
/// # Errors
/// The file cannot be written.
pub fn write(class: &Class<'_>, to: &Path) -> Result<()> {
    let text = report(class).to_string().context("cannot write JUnit XML")?;
    output::replace(to, text.as_bytes())
}

fn report(class: &Class<'_>) -> Report {
    let mut report = Report::new(plain::line(class.name, plain::MAX_LINE));
    for submission in class.submissions {
        report.add_test_suites(submission.lessons.iter().map(|grade| suite(submission, grade)));
    }
    let seconds = |suite: &TestSuite| suite.time.unwrap_or_default();
    let whole = report.test_suites.iter().map(seconds).sum();
    report.set_time(whole);
    report
}

fn suite(submission: &Submission, grade: &LessonGrade) -> TestSuite {
    let student = plain::line(&submission.student, plain::MAX_LINE);
    let mut suite = TestSuite::new(format!("{student} {}", grade.lesson));
    suite.add_property(("verdict", plain::verdict(grade.verdict)));
    suite.add_property(("isolation", grade.isolation.as_str()));
    suite.add_property(("submission", submission.digest.as_str()));
    let class = format!("{student}.{}", grade.lesson);
    let cases = whole(grade).into_iter().chain(grade.criteria.iter().map(criterion));
    suite.add_test_cases(cases.map(|mut case| {
        case.set_classname(class.as_str());
        case
    }));
    suite.set_time(time(grade.build.seconds + grade.seconds));
    // Readers of JUnit XML expect the attribute `skipped`; quick-junit writes the older `disabled`.
    let skipped = std::mem::take(&mut suite.disabled);
    suite.extra.insert("skipped".into(), skipped.to_string().into());
    suite
}

/// The test case for the build. It shows whether the build made a program. `None` if nothing had to
/// be built.
fn whole(grade: &LessonGrade) -> Option<TestCase> {
    let reason = plain::line(&grade.reason, plain::MAX_LINE);
    let failed = |kind, message: &str, description: &str| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_message(message).set_type("build").set_description(description);
        status
    };
    let status = match (grade.verdict, grade.build.status) {
        (Verdict::Refused, _) => failed(NonSuccessKind::Failure, "refused", &reason),
        (Verdict::Missing | Verdict::NotHandedIn, _) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message("nothing was handed in");
            status
        }
        (_, BuildStatus::Failed) => {
            let output = plain::lines(&grade.build.message, LINES).join("\n");
            let first = clusters::first_error(&grade.build.message);
            failed(NonSuccessKind::Failure, &first, &output)
        }
        (Verdict::Inconclusive, _) if !reason.is_empty() => {
            failed(NonSuccessKind::Error, "could not be graded", &reason)
        }
        (_, BuildStatus::Ok) => TestCaseStatus::success(),
        (_, BuildStatus::None) => return None,
    };
    let mut case = TestCase::new("build", status);
    case.set_time(time(grade.build.seconds));
    Some(case)
}

fn criterion(grade: &CriterionGrade) -> TestCase {
    let mut status = match grade.status {
        Status::Proved => TestCaseStatus::success(),
        Status::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Status::Inconclusive => TestCaseStatus::non_success(NonSuccessKind::Error),
        Status::Skipped => TestCaseStatus::skipped(),
    };
    if grade.status != Status::Proved {
        let (id, summary) = match &grade.cause {
            Some(cause) => (cause.id.as_str(), cause.summary.as_str()),
            None => (plain::status(grade.status), "the cause is not known"),
        };
        status.set_message(plain::line(summary, plain::MAX_LINE));
        status.set_description(plain::failure(grade));
        if grade.status != Status::Skipped {
            status.set_type(plain::line(id, plain::MAX_LINE));
        }
    }
    let mut case = TestCase::new(format!("{}: {}", grade.id, grade.text), status);
    case.set_time(time(grade.millis / 1e3));
    case
}

/// `seconds` as a duration; zero if the number is negative, infinite or not a number.
fn time(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
