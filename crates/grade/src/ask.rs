//! Asks a program that nobody vouches for every criterion of a lesson, in a box.

use crate::build::Program;
use crate::model::CriterionGrade;
use anyhow::Result;
use course::lesson::Lesson;
use witness::Tier;

/// Asks every criterion; a failed one again, until it is known whether it always fails. `found` is
/// told of each as soon as it is known.
///
/// # Errors
/// Faults of the machine: nothing is known of the program then.
pub fn ask(
    lesson: &Lesson,
    program: &Program,
    tier: Tier,
    found: &mut dyn FnMut(&CriterionGrade),
) -> Result<Vec<CriterionGrade>> {
    let _ = found;
    todo!("{} {program:?} {tier}", lesson.id)
}
