//! `cargo xtask reveal`: shows the reference. Before the lesson is proved, it asks first, and the
//! answer is remembered.

use crate::remembered::{Remembered, State};
use anyhow::{Context, Result, bail};
use course::catalogue::Course;
use course::lesson::Lesson;
use course::progress::Fact;
use programs::own_files;
use programs::starter_regions::Region;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use terminal::outcome::Outcome;
use terminal::show::{Line, Screen};
use terminal::{lessons, paths};

/// The arguments of `reveal`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The lesson, e.g. w03-l02; in a lesson's folder, this lesson
    #[arg(value_name = "LESSON")]
    lesson: Option<String>,
    /// Show only the code of this task
    #[arg(long, value_name = "N")]
    task: Option<u32>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

const EXAMPLES: &str = "\
The reference is one correct way of many. If the lesson is not proved yet, the command
asks first, and the file .progress of the lesson remembers that you have looked.

Examples:
  cargo xtask reveal w03-l02 --task 2
  cargo xtask reveal w03-l02 | less

Exit status: 0 shown; 1 you said no; 2 misuse, or this repository has no reference.";

/// Shows the reference of a lesson, or of one task.
///
/// # Errors
/// The lesson or the task does not exist, there is no reference, or nobody can be asked.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(paths::root())?;
    let lesson = lessons::one_or_here(&course, args.lesson.as_deref(), "show the reference of")?;
    if let Some(task) = args.task.filter(|task| !lesson.tasks.iter().any(|it| it.number == *task)) {
        bail!("{} has no task {task}; its tasks are 1 to {}", lesson.id, lesson.tasks.len());
    }
    let files = references(course.root(), lesson)?;
    let mut remembered = Remembered::read(lesson);
    if !is_open(&remembered, args.task) {
        if !args.yes && !ask(lesson, args.task)? {
            return Ok(Outcome::NotYet);
        }
        remembered.note_problems();
        remembered.add(&[Fact::Revealed]);
    }
    let mut screen = Screen::stdout();
    for file in &files {
        let is_wanted = |region: &&Region| args.task.is_none_or(|task| region.task == task);
        for region in file.regions.iter().filter(is_wanted) {
            screen.show_all(&lines(file, region))?;
        }
    }
    Ok(Outcome::Success)
}

/// Whether this repository has the reference of a lesson. The repository of students may not have it.
pub(crate) fn has_reference(lesson: &Lesson) -> bool {
    paths::root().join(lesson.folder()).join("solution").is_dir()
}

/// A file of the reference.
pub(crate) struct Reference {
    /// The file's path, relative to the course's root.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) regions: Vec<Region>,
}

/// The files of a lesson's reference.
///
/// # Errors
/// This repository does not have the reference, or a file cannot be read.
pub(crate) fn references(root: &Path, lesson: &Lesson) -> Result<Vec<Reference>> {
    let mut files = Vec::new();
    for file in own_files::of_lesson(root, lesson)? {
        let name = PathBuf::from(file.path.file_name().unwrap_or_default());
        if let Some((text, regions)) = own_files::reference(root, lesson, &name)? {
            files.push(Reference {
                path: lesson.folder().join("solution").join(name),
                text,
                regions,
            });
        }
    }
    if files.is_empty() {
        bail!(
            "the reference of {} is not in this repository; ask the people who give your course. If \
             they give it to you, put its files into {}/solution",
            lesson.id,
            lesson.folder().display()
        );
    }
    Ok(files)
}

/// Whether the student may see the reference without being asked: the lesson or the task is proved,
/// or the student has looked before.
pub(crate) fn is_open(remembered: &Remembered<'_>, task: Option<u32>) -> bool {
    let is_done = match task {
        Some(task) => remembered.task(task) == State::Done,
        None => remembered.state() == State::Done,
    };
    is_done || remembered.progress.holds(Fact::Revealed, None)
}

/// Asks whether the reference shall be shown. The default answer is no.
fn ask(lesson: &Lesson, task: Option<u32>) -> Result<bool> {
    let what = match task {
        Some(task) => format!("Task {task} of {}", lesson.id),
        None => lesson.id.clone(),
    };
    if !io::stdin().is_terminal() {
        bail!("{what} is not proved yet; to see the reference all the same, add --yes");
    }
    let question = format!(
        "{what} is not proved yet. `cargo xtask hint` helps you to find it yourself.\n\
         Show the reference? This is remembered. [y/N] "
    );
    let mut stderr = io::stderr();
    stderr.write_all(question.as_bytes()).and_then(|()| stderr.flush()).context("cannot ask")?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).context("cannot read the answer")?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

/// A region of the reference: its title, its place, and its code.
fn lines(file: &Reference, region: &Region) -> Vec<Line> {
    let place = format!("{}:{}", file.path.display(), region.opens);
    let mut lines = vec![Line::new().strong(&region.todo()).faint("  ").faint(&place)];
    let code = file.text.lines().skip(region.opens).take(region.closes - region.opens - 1);
    lines.extend(code.map(|code| Line::new().plain(code)));
    lines.push(Line::new());
    lines
}
