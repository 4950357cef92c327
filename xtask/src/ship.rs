//! `cargo xtask ship`: writes the archive that a student hands in, after a check of its contents.

mod archive;
mod hand_in;
mod student_name;
mod submission;
mod trial;

use crate::remembered::Remembered;
use crate::role;
use anyhow::{Result, bail};
use course::catalogue::Course;
use course::lesson::Lesson;
use course::report::{ProgramKind, Todo, Verdict};
use hand_in::{HandIn, Kind};
use programs::{build, todos};
use std::path::{Path, PathBuf};
use terminal::outcome::Outcome;
use terminal::show::{self, Line, Screen, amount};
use terminal::{lessons, output, paths};

/// The arguments of `ship`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The lesson to hand in, e.g. w03-l02; in a lesson's folder, this lesson
    lesson: Option<String>,
    /// Your name, as your course knows it [default: git's user.name, then your user name]
    #[arg(long, value_parser = student_name::parse)]
    name: Option<String>,
    /// The folder in which the archive is written
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    out: PathBuf,
    /// Write the archive although tasks are left or the program does not compile
    #[arg(long)]
    unfinished: bool,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask ship w03-l02                       writes w03-l02-NAME.tar.gz
  cargo xtask ship w03-l02 --name ada-lovelace
  cargo xtask ship w03-l02 --unfinished          what you have so far

A program in another language counts in place of the lesson's crate. Put it into the
lesson's folder, together with a file submission.toml that has two lines. A client in C:
  build = \"cc -O2 -o client client.c\"
  run = \"./client\"
A program that need not be built has no build. A server in Python has one line:
  run = \"python3 server.py\"
Without a submission.toml, these servers are found: server.c, server.py, and one that a
Makefile or a build.sh makes as ./server.

Exit status: 0 the archive is written; 2 it is not.";

/// Checks a lesson's files, and writes them to an archive.
///
/// # Errors
/// The lesson does not exist, has nothing to hand in or a task that is left, does not compile, or
/// the archive cannot be written.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(paths::root())?;
    let lesson = lessons::one_or_here(&course, args.lesson.as_deref(), "hand in")?;
    let name = args.name.clone().map_or_else(student_name::default, Ok)?;
    if !args.out.is_dir() {
        bail!("--out {}: there is no such folder; make it first", args.out.display());
    }
    let hand_in = HandIn::of(&course, lesson)?;
    let todos = todos::in_crate(&paths::root(), lesson.folder())?;
    for problem in problems(lesson, &hand_in, &todos)? {
        if !args.unfinished {
            bail!("{problem}\nTo hand in what you have, add --unfinished.");
        }
        note(&problem);
    }
    if todos.is_empty() {
        choice(lesson, &hand_in).iter().for_each(|text| note(text));
    }
    not_yet(lesson, &hand_in).iter().for_each(|text| note(text));
    let path = args.out.join(format!("{}-{name}.tar.gz", lesson.id));
    let bytes = archive::write(&hand_in.files)?;
    let is_new = !path.exists();
    output::replace(&path, &bytes)?;
    let mut size = format!("{} KiB", bytes.len().div_ceil(1024));
    if !is_new {
        size += " · replaces an earlier archive";
    }
    let mut screen = Screen::stdout();
    screen.show_all(&report(&path, &name, &hand_in, &size))?;
    Ok(Outcome::Success)
}

/// What is not finished about the files. `todos` are those that are left in the lesson's crate.
fn problems(lesson: &Lesson, hand_in: &HandIn, todos: &[Todo]) -> Result<Vec<String>> {
    let Kind::Program { commands, .. } = &hand_in.kind else {
        return problems_of_crate(lesson, hand_in, todos);
    };
    let problem = trial::problem(&hand_in.files, commands)?;
    Ok(problem
        .into_iter()
        .map(|problem| format!("{problem}.{}", example(lesson, hand_in)))
        .collect())
}

fn problems_of_crate(lesson: &Lesson, hand_in: &HandIn, todos: &[Todo]) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    if let Some(first) = todos.first() {
        if let Some(file) = hand_in.left_out.first() {
            let file = file.name.display();
            let example = example(lesson, hand_in);
            problems.push(format!("{file} is not part of the lesson's crate.{example}"));
        }
        let count = amount(todos.len(), "todo!");
        problems.push(format!("{}: {count} left, the first at {}", lesson.id, first.place));
    }
    let folder = paths::root().join(lesson.folder());
    if let Err(errors) = build::lesson(&folder, false, show::errors_in_colour())?.result {
        anstream::eprintln!("{errors}");
        problems.push(format!("{} does not compile", lesson.id));
    }
    Ok(problems)
}

/// If the crate is finished and there is another program as well: which of them is handed in, and how to
/// hand in the other.
fn choice(lesson: &Lesson, hand_in: &HandIn) -> Option<String> {
    Some(match &hand_in.kind {
        Kind::Rust => format!(
            "the lesson's crate is handed in, and {} is not.{}",
            hand_in.left_out.first()?.name.display(),
            example(lesson, hand_in)
        ),
        Kind::Program { shown_by, .. } => format!(
            "{shown_by} is there, so the lesson's crate is not handed in, although it is finished. To \
             hand in the crate, take {shown_by} out of the folder."
        ),
    })
}

/// That the last proof of the program that is handed in was "not yet", if it was.
fn not_yet(lesson: &Lesson, hand_in: &HandIn) -> Option<String> {
    let kind = match &hand_in.kind {
        Kind::Rust => ProgramKind::Crate,
        Kind::Program { .. } => ProgramKind::Command,
    };
    let remembered = Remembered::read(lesson);
    let last = remembered.last.as_ref().filter(|last| last.kind == kind)?;
    (last.verdict == Verdict::NotYet).then(|| {
        format!(
            "the last proof of {} was \"not yet\": {} of {}, {}",
            lesson.id,
            last.proved,
            last.checked,
            last.age()
        )
    })
}

/// How to hand in a program in another language: a sentence, and a complete `submission.toml`.
fn example(lesson: &Lesson, hand_in: &HandIn) -> String {
    let sources = [&hand_in.left_out, &hand_in.files].map(|files| hand_in::names(files)).concat();
    format!(
        " To hand in a {} in another language, write into {}, for example:\n{}",
        role::noun(lesson),
        submission::place(lesson),
        submission::example(lesson, &sources)
    )
}

/// Shows a note of one or more lines.
fn note(text: &str) {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    show::note(&Line::new().unsure("note").plain(": ").plain(first));
    lines.for_each(|line| show::note(&Line::new().plain(line)));
}

/// What was written. `size` is the size of the archive.
fn report(path: &Path, name: &str, hand_in: &HandIn, size: &str) -> Vec<Line> {
    let what = match &hand_in.kind {
        Kind::Rust => "the lesson's crate".to_owned(),
        Kind::Program { commands, .. } => commands.run.clone(),
    };
    let count = amount(hand_in.files.len(), "file");
    let head = Line::new().good("✓ ").strong(&path.display().to_string());
    let mut lines = vec![head.faint(&format!("  {what} · {count} · {size}"))];
    let names = hand_in.files.iter().map(|file| file.name.display().to_string());
    lines.extend(names.map(|name| Line::new().plain("    ").plain(&name)));
    let next = format!("hand in this file; its name says who you are: {name} (--name changes it)");
    lines.push(Line::new().plain(&next));
    lines
}
