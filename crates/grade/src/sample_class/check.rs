//! Compares the grader's results with the known verdicts.

use super::expected::{self, BUILD, Row};
use crate::model::{BuildStatus, LessonGrade, Submission};
use crate::report::plain;
use crate::store::{FILE, Store};
use anyhow::Result;
use course::report::Status;
use std::collections::BTreeMap;
use std::path::Path;
use terminal::outcome::Outcome;
use terminal::show::{Line, Screen, amount};

/// Shows every difference between the results in the folder `grades` and the rows of the file
/// `expected`.
///
/// # Errors
/// A file cannot be read.
pub fn run(grades: &Path, expected: &Path) -> Result<Outcome> {
    let rows = expected::read(expected)?;
    let found = differences(&rows, &graded(grades)?);
    let mut screen = Screen::stdout();
    for difference in &found {
        screen.show(&Line::new().bad(difference))?;
    }
    let right = rows.len().saturating_sub(found.len());
    let line = format!("{right} of {} as expected", amount(rows.len(), "verdict"));
    screen.show(&Line::new().strong(&line))?;
    Ok(Outcome::of_differences(!found.is_empty()))
}

/// The grader's results in this folder.
fn graded(grades: &Path) -> Result<Vec<Submission>> {
    Store::read(&grades.join(FILE))?.submissions()
}

/// A line for each row that differs from the results, in the rows' order.
pub fn differences(rows: &[Row], graded: &[Submission]) -> Vec<String> {
    let by_name: BTreeMap<_, _> =
        graded.iter().map(|submission| (submission.student.as_str(), submission)).collect();
    let difference = |row: &Row| {
        let submission = by_name.get(row.student.as_str());
        let lesson = submission.and_then(|submission| {
            let lesson = submission.lessons.iter().find(|each| each.lesson == row.lesson)?;
            Some((submission, lesson))
        });
        let found = match lesson {
            Some((submission, lesson)) => {
                disagreement(row, lesson).or_else(|| no_note(row, submission, lesson))?
            }
            None => "is not in the results".to_owned(),
        };
        Some(format!("{} · {}: {found}", row.student, row.lesson))
    };
    rows.iter().filter_map(difference).collect()
}

/// How a lesson's grade differs from the row; `None` if it does not differ.
pub fn disagreement(row: &Row, lesson: &LessonGrade) -> Option<String> {
    if lesson.verdict != row.verdict {
        let (is, should) = (plain::verdict(lesson.verdict), plain::verdict(row.verdict));
        return Some(format!("{is}, expected {should}{}", failures(lesson)));
    }
    match row.criterion.as_str() {
        "" => None,
        BUILD => (lesson.build.status != BuildStatus::Failed)
            .then(|| format!("the build must fail{}", failures(lesson))),
        criterion => wrong_cause(criterion, &row.mistake, lesson),
    }
}

/// Says that the note of the row is missing; `None` if it is there.
fn no_note(row: &Row, submission: &Submission, lesson: &LessonGrade) -> Option<String> {
    let mut texts = submission.notes.iter().chain([&lesson.reason]);
    let is_there = texts.any(|text| text.contains(&row.note));
    (!is_there).then(|| format!("no note says {:?}", row.note))
}

fn wrong_cause(criterion: &str, mistake: &str, lesson: &LessonGrade) -> Option<String> {
    let failed =
        lesson.criteria.iter().find(|each| each.id == criterion && each.status == Status::Failed);
    let Some(failed) = failed else {
        return Some(format!("{criterion} must fail{}", failures(lesson)));
    };
    let named = failed.cause.as_ref().and_then(|cause| cause.mistake.as_ref());
    let named = named.map_or("no mistake", |row| row.id.as_str());
    (!mistake.is_empty() && named != mistake)
        .then(|| format!("the cause of {criterion} is {named}, expected {mistake}"))
}

/// Why the lesson is not proved, in parentheses. The text is empty if there is no reason.
fn failures(lesson: &LessonGrade) -> String {
    let mut reasons: Vec<String> = Vec::new();
    if lesson.build.status == BuildStatus::Failed {
        let first = lesson.build.message.lines().next().unwrap_or_default();
        reasons.push(format!("build: {first}"));
    }
    if !lesson.reason.is_empty() {
        reasons.push(lesson.reason.clone());
    }
    let open = lesson
        .criteria
        .iter()
        .filter(|each| matches!(each.status, Status::Failed | Status::Inconclusive));
    reasons.extend(open.map(|each| {
        let cause = each.cause.as_ref().map_or("", |cause| cause.summary.as_str());
        format!("{}: {cause}", each.id)
    }));
    if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Build, Cause, CriterionGrade, Mistake, Verdict};
    use crate::sample_class::expected::Expected;
    use course::lesson::Kind;

    fn lesson(verdict: Verdict, failed: Option<(&str, &str)>) -> LessonGrade {
        let criterion = |(id, row): (&str, &str)| CriterionGrade {
            id: id.into(),
            kind: Kind::Guard,
            task: 1,
            text: String::new(),
            status: Status::Failed,
            runs: 2,
            failed: 2,
            millis: 1.0,
            cause: Some(Cause {
                mistake: Some(Mistake { id: row.into(), ..Mistake::default() }),
                ..Cause::default()
            }),
        };
        LessonGrade {
            lesson: "w03-l02".into(),
            title: String::new(),
            verdict,
            reason: String::new(),
            isolation: String::new(),
            build: Build { status: BuildStatus::Ok, seconds: 0.0, message: String::new() },
            seconds: 0.0,
            graded: None,
            criteria: failed.map(criterion).into_iter().collect(),
        }
    }

    fn difference(expected: &Expected, lesson: &LessonGrade) -> Option<String> {
        disagreement(&Row::new("a", "w03-l02", expected), lesson)
    }

    #[test]
    fn the_criterion_and_its_mistake_must_agree() {
        let found = lesson(Verdict::NotYet, Some(("no-fd-leak", "forgot-close")));
        assert_eq!(difference(&Expected::fails("no-fd-leak", "forgot-close"), &found), None);
        assert_eq!(difference(&Expected::fails("no-fd-leak", ""), &found), None);
        assert!(difference(&Expected::fails("no-fd-leak", "late-close"), &found).is_some());
        assert!(difference(&Expected::fails("idle", ""), &found).is_some());
        assert!(difference(&Expected::fails(BUILD, ""), &found).is_some());
        assert!(difference(&Expected::proved(), &found).is_some());
    }

    #[test]
    fn a_missing_submission_is_reported() {
        let rows = [Row::new("a", "w03-l02", &Expected::proved())];
        assert_eq!(differences(&rows, &[]), ["a · w03-l02: is not in the results"]);
    }
}
