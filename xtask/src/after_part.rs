//! What comes after a proof of some of a lesson's criteria, all of which are proved.

use crate::next_steps::next;
use crate::remembered::{Remembered, State};
use course::report::{LessonReport, Verdict};
use programs::lesson_check::LessonCheck;
use terminal::show::Line;

/// The next command after a proof of some criteria. `remembered` is what is known about the same
/// program from earlier proofs.
///
/// A task is over when all its criteria are proved, by this report or earlier. Until then comes what has
/// failed earlier, or the rest of the task. `None` if the whole lesson was checked, or if not everything
/// is proved.
pub(crate) fn after_part(
    check: &LessonCheck<'_>,
    report: &LessonReport,
    remembered: Option<&Remembered<'_>>,
) -> Option<Line> {
    let is_part = report.criteria.len() < check.lesson.criteria.len();
    if !is_part || report.verdict != Verdict::Proved {
        return None;
    }
    let checked = report.criteria.iter().map(|criterion| criterion.task).max()?;
    let open = open_until(checked, check, report, remembered);
    Some(open.unwrap_or_else(|| task_after(checked, check)))
}

/// What is left of the first task that is not over, up to the task `checked`.
fn open_until(
    checked: u32,
    check: &LessonCheck<'_>,
    report: &LessonReport,
    remembered: Option<&Remembered<'_>>,
) -> Option<Line> {
    let last = remembered.and_then(|it| it.last.as_ref());
    let is_proved = |id: &str| {
        report.criteria.iter().any(|each| each.id == id) || last.is_some_and(|it| it.is_proved(id))
    };
    let is_open = |task: &u32| remembered.is_none_or(|it| it.task(*task) != State::Done);
    // Without a memory, nothing is known about the tasks before.
    let first = if remembered.is_some() { 1 } else { checked };
    (first..=checked).filter(is_open).find_map(|task| {
        if let Some(failed) = remembered.and_then(|it| it.failed_until(task)) {
            return Some(next(&format!("{} has failed before", failed.id), &failed.replay));
        }
        let own = check.lesson.criteria.iter().filter(|criterion| criterion.task == task);
        let rest: Vec<_> = own.map(|it| it.id.as_str()).filter(|id| !is_proved(id)).collect();
        let command = prove(check, &format!(" --only {}", rest.join(",")));
        (!rest.is_empty()).then(|| next(&format!("the rest of Task {task}"), &command))
    })
}

/// The Test of the task after `checked`. After the last task, the proof of the whole lesson.
fn task_after(checked: u32, check: &LessonCheck<'_>) -> Line {
    let lesson = check.lesson;
    let Some(task) = lesson.tasks.iter().find(|task| task.number == checked + 1) else {
        return next("the whole lesson", &prove(check, ""));
    };
    let work = match task.test_commands.first() {
        Some(test) => format!("{}{}", test.command, check.flags),
        // The Test of this task is another command, which the text explains.
        None => format!("{}:{}", lesson.path.display(), task.test.line),
    };
    next(&format!("Task {}", task.number), &work)
}

/// The command that proves criteria of the same program.
fn prove(check: &LessonCheck<'_>, only: &str) -> String {
    format!("cargo xtask prove {}{only}{}", check.lesson.id, check.flags)
}

// <staff>
#[cfg(test)]
mod tests {
    use super::*;
    use course::lesson::{Kind, Lesson};
    use course::report::{
        Build, BuildStatus, CriterionReport, ProgramKind, ReportedProgram, Status,
    };
    use std::path::Path;

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
            after_part(&check, &lesson_report(criteria, verdict), None).map(|line| line.text())
        };
        let first = next(&["starts", "config", "port-taken"], Status::Proved).unwrap();
        assert!(first.starts_with("next: Task 2: cargo xtask prove w03-l02 --"), "{first}");
        assert!(first.ends_with(" --cmd ./server"), "{first}");
        let part = next(&["starts", "config"], Status::Proved).unwrap();
        let rest = "next: the rest of Task 1: cargo xtask prove w03-l02 --only port-taken";
        assert_eq!(part, format!("{rest} --cmd ./server"));
        assert_eq!(next(&["starts"], Status::Failed), None);
        let whole = next(&["capacity"], Status::Proved).unwrap();
        assert_eq!(whole, "next: the whole lesson: cargo xtask prove w03-l02 --cmd ./server");
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
