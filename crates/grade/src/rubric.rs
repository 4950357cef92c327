//! The rubric: how many points each criterion gives, and how many points a late submission loses.

mod file;
mod late;

use crate::model::{CriterionGrade, LessonGrade, Submission, Verdict};
use crate::overrides::Correction;
use anyhow::Result;
use course::catalogue::Course;
use course::lesson::{self, Lesson};
use course::report::Status;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

pub use late::{LatePenalty, Unit};

/// The points of the criteria, and the late penalty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rubric {
    /// The points of each lesson, by the lesson's id.
    pub lessons: BTreeMap<String, LessonPoints>,
    /// The late penalty.
    pub late: LatePenalty,
}

/// The points of one lesson.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LessonPoints {
    /// The points of each criterion, by its id.
    pub criteria: BTreeMap<String, f64>,
    /// Whether a lesson with a criterion that is not proved gives no points at all.
    pub all_or_nothing: bool,
    /// The due time, in seconds since 1970. `None` if the lesson has no due time.
    pub due: Option<i64>,
}

/// The points of one lesson of one submission.
///
/// `points`, `max` and `late` are rounded to hundredths, and halves are rounded away from zero.
/// Each of them is rounded once, after all other arithmetic. The points of the criteria are not
/// rounded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    /// The points that were reached, after the late penalty. `None` if the points depend on a
    /// criterion that is inconclusive. The points are then unknown, and not zero.
    pub points: Option<f64>,
    /// The maximum of the points that can be reached.
    pub max: f64,
    /// The points and the maximum of each criterion, in the lesson's order.
    pub criteria: Vec<(f64, f64)>,
    /// The points that the late penalty subtracted.
    pub late: f64,
    /// Explanations of the points for the reader, e.g. `2 h late: 20 % off`. There may be no
    /// explanations.
    pub remarks: Vec<String>,
}

impl Rubric {
    /// Reads a `rubric.toml`. Settings that are not in the file come from the front matter of the
    /// lessons. Without a file, all settings come from there. A criterion gives one point if its
    /// lesson's front matter has no points.
    ///
    /// # Errors
    /// All problems of the file, each with its line.
    pub fn open(file: Option<&Path>, course: &Course) -> Result<Self> {
        let lessons = course.lessons().iter();
        let lessons = lessons
            .map(|lesson| (lesson.id.clone(), LessonPoints::from_front_matter(lesson)))
            .collect();
        let rubric = Self { lessons, late: LatePenalty::default() };
        match file {
            None => Ok(rubric),
            Some(path) => file::read(path, course, rubric),
        }
    }

    /// The points of `lesson`, which is one of the lessons of `submission`, as the grader measured
    /// them.
    pub fn points(&self, submission: &Submission, lesson: &LessonGrade) -> Points {
        self.corrected(submission, lesson, &Correction::default())
    }

    /// The points of `lesson`, which is one of the lessons of `submission`, with an instructor's
    /// correction. The points of a corrected criterion replace the measured points, before the late
    /// penalty is subtracted.
    pub fn corrected(
        &self,
        submission: &Submission,
        lesson: &LessonGrade,
        correction: &Correction,
    ) -> Points {
        let worth = self.lessons.get(&lesson.lesson);
        let reached = |grade: &CriterionGrade| {
            let max = worth.map_or(1.0, |worth| worth.of(&grade.id));
            let measured = if grade.status == Status::Proved { max } else { 0.0 };
            (correction.points.get(&grade.id).copied().unwrap_or(measured), max)
        };
        let criteria: Vec<_> = lesson.criteria.iter().map(reached).collect();
        let checked: f64 = criteria.iter().map(|(_, max)| max).sum();
        let max = worth.map_or(checked, LessonPoints::max);
        let points = Points { max: hundredths(max), criteria, ..Points::default() };
        let due = correction.extension.or(worth.and_then(|worth| worth.due));
        match points_before_lateness(worth, lesson, &points, correction) {
            Ok((reached, remarks)) => {
                let points = Points { remarks, ..points };
                self.subtract_lateness(points, reached, submission, due)
            }
            Err(remark) => Points { remarks: vec![remark], ..points },
        }
    }

