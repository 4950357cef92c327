//! `cargo xtask list`: what the course has, or one lesson's tasks and criteria.

use crate::outcome::Outcome;
use crate::place;
use crate::show::{Ids, Line, Screen, amount, hanging, wrapped};
use anyhow::Result;
use course::catalogue::Course;
use course::lesson::{Criterion, Lesson, Task};

/// What `list` is told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  cargo xtask list\n  cargo xtask list w03-l02")]
pub struct Args {
    /// Lessons to list with their tasks and criteria
    #[arg(value_name = "LESSON")]
    pub lessons: Vec<String>,
}

/// Lists the course, or the lessons that are named.
///
/// # Errors
/// A lesson that does not exist, or a text that cannot be read.
pub fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(place::root())?;
    let mut screen = Screen::stdout();
    let lessons = place::lessons(&course, &args.lessons)?;
    if args.lessons.is_empty() {
        screen.show_all(&overview(course.lessons(), screen.width()))?;
        return Ok(Outcome::Right);
    }
    for (index, lesson) in lessons.into_iter().enumerate() {
        if index > 0 {
            screen.show(&Line::new())?;
        }
        screen.show_all(&contents(lesson, screen.width()))?;
    }
    Ok(Outcome::Right)
}

/// A line for each lesson, the figures in columns at the right.
fn overview(lessons: &[Lesson], width: usize) -> Vec<Line> {
    let figures = |lesson: &Lesson| {
        let tasks = amount(lesson.tasks.len(), "task");
        let criteria = lesson.criteria.len();
        format!("{:>4} min  {tasks:>8}  {criteria:>2} criteria", lesson.duration_min)
    };
    let room = width.saturating_sub(9 + 2 + 31).max(16);
    let title = |lesson: &Lesson| wrapped(&lesson.title, room);
    let longest =
        lessons.iter().flat_map(title).map(|piece| piece.chars().count()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for lesson in lessons {
        let start = Line::new().strong(&lesson.id);
        let mut own = hanging(start, 9, &lesson.title, room, Line::plain);
        let first = std::mem::take(&mut own[0]);
        own[0] = first.to(9 + longest + 1).faint(&figures(lesson));
        lines.extend(own);
    }
    lines
}

/// A lesson's tasks, each with its criteria.
fn contents(lesson: &Lesson, width: usize) -> Vec<Line> {
    let title = Line::new().strong(&lesson.id).plain("  ").strong(&lesson.title);
    let mut lines = vec![title.faint(&format!("  {} min", lesson.duration_min))];
    lines.push(Line::new().faint(&lesson.path.to_string_lossy()));
    let ids = Ids::of(lesson.criteria.iter().map(|criterion| criterion.id.as_str()));
    for Task { number, title, .. } in &lesson.tasks {
        lines.push(Line::new());
        lines.push(Line::new().plain("  ").strong(&format!("Task {number}  {title}")));
        let own = lesson.criteria.iter().filter(|criterion| criterion.task == *number);
        lines.extend(own.flat_map(|Criterion { id, text, .. }| ids.stated(id, text, width)));
    }
    lines
}
