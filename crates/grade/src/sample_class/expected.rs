//! The verdicts that are known beforehand, as `student,lesson,verdict,criterion,mistake`.

use crate::model::Verdict;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;
use xtask::destination::replace;

/// The criterion's name for a program that must not come out of its build.
pub const BUILD: &str = "build";

/// What must come out for one lesson of one submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// How the lesson comes out.
    pub verdict: Verdict,
    /// The criterion that must fail, [`BUILD`], or nothing where any may.
    pub criterion: String,
    /// The Common Mistakes row that must be its cause; nothing where any may.
    pub mistake: String,
}

impl Expected {
    /// Every criterion holds.
    pub fn proved() -> Self {
        Self { verdict: Verdict::Proved, criterion: String::new(), mistake: String::new() }
    }

    /// `criterion` fails, and others may besides.
    pub fn fails(criterion: &str, mistake: &str) -> Self {
        let [criterion, mistake] = [criterion, mistake].map(str::to_owned);
        Self { verdict: Verdict::NotYet, criterion, mistake }
    }
}

/// A line of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The submission's name.
    pub student: String,
    /// e.g. `w03-l02`.
    pub lesson: String,
    /// How the lesson comes out.
    pub verdict: Verdict,
    /// As [`Expected::criterion`].
    pub criterion: String,
    /// As [`Expected::mistake`].
    pub mistake: String,
}

impl Row {
    /// What must come out for `student`.
    pub fn new(student: &str, lesson: &str, expected: &Expected) -> Self {
        let Expected { verdict, criterion, mistake } = expected.clone();
        Self { student: student.to_owned(), lesson: lesson.to_owned(), verdict, criterion, mistake }
    }
}

/// Writes the rows.
///
/// # Errors
/// A file that cannot be written.
pub fn write(rows: &[Row], to: &Path) -> Result<()> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row)?;
    }
    replace(to, &writer.into_inner().context("the rows do not fit into memory")?)
}

/// Reads the rows.
///
/// # Errors
/// Names the file and the line.
pub fn read(from: &Path) -> Result<Vec<Row>> {
    let place = || format!("cannot read {}", from.display());
    let mut reader = csv::Reader::from_path(from).with_context(place)?;
    reader.deserialize().collect::<Result<_, _>>().with_context(place)
}
