//! The file of known verdicts: CSV with the columns `student,lesson,verdict,criterion,mistake,note`.

use crate::model::Verdict;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;
use terminal::output::replace;

/// The value in the column `criterion` for a program whose build must fail.
pub const BUILD: &str = "build";

/// The expected result for one lesson of one submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The lesson's verdict.
    pub verdict: Verdict,
    /// The criterion that must fail, or [`BUILD`]; empty if any criterion may fail.
    pub criterion: String,
    /// The row of Common Mistakes that must be the cause; empty if the cause is not known.
    pub mistake: String,
}

impl Expected {
    /// Every criterion must be proved.
    pub fn proved() -> Self {
        Self { verdict: Verdict::Proved, criterion: String::new(), mistake: String::new() }
    }

    /// `criterion` must fail. Other criteria may fail too.
    pub fn fails(criterion: &str, mistake: &str) -> Self {
        let [criterion, mistake] = [criterion, mistake].map(str::to_owned);
        Self { verdict: Verdict::NotYet, criterion, mistake }
    }
}

/// A row of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The student's name.
    pub student: String,
    /// The lesson's id, e.g. `w03-l02`.
    pub lesson: String,
    /// The lesson's verdict.
    pub verdict: Verdict,
    /// See [`Expected::criterion`].
    pub criterion: String,
    /// See [`Expected::mistake`].
    pub mistake: String,
    /// A part of a note on the submission, or of the reason of its verdict; empty if there may be
    /// none.
    #[serde(default)]
    pub note: String,
}

impl Row {
    /// The row for `student`.
    pub fn new(student: &str, lesson: &str, expected: &Expected) -> Self {
        let Expected { verdict, criterion, mistake } = expected.clone();
        let [student, lesson] = [student, lesson].map(str::to_owned);
        Self { student, lesson, verdict, criterion, mistake, note: String::new() }
    }
}

/// Writes the rows.
///
/// # Errors
/// The file cannot be written.
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
/// The file cannot be read or is invalid. The message names the file and the line.
pub fn read(from: &Path) -> Result<Vec<Row>> {
    let place = || format!("cannot read {}", from.display());
    let mut reader = csv::Reader::from_path(from).with_context(place)?;
    reader.deserialize().collect::<Result<_, _>>().with_context(place)
}
