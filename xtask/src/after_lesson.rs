//! What a student reads when a whole lesson is proved: what the student can do now, the open
//! questions, and the next commands.

use crate::next_steps::next;
use crate::places::from_here;
use crate::reveal;
use course::catalogue::Course;
use course::lesson::{Lesson, Text};
use course::report::{LessonReport, ProgramKind, Verdict};
use programs::lesson_check::LessonCheck;
use terminal::show::{Line, hanging};

/// The lines after the last verdict. Empty if the lesson is not proved as a whole, or if the program
/// is not the student's. `is_first` is true if the lesson was not proved before; later, only the next
/// commands are shown.
pub(crate) fn lines(
    course: &Course,
    check: &LessonCheck<'_>,
    reports: &[LessonReport],
    is_first: bool,
    width: usize,
) -> Vec<Line> {
    let lesson = check.lesson;
    let is_whole = |report: &LessonReport| {
        report.verdict == Verdict::Proved && report.criteria.len() == lesson.criteria.len()
    };
    let kind = reports.first().map(|report| report.subject.kind);
    let is_own = matches!(kind, Some(ProgramKind::Crate | ProgramKind::Command));
    if !is_own || !reports.iter().all(is_whole) {
        return Vec::new();
    }
    let mut lines = Vec::new();
    if is_first {
        lines.extend(outcomes(lesson, width));
        lines.extend(questions(lesson, width));
        lines.push(Line::new());
    }
    lines.extend(commands(course, lesson, kind));
    lines
}

/// What the student can do now: the lesson's own list, or its goal.
fn outcomes(lesson: &Lesson, width: usize) -> Vec<Line> {
    let mut lines = vec![Line::new(), Line::new().strong("You can now:")];
    let items: Vec<_> = match &lesson.outcomes {
        Some(list) => bullets(&list.markdown),
        None => vec![plain(&lesson.goal.markdown)],
    };
    for item in items {
        lines.extend(hanging(Line::new().plain("  – "), 4, &item, width - 4, Line::plain));
    }
    lines
}

/// The questions that no command answers.
fn questions(lesson: &Lesson, width: usize) -> Vec<Line> {
    if lesson.open_questions.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![
        Line::new(),
        Line::new().strong("Think about these; they have no single right answer:"),
    ];
    for (Text { markdown, .. }, number) in lesson.open_questions.iter().zip(1..) {
        let start = Line::new().plain(&format!("  {number} "));
        lines.extend(hanging(start, 4, markdown, width - 4, Line::plain));
    }
    lines
}

/// How to compare, to hand in, and to go on.
fn commands(course: &Course, lesson: &Lesson, kind: Option<ProgramKind>) -> Vec<Line> {
    let id = &lesson.id;
    let mut lines = Vec::new();
    if reveal::has_reference(lesson) {
        lines.push(match kind {
            Some(ProgramKind::Crate) => {
                next("compare with the reference", &format!("cargo xtask diff {id}"))
            }
            _ => next("read the reference", &format!("cargo xtask reveal {id}")),
        });
    }
    lines.push(next("hand in", &format!("cargo xtask ship {id}")));
    let following = course.lessons().iter().find(|each| each.id > lesson.id);
    lines.extend(following.map(|each| {
        let text = from_here(&each.path.to_string_lossy());
        next(&format!("{}, {}", each.id, each.title), &text)
    }));
    lines
}

/// The items of a bullet list, without Markdown marks.
fn bullets(markdown: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for line in markdown.lines() {
        match (line.strip_prefix("- "), items.last_mut()) {
            (Some(item), _) => items.push(plain(item)),
            (None, Some(item)) => *item += &format!(" {}", plain(line)),
            (None, None) => {}
        }
    }
    items
}

/// Markdown as it is read in a terminal: without the marks of code and emphasis, and without the
/// addresses of links.
fn plain(markdown: &str) -> String {
    let mut text = String::new();
    let mut rest = markdown.trim();
    while let Some((before, after)) = rest.split_once("](") {
        text += &before.replacen('[', "", 1);
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    (text + rest).replace(['`', '*'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_shown_as_plain_text() {
        assert_eq!(
            plain("sleeps in [poll(2)](https://x.org), *only* `there`"),
            "sleeps in poll(2), only there"
        );
        assert_eq!(bullets("- one\n  more\n- `two`;"), ["one more", "two;"]);
    }
}
