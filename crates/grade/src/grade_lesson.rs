//! Grades one lesson of one submission: builds the program and proves it.

use crate::build::{Builder, Built};
use crate::conditions::Conditions;
use crate::intake::{Project, ProjectKind};
use crate::model::{Build, BuildStatus, CriterionGrade, LessonGrade, Verdict};
use crate::prove;
use anyhow::Result;
use course::lesson::Lesson;
use course::report::Status;
use programs::todos;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// Grades one lesson. If the grader or the machine fails, the grade is inconclusive and states the
/// reason. `on_result` is called for each criterion as soon as its result is final.
pub fn grade(
    lesson: &Lesson,
    project: &Project,
    builder: &Builder<'_>,
    conditions: &Conditions,
    on_result: &mut dyn FnMut(&CriterionGrade),
) -> LessonGrade {
    let graded = catch_unwind(AssertUnwindSafe(|| {
        let built = builder.build(&lesson.id, project)?;
        graded(lesson, built, conditions, on_result)
    }));
    match graded {
        Ok(Ok(grade)) => without_todos(grade, project),
        Ok(Err(error)) => ungraded(lesson, Verdict::Inconclusive, &format!("{error:#}")),
        Err(_) => ungraded(
            lesson,
            Verdict::Inconclusive,
            "the grader crashed while it graded this lesson",
        ),
    }
}

/// The grade of a lesson for which no program ran.
pub fn ungraded(lesson: &Lesson, verdict: Verdict, reason: &str) -> LessonGrade {
    LessonGrade {
        lesson: lesson.id.clone(),
        title: lesson.title.clone(),
        verdict,
        reason: reason.to_owned(),
        isolation: String::new(),
        build: Build { status: BuildStatus::None, seconds: 0.0, message: String::new() },
        seconds: 0.0,
        graded: None,
        criteria: prove::skipped(lesson, reason),
    }
}

fn graded(
    lesson: &Lesson,
    built: Built,
    conditions: &Conditions,
    on_result: &mut dyn FnMut(&CriterionGrade),
) -> Result<LessonGrade> {
    let seconds = built.elapsed.as_secs_f64();
    let status = if built.was_needed { BuildStatus::Ok } else { BuildStatus::None };
    let program = match built.result {
        Ok(program) => program,
        Err(message) => {
            let criteria = prove::skipped(lesson, "it depends on a server that compiles");
            criteria.iter().for_each(on_result);
            let build = Build { status: BuildStatus::Failed, seconds, message };
            return Ok(LessonGrade { build, criteria, ..ungraded(lesson, Verdict::NotYet, "") });
        }
    };
    let begun = Instant::now();
    let criteria = prove::prove(lesson, &program, conditions, on_result)?;
    Ok(LessonGrade {
        verdict: verdict(&criteria),
        reason: inconclusive_reason(&criteria)
            .or_else(|| over_budget(&criteria))
            .unwrap_or_default(),
        isolation: conditions.isolation.to_string(),
        build: Build { status, seconds, message: String::new() },
        seconds: begun.elapsed().as_secs_f64(),
        graded: Some(jiff::Timestamp::now().as_second()),
        criteria,
        ..ungraded(lesson, Verdict::Proved, "")
    })
}

/// A lesson is not proved while one of its tasks is still to do, although no criterion failed. The
/// reason names the first `todo!` in the student's files.
fn without_todos(grade: LessonGrade, project: &Project) -> LessonGrade {
    match todo_left(project) {
        Some(place) if grade.verdict == Verdict::Proved => LessonGrade {
            verdict: Verdict::NotYet,
            reason: format!("a task is still to do: {place}"),
            ..grade
        },
        _ => grade,
    }
}

/// The file and line of the first `todo!` in the files of a crate.
fn todo_left(project: &Project) -> Option<String> {
    if project.kind != ProjectKind::Crate {
        return None;
    }
    let sources =
        project.files.iter().filter(|(path, _)| path.extension().is_some_and(|it| it == "rs"));
    sources.into_iter().find_map(|(path, file)| {
        let text = String::from_utf8_lossy(&file.bytes);
        let (line, _) = todos::in_source(&text).into_iter().next()?;
        Some(format!("{}:{line}", path.display()))
    })
}

/// The lesson's verdict. If one criterion is inconclusive, the lesson is inconclusive, because that
/// criterion may give points.
fn verdict(criteria: &[CriterionGrade]) -> Verdict {
    let any = |status| criteria.iter().any(|criterion| criterion.status == status);
    if any(Status::Inconclusive) {
        Verdict::Inconclusive
    } else if any(Status::Failed) || any(Status::Skipped) || criteria.is_empty() {
        Verdict::NotYet
    } else {
        Verdict::Proved
    }
}

/// Why the first inconclusive criterion is inconclusive; `None` if no criterion is inconclusive.
fn inconclusive_reason(criteria: &[CriterionGrade]) -> Option<String> {
    let mut inconclusive = criteria.iter().filter(|it| it.status == Status::Inconclusive);
    inconclusive.find_map(|criterion| Some(criterion.cause.as_ref()?.summary.clone()))
}

/// Says that criteria were not checked because the budget was used up; `None` if all were checked.
fn over_budget(criteria: &[CriterionGrade]) -> Option<String> {
    let left: Vec<_> = criteria.iter().filter(|it| prove::is_over_budget(it)).collect();
    let summary = &left.first()?.cause.as_ref()?.summary;
    Some(format!("{} of {} criteria {summary}", left.len(), criteria.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::File;
    use std::collections::BTreeMap;

    #[test]
    fn a_todo_in_a_crate_is_named_by_its_line() {
        let project = |kind: ProjectKind, text: &str| {
            let file = File { bytes: text.into(), is_executable: false };
            let files = BTreeMap::from([("src/server.rs".into(), file)]);
            Project { digest: String::new(), kind, files }
        };
        let left = |text: &str| todo_left(&project(ProjectKind::Crate, text));
        let text = "fn main() {\n    todo!(\"Task 4: accept\")\n}\n";
        assert_eq!(left(text).as_deref(), Some("src/server.rs:2"));
        assert_eq!(left("// todo!()\nfn main() {}\n"), None);
        let program = ProjectKind::Program {
            build: None,
            run: vec!["./server".into()],
            port: None,
            capacity: None,
        };
        assert_eq!(todo_left(&project(program, text)), None);
    }
}
