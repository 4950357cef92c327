//! How many students each criterion is proved for, and how long its check takes.

use super::Class;
use crate::model::{CriterionGrade, Verdict};
use anyhow::Result;
use course::report::Status;
use std::path::Path;
use terminal::output;

/// The result of a class for one criterion.
#[derive(Clone, Debug, PartialEq)]
pub struct Rate<'a> {
    /// The lesson's id.
    pub lesson: &'a str,
    /// The criterion's id.
    pub criterion: &'a str,
    /// The criterion's text.
    pub text: &'a str,
    /// The number of students for whom the criterion is proved.
    pub proved: usize,
    /// The number of students who handed the lesson in, without those for whom the criterion is
    /// inconclusive.
    pub of: usize,
    /// The median of the time of a check, in milliseconds. `None` if the criterion was never
    /// checked.
    pub median_millis: Option<f64>,
}

impl Rate<'_> {
    /// The share of students for whom the criterion is proved, in per cent, rounded down. `None` if
    /// there are no students.
    pub fn percent(&self) -> Option<usize> {
        (self.proved * 100).checked_div(self.of)
    }
}

/// The rate of each criterion, in the course's order.
pub fn of<'a>(class: &Class<'a>) -> Vec<Rate<'a>> {
    let mut rates = Vec::new();
    for columns in class.columns() {
        for (criterion, text) in columns.criteria {
            rates.push(rate(class, columns.lesson, criterion, text));
        }
    }
    rates
}

/// Writes `criteria.csv`, a row for each criterion. The file is replaced atomically.
///
/// # Errors
/// The file cannot be written.
pub fn write(class: &Class<'_>, to: &Path) -> Result<()> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["lesson", "criterion", "proved", "students", "percent", "median_ms"])?;
    for rate in of(class) {
        table.write_record([
            rate.lesson.to_owned(),
            rate.criterion.to_owned(),
            rate.proved.to_string(),
            rate.of.to_string(),
            rate.percent().map_or_else(String::new, |percent| percent.to_string()),
            rate.median_millis.map_or_else(String::new, |millis| format!("{millis:.1}")),
        ])?;
    }
    output::replace(to, &table.into_inner()?)
}

fn rate<'a>(class: &Class<'a>, lesson: &'a str, criterion: &'a str, text: &'a str) -> Rate<'a> {
    let is_handed_in =
        |verdict| !matches!(verdict, Verdict::Missing | Verdict::NotHandedIn | Verdict::Refused);
    let grades = class.submissions.iter().flat_map(|submission| &submission.lessons);
    let grades = grades.filter(|grade| grade.lesson == lesson && is_handed_in(grade.verdict));
    let all: Vec<&CriterionGrade> =
        grades.flat_map(|grade| &grade.criteria).filter(|each| each.id == criterion).collect();
    let count = |status| all.iter().filter(|each| each.status == status).count();
    let mut millis: Vec<f64> =
        all.iter().filter(|each| each.runs > 0).map(|each| each.millis).collect();
    Rate {
        lesson,
        criterion,
        text,
        proved: count(Status::Proved),
        of: all.len() - count(Status::Inconclusive),
        median_millis: super::median(&mut millis),
    }
}
