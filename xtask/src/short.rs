//! `--format short`: a line `FILE:LINE: message` for each failure, for the problem lists of editors.

use crate::places::from_here;
use course::lesson::Lesson;
use course::report::{Cause, CriterionReport, LessonReport, ProgramKind, Status};
use programs::own_files::{self, OwnRegion};
use std::collections::BTreeSet;
use std::path::PathBuf;
use terminal::paths;
use terminal::show::{brief, visible};

/// The lines about the reports of one lesson: the compiler's errors, or the failures. Each line is
/// there once.
pub(crate) fn lines(lesson: &Lesson, reports: &[LessonReport]) -> String {
    let mut lines = Vec::new();
    for report in reports {
        if let Some(message) = &report.build.message {
            lines.extend(compiler_errors(message));
        }
        let failed = report.criteria.iter().filter(|each| each.status == Status::Failed);
        lines.extend(failed.map(|criterion| line(lesson, report, criterion)));
        for todo in &report.todos {
            let place = format!("{}: ", from_here(&todo.place));
            if !lines.iter().any(|line| line.starts_with(&place)) {
                let task = todo.task.map_or_else(String::new, |task| format!("Task {task} "));
                lines.push(format!("{place}{task}is still to do"));
            }
        }
    }
    let mut seen = BTreeSet::new();
    lines.retain(|line| seen.insert(line.clone()));
    lines.into_iter().map(|line| visible(&line).into_owned() + "\n").collect()
}

fn line(lesson: &Lesson, report: &LessonReport, criterion: &CriterionReport) -> String {
    let cause = criterion.cause.clone().unwrap_or_default();
    let is_crate = report.subject.kind == ProgramKind::Crate;
    let place = own_place(&cause).unwrap_or_else(|| {
        let of_task = is_crate.then(|| place_of_task(lesson, criterion.task)).flatten();
        from_here(&of_task.unwrap_or_else(|| place_in_text(lesson, criterion, &cause)))
    });
    format!("{place}: {} ({}, Task {})", brief(&cause), criterion.id, criterion.task)
}

/// The source line that the cause itself names, from the current folder: of a `todo!` or of a panic.
fn own_place(cause: &Cause) -> Option<String> {
    let texts = [cause.exit.as_deref().unwrap_or_default(), &cause.summary, &cause.observed];
    let words = texts.into_iter().flat_map(|text| text.split([' ', '(', ')', ',']));
    let mut places = words.filter_map(|word| {
        let (file, rest) = word.split_once(".rs:")?;
        let line: String = rest.chars().take_while(char::is_ascii_digit).collect();
        // A panic may be in the standard library or in a dependency.
        let is_own = !file.starts_with("library/") && !file.contains("/registry/");
        (is_own && !line.is_empty()).then(|| format!("{file}.rs:{line}"))
    });
    places.next()
}

/// The line at which the student's code for a task begins. If the task has code in several files, the
/// file that has most of its parts.
fn place_of_task(lesson: &Lesson, task: u32) -> Option<String> {
    let files = own_files::of_lesson(&paths::root(), lesson).ok()?;
    let of_task = |region: &OwnRegion| region.tasks.contains(&task);
    let mut best: Option<(usize, String)> = None;
    for file in &files {
        let regions: Vec<_> = file.regions().into_iter().filter(of_task).collect();
        let Some(first) = regions.first() else { continue };
        if best.as_ref().is_none_or(|(count, _)| regions.len() > *count) {
            let place = format!("{}:{}", file.path.display(), first.present.start + 1);
            best = Some((regions.len(), place));
        }
    }
    best.map(|(_, place)| place)
}

/// The line of the lesson's text about the failure: the Common Mistakes row, or the criterion.
fn place_in_text(lesson: &Lesson, criterion: &CriterionReport, cause: &Cause) -> String {
    let row = cause.mistake.as_deref().and_then(|id| lesson.mistake(id)).map(|row| row.line);
    let sentence = || lesson.criterion(&criterion.id).map_or(1, |each| each.line);
    format!("{}:{}", lesson.path.display(), row.unwrap_or_else(sentence))
}

/// The errors in the compiler's messages, each with its place: the line `error…`, and the line
/// ` --> FILE:LINE:COLUMN` below it.
fn compiler_errors(message: &str) -> Vec<String> {
    let mut errors = Vec::new();
    let mut error = None;
    for line in message.lines() {
        if line.starts_with("error") {
            error = Some(line);
        } else if let (Some(text), Some(place)) = (error, line.trim_start().strip_prefix("--> ")) {
            let place = place.rsplit_once(':').map_or(place, |(place, _)| place);
            let place = PathBuf::from(place);
            errors.push(format!("{}: {text}", from_here(&place.to_string_lossy())));
            error = None;
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_compiler_have_their_places() {
        let message = "warning: unused\n --> lessons/a/src/b.rs:1:2\n\nerror[E0425]: cannot find `x`\n  \
                       --> lessons/a/src/b.rs:7:9\n   |\n7  |  x\n\nerror: could not compile\n";
        let found = compiler_errors(message);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].ends_with("lessons/a/src/b.rs:7: error[E0425]: cannot find `x`"));
    }

    #[test]
    fn a_panic_names_its_own_line() {
        let place = |exit: &str| own_place(&Cause { exit: Some(exit.into()), ..Cause::default() });
        let panic = "panicked at lessons/a/src/b.rs:66:13: index out of bounds";
        assert_eq!(place(panic).as_deref(), Some("lessons/a/src/b.rs:66"));
        assert_eq!(place("library/core/src/x.rs:9 of Rust: it is too long"), None);
    }
}
