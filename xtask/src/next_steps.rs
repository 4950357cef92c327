//! What a student can do after a proof: the tasks that are left, and the next command.

use crate::places::places;
use crate::reached_todo::ReachedTodo;
use course::lesson::Lesson;
use course::report::{CriterionReport, LessonReport, ProgramKind, Status, Todo};
use std::collections::BTreeSet;
use terminal::show::{Line, hanging};

/// The next task to work on, e.g. `next: Task 2`: the first task with a failed criterion or with a
/// `todo!` that counts for the verdict. A criterion that stopped at a `todo!` of an earlier task counts
/// for this earlier task. It counts for its own task if the `todo!` belongs to a later one: the program
/// would not get there if its own task were done.
pub(crate) fn next_task<'a>(
    lesson: &Lesson,
    criteria: impl IntoIterator<Item = &'a CriterionReport>,
    blocking: &[&Todo],
) -> Option<String> {
    let mut tasks = BTreeSet::new();
    for criterion in criteria.into_iter().filter(|each| each.status == Status::Failed) {
        match criterion.cause.as_ref().and_then(ReachedTodo::of) {
            // This lesson may build on an earlier lesson, whose task is still to do.
            Some(todo) => match todo.lesson().filter(|id| *id != lesson.id) {
                Some(id) => return Some(format!("next: Task {} of {id}", todo.task)),
                None => _ = tasks.insert(todo.task.min(criterion.task)),
            },
            None => _ = tasks.insert(criterion.task),
        }
    }
    tasks.extend(blocking.iter().filter_map(|todo| todo.task));
    tasks.first().map(|task| format!("next: Task {task}"))
}

/// The `todo!`s because of which a lesson is not proved: those of the tasks that were checked, and
/// of the tasks before them.
pub(crate) fn blocking<'a>(todos: &'a [Todo], criteria: &[CriterionReport]) -> Vec<&'a Todo> {
    let last = criteria.iter().map(|criterion| criterion.task).max().unwrap_or(0);
    todos.iter().filter(|todo| todo.task.is_none_or(|task| task <= last)).collect()
}

/// How many tasks are left, and where: `2 tasks left: src/server.rs:66, :90`. Empty if no task is
/// left.
pub(crate) fn tasks_left(todos: &[Todo], all: bool, width: usize) -> Vec<Line> {
    /// The number of places that are shown, unless all places are asked for.
    const MAX_PLACES: usize = 6;
    if todos.is_empty() {
        return Vec::new();
    }
    let tasks: BTreeSet<_> = todos.iter().map(|todo| todo.task).collect();
    let count = |number: usize, what: &str| {
        format!("{number} {what}{}", if number == 1 { "" } else { "s" })
    };
    let parts = match todos.len() {
        number if number == tasks.len() => String::new(),
        number => format!(" in {}", count(number, "place")),
    };
    let shown = if all { todos.len() } else { todos.len().min(MAX_PLACES) };
    let places = places(todos.iter().take(shown));
    let mut text = format!("{} left{parts}: {places}", count(tasks.len(), "task"));
    if shown < todos.len() {
        text += &format!(" and {} more (--all shows them)", todos.len() - shown);
    }
    hanging(Line::new(), 0, &text, width, Line::plain)
}

/// Whether a criterion is inconclusive because the server had no processor.
pub(crate) fn is_busy_machine(summary: &str) -> bool {
    summary.contains("the machine was too busy")
}

/// What to do on a machine that is too busy. Empty if no criterion is inconclusive for this reason.
pub(crate) fn on_busy_machine(report: &LessonReport, width: usize) -> Vec<Line> {
    let mut unknown = report.criteria.iter().filter(|each| each.status == Status::Inconclusive);
    let is_busy = |each: &CriterionReport| {
        each.cause.as_ref().is_some_and(|cause| is_busy_machine(&cause.summary))
    };
    if !unknown.any(is_busy) {
        return Vec::new();
    }
    let advice = "next: end other programs, or try again later; with --only ID, fewer servers run \
                  at the same time";
    hanging(Line::new(), 0, advice, width, Line::plain)
}

/// After a failure of the student's own program: the command that gives a hint. `None` if nothing has
/// failed, or if the first failure is a task that is still to do.
pub(crate) fn hint(lesson: &Lesson, reports: &[LessonReport]) -> Option<Line> {
    let own = reports.iter().filter(|report| report.subject.kind != ProgramKind::Solution);
    let mut criteria = own.flat_map(|report| &report.criteria);
    let failed = criteria.find(|criterion| criterion.status == Status::Failed)?;
    failed.cause.as_ref().filter(|cause| cause.id != "todo")?;
    Some(next("a hint", &format!("cargo xtask hint {} {}", lesson.id, failed.id)))
}

pub(crate) fn next(what: &str, how: &str) -> Line {
    Line::new().faint(&format!("next: {what}: ")).plain(how)
}

// <staff>
#[cfg(test)]
mod tests {
    use super::*;
    use crate::places::from_here;

    fn todo(task: u32, place: &str) -> Todo {
        Todo { task: Some(task), place: format!("lessons/w03-l02-poll-tracker/{place}") }
    }

    fn shown(todos: &[Todo]) -> String {
        let lines = tasks_left(todos, false, 500);
        let folder = from_here("lessons/w03-l02-poll-tracker/x");
        lines[0].text().replace(folder.trim_end_matches('x'), "")
    }

    #[test]
    fn the_places_of_one_file_are_listed_together() {
        let todos = [todo(3, "src/server.rs:66"), todo(4, "src/server.rs:90")];
        assert_eq!(shown(&todos), "2 tasks left: src/server.rs:66, :90");
        let todos = [todo(3, "src/server.rs:66"), todo(3, "src/table.rs:9")];
        assert_eq!(shown(&todos), "1 task left in 2 places: src/server.rs:66, src/table.rs:9");
    }

    #[test]
    fn many_places_are_shortened() {
        let todos: Vec<_> = (1..=9).map(|line| todo(1, &format!("src/a.rs:{line}"))).collect();
        let text = shown(&todos);
        assert!(text.ends_with(", :6 and 3 more (--all shows them)"), "{text}");
    }
}
// </staff>
