//! `cargo xtask diff`: a student's code beside the reference, for the parts that the student wrote.

mod columns;

use crate::places::from_here;
use crate::remembered::Remembered;
use crate::reveal::{self, Reference};
use anyhow::{Result, bail};
use columns::{Difference, Pair};
use course::catalogue::Course;
use programs::own_files::{self, OwnFile, OwnRegion};
use programs::starter_regions::Region;
use std::io::{self, IsTerminal};
use terminal::outcome::Outcome;
use terminal::show::{Line, Screen, amount};
use terminal::{lessons, paths};

/// The arguments of `diff`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The lesson, e.g. w03-l02; in a lesson's folder, this lesson
    #[arg(value_name = "LESSON")]
    lesson: Option<String>,
    /// Compare only the code of this task
    #[arg(long, value_name = "N")]
    task: Option<u32>,
}

const EXAMPLES: &str = "\
Only the parts that you write are compared. In a window of 110 columns or more, the two
are side by side: `<` and `>` mark lines that only one side has, `|` lines that differ.
In a narrower window, or in a pipe, `-` marks your lines and `+` those of the reference.

Examples:
  cargo xtask diff w03-l02
  cargo xtask diff w03-l02 --task 3

Exit status: 0 shown; 2 misuse, the lesson is not proved yet, or there is no reference.";

/// Compares the student's code with the reference.
///
/// # Errors
/// The lesson or the task does not exist, the lesson is not proved, or there is no reference.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(paths::root())?;
    let lesson = lessons::one_or_here(&course, args.lesson.as_deref(), "compare")?;
    if let Some(task) = args.task.filter(|task| !lesson.tasks.iter().any(|it| it.number == *task)) {
        bail!("{} has no task {task}; its tasks are 1 to {}", lesson.id, lesson.tasks.len());
    }
    let references = reveal::references(course.root(), lesson)?;
    if !reveal::is_open(&Remembered::read(lesson), args.task) {
        let task = args.task.map_or_else(String::new, |task| format!(" --task {task}"));
        bail!(
            "{id} is not proved yet, and this shows the reference; first `cargo xtask prove {id}`, \
             or see it all the same with `cargo xtask reveal {id}{task}`",
            id = lesson.id
        );
    }
    let mut screen = Screen::wide();
    let mut shown = Vec::new();
    for own in own_files::of_lesson(course.root(), lesson)? {
        let same_file = |it: &&Reference| it.path.file_name() == own.path.file_name();
        let Some(reference) = references.iter().find(same_file) else { continue };
        let of_task =
            |region: &OwnRegion| args.task.is_none_or(|task| region.tasks.contains(&task));
        let regions: Vec<_> = own.regions().into_iter().filter(of_task).collect();
        shown.extend(regions.iter().map(|region| difference(&own, reference, region)));
    }
    let differing = shown.iter().filter(|difference| !difference.is_same()).count();
    // In a pipe, a line of code stays one line.
    let wraps = io::stdout().is_terminal();
    for difference in &shown {
        screen.show_all(&difference.lines(screen.width(), wraps))?;
    }
    let same = shown.len() - differing;
    let count =
        format!("{} differ", amount(differing, "part")).replace("1 part differ", "1 part differs");
    screen.show(&Line::new().plain(&count).faint(&format!(" · {same} the same")))?;
    Ok(Outcome::Success)
}

/// The difference between a part of the student's file and the same part of the reference.
fn difference(own: &OwnFile, reference: &Reference, region: &OwnRegion) -> Difference {
    let is_same = |other: &&Region| region.titles.iter().any(|title| is_title(title, other));
    let theirs: Vec<_> = reference.regions.iter().filter(is_same).collect();
    let code = |region: &&Region| {
        let lines =
            reference.text.lines().skip(region.opens).take(region.closes - region.opens - 1);
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let present = own.present.as_deref().unwrap_or_default();
    let yours = present.lines().skip(region.present.start).take(region.present.len());
    // A file that was copied from the reference still has its marks.
    let yours = yours
        .filter(|line| !line.trim_start().starts_with("// <task ") && line.trim() != "// </task>");
    let line = theirs.first().map_or(1, |region| region.opens + 1);
    Difference {
        title: region.titles.join("; "),
        places: Pair {
            yours: format!(
                "{}:{}",
                from_here(&own.path.to_string_lossy()),
                region.present.start + 1
            ),
            reference: format!("{}:{line}", from_here(&reference.path.to_string_lossy())),
        },
        code: Pair {
            yours: yours.map(str::to_owned).collect(),
            reference: theirs.iter().flat_map(code).collect(),
        },
    }
}

/// Whether the message of a `todo!`, as it is written in a file, belongs to a region.
fn is_title(message: &str, region: &Region) -> bool {
    let unescaped = message.replace("{{", "{").replace("}}", "}").replace("\\\"", "\"");
    unescaped.replace("\\\\", "\\") == region.todo()
}
