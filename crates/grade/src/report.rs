//! The formats of the results. Each module writes one file format from the same model.

pub mod autolab;
pub mod classroom;
pub mod clusters;
pub mod csv;
pub mod gradescope;
pub mod html;
pub mod junit;
pub mod plain;
pub mod prairielearn;
pub mod sanitize;
pub mod scored_lesson;

use crate::model::Submission;
use crate::rubric::Rubric;

/// A graded class: the input of every format.
#[derive(Clone, Copy, Debug)]
pub struct Class<'a> {
    /// The name of the class, which is the name of its folder.
    pub name: &'a str,
    /// Id and title of each graded lesson, in the course's order.
    pub lessons: &'a [(String, String)],
    /// The submissions, ordered by the student's name.
    pub submissions: &'a [Submission],
    /// The points of each criterion.
    pub rubric: &'a Rubric,
}

/// The criteria of one lesson: the columns of a table of the class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns<'a> {
    /// The lesson's id.
    pub lesson: &'a str,
    /// The lesson's title.
    pub title: &'a str,
    /// Id and text of each criterion, in the lesson's order.
    pub criteria: Vec<(&'a str, &'a str)>,
}

impl<'a> Class<'a> {
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
