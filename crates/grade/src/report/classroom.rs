//! The step output `result` for GitHub Classroom: the base64 of a JSON document that Classroom's
//! autograding reporter reads.

use crate::model::Verdict;
use crate::report::sanitize;
use crate::report::scored_lesson::{ScoredCriterion, ScoredLesson};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use course::report::Status;
use serde::Serialize;

/// The maximum size of the document, in bytes. The base64 of the document becomes one environment
/// string, and execve(2) accepts no string longer than 128 KiB.
const MAX_BYTES: usize = 90_000;

/// The value of the step output `result`.
///
/// The reporter needs a score for every test. An inconclusive criterion therefore has the status
/// `error` and 0 points. These 0 points are never reported: the grader exits with status 2, and the
/// workflow ends before the reporter runs.
pub fn result(lesson: &ScoredLesson<'_>) -> String {
    BASE64_STANDARD.encode(document(lesson))
}

fn document(lesson: &ScoredLesson<'_>) -> String {
    sanitize::fitting(MAX_BYTES, |limit| {
        let document = Document {
            version: 1,
            status: status_of(lesson.grade.verdict),
            max_score: lesson.points.max,
            tests: tests(lesson, limit),
        };
        // Serialization cannot fail, because the document has only strings and finite numbers.
        serde_json::to_string(&document).unwrap_or_default()
    })
}

#[derive(Serialize)]
struct Document {
    version: u32,
    status: &'static str,
    max_score: f64,
    tests: Vec<Test>,
}

#[derive(Serialize)]
struct Test {
    name: String,
    status: &'static str,
    score: f64,
    message: Option<String>,
    test_code: String,
    filename: &'static str,
    line_no: u32,
    duration: u64,
}

fn status_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Proved => "pass",
        Verdict::NotYet | Verdict::Missing | Verdict::NotHandedIn | Verdict::Refused => "fail",
        Verdict::Inconclusive => "error",
    }
}

/// One test for each criterion. The sum of the tests' scores is the lesson's points.
fn tests(lesson: &ScoredLesson<'_>, limit: usize) -> Vec<Test> {
    let criteria = lesson.criteria();
    let earned: f64 = criteria.iter().filter_map(|scored| scored.points).sum();
    let reached = lesson.points.points.unwrap_or(0.0);
    let share = if earned > 0.0 { reached / earned } else { 0.0 };
    let mut tests: Vec<_> =
        criteria.iter().map(|scored| test(lesson, scored, share, limit)).collect();
    if let (true, Some(first)) = (lesson.has_no_program(), tests.first_mut()) {
        let build = sanitize::lines(&lesson.grade.build.message);
        first.message = Some(sanitize::cut(&format!("{}\n{build}", lesson.summary()), limit));
    }
    tests
}

fn test(lesson: &ScoredLesson<'_>, scored: &ScoredCriterion<'_>, share: f64, limit: usize) -> Test {
    let criterion = scored.criterion;
    let message = Some(scored.explanation(false)).filter(|text| !text.is_empty());
    Test {
        name: scored.name(),
        status: match criterion.status {
            Status::Proved => "pass",
            Status::Failed | Status::Skipped => "fail",
            Status::Inconclusive => "error",
        },
        score: scored.points.unwrap_or(0.0) * share,
        message: message.map(|text| sanitize::cut(&text, limit)),
        test_code: format!(
            "cargo xtask prove {} --only {}",
            sanitize::line(&lesson.grade.lesson),
            sanitize::line(&criterion.id)
        ),
        filename: "",
        line_no: 0,
        duration: criterion.millis.max(0.0).round() as u64,
    }
}
