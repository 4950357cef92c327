//! Autolab's result: the last line of standard output, below the feedback for the student.

use crate::report::sanitize;
use crate::report::single::Single;
use course::report::Status;
use serde_json::{Map, json};

/// The most bytes of feedback.
const MOST: usize = 200_000;

/// The feedback, each line indented so that none can be taken for a result, and the result's line.
///
/// `problem` is the name of the assessment's problem on the site. What is inconclusive has no result
/// line: Autolab then reports a failed run and keeps the score as it was.
pub fn output(single: &Single<'_>, problem: &str) -> String {
    let feedback = sanitize::fitting(MOST, |limit| feedback(single, limit));
    let mut output: String = feedback.lines().map(|line| format!("  {line}\n")).collect();
    if let Some(points) = single.points.points {
        let mut scores = Map::new();
        scores.insert(problem.to_owned(), json!(points));
        output += &format!("{}\n", json!({ "scores": scores, "scoreboard": [points] }));
    }
    output
}

fn feedback(single: &Single<'_>, limit: usize) -> String {
    let mut parts = vec![sanitize::cut(&single.summary(), limit)];
    if !single.lesson.build.message.is_empty() {
        parts.push(sanitize::cut(&sanitize::lines(&single.lesson.build.message), limit));
    }
    for scored in single.criteria() {
        let mark = match scored.criterion.status {
            Status::Proved => '✓',
            Status::Failed => '✗',
            Status::Skipped => '–',
            Status::Inconclusive => '?',
        };
        parts.push(format!("{mark} {}", scored.name()));
        let told = scored.told(false);
        if !told.is_empty() {
            parts.push(sanitize::cut(&told, limit));
        }
    }
    parts.join("\n")
}
