//! Gradescope's metadata of a submission, `submission_metadata.json` (Gradescope autograder
//! documentation, Submission Metadata).

use crate::attempts::{self, Attempt};
use crate::rubric::Rubric;
use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::Deserialize;
use std::fs;
use std::path::Path;

/// Times in seconds since 1970; `None` if the file does not have this time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Metadata {
    /// The time of the submission.
    pub(super) submitted: Option<i64>,
    /// The due time of the assignment.
    pub(super) due: Option<i64>,
    /// The earlier submissions of the student, as a note; `None` if there are none.
    pub(super) attempts: Option<String>,
}

#[derive(Deserialize)]
struct File {
    created_at: Option<Timestamp>,
    #[serde(default)]
    assignment: Assignment,
    #[serde(default)]
    previous_submissions: Vec<Previous>,
}

/// An earlier submission of the student for the assignment. Gradescope writes the score as a number
/// or as a text.
#[derive(Deserialize)]
struct Previous {
    submission_time: Option<Timestamp>,
    #[serde(default)]
    score: serde_json::Value,
}

#[derive(Default, Deserialize)]
struct Assignment {
    due_date: Option<Timestamp>,
}

impl Metadata {
    /// Reads the file.
    ///
    /// # Errors
    /// The file cannot be read or is invalid. The message names the file and, if the content is
    /// invalid, the line.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let shown = path.display();
        let text = fs::read_to_string(path)
            .with_context(|| format!("--metadata {shown}: cannot read it"))?;
        Self::parse(&text).with_context(|| format!("--metadata {shown}"))
    }

    fn parse(text: &str) -> Result<Self> {
        let file: File = serde_json::from_str(text)?;
        let seconds = |time: Option<Timestamp>| time.map(Timestamp::as_second);
        Ok(Self {
            submitted: seconds(file.created_at),
            due: seconds(file.assignment.due_date),
            attempts: attempts::note(
                file.previous_submissions.into_iter().map(Attempt::from).collect(),
            ),
        })
    }

    /// Gives `lesson` the assignment's due time if the rubric has no due time for this lesson.
    pub(super) fn set_due(&self, rubric: &mut Rubric, lesson: &str) {
        if let Some(points) = rubric.lessons.get_mut(lesson) {
            points.due = points.due.or(self.due);
        }
    }
}

impl From<Previous> for Attempt {
    fn from(previous: Previous) -> Self {
        let points = match &previous.score {
            serde_json::Value::String(text) => text.parse().ok(),
            other => other.as_f64(),
        };
        Self { time: previous.submission_time, points }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_zone() {
        let text = r#"{
            "id": 1,
            "created_at": "2026-10-09T23:59:30.365935-07:00",
            "assignment": { "due_date": "2026-10-10T06:00:00.000000Z", "late_due_date": null },
            "users": [{ "email": "ada@example.org", "id": 2, "name": "Ada" }]
        }"#;
        let metadata = Metadata::parse(text).unwrap();
        assert_eq!(metadata.submitted.zip(metadata.due), Some((1_791_615_570, 1_791_612_000)));
    }

    #[test]
    fn an_assignment_may_have_no_due_date() {
        let text = r#"{ "created_at": null, "assignment": { "due_date": null } }"#;
        assert_eq!(Metadata::parse(text).unwrap(), Metadata::default());
        assert_eq!(Metadata::parse("{}").unwrap(), Metadata::default());
    }

    #[test]
    fn earlier_attempts_are_shown_in_the_order_of_their_times() {
        let text = r#"{ "created_at": null, "previous_submissions": [
            { "submission_time": "2026-10-09T10:00:00Z", "score": "7.5", "results": {} },
            { "submission_time": "2026-10-08T09:00:00Z", "score": 4.0 },
            { "submission_time": "2026-10-09T11:00:00Z", "score": null } ] }"#;
        let shown = "earlier attempts: 2026-10-08 09:00 UTC 4 points, \
                     2026-10-09 10:00 UTC 7.5 points, 2026-10-09 11:00 UTC no score";
        assert_eq!(Metadata::parse(text).unwrap().attempts.as_deref(), Some(shown));
        assert_eq!(Metadata::parse("{}").unwrap().attempts, None);
    }

    #[test]
    fn an_invalid_time_is_reported_with_its_line() {
        let error = Metadata::parse(r#"{ "created_at": "yesterday" }"#).unwrap_err();
        assert!(format!("{error:#}").contains("line 1"), "{error:#}");
    }
}