    /// Subtracts the late penalty from the points that were `reached`.
    fn subtract_lateness(
        &self,
        points: Points,
        reached: f64,
        submission: &Submission,
        due: Option<i64>,
    ) -> Points {
        let submitted = submission.submitted.map(|time| time.seconds);
        let (percent, remark) = match reached > 0.0 {
            true => self.late.of(due, submitted, &submission.allowance),
            false => (0.0, None),
        };
        let off = hundredths(reached * percent / 100.0);
        let left = Some(hundredths((hundredths(reached) - off).max(0.0)));
        let remarks = points.remarks.into_iter().chain(remark).collect();
        Points { points: left, late: off, remarks, ..points }
    }
}

impl LessonPoints {
    /// The points as the lesson's front matter states them.
    fn from_front_matter(lesson: &Lesson) -> Self {
        let mut points = Self::default();
        points.set(lesson, &lesson::Points::PerCriterion(BTreeMap::new()));
        points.set(lesson, &lesson.points);
        points
    }

    /// Sets the points of the criteria. A criterion that `worth` does not name keeps its points.
    fn set(&mut self, lesson: &Lesson, worth: &lesson::Points) {
        let share = |whole: f64| whole / lesson.criteria.len().max(1) as f64;
        for criterion in &lesson.criteria {
            let points = match worth {
                lesson::Points::Equal => Some(1.0),
                lesson::Points::Total(whole) => Some(share(*whole)),
                lesson::Points::PerCriterion(each) => each.get(&criterion.id).copied(),
            };
            let current = self.criteria.entry(criterion.id.clone()).or_insert(1.0);
            *current = points.unwrap_or(*current);
        }
    }

    fn of(&self, criterion: &str) -> f64 {
        self.criteria.get(criterion).copied().unwrap_or(0.0)
    }

    fn max(&self) -> f64 {
        self.criteria.values().sum()
    }
}

/// The points that were reached before the late penalty, and remarks about them.
///
/// # Errors
/// The points are not known yet. The error is the reason.
fn points_before_lateness(
    worth: Option<&LessonPoints>,
    lesson: &LessonGrade,
    points: &Points,
    correction: &Correction,
) -> Result<(f64, Vec<String>), String> {
    let is_corrected = |grade: &CriterionGrade| correction.points.contains_key(&grade.id);
    match lesson.verdict {
        _ if lesson.criteria.iter().any(is_corrected) => {}
        Verdict::Missing | Verdict::NotHandedIn => {
            return Ok((0.0, vec!["nothing was handed in".to_owned()]));
        }
        Verdict::Refused => return Ok((0.0, vec![format!("refused: {}", lesson.reason)])),
        Verdict::Proved | Verdict::NotYet | Verdict::Inconclusive => {}
    }
    let reached = points.criteria.iter().map(|(reached, _)| reached).sum();
    let all_or_nothing = worth.is_some_and(|worth| worth.all_or_nothing);
    let misses = |grade: &CriterionGrade| grade.status != Status::Proved && !is_corrected(grade);
    // A task may still be to do although every criterion is proved.
    let is_missing_some =
        lesson.criteria.iter().any(misses) || !lesson.criteria.iter().any(is_corrected);
    if all_or_nothing && lesson.verdict == Verdict::NotYet && is_missing_some {
        return Ok((0.0, vec!["all or nothing".to_owned()]));
    }
    // An inconclusive criterion that gives no points does not change the sum.
    let makes_unknown = |(grade, (_, max)): &(&CriterionGrade, &(f64, f64))| {
        let is_open = grade.status == Status::Inconclusive && !is_corrected(grade);
        is_open && (*max > 0.0 || all_or_nothing)
    };
    let criteria = lesson.criteria.iter().zip(&points.criteria);
    let unknown: Vec<_> =
        criteria.filter(makes_unknown).map(|(grade, _)| grade.id.as_str()).collect();
    if !unknown.is_empty() {
        return Err(format!("no points yet: {} could not be checked", unknown.join(", ")));
    }
    let has_none = !points.criteria.iter().any(|(reached, _)| *reached > 0.0)
        && !lesson.criteria.iter().any(is_corrected);
    if lesson.verdict == Verdict::Inconclusive && has_none {
        return Err(format!("no points yet: {}", lesson.reason));
    }
    Ok((reached, Vec::new()))
}

/// `points` rounded to hundredths. Halves are rounded away from zero.
fn hundredths(points: f64) -> f64 {
    // In binary, a number such as 17.535 may be slightly less than in decimal. Without the added
    // number, it would be rounded down.
    (points * 100.0 + 1e-7).round() / 100.0
}
