//! Files for the import into the gradebooks of Canvas and Moodle.
//!
//! Canvas (Instructor Guide, "How do I import grades in the Gradebook?", and the export that it asks
//! for): the columns Student, ID, SIS User ID, SIS Login ID, Section, then a column for each
//! assignment; a second row with the points possible. Canvas finds a student by ID, then by SIS User
//! ID or SIS Login ID, then by name.
//!
//! Moodle (Moodle documentation, Grade import): any columns, which the import maps. A file with
//! feedback has to have the grade as well, because a feedback without a grade deletes the grade.

use super::{Class, csv, feedback, plain};
use crate::model::Submission;
use anyhow::Result;
use std::path::Path;
use terminal::output;

/// Writes `canvas.csv`. The points of a lesson that are unknown are an empty cell. The file is
/// replaced atomically.
///
/// # Errors
/// The file cannot be written.
pub fn write_canvas(class: &Class<'_>, to: &Path) -> Result<()> {
    let mut table = csv::writer();
    let first = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"].map(str::to_owned);
    table.write_record(first.into_iter().chain(titles(class)))?;
    let maxima = class.lessons.iter().map(|(id, _)| plain::points(maximum(class, id)));
    let possible = ["    Points Possible", "", "", "", ""].map(str::to_owned);
    table.write_record(possible.into_iter().chain(maxima))?;
    for submission in class.submissions {
        let student = csv::text(&submission.student);
        let (id, login) = (known_id(submission), login(submission));
        let first = [student, String::new(), id, login, String::new()];
        let points = class.lessons.iter().map(|(id, _)| points(class, submission, id));
        table.write_record(first.into_iter().chain(points.map(Option::unwrap_or_default)))?;
    }
    output::replace(to, &table.into_inner()?)
}

/// Writes `moodle.csv`. A student whose points are all unknown is left out, so that the import
/// changes nothing. The file is replaced atomically.
///
/// # Errors
/// The file cannot be written.
pub fn write_moodle(class: &Class<'_>, to: &Path) -> Result<()> {
    let mut table = csv::writer();
    let first = ["Student", "ID number", "Email address"].map(str::to_owned);
    let both = titles(class).flat_map(|title| [title.clone(), format!("{title} (feedback)")]);
    table.write_record(first.into_iter().chain(both))?;
    for submission in class.submissions {
        let cells: Vec<_> =
            class.lessons.iter().map(|(id, _)| points(class, submission, id)).collect();
        if cells.iter().all(Option::is_none) {
            continue;
        }
        let student = csv::text(&submission.student);
        let number = match known_id(submission) {
            id if id.is_empty() => login(submission),
            id => id,
        };
        let email = email(submission);
        let both = class.lessons.iter().zip(cells).flat_map(|((id, _), points)| {
            let grade = submission.lessons.iter().find(|grade| grade.lesson == *id);
            let feedback = grade.filter(|_| points.is_some());
            let feedback = feedback.map(|grade| feedback::short(class, submission, grade));
            [points.unwrap_or_default(), csv::text(&feedback.unwrap_or_default())]
        });
        table.write_record([student, number, email].into_iter().chain(both))?;
    }
    output::replace(to, &table.into_inner()?)
}

/// The student's id, from the roster or the platform; empty if it is not known.
fn known_id(submission: &Submission) -> String {
    csv::text(&submission.person.id)
}

/// The student's e-mail address. If it is not known, the student's name may be one.
fn email(submission: &Submission) -> String {
    let known = &submission.person.email;
    let is_address = known.is_empty() && submission.student.contains('@');
    csv::text(if is_address { &submission.student } else { known })
}

/// The student's name, if it can be a login: a text without a space that is no e-mail address.
fn login(submission: &Submission) -> String {
    let is_login = !submission.student.contains([' ', '@']);
    csv::text(if is_login { &submission.student } else { "" })
}

/// The names of the assignments, e.g. `w03-l02 Accept & Track Many Clients`.
fn titles<'a>(class: &Class<'a>) -> impl Iterator<Item = String> + 'a {
    class.lessons.iter().map(|(id, title)| csv::text(&format!("{id} {title}")))
}

/// The points of a lesson; `None` if they are unknown.
fn points(class: &Class<'_>, submission: &Submission, lesson: &str) -> Option<String> {
    let grade = submission.lessons.iter().find(|grade| grade.lesson == lesson)?;
    class.points(submission, grade).points.map(plain::points)
}

/// The maximum of the points of a lesson.
fn maximum(class: &Class<'_>, lesson: &str) -> f64 {
    let grades = class
        .submissions
        .iter()
        .flat_map(|submission| submission.lessons.iter().map(move |grade| (submission, grade)));
    let maxima = grades.filter(|(_, grade)| grade.lesson == lesson);
    maxima.map(|(submission, grade)| class.points(submission, grade).max).fold(0.0, f64::max)
}
