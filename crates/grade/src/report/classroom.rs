//! GitHub Classroom's `result`: the base64 of a document that its autograding reporter reads.

use crate::model::Verdict;
use crate::report::sanitize;
use crate::report::single::{Scored, Single};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use course::report::Status;
use serde::Serialize;

/// The most bytes of the document: its base64 becomes one environment string, of which execve(2)
/// takes no more than 128 KiB.
const MOST: usize = 90_000;

/// The value of the step output `result`.
///
/// The reporter knows no test without a score: what is inconclusive stands there as `error`, with 0
/// points, and the call that writes this fails, so that the workflow ends before anything is reported.
pub fn result(single: &Single<'_>) -> String {
    BASE64_STANDARD.encode(document(single))
}

fn document(single: &Single<'_>) -> String {
    sanitize::fitting(MOST, |limit| {
        let document = Document {
            version: 1,
            status: status_of(single.lesson.verdict),
            max_score: single.points.max,
            tests: tests(single, limit),
        };
        // A document of strings and finite numbers always serializes.
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
        Verdict::NotYet | Verdict::Missing | Verdict::Refused => "fail",
        Verdict::Inconclusive => "error",
    }
}

/// A test for each criterion, their scores adding up to the lesson's points.
fn tests(single: &Single<'_>, limit: usize) -> Vec<Test> {
    let criteria = single.criteria();
    let earned: f64 = criteria.iter().filter_map(|scored| scored.points).sum();
    let reached = single.points.points.unwrap_or(0.0);
    let share = if earned > 0.0 { reached / earned } else { 0.0 };
    let mut tests: Vec<_> =
        criteria.iter().map(|scored| test(single, scored, share, limit)).collect();
    if let (true, Some(first)) = (single.has_no_program(), tests.first_mut()) {
        let build = sanitize::lines(&single.lesson.build.message);
        first.message = Some(sanitize::cut(&format!("{}\n{build}", single.summary()), limit));
    }
    tests
}

fn test(single: &Single<'_>, scored: &Scored<'_>, share: f64, limit: usize) -> Test {
    let criterion = scored.criterion;
    let message = Some(scored.told(false)).filter(|text| !text.is_empty());
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
            sanitize::line(&single.lesson.lesson),
            sanitize::line(&criterion.id)
        ),
        filename: "",
        line_no: 0,
        duration: criterion.millis.max(0.0).round() as u64,
    }
}
