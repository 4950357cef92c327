//! Gradescope's `results.json` (Gradescope autograder documentation, Output format).

use crate::model::BuildStatus;
use crate::report::sanitize;
use crate::report::single::{Scored, Single};
use course::report::Status;
use serde::Serialize;

/// The most bytes of a document: a browser shows it.
const MOST: usize = 1_000_000;

/// Who sees the tests, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "kebab-case")]
pub enum Visibility {
    /// Everyone, at once
    #[default]
    Visible,
    /// The student, once the due date has passed
    AfterDueDate,
    /// The student, once grades are published
    AfterPublished,
    /// The instructors alone
    Hidden,
}

/// The document for one submission.
///
/// A criterion that is inconclusive has no score. Where the whole lesson is, nothing has one, so that
/// Gradescope reports a failed run and keeps no grade.
pub fn results(single: &Single<'_>, visibility: Visibility) -> String {
    sanitize::fitting(MOST, |limit| {
        let mut tests = vec![build(single, limit)];
        tests.extend(single.criteria().iter().map(|scored| test(scored, limit)));
        let results = Results {
            score: single.points.points.filter(|_| single.is_finished),
            execution_time: single.seconds(),
            output: sanitize::cut(&single.summary(), limit),
            output_format: "text",
            test_output_format: "ansi",
            test_name_format: "text",
            visibility,
            stdout_visibility: Visibility::Hidden,
            extra_data: Extra {
                isolation: &single.lesson.isolation,
                digest: &single.submission.digest,
            },
            tests,
        };
        // A document of strings and finite numbers always serializes.
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

/// The build is told, and earns nothing.
fn build(single: &Single<'_>, limit: usize) -> Test {
    let build = &single.lesson.build;
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

fn test(scored: &Scored<'_>, limit: usize) -> Test {
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
        number: Some(format!("{}.{}", scored.task, scored.place)),
        output: sanitize::cut(&scored.told(true), limit),
        tags: vec![scored.criterion.id.clone()],
    }
}
