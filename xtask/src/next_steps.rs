//! What a student can do after a proof: the tasks that are left, and the next command.

use course::lesson::Lesson;
use course::reached_todo::ReachedTodo;
use course::report::{CriterionReport, LessonReport, ProgramKind, Status, Todo, Verdict};
use programs::lesson_check::LessonCheck;
use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};
use terminal::paths;
use terminal::show::{Line, hanging};

/// The next task to work on, e.g. `next: Task 2`: the first task with a failed criterion or with a
/// `todo!` that counts for the verdict. A criterion that stopped at a `todo!` counts for the task of
/// this `todo!`.
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
                None => _ = tasks.insert(todo.task),
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

/// The places of `todo!`s from the current folder: `src/server.rs:66, :90`.
pub(crate) fn places<'a>(todos: impl IntoIterator<Item = &'a Todo>) -> String {
    let mut text = String::new();
    let mut last_file = String::new();
    for todo in todos {
        let place = from_here(&todo.place);
        let (file, line) = place.rsplit_once(':').unwrap_or((&place, ""));
        text += if text.is_empty() { "" } else { ", " };
        text += &if file == last_file { format!(":{line}") } else { place.clone() };
        last_file = file.to_owned();
    }
    text
}

/// A place in the course, as a path from the current folder. Outside of the course, the whole path.
pub(crate) fn from_here(place: &str) -> String {
    let path = paths::root().join(place);
    let here = env::current_dir().unwrap_or_default();
    let Ok(below) = here.strip_prefix(paths::root()) else { return path.display().to_string() };
    // The folders that both paths share at the beginning.
    let shared = below.components().zip(Path::new(place).components());
    let shared = shared.take_while(|(here, there)| here == there).count();
    let up = below.components().skip(shared).map(|_| "..");
    let down = Path::new(place).components().skip(shared);
    let relative: PathBuf =
        up.map(Path::new).chain(down.map(|part| Path::new(part.as_os_str()))).collect();
    relative.display().to_string()
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

/// After a task's own criteria are proved: the next task, and the command of its Test. `None` if the
/// whole lesson was checked, if not everything is proved, or if no task follows.
pub(crate) fn after_task(check: &LessonCheck<'_>, report: &LessonReport) -> Option<Line> {
    let lesson = check.lesson;
    let is_part = report.criteria.len() < lesson.criteria.len();
    if !is_part || report.verdict != Verdict::Proved {
        return None;
    }
    let done = report.criteria.iter().map(|criterion| criterion.task).max()?;
    let next = lesson.tasks.iter().find(|task| task.number == done + 1)?;
    let work = match next.test_commands.first() {
        Some(test) => format!("{}{}", test.command, check.flags),
        // The Test of this task is another command, which the text explains.
        None => format!("{}:{}", lesson.path.display(), next.test.line),
    };
    Some(self::next(&format!("Task {}", next.number), &work))
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
    use course::lesson::Kind;
    use course::report::{Build, BuildStatus, ReportedProgram};

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

    #[test]
    fn after_a_proved_task_comes_the_command_of_the_next() {
        let text = include_bytes!("../../lessons/w03-l02-poll-tracker/lesson.md");
        let lesson = Lesson::parse(Path::new("lesson.md"), text).unwrap();
        let next = |only: &[&str], status: Status| {
            let only: Vec<_> = only.iter().map(|id| (*id).to_owned()).collect();
            let flags = " --cmd ./server".to_owned();
            let check = LessonCheck { flags, ..LessonCheck::new(&lesson, &only).unwrap() };
            let criteria: Vec<_> =
                check.criteria.iter().map(|it| criterion(&it.id, it.task, status)).collect();
            let verdict = Verdict::of([status]);
            after_task(&check, &lesson_report(criteria, verdict)).map(|line| line.text())
        };
        let first = next(&["starts"], Status::Proved).unwrap();
        assert!(first.starts_with("next: Task 2: cargo xtask prove w03-l02 --"), "{first}");
        assert!(first.ends_with(" --cmd ./server"), "{first}");
        assert_eq!(next(&["starts"], Status::Failed), None);
        assert_eq!(next(&["capacity"], Status::Proved), None, "no task follows");
        assert_eq!(next(&[], Status::Proved), None, "the lesson is proved");
    }

    fn lesson_report(criteria: Vec<CriterionReport>, verdict: Verdict) -> LessonReport {
        LessonReport {
            lesson: "w03-l02".into(),
            title: String::new(),
            subject: ReportedProgram { kind: ProgramKind::Command, name: String::new() },
            isolation: None,
            verdict,
            build: Build { status: BuildStatus::None, millis: 0.0, message: None },
            millis: 1.0,
            criteria,
            todos: Vec::new(),
        }
    }

    fn criterion(id: &str, task: u32, status: Status) -> CriterionReport {
        CriterionReport {
            id: id.into(),
            kind: Kind::Prove,
            task,
            text: String::new(),
            status,
            millis: 1.0,
            cause: None,
        }
    }
}
// </staff>
