//! The formats of the results. Every format is written from the same model.

pub mod actions_log;
pub mod autolab;
pub mod classroom;
pub mod clusters;
pub mod csv;
pub mod feedback;
pub mod gradebooks;
pub mod gradescope;
pub mod html;
pub mod junit;
pub mod plain;
pub mod prairielearn;
pub mod rates;
pub mod sanitize;
pub mod scored_lesson;

use crate::model::{LessonGrade, Submission};
use crate::overrides::{Correction, Overrides};
use crate::rubric::{Points, Rubric};
use crate::similarity::Copies;

/// The results of one class of students. Every report format is generated from them.
#[derive(Clone, Copy, Debug)]
pub struct Class<'a> {
    /// The name of the class, which is the name of its folder.
    pub name: &'a str,
    /// The id and the title of each graded lesson, in the course's order.
    pub lessons: &'a [(String, String)],
    /// The submissions, ordered by the student's name.
    pub submissions: &'a [Submission],
    /// The points of each criterion.
    pub rubric: &'a Rubric,
    /// The instructor's corrections.
    pub overrides: &'a Overrides,
    /// The near copies among the submissions. `None` if they were not compared.
    pub copies: Option<&'a Copies>,
}

/// The criteria of one lesson. They are columns in a table of the class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns<'a> {
    /// The lesson's id.
    pub lesson: &'a str,
    /// The lesson's title.
    pub title: &'a str,
    /// The id and the text of each criterion, in the lesson's order.
    pub criteria: Vec<(&'a str, &'a str)>,
}

impl<'a> Class<'a> {
    /// The points of a lesson of a submission, with the instructor's corrections.
    pub fn points(&self, submission: &Submission, grade: &LessonGrade) -> Points {
        match self.correction(submission, grade) {
            Some(correction) => self.rubric.corrected(submission, grade, correction),
            None => self.rubric.points(submission, grade),
        }
    }

    /// The instructor's correction of a lesson of a submission, if there is one.
    pub fn correction(
        &self,
        submission: &Submission,
        grade: &LessonGrade,
    ) -> Option<&'a Correction> {
        self.overrides.of(&submission.student, &grade.lesson)
    }

    /// What the instructor corrected in a lesson of a submission, a text for each correction, e.g.
    /// `slots: 2 points, measured 0`.
    pub fn correction_lines(&self, submission: &Submission, grade: &LessonGrade) -> Vec<String> {
        let Some(correction) = self.correction(submission, grade) else { return Vec::new() };
        let measured = self.rubric.points(submission, grade).criteria;
        let measured = |id: &str| {
            let index = grade.criteria.iter().position(|each| each.id == id);
            let points = index.and_then(|index| measured.get(index));
            points.map_or(0.0, |(points, _)| *points)
        };
        let points = correction.criteria(grade).map(|(id, points)| {
            let (points, measured) = (plain::points(points), plain::points(measured(id)));
            format!("{id}: {points} points, measured {measured}")
        });
        let due = correction.extension.and_then(plain::time);
        let extension = due.map(|due| format!("extended until {due}"));
        points.chain(extension).collect()
    }

    /// The criteria of each lesson, in the course's order. The list of criteria is empty if no
    /// submission was graded for the lesson.
    pub fn columns(&self) -> Vec<Columns<'a>> {
        let columns = |(lesson, title): &'a (String, String)| {
            let mut criteria: Vec<(&str, &str)> = Vec::new();
            let grades = self.submissions.iter().flat_map(|submission| &submission.lessons);
            for criterion in
                grades.filter(|grade| grade.lesson == *lesson).flat_map(|grade| &grade.criteria)
            {
                if !criteria.iter().any(|(id, _)| *id == criterion.id) {
                    criteria.push((&criterion.id, &criterion.text));
                }
            }
            Columns { lesson, title, criteria }
        };
        self.lessons.iter().map(columns).collect()
    }
}

/// The median, or `None` if there are no values. The values are sorted.
fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.get(middle), values.len() % 2) {
        (Some(upper), 0) => Some((values[middle - 1] + upper) / 2.0),
        (middle, _) => middle.copied(),
    }
}
