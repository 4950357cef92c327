//! The hints of a lesson that has hints: each row of Common Mistakes that a proof can name has them.

use crate::lesson::Lesson;
use crate::problem::Collector;

/// Reports each row without hints, if another row of the lesson has hints. Reports a first hint that
/// asks nothing.
pub(super) fn check(lesson: &Lesson, problems: &mut Collector) {
    if lesson.mistakes.iter().all(|row| row.hints.is_empty()) {
        return;
    }
    for row in lesson.mistakes.iter().filter(|row| !row.advice) {
        match row.hints.first() {
            None => {
                let id = &row.id;
                let message = format!(
                    "row \"{id}\" has no hints; write `##### {id}` and three hints below the table"
                );
                problems.at(row.line, message);
            }
            Some(first) if !first.markdown.contains('?') => {
                problems.at(first.line, "the first hint has no question mark; ask something");
            }
            Some(_) => {}
        }
    }
}
