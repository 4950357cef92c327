//! `cargo xtask hint`: three hints for the cause of the last verdict, one at each call.

use crate::named_failure::{Names, failure};
use crate::next_steps::next;
use crate::places::from_here;
use crate::remembered::{LastResult, Remembered};
use crate::reveal;
use anyhow::Result;
use course::catalogue::Course;
use course::lesson::{Lesson, Task};
use terminal::outcome::Outcome;
use terminal::paths;
use terminal::show::{Heading, Line, Screen, hanging};

/// The arguments of `hint`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    // A doc comment on this field would become help text.
    #[command(flatten)]
    names: Names,
    /// Show the first N hints, in place of one more than the last time
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=3))]
    step: Option<u32>,
}

const EXAMPLES: &str = "\
The hints belong to the cause of a failure: the first is a question, the second says
where to look, the third nearly gives the answer. They are in the text of the lesson,
below Common Mistakes. A failure of an earlier proof has hints, too: name its criterion.

Examples:
  cargo xtask hint                         for the first failure of the last proof
  cargo xtask hint w03-l02 no-fd-leak      for this criterion
  cargo xtask hint no-fd-leak --step 2     the first two hints, in the lesson's folder

Exit status: 0 shown; 2 misuse, or nothing has failed.";

/// The number of hints for a cause.
const HINTS: usize = 3;

/// Shows the next hint for the cause of the last verdict.
///
/// # Errors
/// The lesson or the criterion does not exist, or there is no failure to explain.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(paths::root())?;
    let (lesson, criterion) = args.names.find(&course, "get a hint for")?;
    let mut screen = Screen::stdout();
    let hints = next_hint(&course, lesson, criterion, args.step, screen.width())?;
    screen.show_all(&hints.lines)?;
    screen.show_all(&next_command(&course, lesson, &hints))?;
    Ok(Outcome::Success)
}

/// Hints, and the place from which the next one comes.
pub(crate) struct Hints {
    /// The failure, and the hints.
    pub(crate) lines: Vec<Line>,
    /// Whether there are no further hints.
    pub(crate) is_last: bool,
    failure: LastResult,
}

/// The next hint about the last failure, after those that were shown; with `step`, the first `step`
/// hints. Remembers how many were shown.
///
/// # Errors
/// There is no failure to explain.
pub(crate) fn next_hint(
    course: &Course,
    lesson: &Lesson,
    criterion: Option<&str>,
    step: Option<u32>,
    width: usize,
) -> Result<Hints> {
    let mut remembered = Remembered::read(lesson);
    let result = failure(&remembered, criterion)?.clone();
    let key = format!("{} {}", result.id, result.mistake.as_ref().unwrap_or(&result.cause));
    let last = remembered.last.as_mut();
    let seen = last.as_ref().and_then(|last| last.hints.get(&key)).copied().unwrap_or(0);
    let count = step.map_or(seen + 1, |step| step as usize).min(HINTS);
    let lines = lines(course, lesson, &result, count, width);
    if let Some(last) = last {
        last.hints.insert(key, count.max(seen));
        // If the number cannot be remembered, the same hint comes again. --step shows the next.
        let _ = last.write(&lesson.id);
    }
    Ok(Hints { lines, is_last: count == HINTS, failure: result })
}

/// The failure, and the first `count` hints.
fn lines(
    course: &Course,
    lesson: &Lesson,
    result: &LastResult,
    count: usize,
    width: usize,
) -> Vec<Line> {
    let hints = hints(course, lesson, result);
    let note = format!("hint {count} of {HINTS}");
    let mut lines = Heading { id: &lesson.id, title: &result.id, note: &note }.lines(width);
    let summary = result.summary_from_here();
    lines.extend(hanging(Line::new(), 2, &summary, width - 2, Line::faint));
    for (hint, number) in hints.iter().zip(1..=count) {
        lines.push(Line::new());
        let start = Line::new().strong(&format!("  {number} "));
        let style = if number == count { Line::plain } else { Line::faint };
        lines.extend(hanging(start, 4, hint, width - 4, style));
    }
    lines.push(Line::new());
    lines
}

