//! The lessons that a command line names.

use course::catalogue::Course;
use course::lesson::Lesson;
use course::problem::UnknownName;

/// The lessons with these ids. If `ids` is empty, every lesson of the course.
///
/// # Errors
/// No lesson has one of the ids.
pub fn named<'a>(course: &'a Course, ids: &[String]) -> Result<Vec<&'a Lesson>, UnknownName> {
    match ids {
        [] => Ok(course.lessons().iter().collect()),
        ids => ids.iter().map(|id| course.lesson(id)).collect(),
    }
}
