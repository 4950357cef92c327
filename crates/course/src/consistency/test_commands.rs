//! The command in a task's Test proves exactly the criteria of this task.

use crate::lesson::{Lesson, Selection, Task, TestCommand};
use crate::problem::Collector;

/// Reports a Test whose command proves another lesson or a criterion of another task. Also reports a
/// Test that omits a criterion of its own task.
pub(super) fn check(lesson: &Lesson, problems: &mut Collector) {
    for task in &lesson.tasks {
        for command in &task.test_commands {
            check_command(lesson, task, command, problems);
        }
        check_complete(lesson, task, problems);
    }
}

fn check_command(lesson: &Lesson, task: &Task, command: &TestCommand, problems: &mut Collector) {
    let (line, number) = (command.line, task.number);
    if command.lesson() != Some(lesson.id.as_str()) {
        let id = &lesson.id;
        let message = format!("the Test of task {number} proves another lesson; name {id}");
        return problems.at(line, message);
    }
    match command.selection() {
        Selection::All => {
            let message = format!(
                "the Test of task {number} proves every task; add --only and the task's criteria"
            );
            problems.at(line, message);
        }
        Selection::Task(Some(named)) if named == number => {}
        Selection::Task(_) => {
            problems.at(line, format!("this is the Test of task {number}; write --task {number}"));
        }
        Selection::Only(ids) => {
            for id in ids {
                check_criterion(lesson, task, (id, line), problems);
            }
        }
    }
}

fn check_criterion(
    lesson: &Lesson,
    task: &Task,
    (id, line): (&str, usize),
    problems: &mut Collector,
) {
    let number = task.number;
    match lesson.criterion(id) {
        Err(unknown) => problems.at(line, unknown.to_string()),
        Ok(criterion) if criterion.task != number => {
            let other = criterion.task;
            let message = format!(
                "the Test of task {number} proves \"{id}\", which belongs to task {other}; \
                 take it out, or move the criterion"
            );
            problems.at(line, message);
        }
        Ok(_) => {}
    }
}

/// Reports the criteria of a task that no command of its Test proves. A Test may have no such command
/// at all, and ask for another one.
fn check_complete(lesson: &Lesson, task: &Task, problems: &mut Collector) {
    let Some(first) = task.test_commands.first() else {
        return;
    };
    let is_tested = |id: &str| {
        task.test_commands.iter().any(|command| match command.selection() {
            Selection::Only(ids) => ids.contains(&id),
            Selection::Task(_) | Selection::All => true,
        })
    };
    let own = lesson.criteria.iter().filter(|criterion| criterion.task == task.number);
    let missing: Vec<_> =
        own.map(|criterion| criterion.id.as_str()).filter(|id| !is_tested(id)).collect();
    if !missing.is_empty() {
        let (number, missing) = (task.number, missing.join(","));
        let message = format!("the Test of task {number} omits {missing}; add it to --only");
        problems.at(first.line, message);
    }
}
