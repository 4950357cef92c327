//! The `todo!` at which a program has stopped, as it is remembered.

use course::reached_todo;
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
        let named = reached_todo::ReachedTodo::named_in(cause)?;
        // The place is named from the current folder.
        let path = env::current_dir().unwrap_or_default().join(named.place);
        let place = path.strip_prefix(paths::root()).unwrap_or(Path::new(named.place));
        Some(Self { task: named.task, place: place.display().to_string() })
    }

    /// The id of the lesson to which the file belongs.
    pub(crate) fn lesson(&self) -> Option<&str> {
        reached_todo::ReachedTodo { task: self.task, place: &self.place }.lesson()
    }
}
