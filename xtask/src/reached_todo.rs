//! The `todo!` at which a program has stopped.

use course::report::Cause;
use serde::{Deserialize, Serialize};
use std::env;
use std::path::Path;
use terminal::paths;

/// The `todo!` at which a program has stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReachedTodo {
    /// The number of its task.
    pub(crate) task: u32,
    /// Its file and line, from the course's root: `lessons/w03-l02-poll-tracker/src/table.rs:22`.
    /// Outside of the course, as the program has printed it.
    pub(crate) place: String,
}

impl ReachedTodo {
    /// The `todo!` that a cause names. `None` if the cause is another one.
    pub(crate) fn of(cause: &Cause) -> Option<Self> {
        let (_, rest) = (cause.id == "todo").then_some(&cause.summary)?.split_once(": Task ")?;
        let (number, rest) = rest.split_once(':')?;
        let (_, place) = rest.strip_suffix(')')?.rsplit_once('(')?;
        // The place is named from the current folder.
        let path = env::current_dir().unwrap_or_default().join(place);
        let place = path.strip_prefix(paths::root()).unwrap_or(Path::new(place));
        Some(Self { task: number.parse().ok()?, place: place.display().to_string() })
    }

    /// The id of the lesson to which the file belongs.
    pub(crate) fn lesson(&self) -> Option<&str> {
        let (_, folder) = self.place.split_once("lessons/")?;
        folder.get(..7).filter(|id| id.starts_with('w'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_todo_that_stopped_the_server_names_its_task_and_lesson() {
        let cause = |place: &str| Cause {
            id: "todo".into(),
            summary: format!(
                "The server reached a task that is still to do: Task 1: x (y) ({place})"
            ),
            ..Cause::default()
        };
        let cause = cause("lessons/w03-l02-poll-tracker/src/table.rs:22");
        let todo = ReachedTodo::of(&cause).unwrap();
        assert_eq!((todo.task, todo.lesson()), (1, Some("w03-l02")));
    }
}
