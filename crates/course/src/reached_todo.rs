//! The `todo!` at which a program has stopped.

use crate::report::Cause;

/// The `todo!` at which a program has stopped, as the summary of its [`Cause`] names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReachedTodo<'a> {
    /// The number of the task.
    pub task: u32,
    /// The file and the line, e.g. `lessons/w03-l02-poll-tracker/src/table.rs:22`.
    pub place: &'a str,
}

impl<'a> ReachedTodo<'a> {
    /// The id of a cause whose `todo!` is all that a student has to know about it.
    pub const CAUSE: &'static str = "todo";
    /// The id of a cause whose `todo!` belongs to a later task than the criterion. The `todo!` is not
    /// the fault: a mistake in the criterion's own task may have led the program there.
    pub const CAUSE_OF_LATER_TASK: &'static str = "later-todo";

    /// The `todo!` of a cause that has the id [`CAUSE`](Self::CAUSE).
    pub fn of(cause: &'a Cause) -> Option<Self> {
        Self::named_in(cause).filter(|_| cause.id == Self::CAUSE)
    }

    /// The `todo!` of a cause that has one of the two ids.
    pub fn named_in(cause: &'a Cause) -> Option<Self> {
        let is_todo = [Self::CAUSE, Self::CAUSE_OF_LATER_TASK].contains(&cause.id.as_str());
        let (_, rest) = is_todo.then_some(&cause.summary)?.split_once(": Task ")?;
        let (number, rest) = rest.split_once(':')?;
        let (_, place) = rest.strip_suffix(')')?.rsplit_once('(')?;
        Some(Self { task: number.parse().ok()?, place })
    }

    /// The id of the lesson in whose folder the file is, if the place shows it. A lesson may build on
    /// an earlier lesson, whose task is still to do.
    pub fn lesson(self) -> Option<&'a str> {
        let (_, folder) = self.place.split_once("lessons/")?;
        folder.get(..7).filter(|id| id.starts_with('w'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_todo_has_its_task_and_lesson() {
        let summary = "The server reached a task that is still to do: Task 1: x (y) \
                       (lessons/w03-l02-poll-tracker/src/table.rs:22)";
        let cause = Cause { id: "todo".into(), summary: summary.into(), ..Cause::default() };
        let todo = ReachedTodo::of(&cause).unwrap();
        assert_eq!((todo.task, todo.lesson()), (1, Some("w03-l02")));
        let later = Cause { id: "later-todo".into(), ..cause.clone() };
        assert_eq!((ReachedTodo::of(&later), ReachedTodo::named_in(&later)), (None, Some(todo)));
    }
}