/// The command for another hint, or for the reference after the last hint. Empty after the last hint
/// in a repository without the reference.
fn next_command(course: &Course, lesson: &Lesson, hints: &Hints) -> Vec<Line> {
    let failure = &hints.failure;
    if !hints.is_last {
        let command = format!("cargo xtask hint {} {}", lesson.id, failure.id);
        return vec![next("another hint", &command)];
    }
    let (lesson, task) = place_of_work(course, lesson, failure);
    let command = format!("cargo xtask reveal {} --task {task}", lesson.id);
    reveal::has_reference(lesson).then(|| next("the reference", &command)).into_iter().collect()
}

/// The lesson and the task that a failure is about: those of the `todo!` at which the program has
/// stopped, or those of the criterion. The `todo!` may be in an earlier lesson.
fn place_of_work<'a>(
    course: &'a Course,
    lesson: &'a Lesson,
    result: &LastResult,
) -> (&'a Lesson, u32) {
    let Some(todo) = &result.todo else { return (lesson, task_of(lesson, result)) };
    let other = todo.lesson().and_then(|id| course.lesson(id).ok());
    (other.unwrap_or(lesson), todo.task)
}

/// The task of the criterion that has failed.
fn task_of(lesson: &Lesson, result: &LastResult) -> u32 {
    lesson.criterion(&result.id).map_or(1, |criterion| criterion.task)
}

/// The three hints: those of the Common Mistakes row, or, without a row, what the task says.
fn hints(course: &Course, lesson: &Lesson, result: &LastResult) -> Vec<String> {
    let row = result.mistake.as_deref().and_then(|id| lesson.mistake(id));
    if let Some(row) = row.filter(|row| !row.hints.is_empty()) {
        return row.hints.iter().map(|hint| hint.markdown.clone()).collect();
    }
    let (of, number) = place_of_work(course, lesson, result);
    let Some(task) = of.tasks.iter().find(|task| task.number == number) else {
        return Vec::new();
    };
    let place = from_here(&of.path.to_string_lossy());
    let answer = match &result.todo {
        Some(_) => to_write(lesson, result, of, task),
        None => to_compare(result, task, &place),
    };
    let mut hints = of_task(task, answer);
    if let Some(row) = row {
        hints[1] = format!("{} ({place}:{})", row.mistake, row.line);
        hints[2] = row.fix.clone();
    }
    hints
}

/// The hints for a failure that no row explains. `answer` is the third of them.
fn of_task(task: &Task, answer: String) -> Vec<String> {
    let number = task.number;
    let question = task.predict.as_ref().map_or_else(
        || format!("What does Task {number} ask of the program at this step?"),
        |predict| predict.markdown.clone(),
    );
    let pointer = task.invariant.as_ref().map_or_else(String::new, |invariant| {
        format!(
            "Task {number} keeps this true: {} Is it so in your code at every step?",
            invariant.markdown
        )
    });
    [question, pointer, answer].map(|text| text.replace('`', "").replace('\n', " ")).to_vec()
}

/// What to do about a failure of a task that is written.
fn to_compare(result: &LastResult, task: &Task, place: &str) -> String {
    format!(
        "Read again what Task {} says at {place}:{}, and compare it with the steps, and with what was \
         expected and observed: {} --all",
        task.number, task.work.line, result.replay
    )
}

/// What to do about a `todo!` at which the program has stopped. It is in `task` of the lesson `of`.
fn to_write(lesson: &Lesson, result: &LastResult, of: &Lesson, task: &Task) -> String {
    let place = |lesson: &Lesson, line: usize| {
        format!("{}:{line}", from_here(&lesson.path.to_string_lossy()))
    };
    let todo = format!(
        "{}. What to write is at {}.",
        result.summary_from_here(),
        place(of, task.work.line)
    );
    let own = task_of(lesson, result);
    let own = lesson.tasks.iter().find(|it| it.number == own);
    match own.filter(|own| of.id == lesson.id && own.number < task.number) {
        Some(own) => format!(
            "{todo} But {} belongs to Task {}, and a program in which Task {} is right does not get \
             there: compare yours with {}.",
            result.id,
            own.number,
            own.number,
            place(lesson, own.work.line)
        ),
        None => todo,
    }
}
