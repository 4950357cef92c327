//! `cargo xtask reset`: puts the files that a student edits back as they were given, and keeps what
//! was there.

use crate::places::from_here;
use crate::remembered::{LastProof, Remembered};
use anyhow::{Context, Result, bail};
use course::catalogue::Course;
use course::lesson::Lesson;
use course::progress::Fact;
use programs::own_files::{self, OwnFile};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use terminal::outcome::Outcome;
use terminal::output::replace;
use terminal::show::{Line, Screen};
use terminal::{lessons, paths};

/// The arguments of `reset`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The lesson, e.g. w03-l02; in a lesson's folder, this lesson
    #[arg(value_name = "LESSON")]
    lesson: Option<String>,
    /// Only the parts of this task, e.g. 2; without TASK, all files that you edit
    #[arg(value_name = "TASK")]
    task: Option<u32>,
}

const EXAMPLES: &str = "\
What was there is kept in the folder .kept of the lesson, in a new folder for each call.
The command names this folder. Files that the lesson did not give you are not touched.

Examples:
  cargo xtask reset w03-l02        all files that you edit
  cargo xtask reset w03-l02 2      only your code for Task 2
  cargo xtask reset 2              the same, in the lesson's folder

Exit status: 0 done, or there was nothing to do; 2 misuse, and nothing was changed.";

/// The folder in a lesson's folder with the work that was replaced.
const KEPT: &str = ".kept";

/// Puts files back, after they were kept.
///
/// # Errors
/// The lesson or the task does not exist, the parts of the task cannot be found, or a file cannot be
/// kept or written.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(paths::root())?;
    let (lesson, task) = lesson_and_task(&course, args)?;
    let mut changes = Vec::new();
    for file in own_files::of_lesson(course.root(), lesson)? {
        let text = match task {
            Some(task) => without_task(&file, task)?,
            None => file.is_changed().then(|| file.given.clone()),
        };
        changes.extend(text.map(|text| (file, text)));
    }
    let mut screen = Screen::stdout();
    if changes.is_empty() {
        let what = task.map_or_else(|| lesson.id.clone(), |task| format!("Task {task}"));
        screen.show(&Line::new().plain(&format!("nothing to do: {what} is as it was given")))?;
        return Ok(Outcome::Success);
    }
    let kept = keep(lesson, &changes)?;
    for (file, text) in &changes {
        replace(&course.root().join(&file.path), text.as_bytes())?;
        let place = from_here(&file.path.to_string_lossy());
        screen.show(&Line::new().plain("put back ").strong(&place))?;
    }
    forget(lesson, task);
    let kept = from_here(&kept.to_string_lossy());
    screen.show(&Line::new().good("kept").plain(" what was there in ").strong(&kept))?;
    Ok(Outcome::Success)
}

/// The lesson and the task that the arguments name. In a lesson's folder, a number alone is a task.
fn lesson_and_task<'a>(course: &'a Course, args: &Args) -> Result<(&'a Lesson, Option<u32>)> {
    let number = args.lesson.as_ref().and_then(|name| name.parse().ok());
    let (id, task) = match (number, args.task) {
        (Some(number), None) => (None, Some(number)),
        (_, task) => (args.lesson.as_deref(), task),
    };
    let lesson = lessons::one_or_here(course, id, "put back")?;
    let tasks = lesson.tasks.len();
    if let Some(task) = task.filter(|task| !lesson.tasks.iter().any(|each| each.number == *task)) {
        bail!("{} has no task {task}; its tasks are 1 to {tasks}", lesson.id);
    }
    Ok((lesson, task))
}

/// The present text of a file with each part of the task as it was given. `None` if nothing changes.
fn without_task(file: &OwnFile, task: u32) -> Result<Option<String>> {
    let Some(present) = &file.present else {
        bail!("{} is missing; to put back all files, leave out the task", file.path.display());
    };
    let given: Vec<_> = file.given.lines().collect();
    let mut lines: Vec<_> = present.lines().collect();
    // From the bottom to the top: then the numbers of the lines above stay the same.
    for region in file.regions().iter().rev().filter(|region| region.tasks.contains(&task)) {
        if let Some(other) = region.tasks.iter().find(|other| **other != task) {
            bail!(
                "{}: your code for Task {task} cannot be told apart from Task {other}, because the \
                 lines between them have changed; to put back all files, leave out the task",
                file.path.display()
            );
        }
        lines.splice(region.present.clone(), given[region.given.clone()].iter().copied());
    }
    let text = lines.join("\n") + "\n";
    Ok((text != *present).then_some(text))
}

/// Copies the files to a new folder, and returns this folder's path from the course's root.
fn keep(lesson: &Lesson, changes: &[(OwnFile, String)]) -> Result<PathBuf> {
    let (folder, path) = new_folder(lesson)?;
    for (file, _) in changes {
        let (Some(present), Some(name)) = (&file.present, file.path.file_name()) else { continue };
        let copy = path.join(name);
        let copied = fs::write(&copy, present).and_then(|()| fs::read_to_string(&copy));
        let is_whole = copied.with_context(|| format!("cannot write {}", copy.display()))?;
        if is_whole != *present {
            bail!("{} is not what was written there; nothing was put back", copy.display());
        }
    }
    Ok(folder)
}

/// Makes the next folder `.kept/N`: its path from the course's root, and its whole path.
fn new_folder(lesson: &Lesson) -> Result<(PathBuf, PathBuf)> {
    let kept = lesson.folder().join(KEPT);
    let make = |path: &Path| fs::create_dir(paths::root().join(path));
    let context = || format!("cannot keep your work in {}; nothing was put back", kept.display());
    match make(&kept) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(error).with_context(context);
        }
        _ => {}
    }
    let mut number = 1;
    loop {
        let folder = kept.join(number.to_string());
        match make(&folder) {
            Ok(()) => return Ok((folder.clone(), paths::root().join(folder))),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error).with_context(context),
        }
    }
}

/// Forgets the proofs of what was put back.
fn forget(lesson: &Lesson, task: Option<u32>) {
    LastProof::forget(&lesson.id);
    let mut remembered = Remembered::read(lesson);
    if !remembered.progress.is_empty() {
        let tasks = lesson.tasks.iter().map(|each| each.number);
        let put_back = tasks.filter(|number| task.is_none_or(|task| task == *number));
        remembered.add(&put_back.map(Fact::TaskReset).collect::<Vec<_>>());
    }
}
