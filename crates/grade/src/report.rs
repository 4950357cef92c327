//! What comes out: a file format a module, each written from the one model.

pub mod autolab;
pub mod classroom;
pub mod gradescope;
pub mod prairielearn;
pub mod single;
pub mod told;

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
