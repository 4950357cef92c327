//! PrairieLearn's `results.json` (PrairieLearn documentation, External grading).

use crate::model::Verdict;
use crate::report::sanitize;
use crate::report::single::{Scored, Single};
use serde::Serialize;

/// The most bytes that PrairieLearn reads.
const MOST: usize = 1_000_000;

/// The document for one submission.
///
/// What does not build, and what is inconclusive, is not gradable: it costs no attempt.
pub fn results(single: &Single<'_>) -> String {
    sanitize::fitting(MOST, |limit| {
        let gradable = single.points.points.is_some() && !single.has_no_program();
        let results = Results {
            gradable,
            format_errors: if gradable { Vec::new() } else { vec![refusal(single, limit)] },
            score: if gradable { score(single) } else { 0.0 },
            message: sanitize::cut(&single.summary(), limit),
            output: sanitize::cut(&sanitize::lines(&single.lesson.build.message), limit),
            images: [],
            tests: match gradable {
                true => single.criteria().iter().map(|scored| test(scored, limit)).collect(),
                false => Vec::new(),
            },
        };
        // A document of strings and finite numbers always serializes.
        serde_json::to_string_pretty(&results).unwrap_or_default() + "\n"
    })
}

#[derive(Serialize)]
struct Results {
    gradable: bool,
    format_errors: Vec<String>,
    score: f64,
    message: String,
    output: String,
    images: [(); 0],
    tests: Vec<Test>,
}

#[derive(Serialize)]
struct Test {
    name: String,
    description: String,
    points: f64,
    max_points: f64,
    message: String,
    output: String,
    images: [(); 0],
}

/// The part of the points that was reached: 0 to 1.
fn score(single: &Single<'_>) -> f64 {
    let reached = single.points.points.unwrap_or(0.0);
    if single.points.max > 0.0 { (reached / single.points.max).clamp(0.0, 1.0) } else { 0.0 }
}

fn refusal(single: &Single<'_>, limit: usize) -> String {
    let why = match single.lesson.verdict {
        Verdict::Inconclusive => {
            "The grader could not see enough. It is no fault of yours, and costs no attempt: hand \
             it in again."
        }
        Verdict::Missing => "Nothing was handed in for this lesson.",
        Verdict::Refused => "What was handed in cannot be read as a submission.",
        Verdict::NotYet | Verdict::Proved => "It does not build.",
    };
    let more = format!("{}\n{}", single.lesson.reason, single.lesson.build.message);
    sanitize::cut(&format!("{why}\n{}", sanitize::lines(more.trim())), limit)
}

fn test(scored: &Scored<'_>, limit: usize) -> Test {
    let criterion = scored.criterion;
    let summary = criterion.cause.as_ref().map_or("", |cause| cause.summary.as_str());
    Test {
        name: sanitize::line(&criterion.id),
        description: sanitize::line(&criterion.text),
        points: scored.points.unwrap_or(0.0),
        max_points: scored.max,
        message: sanitize::cut(&sanitize::line(if scored.holds() { "" } else { summary }), limit),
        output: sanitize::cut(&scored.told(false), limit),
        images: [],
    }
}
