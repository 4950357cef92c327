//! The one next command of a student.

use crate::places::from_here;
use crate::remembered::{LastResult, Remembered, State};
use course::lesson::{Lesson, Task};
use course::report::Todo;
use std::env;
use terminal::show::{Line, hanging};

/// What a student does next.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NextCommand {
    /// What to read or to write before the command, in a sentence. May be empty.
    first: String,
    /// The command.
    command: String,
}

impl NextCommand {
    /// The next command in the lesson `current`. If this lesson is done, or if there is no such
    /// lesson, the first command in the next lesson.
    pub(super) fn of(all: &[Remembered<'_>], current: Option<&Remembered<'_>>) -> Self {
        let is_begun = |each: &&Remembered<'_>| {
            each.state() == State::Begun || each.is_begun_in_another_language()
        };
        if let Some(begun) = current.filter(is_begun) {
            return in_lesson(all, begun);
        }
        let is_left = |each: &&Remembered<'_>| each.state() != State::Done;
        // After a lesson that is done comes the next one in the course's order.
        let after = all
            .iter()
            .skip_while(|each| current.is_some_and(|current| current.lesson.id != each.lesson.id));
        match after.into_iter().chain(all).find(is_left) {
            Some(next) if next.state() == State::Begun => in_lesson(all, next),
            Some(next) => begin(next.lesson),
            None => Self {
                first: "Every lesson is proved. Hand in what your course asks for:".to_owned(),
                command: "cargo xtask ship --help".to_owned(),
            },
        }
    }

    /// The sentence, and the command on a line of its own.
    pub(super) fn lines(&self, width: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        if !self.first.is_empty() {
            lines.extend(hanging(Line::new(), 0, &self.first, width, Line::plain));
        }
        // A command is not wrapped: it is to be copied.
        lines.push(Line::new().faint("next: ").strong(&self.command));
        lines
    }
}

/// The first command in a lesson that is not begun.
fn begin(lesson: &Lesson) -> NextCommand {
    let text = from_here(&lesson.path.to_string_lossy());
    NextCommand {
        first: format!(
            "Begin {}: read {text} up to Task 1, do the task, then prove it.",
            lesson.id
        ),
        command: lesson.tasks.first().map_or_else(|| whole(lesson), |task| test_of(lesson, task)),
    }
}

/// The next command in a lesson that is begun. `all` are all lessons.
fn in_lesson(all: &[Remembered<'_>], at: &Remembered<'_>) -> NextCommand {
    let lesson = at.lesson;
    if at.last.as_ref().is_some_and(|last| !last.compiles) {
        let first = "Your program does not compile: correct the compiler's first error.";
        return NextCommand { first: first.to_owned(), command: with_flags(at, whole(lesson)) };
    }
    if let Some(command) = in_earlier_lesson(all, at) {
        return command;
    }
    let Some(task) = lesson.tasks.iter().find(|task| at.task(task.number) != State::Done) else {
        return NextCommand { first: String::new(), command: with_flags(at, whole(lesson)) };
    };
    if let Some(place) = todo_of(at, task) {
        return NextCommand {
            first: format!("Task {}, {}: {place}", task.number, task.title),
            command: with_flags(at, test_of(lesson, task)),
        };
    }
    // A failure of a later task may have its cause in this task.
    let failed = failed_now(at).or_else(|| at.failed_until(task.number));
    match failed.filter(|failed| !failed.replay.is_empty()) {
        Some(failed) => NextCommand {
            first: format!("Find out why {} fails (`cargo xtask hint` helps).", failed.id),
            command: in_folder(at, failed.replay.clone()),
        },
        None => NextCommand {
            first: format!("Task {}, {}: prove it.", task.number, task.title),
            command: with_flags(at, test_of(lesson, task)),
        },
    }
}

/// The task of an earlier lesson at which the program has stopped. A lesson's crate may build on the
/// crate of an earlier lesson.
fn in_earlier_lesson(all: &[Remembered<'_>], at: &Remembered<'_>) -> Option<NextCommand> {
    let reached = failed_now(at).and_then(|failed| failed.todo.as_ref())?;
    let id = reached.lesson().filter(|id| *id != at.lesson.id && !at.is_command())?;
    let earlier = all.iter().find(|each| each.lesson.id == id)?;
    let todo = earlier.todos.iter().find(|todo| todo.task == Some(reached.task))?;
    let task = earlier.lesson.tasks.iter().find(|task| task.number == reached.task)?;
    let place = from_here(&todo.place);
    Some(NextCommand {
        first: format!(
            "{} builds on {id}. Task {} of {id}, {}: {place}",
            at.lesson.id, task.number, task.title
        ),
        command: test_of(earlier.lesson, task),
    })
}

/// The first failure of the last proof, if its cause can still be there.
fn failed_now<'a>(at: &'a Remembered<'_>) -> Option<&'a LastResult> {
    at.last.as_ref()?.first_failed().filter(|failed| at.still_counts(failed))
}

/// The place of a task's first `todo!`: the one at which the last proof has stopped, as `prove` has named
/// it, or the first in the files.
fn todo_of(at: &Remembered<'_>, task: &Task) -> Option<String> {
    let reached = failed_now(at).and_then(|failed| failed.todo.as_ref());
    let is_reached = |todo: &&Todo| reached.is_some_and(|it| it.place == todo.place);
    let mut todos = at.todos_of(task.number);
    let todo = todos.clone().find(is_reached).or_else(|| todos.next())?;
    Some(from_here(&todo.place))
}

fn whole(lesson: &Lesson) -> String {
    format!("cargo xtask prove {}", lesson.id)
}

/// The command that proves a task: the first command of its Test.
fn test_of(lesson: &Lesson, task: &Task) -> String {
    let test = task.test_commands.first().map(|test| test.command.clone());
    test.unwrap_or_else(|| format!("cargo xtask prove {} --task {}", lesson.id, task.number))
}

/// The command, with the flags that select the program of the last proof.
fn with_flags(at: &Remembered<'_>, command: String) -> String {
    let flags = at.last.as_ref().map_or("", |last| &last.flags);
    in_folder(at, command + flags)
}

/// The command, after `cd` to the folder from which the program of `--cmd` is named.
fn in_folder(at: &Remembered<'_>, command: String) -> String {
    let Some(last) = at.last.as_ref().filter(|_| at.is_command()) else { return command };
    if env::current_dir().is_ok_and(|here| here == last.folder) {
        return command;
    }
    let folder = last.folder.to_string_lossy();
    format!("cd {} && {command}", shell_words::quote(&folder))
}
