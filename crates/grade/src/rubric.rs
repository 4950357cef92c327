//! Points: what a criterion is worth, and what lateness costs.

use crate::model::{LessonGrade, Submission};
use anyhow::Result;
use course::catalogue::Course;
use std::collections::BTreeMap;
use std::path::Path;

/// What the criteria are worth, lesson by lesson.
#[derive(Clone, Debug)]
pub struct Rubric {
    /// By the lesson's id.
    pub lessons: BTreeMap<String, LessonPoints>,
    // + late penalty, filled in by its author
}

/// What one lesson is worth.
#[derive(Clone, Debug)]
pub struct LessonPoints {
    /// Points of each criterion, by its id.
    pub criteria: BTreeMap<String, f64>,
    /// Whether anything short of all is nothing.
    pub all_or_nothing: bool,
}

/// The points of one lesson of one submission.
#[derive(Clone, Debug, PartialEq)]
pub struct Points {
    /// What was reached, lateness taken off; `None` where the lesson is inconclusive: never a zero.
    pub points: Option<f64>,
    /// What can be reached.
    pub max: f64,
    /// Each criterion's points and maximum, in the lesson's order.
    pub criteria: Vec<(f64, f64)>,
    /// What was taken off for lateness.
    pub late: f64,
}

impl Rubric {
    /// Reads `rubric.toml`, or takes the lessons' front matter, where there is none: a point for each
    /// criterion unless said.
    ///
    /// # Errors
    /// Names the file, the line and what is wrong.
    pub fn open(file: Option<&Path>, course: &Course) -> Result<Self> {
        todo!("{file:?} {}", course.lessons().len())
    }

    /// What `lesson` of `submission` is worth.
    pub fn points(&self, submission: &Submission, lesson: &LessonGrade) -> Points {
        todo!("{submission:?} {lesson:?}")
    }
}
