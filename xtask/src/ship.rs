//! `cargo xtask ship`: writes the archive that a student hands in, after a check of its contents.

mod archive;
mod hand_in;
mod student_name;

use anyhow::{Context, Result, bail};
use course::catalogue::Course;
use course::lesson::Lesson;
use hand_in::{HandIn, Kind};
use programs::{build, todos};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
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
lesson's folder as server.c or server.py, or with a Makefile or a build.sh that makes
./server, or with a submission.toml that has the lines  build = \"…\"  and  run = \"…\".

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
    for problem in problems(lesson, &hand_in)? {
        if !args.unfinished {
            bail!("{problem}; to hand in what you have, add --unfinished");
        }
        show::note(&Line::new().unsure("note").plain(&format!(": {problem}")));
    }
    let path = args.out.join(format!("{}-{name}.tar.gz", lesson.id));
    let bytes = archive::write(&hand_in.files)?;
    output::replace(&path, &bytes)?;
    let mut screen = Screen::stdout();
    screen.show_all(&report(&path, &name, &hand_in, bytes.len()))?;
    Ok(Outcome::Success)
}

/// What is not finished about the files, one sentence each.
fn problems(lesson: &Lesson, hand_in: &HandIn) -> Result<Vec<String>> {
    let folder = paths::root().join(lesson.folder());
    match &hand_in.kind {
        Kind::Rust => {
            let mut problems = Vec::new();
            if let Some(file) = hand_in.left_out.first() {
                problems.push(format!(
                    "{} is not part of the lesson's crate; if it is your program, write a \
                     submission.toml beside it",
                    file.name.display()
                ));
            }
            let left = todos::in_crate(&paths::root(), lesson.folder())?;
            if let Some(first) = left.first() {
                let count = amount(left.len(), "todo!");
                problems.push(format!("{}: {count} left, the first at {}", lesson.id, first.place));
            }
            if let Err(errors) = build::lesson(&folder, false, show::errors_in_colour())?.result {
                anstream::eprintln!("{errors}");
                problems.push(format!("{} does not compile", lesson.id));
            }
            Ok(problems)
        }
        Kind::Program { build: None } => Ok(Vec::new()),
        Kind::Program { build: Some(line) } => Ok(run_build(&folder, line)?.into_iter().collect()),
    }
}

/// Builds a program in another language with its own command, and says if this has failed.
fn run_build(folder: &Path, line: &str) -> Result<Option<String>> {
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).current_dir(folder).stdin(Stdio::null());
    // What the build prints is not part of this command's result.
    shell.stdout(std::io::stderr());
    let status = shell.status().with_context(|| format!("cannot run `{line}`"))?;
    Ok((!status.success()).then(|| format!("`{line}` has failed ({status})")))
}

fn report(path: &Path, name: &str, hand_in: &HandIn, bytes: usize) -> Vec<Line> {
    let count = amount(hand_in.files.len(), "file");
    let size = format!("{} KiB", bytes.div_ceil(1024));
    let head = Line::new().good("✓ ").strong(&path.display().to_string());
    let mut lines = vec![head.faint(&format!("  {count} · {size}"))];
    let names = hand_in.files.iter().map(|file| file.name.display().to_string());
    lines.extend(names.map(|name| Line::new().plain("    ").plain(&name)));
    let next = format!("hand in this file; its name says who you are: {name} (--name changes it)");
    lines.push(Line::new().plain(&next));
    lines
}
