//! PrairieLearn's `results.json` (PrairieLearn documentation, External grading).

use crate::model::Verdict;
use crate::report::sanitize;
use crate::report::scored_lesson::{ScoredCriterion, ScoredLesson};
use serde::Serialize;

/// The maximum size of a document that PrairieLearn reads, in bytes.
const MAX_BYTES: usize = 1_000_000;

/// The document for one submission.
///
/// A submission that does not build, or that is inconclusive, is marked as not gradable, so that
/// the student loses no attempt.
pub fn results(lesson: &ScoredLesson<'_>) -> String {
    sanitize::fitting(MAX_BYTES, |limit| {
        let gradable = lesson.points.points.is_some() && !lesson.has_no_program();
        let results = Results {
            gradable,
            format_errors: if gradable { Vec::new() } else { vec![format_error(lesson, limit)] },
            score: if gradable { score(lesson) } else { 0.0 },
            message: sanitize::cut(&lesson.summary(), limit),
            output: sanitize::cut(&sanitize::lines(&lesson.grade.build.message), limit),
            images: [],
            tests: match gradable {
                true => lesson.criteria().iter().map(|scored| test(scored, limit)).collect(),
                false => Vec::new(),
            },
        };
        // Serialization cannot fail, because the document has only strings and finite numbers.
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

/// The fraction of the points that was reached, from 0 to 1.
fn score(lesson: &ScoredLesson<'_>) -> f64 {
    let reached = lesson.points.points.unwrap_or(0.0);
    if lesson.points.max > 0.0 { (reached / lesson.points.max).clamp(0.0, 1.0) } else { 0.0 }
}

fn format_error(lesson: &ScoredLesson<'_>, limit: usize) -> String {
    let reason = match lesson.grade.verdict {
        Verdict::Inconclusive => {
            "The grader could not observe enough. This is not your fault and costs no attempt: \
             hand it in again."
        }
        Verdict::Missing | Verdict::NotHandedIn => "Nothing was handed in for this lesson.",
        Verdict::Refused => "What was handed in cannot be read as a submission.",
        Verdict::NotYet | Verdict::Proved => "The submission does not build.",
    };
    let more = format!("{}\n{}", lesson.grade.reason, lesson.grade.build.message);
    sanitize::cut(&format!("{reason}\n{}", sanitize::lines(more.trim())), limit)
}

fn test(scored: &ScoredCriterion<'_>, limit: usize) -> Test {
    let criterion = scored.criterion;
    let summary = criterion.cause.as_ref().map_or("", |cause| cause.summary.as_str());
    Test {
        name: sanitize::line(&criterion.id),
        description: sanitize::line(&criterion.text),
        points: scored.points.unwrap_or(0.0),
        max_points: scored.max,
        message: sanitize::cut(
            &sanitize::line(if scored.is_proved() { "" } else { summary }),
            limit,
        ),
        output: sanitize::cut(&scored.explanation(false), limit),
        images: [],
    }
}
