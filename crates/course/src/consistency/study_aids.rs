//! The study aids that each lesson has in addition to its criteria: outcomes, answers, predictions,
//! invariants and questions.

use crate::lesson::{Lesson, Section, Task, Text};
use crate::problem::Collector;

/// The number of open questions at the end of Done When.
const QUESTIONS: usize = 2;

/// Reports every study aid that the lesson lacks.
pub(super) fn check(lesson: &Lesson, problems: &mut Collector) {
    if lesson.outcomes.is_none() {
        let message = "no outcomes; write `You will be able to:` and a bullet list below the goal";
        problems.at(lesson.goal.line, message);
    }
    if lesson.warmup_answers.is_none() {
        let message = "the Warmup has no answers; put them in <details> … </details>";
        problems.at(lesson.line_of(Section::Warmup), message);
    }
    for task in &lesson.tasks {
        check_task(task, problems);
    }
    check_questions(lesson, problems);
}

fn check_task(task: &Task, problems: &mut Collector) {
    for (label, text) in [("Predict", &task.predict), ("Invariant", &task.invariant)] {
        if text.is_none() {
            let number = task.number;
            let message = format!("task {number} has no **{label}:**; begin a paragraph with it");
            problems.at(task.line, message);
        }
    }
}

/// Checks that Done When ends with two questions, and that each of them has a question mark.
fn check_questions(lesson: &Lesson, problems: &mut Collector) {
    let questions = &lesson.open_questions;
    if questions.len() != QUESTIONS {
        let line = questions.first().map_or(lesson.line_of(Section::DoneWhen), |first| first.line);
        let found = questions.len();
        let message = format!(
            "Done When has {found} open questions; end it with a numbered list of {QUESTIONS}"
        );
        problems.at(line, message);
    }
    for Text { line, .. } in questions.iter().filter(|question| !question.markdown.contains('?')) {
        problems.at(*line, "this open question has no question mark; ask something");
    }
}
