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
/// The reporter shows a test's `message` only if its status is `error`, and `test_code` if it is
/// `fail`. Therefore `test_code` is the command that repeats the failure, and the cause is in the
/// step's log as well ([`actions_log`](super::actions_log)). The reporter adds up the scores in one
/// place and counts whole tests in another, so all points are whole numbers.
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
            max_score: whole_max(lesson),
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

/// One test for each criterion. The sum of the tests' scores is the lesson's points, rounded to a
/// whole number.
fn tests(lesson: &ScoredLesson<'_>, limit: usize) -> Vec<Test> {
    let criteria = lesson.criteria();
    let scores = whole_scores(lesson, &criteria);
    let scored = criteria.iter().zip(scores);
    let mut tests: Vec<_> =
        scored.map(|(scored, score)| test(lesson, scored, score, limit)).collect();
    if let (true, Some(first)) = (lesson.has_no_program(), tests.first_mut()) {
        let build = sanitize::lines(&lesson.grade.build.message);
        first.message = Some(sanitize::cut(&format!("{}\n{build}", lesson.summary()), limit));
    }
    tests
}

/// The maximum of the points, rounded up to a whole number. 0 would switch the points off.
fn whole_max(lesson: &ScoredLesson<'_>) -> f64 {
    lesson.points.max.ceil()
}

/// The score of each criterion as a whole number. Their sum is the lesson's points, rounded; but
/// only a lesson with all points has the maximum.
///
/// Each criterion first gets its share, rounded down. The points that are left go to the criteria
/// that lost most by rounding (the largest remainder method).
fn whole_scores(lesson: &ScoredLesson<'_>, criteria: &[ScoredCriterion<'_>]) -> Vec<f64> {
    let (reached, max) = (lesson.points.points.unwrap_or(0.0), whole_max(lesson));
    let is_full = reached >= lesson.points.max;
    let whole = if is_full { max } else { reached.round().min(max - 1.0).max(0.0) };
    let earned: Vec<f64> = criteria.iter().map(|scored| scored.points.unwrap_or(0.0)).collect();
    let sum: f64 = earned.iter().sum();
    if sum <= 0.0 {
        return vec![0.0; criteria.len()];
    }
    let exact: Vec<f64> = earned.iter().map(|points| points / sum * whole).collect();
    let mut scores: Vec<f64> = exact.iter().map(|share| share.floor()).collect();
    let left = whole - scores.iter().sum::<f64>();
    let mut order: Vec<usize> = (0..exact.len()).filter(|index| earned[*index] > 0.0).collect();
    let lost = |index: &usize| exact[*index] - exact[*index].floor();
    order.sort_by(|a, b| lost(b).total_cmp(&lost(a)).then(a.cmp(b)));
    for index in order.into_iter().take(left.round().max(0.0) as usize) {
        scores[index] += 1.0;
    }
    scores
}

/// The command that repeats the failure. For a program that is not the lesson's crate, the command
/// has `--cmd`.
fn replay(lesson: &ScoredLesson<'_>, scored: &ScoredCriterion<'_>) -> String {
    let known = scored.criterion.cause.as_ref().map(|cause| cause.replay.as_str());
    match known.filter(|replay| !replay.is_empty()) {
        Some(replay) => sanitize::line(replay),
        None => format!(
            "cargo xtask prove {} --only {}",
            sanitize::line(&lesson.grade.lesson),
            sanitize::line(&scored.criterion.id)
        ),
    }
}

fn test(lesson: &ScoredLesson<'_>, scored: &ScoredCriterion<'_>, score: f64, limit: usize) -> Test {
    let criterion = scored.criterion;
    let message = Some(scored.explanation(false)).filter(|text| !text.is_empty());
    Test {
        name: scored.name(),
        status: match criterion.status {
            Status::Proved => "pass",
            Status::Failed | Status::Skipped => "fail",
            Status::Inconclusive => "error",
        },
        score,
        message: message.map(|text| sanitize::cut(&text, limit)),
        test_code: sanitize::cut(&replay(lesson, scored), limit),
        filename: "",
        line_no: 0,
        duration: criterion.millis.max(0.0).round() as u64,
    }
}
