//! `cargo xtask watch`: proves a lesson at every save, until `q`.
//!
//! Each round (build and proof) runs in a process of its own, [`round_process`], which a save ends at
//! any time. The command itself waits in one poll(2) for keys, signals, saves and the round's messages.

mod ending;
mod frame;
mod in_front;
mod keys;
mod main_loop;
mod messages;
mod own_code;
mod results;
mod round;
mod round_process;
mod sources;

use crate::program_args::ProgramArgs;
use anyhow::{Context, Result, bail};
use course::catalogue::Course;
use course::lesson::Lesson;
use in_front::Front;
use main_loop::{End, MainLoop};
use programs::lesson_check::LessonCheck;
use proofs::IsolationLevel;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::process::exit;
use std::thread;
use terminal::outcome::Outcome;
use terminal::tty::{self, SingleKeys};
use terminal::{interrupt, lessons, paths};

/// The arguments of `watch`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The lesson, e.g. w03-l02; in a lesson's folder, this lesson
    #[arg(value_name = "LESSON")]
    lesson: Option<String>,
    // A doc comment on this field would become help text.
    #[command(flatten)]
    program: ProgramArgs,
    /// Run one round in place of watching. The criteria IDS are checked first
    #[arg(long, value_name = "IDS", hide = true, value_delimiter = ',')]
    #[arg(num_args = 0.., require_equals = true)]
    round: Option<Vec<String>>,
}

const EXAMPLES: &str = "\
Proves the lesson now and at every save. The criterion that failed last is checked first,
then the criteria of the task whose code has changed, then all others. A save during a
build or a proof begins again.

Keys: p proves again, a shows everything, h the next hint, t the lesson's text, l the
tasks and criteria, r runs the server (Ctrl-C ends it), v shows it live (cargo xtask
view), q quits.

Examples:
  cargo xtask watch w03-l02
  cargo xtask watch                                 in the lesson's folder
  cargo xtask watch w03-l02 --cmd 'python3 s.py'    proves when s.py is saved

Exit status: 0 after q; 2 misuse, or no terminal; 130 Ctrl-C.";

/// Proves a lesson at every save, until the user quits.
///
/// # Errors
/// The command was misused, or there is no terminal.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    // The probe takes as long as reading the course.
    let isolation = args.program.isolation;
    thread::spawn(move || isolation.is_none().then(IsolationLevel::here));
    let course = Course::open(paths::root())?;
    let lesson = lessons::one_or_here(&course, args.lesson.as_deref(), "watch")?;
    args.program.check_role(lesson)?;
    let mut check = LessonCheck::new(lesson, &[])?;
    check.flags = args.program.flags();
    if let Some(first) = &args.round {
        check.first = first.iter().filter(|id| !id.is_empty()).cloned().collect();
        return round_process::run(&check, &args.program);
    }
    args.program.check()?;
    if !tty::is_interactive() {
        bail!(
            "watch needs a terminal to show verdicts and to read keys; without one, use `cargo \
             xtask prove {}`",
            lesson.id
        );
    }
    let _lock = lock(lesson)?;
    watch(&course, &check, &args.program)
}

/// Watches until a key or a signal ends it. The terminal is restored in each case.
fn watch(course: &Course, check: &LessonCheck<'_>, program: &ProgramArgs) -> Result<Outcome> {
    let end = interrupt::forwarded(|signals| {
        let keys = SingleKeys::enter().context("cannot read single keys from this terminal")?;
        let end = MainLoop::new(course, check, program, Front { keys: &keys, signals })?.run();
        // The cursor is at the end of the line of keys. Without a terminal, this line does not matter.
        let _ = writeln!(io::stdout());
        end
    })??;
    match end {
        End::Quit => Ok(Outcome::Success),
        // A shell reports the same number.
        End::Signal(signal) => exit(128 + signal as i32),
    }
}

/// The lock of a lesson's watch. The kernel releases it when this process ends.
fn lock(lesson: &Lesson) -> Result<File> {
    let folder = paths::target().join("progress");
    let path = folder.join(format!("{}.watch", lesson.id));
    let context = || format!("cannot write {}", path.display());
    fs::create_dir_all(&folder).with_context(context)?;
    let file = File::options().create(true).append(true).open(&path).with_context(context)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!(
            "another `cargo xtask watch` already watches {}; go on there, or end it with q",
            lesson.id
        ),
        Err(TryLockError::Error(error)) => Err(error).with_context(context),
    }
}
