//! Points: what a criterion is worth, and what lateness costs.

mod file;
mod late;

use crate::model::{CriterionGrade, LessonGrade, Submission, Verdict};
use anyhow::Result;
use course::catalogue::Course;
use course::lesson::{Lesson, Worth};
use course::report::Status;
use std::collections::BTreeMap;
use std::path::Path;

pub use late::{Late, Unit};

/// What the criteria are worth, lesson by lesson.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rubric {
    /// By the lesson's id.
    pub lessons: BTreeMap<String, LessonPoints>,
    /// What lateness costs.
    pub late: Late,
}

/// What one lesson is worth.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LessonPoints {
    /// Points of each criterion, by its id.
    pub criteria: BTreeMap<String, f64>,
    /// Whether anything short of all is nothing.
    pub all_or_nothing: bool,
    /// When it was to be handed in, in seconds since 1970; never late where nothing is said.
    pub due: Option<i64>,
}

/// The points of one lesson of one submission.
///
/// `points`, `max` and `late` are rounded to hundredths, a half away from zero, each once and in
/// the end; the criteria's are not rounded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    /// What was reached, lateness taken off; `None` where something could not be seen that points
    /// depend on: never a zero.
    pub points: Option<f64>,
    /// What can be reached.
    pub max: f64,
    /// Each criterion's points and maximum, in the lesson's order.
    pub criteria: Vec<(f64, f64)>,
    /// What was taken off for lateness.
    pub late: f64,
    /// What else a reader has to know of them, e.g. `2 h late: 20 % off`; often empty.
    pub remarks: Vec<String>,
}

impl Rubric {
    /// Reads `rubric.toml`; where it says nothing, or where there is none, the lessons' front
    /// matter holds: a point for each criterion unless said.
    ///
    /// # Errors
    /// Every problem of the file, each with its line.
    pub fn open(file: Option<&Path>, course: &Course) -> Result<Self> {
        let lessons = course.lessons().iter();
        let stated =
            lessons.map(|lesson| (lesson.id.clone(), LessonPoints::stated(lesson))).collect();
        let rubric = Self { lessons: stated, late: Late::default() };
        match file {
            None => Ok(rubric),
            Some(path) => file::read(path, course, rubric),
        }
    }

    /// What `lesson` of `submission` is worth.
    pub fn points(&self, submission: &Submission, lesson: &LessonGrade) -> Points {
        let worth = self.lessons.get(&lesson.lesson);
        let reached = |grade: &CriterionGrade| {
            let max = worth.map_or(1.0, |worth| worth.of(&grade.id));
            (if grade.status == Status::Proved { max } else { 0.0 }, max)
        };
        let criteria: Vec<_> = lesson.criteria.iter().map(reached).collect();
        let asked: f64 = criteria.iter().map(|(_, max)| max).sum();
        let max = worth.map_or(asked, LessonPoints::max);
        let points = Points { max: hundredths(max), criteria, ..Points::default() };
        match sum(worth, lesson, &points) {
            Ok((reached, remarks)) => {
                let points = Points { remarks, ..points };
                self.less_lateness(points, reached, submission, worth)
            }
            Err(remark) => Points { remarks: vec![remark], ..points },
        }
    }

    fn less_lateness(
        &self,
        points: Points,
        reached: f64,
        submission: &Submission,
        worth: Option<&LessonPoints>,
    ) -> Points {
        let due = worth.and_then(|worth| worth.due);
        let (percent, remark) = match self.late.of(due, submission.submitted) {
            Some(late) if reached > 0.0 => (late.percent, Some(late.to_string())),
            _ => (0.0, None),
        };
        let off = hundredths(reached * percent / 100.0);
        let left = Some(hundredths((hundredths(reached) - off).max(0.0)));
        let remarks = points.remarks.into_iter().chain(remark).collect();
        Points { points: left, late: off, remarks, ..points }
    }
}

impl LessonPoints {
    /// What a lesson's own front matter says.
    fn stated(lesson: &Lesson) -> Self {
        let mut points = Self::default();
        points.set(lesson, &Worth::Each(BTreeMap::new()));
        points.set(lesson, &lesson.worth);
        points
    }

    /// Takes over what is said; a criterion that is not named keeps what it has.
    fn set(&mut self, lesson: &Lesson, worth: &Worth) {
        let share = |whole: f64| whole / lesson.criteria.len().max(1) as f64;
        for criterion in &lesson.criteria {
            let points = match worth {
                Worth::Equal => Some(1.0),
                Worth::Whole(whole) => Some(share(*whole)),
                Worth::Each(each) => each.get(&criterion.id).copied(),
            };
            let kept = self.criteria.entry(criterion.id.clone()).or_insert(1.0);
            *kept = points.unwrap_or(*kept);
        }
    }

    fn of(&self, criterion: &str) -> f64 {
        self.criteria.get(criterion).copied().unwrap_or(0.0)
    }

    fn max(&self) -> f64 {
        self.criteria.values().sum()
    }
}

/// What was reached before lateness, with remarks; or why there are no points yet.
fn sum(
    worth: Option<&LessonPoints>,
    lesson: &LessonGrade,
    points: &Points,
) -> Result<(f64, Vec<String>), String> {
    match lesson.verdict {
        Verdict::Missing => return Ok((0.0, vec!["nothing was handed in".to_owned()])),
        Verdict::Refused => return Ok((0.0, vec![format!("refused: {}", lesson.reason)])),
        Verdict::Proved | Verdict::NotYet | Verdict::Inconclusive => {}
    }
    let reached = points.criteria.iter().map(|(reached, _)| reached).sum();
    let all_or_nothing = worth.is_some_and(|worth| worth.all_or_nothing);
    if all_or_nothing && lesson.verdict == Verdict::NotYet {
        return Ok((0.0, vec!["all or nothing".to_owned()]));
    }
    // A criterion that is worth nothing changes nothing, seen or not.
    let counts = |(grade, (_, max)): &(&CriterionGrade, &(f64, f64))| {
        grade.status == Status::Inconclusive && (*max > 0.0 || all_or_nothing)
    };
    let asked = lesson.criteria.iter().zip(&points.criteria);
    let unseen: Vec<_> = asked.filter(counts).map(|(grade, _)| grade.id.as_str()).collect();
    if !unseen.is_empty() {
        return Err(format!("no points yet: {} could not be seen", unseen.join(", ")));
    }
    let has_none = !points.criteria.iter().any(|(reached, _)| *reached > 0.0);
    if lesson.verdict == Verdict::Inconclusive && has_none {
        return Err(format!("no points yet: {}", lesson.reason));
    }
    Ok((reached, Vec::new()))
}

/// Rounded to hundredths, a half away from zero.
fn hundredths(points: f64) -> f64 {
    // What is a half in decimals may be a hair less in binary.
    (points * 100.0 + 1e-7).round() / 100.0
}
