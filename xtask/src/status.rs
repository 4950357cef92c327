//! `cargo xtask`, `cargo xtask status`: the lessons, what is done in them, and the one next command.

mod next_command;

use crate::places::{from_here, places};
use crate::remembered::{LastProof, Remembered, State};
use anyhow::Result;
use course::catalogue::Course;
use course::lesson::Task;
use course::report::Status;
use next_command::NextCommand;
use terminal::outcome::Outcome;
use terminal::show::{AddText, Heading, IdColumn, Line, Screen, amount, hanging, last, mark};
use terminal::{lessons, paths};

/// The arguments of `status`.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Lessons whose tasks are shown; without LESSON, the lesson of this folder, or the lesson
    /// that you worked on last
    #[arg(value_name = "LESSON")]
    lessons: Vec<String>,
    /// Show the tasks of every lesson
    #[arg(long)]
    all: bool,
}

const EXAMPLES: &str = "\
A task is done when all its criteria are proved, begun when its todo! is gone, and open
otherwise. What you have proved is in the file .progress of each lesson: for the lesson's
crate, and for each command of --cmd. The tasks are those of the program that was proved
last. Commit the file to keep it, or remove it to begin again. With
SOCKPROOF_PROGRESS=off in the environment, nothing is remembered.

Examples:
  cargo xtask                   where you are, and what comes next
  cargo xtask next              the same
  cargo xtask status w03-l02    the tasks of one lesson
  cargo xtask status --all      the tasks of every lesson

Exit status: 0 shown; 2 misuse.";

/// Shows the lessons, the tasks of some of them, and the next command.
///
/// # Errors
/// A lesson does not exist, or a text cannot be read.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(paths::root())?;
    let all: Vec<_> = course.lessons().iter().map(Remembered::read).collect();
    let current = current(&course, &all);
    let named = match args.lessons.as_slice() {
        [] => Vec::new(),
        ids => lessons::named(&course, ids)?,
    };
    let is_shown = |each: &&Remembered<'_>| match named.as_slice() {
        [] => args.all || current.is_some_and(|current| current.lesson.id == each.lesson.id),
        named => named.iter().any(|lesson| lesson.id == each.lesson.id),
    };
    let mut screen = Screen::stdout();
    let width = screen.width();
    screen.show_all(&overview(&all, width))?;
    for lesson in all.iter().filter(is_shown) {
        screen.show_all(&tasks(lesson, width))?;
    }
    screen.show(&Line::new())?;
    screen.show_all(&NextCommand::of(&all, current).lines(width))?;
    all.iter().for_each(Remembered::note_problems);
    Ok(Outcome::Success)
}

/// The lesson that the student works on: the lesson of the current folder. Outside of the lessons'
/// folders, the lesson that was proved last, unless it is done; then the first lesson that is begun.
fn current<'a>(course: &Course, all: &'a [Remembered<'a>]) -> Option<&'a Remembered<'a>> {
    let here = lessons::here(course);
    let here = all.iter().find(|each| here.is_some_and(|lesson| lesson.id == each.lesson.id));
    let begun = || all.iter().filter(|each| each.state() == State::Begun);
    let latest = || {
        let proved = begun().filter_map(|each| Some((each.last.as_ref()?.seconds, each)));
        proved.max_by_key(|(seconds, _)| *seconds).map(|(_, each)| each)
    };
    here.or_else(latest).or_else(|| begun().next())
}

/// The heading, and a line for each lesson.
fn overview(all: &[Remembered<'_>], width: usize) -> Vec<Line> {
    let done = all.iter().filter(|each| each.state() == State::Done).count();
    let count = format!("{done} of {} proved", amount(all.len(), "lesson"));
    let mut lines = vec![Line::new().strong("sockproof").faint(" · ").plain(&count)];
    let ids = IdColumn::of(all.iter().map(|each| each.lesson.id.as_str()));
    for each in all {
        let tasks = &each.lesson.tasks;
        let state = each.state();
        let note = match state {
            State::Done => "proved".to_owned(),
            State::Open => "open".to_owned(),
            State::Begun => {
                let is_done = |task: &&Task| each.task(task.number) == State::Done;
                let done = tasks.iter().filter(is_done).count();
                format!("begun: {done} of {}", amount(tasks.len(), "task"))
            }
        };
        let (id, title) = (&each.lesson.id, &each.lesson.title);
        lines.extend(ids.marked(sign(state), id, title, &note, width, style(state)));
    }
    lines
}

/// A lesson's tasks with the `todo!`s that are left, and the last verdict.
fn tasks(lesson: &Remembered<'_>, width: usize) -> Vec<Line> {
    let (id, title) = (&lesson.lesson.id, &lesson.lesson.title);
    let file = from_here(&lesson.lesson.path.to_string_lossy());
    let mut lines = vec![Line::new()];
    let note = lesson.command().unwrap_or_default();
    lines.extend(Heading { id, title, note }.lines(width));
    lines.extend(hanging(Line::new(), 0, &file, width, Line::faint));
    let names: Vec<_> =
        lesson.lesson.tasks.iter().map(|task| format!("Task {}", task.number)).collect();
    let ids = IdColumn::of(names.iter().map(String::as_str));
    for (task, name) in lesson.lesson.tasks.iter().zip(&names) {
        let state = lesson.task(task.number);
        let todos: Vec<_> = lesson.todos_of(task.number).collect();
        let note = match state {
            State::Done => "done".to_owned(),
            State::Begun => "begun".to_owned(),
            State::Open if todos.is_empty() => "open".to_owned(),
            State::Open => format!("open: {}", amount(todos.len(), "todo!")),
        };
        lines.extend(ids.marked(sign(state), name, &task.title, &note, width, style(state)));
        if !todos.is_empty() {
            let places = places(todos.iter().copied());
            lines.extend(hanging(Line::new(), 12, &places, width.saturating_sub(12), Line::faint));
        }
    }
    lines.extend(lesson.last.iter().flat_map(|last| last_verdict(last, width)));
    lines
}

/// The last verdict, and the first failure of the same proof.
fn last_verdict(proof: &LastProof, width: usize) -> Vec<Line> {
    let count = match proof.compiles {
        true => format!("{} of {}", proof.proved, proof.checked),
        false => "it did not compile".to_owned(),
    };
    let parts = [count, proof.age()];
    let mut lines =
        vec![Line::new(), Line::new().faint("last: ").then(last(proof.verdict, &parts))];
    if let Some(failed) = proof.first_failed().filter(|_| proof.compiles) {
        let ids = IdColumn::of([failed.id.as_str()]);
        lines.extend(ids.marked(
            mark(Status::Failed),
            &failed.id,
            &failed.summary_from_here(),
            "",
            width,
            Line::plain,
        ));
    }
    lines
}

/// The sign of a state: `✓` done, `→` begun, `·` open.
fn sign(state: State) -> Line {
    match state {
        State::Done => Line::new().good("✓"),
        State::Begun => Line::new().unsure("→"),
        State::Open => Line::new().faint("·"),
    }
}

fn style(state: State) -> AddText {
    if state == State::Open { Line::faint } else { Line::plain }
}
