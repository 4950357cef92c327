//! `cargo xtask list`: lists the lessons, or one lesson's tasks and criteria.

use anyhow::Result;
use course::catalogue::Course;
use course::lesson::{Criterion, Lesson, Task};
use course::report::Status;
use terminal::outcome::Outcome;
use terminal::show::{Heading, IdColumn, Line, Screen, amount, hanging};
use terminal::{lessons, paths};
use textwrap::core::display_width;

/// The arguments of `list`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  cargo xtask list\n  cargo xtask list w03-l02")]
pub(crate) struct Args {
    /// Lessons whose tasks and criteria are listed; without LESSON, the lesson of this folder, or
    /// all lessons
    #[arg(value_name = "LESSON")]
    pub(crate) lessons: Vec<String>,
}

/// Lists all lessons, or the tasks and criteria of the named lessons.
///
/// # Errors
/// A lesson does not exist, or a text cannot be read.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(paths::root())?;
    let mut screen = Screen::stdout();
    let lessons = lessons::named_or_here(&course, &args.lessons)?;
    if args.lessons.is_empty() && lessons::here(&course).is_none() {
        screen.show_all(&overview(course.lessons(), screen.width()))?;
        return Ok(Outcome::Success);
    }
    for (index, lesson) in lessons.into_iter().enumerate() {
        if index > 0 {
            screen.show(&Line::new())?;
        }
        screen.show_all(&contents(lesson, screen.width(), |_| None))?;
    }
    Ok(Outcome::Success)
}

/// The width of a lesson's figures in columns, e.g. ` 120 min   4 tasks  10 criteria`.
const FIGURES: usize = 31;

/// A line for each lesson, with the lesson's figures at the right. On a narrow screen, the figures
/// are below the title.
fn overview(lessons: &[Lesson], width: usize) -> Vec<Line> {
    let figures = |lesson: &Lesson| {
        let tasks = amount(lesson.tasks.len(), "task");
        let criteria = lesson.criteria.len();
        format!("{:>4} min  {tasks:>8}  {criteria:>2} criteria", lesson.duration_min)
    };
    let longest = lessons.iter().map(|lesson| display_width(&lesson.title)).max().unwrap_or(0);
    let column = 9 + longest + 1;
    let mut lines = Vec::new();
    for lesson in lessons {
        let start = Line::new().strong(&lesson.id);
        let mut own = hanging(start, 9, &lesson.title, width - 9, Line::plain);
        match own.as_mut_slice() {
            [line] if column + FIGURES <= width => {
                *line = std::mem::take(line).to(column).faint(&figures(lesson));
            }
            _ => own.push(Line::new().to(9).faint(figures(lesson).trim_start())),
        }
        lines.extend(own);
    }
    lines
}

/// A lesson's tasks with their criteria. `status` is the known status of a criterion.
pub(crate) fn contents(
    lesson: &Lesson,
    width: usize,
    status: impl Fn(&str) -> Option<Status>,
) -> Vec<Line> {
    let note = format!("{} min", lesson.duration_min);
    let heading = Heading { id: &lesson.id, title: &lesson.title, note: &note };
    let mut lines = heading.lines(width);
    lines.push(Line::new().faint(&lesson.path.to_string_lossy()));
    let ids = IdColumn::of(lesson.criteria.iter().map(|criterion| criterion.id.as_str()));
    for Task { number, title, .. } in &lesson.tasks {
        lines.push(Line::new());
        lines.push(Line::new().plain("  ").strong(&format!("Task {number}  {title}")));
        let own = lesson.criteria.iter().filter(|criterion| criterion.task == *number);
        lines.extend(own.flat_map(|Criterion { id, text, .. }| match status(id) {
            Some(status) => ids.lines(status, id, text, "", width),
            None => ids.stated(id, text, width),
        }));
    }
    lines
}
