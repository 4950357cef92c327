//! `grades.csv`, the gradebook: one row for each student and lesson.

use super::{Class, clusters, plain};
use crate::model::{BuildStatus, CriterionGrade, LessonGrade, Submission};
use crate::rubric::Points;
use anyhow::Result;
use std::collections::BTreeMap;
use std::path::Path;
use terminal::output;

/// Writes the gradebook to the file `to` (RFC 4180, UTF-8). The file is replaced atomically: a
/// reader sees either the old file or the complete new file.
///
/// # Errors
/// The file cannot be written.
pub fn write(class: &Class<'_>, to: &Path) -> Result<()> {
    output::replace(to, &table(class)?)
}

fn table(class: &Class<'_>) -> Result<Vec<u8>> {
    let columns = class.columns();
    let criteria: Vec<(&str, &str)> = columns
        .iter()
        .flat_map(|lesson| lesson.criteria.iter().map(|(id, _)| (lesson.lesson, *id)))
        .collect();
    let mut table = writer();
    table.write_record(head(&criteria))?;
    for submission in class.submissions {
        for grade in &submission.lessons {
            table.write_record(row(class, submission, grade, &criteria))?;
        }
    }
    Ok(table.into_inner()?)
}

/// A writer of a table in memory that quotes every text. Some programs separate columns at `;` as
/// well as at `,`: without quotation marks, they would find several cells in a name with a `;`.
pub(super) fn writer() -> csv::Writer<Vec<u8>> {
    let style = csv::QuoteStyle::NonNumeric;
    csv::WriterBuilder::new().quote_style(style).from_writer(Vec::new())
}

fn head(criteria: &[(&str, &str)]) -> Vec<String> {
    let asked = criteria.iter().map(|(lesson, criterion)| format!("{lesson}:{criterion}"));
    let first = ["student", "lesson", "points", "max_points", "verdict"];
    let last = ["build_seconds", "prove_seconds", "isolation", "submission", "late", "notes"];
    let last = last.into_iter().chain(["corrections", "instructor_note"]);
    let (first, last) = (first.map(str::to_owned), last.map(str::to_owned));
    first.into_iter().chain(asked).chain(last).collect()
}

fn row(
    class: &Class<'_>,
    submission: &Submission,
    grade: &LessonGrade,
    criteria: &[(&str, &str)],
) -> Vec<String> {
    let points = &class.points(submission, grade);
    let statuses: BTreeMap<_, _> =
        grade.criteria.iter().map(|criterion| (criterion.id.as_str(), criterion)).collect();
    let status = |(lesson, id): &(&str, &str)| match statuses.get(id) {
        Some(criterion) if *lesson == grade.lesson => plain::status(criterion.status).to_owned(),
        _ => String::new(),
    };
    let first = [
        text(&submission.student),
        text(&grade.lesson),
        points.points.map_or_else(String::new, plain::points),
        plain::points(points.max),
        plain::verdict(grade.verdict).replace(' ', "-"),
    ];
    let last = [
        format!("{:.3}", grade.build.seconds),
        format!("{:.3}", grade.seconds),
        text(&grade.isolation),
        text(&submission.digest),
        plain::points(points.late),
        text(&notes(submission, grade, points)),
        text(&corrections(class, submission, grade)),
        text(&class.overrides.notes(&submission.student, &grade.lesson).join("; ")),
    ];
    first.into_iter().chain(criteria.iter().map(status)).chain(last).collect()
}

/// What the instructor corrected, with the measured points, e.g. `slots: 2, measured 0`.
fn corrections(class: &Class<'_>, submission: &Submission, grade: &LessonGrade) -> String {
    class.correction_lines(submission, grade).join("; ")
}

fn notes(submission: &Submission, grade: &LessonGrade, points: &Points) -> String {
    let mut notes = points.remarks.clone();
    let is_in_remarks = notes.iter().any(|note| note.contains(&grade.reason));
    if !grade.reason.is_empty() && !is_in_remarks {
        notes.push(grade.reason.clone());
    }
    if grade.build.status == BuildStatus::Failed {
        notes.push(clusters::first_error(&grade.build.message));
    }
    let flaky = grade.criteria.iter().filter(|criterion| criterion.is_flaky());
    notes.extend(
        flaky.map(|CriterionGrade { id, failed, runs, .. }| {
            format!("{id} failed {failed} of {runs}")
        }),
    );
    notes.extend_from_slice(&submission.notes);
    notes.join("; ")
}

/// `given` on one line. Before each part that a spreadsheet could evaluate as a formula, a `'` is
/// inserted (OWASP, CSV Injection). A part begins at the beginning of the text, and after each
/// separator of columns other than `,`: a spreadsheet that is told such a separator begins a cell
/// there, and takes no notice of the quotation marks, because the cell does not begin with one.
pub(super) fn text(given: &str) -> String {
    let shown = plain::line(given, 4 * plain::MAX_LINE);
    let parts = shown.split_inclusive([';', '|']);
    let safe = |part| if could_be_formula(part) { format!("'{part}") } else { part.to_owned() };
    parts.map(safe).collect()
}

/// Whether a spreadsheet could evaluate a text as a formula. The sign that begins a formula may
/// follow white space, invisible characters, and quotation marks.
fn could_be_formula(text: &str) -> bool {
    let is_skipped = |char: char| !char.is_alphanumeric() && !FORMULA_SIGNS.contains(&char);
    text.trim_start_matches(is_skipped).starts_with(FORMULA_SIGNS)
}

/// The characters that begin a formula, and their full-width, small and mathematical forms, which
/// some spreadsheets treat as the same (Unicode, Halfwidth and Fullwidth Forms).
const FORMULA_SIGNS: [char; 13] = [
    '=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '\u{fe66}', '\u{fe62}',
    '\u{fe63}', '\u{fe6b}', '\u{2212}',
];
