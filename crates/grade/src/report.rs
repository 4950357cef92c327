//! What comes out: a file format a module, each written from the one model.

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
pub mod single;

use crate::model::Submission;
use crate::rubric::Rubric;

/// A graded class, as every format is given it.
#[derive(Clone, Copy, Debug)]
pub struct Class<'a> {
    /// What it is called: the folder's name.
    pub name: &'a str,
    /// The lessons that were graded, in the course's order: id and title.
    pub lessons: &'a [(String, String)],
    /// By name.
    pub submissions: &'a [Submission],
    /// What the criteria are worth.
    pub rubric: &'a Rubric,
}

/// The criteria of one lesson, as a class was asked them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns<'a> {
    /// The lesson's id.
    pub lesson: &'a str,
    /// The lesson's title.
    pub title: &'a str,
    /// Id and sentence of each criterion, in the lesson's order.
    pub criteria: Vec<(&'a str, &'a str)>,
}

impl<'a> Class<'a> {
    /// Each lesson's criteria, in the course's order; none where nobody was asked that lesson.
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
