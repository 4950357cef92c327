//! Autolab's result. The scores are the last line of standard output, below the feedback for the
//! student (Autolab documentation, Guide for Lab Authors).

use crate::report::sanitize;
use crate::report::scored_lesson::ScoredLesson;
use course::report::Status;
use serde_json::{Map, json};

/// The maximum size of the feedback, in bytes.
const MAX_BYTES: usize = 200_000;

/// The feedback, and below it the line with the scores.
///
/// Every line of the feedback is indented, so that Autolab cannot interpret it as the line with the
/// scores. `problem` is the name of the assessment's problem on the site. An inconclusive lesson
/// has no line with scores. Autolab would record such an output as 0 points, so its driver
/// (`platforms/autolab/autograde`) repeats the run, and in the end adds a line without a score.
pub fn output(lesson: &ScoredLesson<'_>, problem: &str) -> String {
    let feedback = sanitize::fitting(MAX_BYTES, |limit| feedback(lesson, limit));
    let mut output: String = feedback.lines().map(|line| format!("  {line}\n")).collect();
    if let Some(points) = lesson.points.points {
        let mut scores = Map::new();
        scores.insert(problem.to_owned(), json!(points));
        output += &format!("{}\n", json!({ "scores": scores, "scoreboard": [points] }));
    }
    output
}

fn feedback(lesson: &ScoredLesson<'_>, limit: usize) -> String {
    let mut parts = vec![sanitize::cut(&lesson.summary(), limit)];
    if !lesson.grade.build.message.is_empty() {
        parts.push(sanitize::cut(&sanitize::lines(&lesson.grade.build.message), limit));
    }
    for scored in lesson.criteria() {
        let mark = match scored.criterion.status {
            Status::Proved => '✓',
            Status::Failed => '✗',
            Status::Skipped => '–',
            Status::Inconclusive => '?',
        };
        parts.push(format!("{mark} {}", scored.name()));
        let explanation = scored.explanation(false);
        if !explanation.is_empty() {
            parts.push(sanitize::cut(&explanation, limit));
        }
    }
    parts.join("\n")
}
