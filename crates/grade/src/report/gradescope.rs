//! Gradescope's `results.json` (Gradescope autograder documentation, Output format).

use crate::model::BuildStatus;
use crate::report::sanitize;
use crate::report::scored_lesson::{ScoredCriterion, ScoredLesson};
use course::report::Status;
use serde::Serialize;

/// The maximum size of the document, in bytes. A browser must be able to show the document.
const MAX_BYTES: usize = 1_000_000;

/// Whether students see the tests, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "kebab-case")]
pub enum Visibility {
    /// Students see the tests immediately
    #[default]
    Visible,
    /// Students see the tests after the due date
    AfterDueDate,
    /// Students see the tests after the grades are published
    AfterPublished,
    /// Only instructors see the tests
    Hidden,
}

/// The document for one submission.
///
/// An inconclusive criterion has no score. If the lesson is inconclusive, nothing in the document
/// has a score, so that Gradescope reports a failed run and records no grade.
pub fn results(lesson: &ScoredLesson<'_>, visibility: Visibility) -> String {
    sanitize::fitting(MAX_BYTES, |limit| {
        let mut tests = vec![build(lesson, limit)];
        tests.extend(lesson.criteria().iter().map(|scored| test(scored, limit)));
        let results = Results {
            score: lesson.points.points.filter(|_| lesson.is_finished),
            execution_time: lesson.seconds(),
            output: sanitize::cut(&lesson.summary(), limit),
            output_format: "text",
            test_output_format: "ansi",
            test_name_format: "text",
            visibility,
            stdout_visibility: Visibility::Hidden,
            extra_data: Extra {
                isolation: &lesson.grade.isolation,
                digest: &lesson.submission.digest,
            },
            tests,
        };
        // Serialization cannot fail, because the document has only strings and finite numbers.
        serde_json::to_string_pretty(&results).unwrap_or_default() + "\n"
    })
}

#[derive(Serialize)]
struct Results<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    execution_time: f64,
    output: String,
    output_format: &'static str,
    test_output_format: &'static str,
    test_name_format: &'static str,
    visibility: Visibility,
    stdout_visibility: Visibility,
    extra_data: Extra<'a>,
    tests: Vec<Test>,
}

#[derive(Serialize)]
struct Extra<'a> {
    isolation: &'a str,
    digest: &'a str,
}

#[derive(Serialize)]
struct Test {
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    output: String,
    tags: Vec<String>,
}

/// The test that shows the build. It has no score.
fn build(lesson: &ScoredLesson<'_>, limit: usize) -> Test {
    let build = &lesson.grade.build;
    let status = match build.status {
        BuildStatus::Ok => Some("passed"),
        BuildStatus::Failed => Some("failed"),
        BuildStatus::None => None,
    };
    Test {
        score: None,
        max_score: None,
        status,
        name: "Build".to_owned(),
        number: None,
        output: sanitize::cut(&sanitize::lines(&build.message), limit),
        tags: vec!["build".to_owned()],
    }
}

fn test(scored: &ScoredCriterion<'_>, limit: usize) -> Test {
    let status = match scored.criterion.status {
        Status::Proved => Some("passed"),
        Status::Failed | Status::Skipped => Some("failed"),
        Status::Inconclusive => None,
    };
    Test {
        score: scored.points,
        max_score: scored.points.map(|_| scored.max),
        status,
        name: scored.name(),
        number: Some(format!("{}.{}", scored.task, scored.position)),
        output: sanitize::cut(&scored.explanation(true), limit),
        tags: vec![scored.criterion.id.clone()],
    }
}
