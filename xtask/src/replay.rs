//! `cargo xtask replay`: checks one criterion again, slowly, and shows what happens.

mod debugger;
mod exchange;
mod script;

use crate::named_failure::{Names, last_failure};
use crate::next_steps::next;
use crate::program_args::ProgramArgs;
use crate::progress::Progress;
use crate::remembered::LastProof;
use anyhow::{Context, Result, anyhow};
use course::catalogue::Course;
use course::report::{Cause, CriterionReport, Finding, Status};
use course::timeline::Timeline;
use debugger::Debugger;
use programs::lesson_check::LessonCheck;
use proofs::{ProgramUnderTest, Recorded, Traced};
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::slice;
use std::thread;
use std::time::Duration;
use terminal::outcome::Outcome;
use terminal::output::Destination;
use terminal::show::{self, Calls, EventList, Heading, Line, Screen};
use terminal::{interrupt, paths};

/// The arguments of `replay`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    // A doc comment on these fields would become help text.
    #[command(flatten)]
    names: Names,
    #[command(flatten)]
    program: ProgramArgs,
    /// Wait for Enter before each step
    #[arg(long)]
    step: bool,
    /// The pause before each step, in milliseconds [default: 300 in a terminal, otherwise 0]
    #[arg(long, value_name = "MS", conflicts_with = "step")]
    #[arg(value_parser = clap::value_parser!(u64).range(..=60_000))]
    pause: Option<u64>,
    /// Show every system call, not only those about connections, waits and processes
    #[arg(long)]
    strace: bool,
    /// Before step N, stop the program and start gdb on it
    #[arg(long, value_name = "N", conflicts_with_all = ["step", "script"])]
    #[arg(value_parser = clap::value_parser!(u32).range(2..))]
    gdb: Option<u32>,
    /// Write a shell script that does the same without this course; it needs python3 and nothing else
    #[arg(long, conflicts_with_all = ["step", "strace", "pause"])]
    script: bool,
    /// Write to this file; after an error the file is unchanged
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

const EXAMPLES: &str = "\
The same exchange as in a proof, with the program's system calls (ptrace(2)) between the
steps. A traced program is slower. Without --seed, the clients send the same values as in
the last proof, if this criterion has failed there.

Examples:
  cargo xtask replay w03-l02 reuse
  cargo xtask replay w03-l02 reuse --step          Enter goes on
  cargo xtask replay w03-l02 reuse --strace --cmd ./server
  cargo xtask replay w03-l02 reuse --gdb 4         gdb before step 4
  cargo xtask replay w03-l02 reuse --script > reuse.sh
  sh reuse.sh ./server                             sh reuse.sh alone names your server

Exit status: 0 proved; 1 not yet; 2 misuse, or something could not be observed, such as
a failure of the last proof.";

/// What a run says that proves a criterion which has failed in the last proof.
const NOT_SHOWN: &str =
    "the last proof failed; this run, which is slowed by tracing, does not show the failure";

/// The pause before a step in a terminal.
const PAUSE: Duration = Duration::from_millis(300);
/// How much longer the check may take, because the program is traced, and if a person decides when it
/// goes on.
const TRACED: Duration = Duration::from_secs(60);
const BY_HAND: Duration = Duration::from_secs(3600);

/// Checks a criterion again, and shows or writes what happens.
///
/// # Errors
/// The command was misused, or the machine has a fault.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(paths::root())?;
    let Some((check, mut program)) = prepare(&course, &args.names, &args.program, "replay")? else {
        return Ok(Outcome::NotYet);
    };
    let destination = Destination::new("--out", args.out.as_deref())?;
    let is_by_hand = args.step || args.gdb.is_some();
    program.timeout += if is_by_hand { BY_HAND } else { TRACED };
    let mut screen = match (args.script, &args.out) {
        (true, _) => Screen::none(),
        (false, None) => Screen::stdout(),
        (false, Some(_)) => Screen::in_memory(80),
    };
    heading(&check, "replay", &mut screen)?;
    let recorded = record(&check, &program, args, &mut screen)?;
    let report = report(&check, recorded.finding)?;
    screen.show(&Line::new())?;
    Progress::new(&check, true, &mut screen).criterion(&report)?;
    next_command(&report).map_or(Ok(()), |line| screen.show(&line))?;
    destination.write(&match args.script {
        true => script::of(&check, &program, &report, &recorded.timeline)?,
        false => screen.text().to_owned(),
    })?;
    Ok(if interrupt::requested() { Outcome::Interrupted } else { outcome(report.status) })
}

/// The check of one criterion, and the program that it checks. `names` are those of the lesson and of
/// the criterion; `what` is what the command does with them. `None` if the program does not compile:
/// the compiler's messages are shown.
///
/// # Errors
/// A name or an option is wrong, or nothing has failed and no criterion is named.
pub(crate) fn prepare<'a>(
    course: &'a Course,
    names: &'a Names,
    args: &ProgramArgs,
    what: &str,
) -> Result<Option<(LessonCheck<'a>, ProgramUnderTest)>> {
    let (lesson, criterion) = names.find(course, what)?;
    let criterion = match criterion {
        Some(id) => id.to_owned(),
        None => last_failure(lesson)?,
    };
    let last = |check: &LessonCheck<'_>| LastProof::failure_of(check, &criterion)?.seed();
    let check = LessonCheck::new(lesson, slice::from_ref(&criterion))?;
    let check = LessonCheck { flags: args.flags(), ..check };
    args.check_role(lesson)?;
    args.check()?;
    Ok(match args.server(lesson)?.program {
        Ok(program) => {
            let seed = args.seed.or_else(|| last(&check));
            Some((check, ProgramUnderTest { seed, ..program }))
        }
        Err(errors) => {
            anstream::eprintln!("{errors}");
            None
        }
    })
}

/// Shows the heading of the lesson, with what the command does.
pub(crate) fn heading(check: &LessonCheck<'_>, what: &str, screen: &mut Screen) -> Result<()> {
    let note = format!("{what} of {}", check.ids().next().unwrap_or_default());
    let heading = Heading { id: &check.lesson.id, title: &check.lesson.title, note: &note };
    Ok(screen.show_all(&heading.lines(screen.width()))?)
}

/// The report of the only criterion. A run that is traced is slower, and may not show why the last
/// proof has failed. Such a run does not prove the criterion.
///
/// # Errors
/// The proof reports nothing about it.
pub(crate) fn report(check: &LessonCheck<'_>, finding: Option<Finding>) -> Result<CriterionReport> {
    let finding = finding.map(|finding| {
        let is_proved = finding.status == Status::Proved;
        match LastProof::failure_of(check, &finding.criterion).filter(|_| is_proved) {
            Some(_) => Finding {
                status: Status::Inconclusive,
                cause: Some(Cause { summary: NOT_SHOWN.to_owned(), ..Cause::default() }),
                ..finding
            },
            None => finding,
        }
    });
    let report = finding.and_then(|finding| check.report(finding));
    report.with_context(|| format!("{}: the proof reports nothing", check.lesson.id))
}

/// The command that proves the criterion again, if the recorded run was inconclusive.
pub(crate) fn next_command(report: &CriterionReport) -> Option<Line> {
    let cause = report.cause.as_ref().filter(|_| report.status == Status::Inconclusive)?;
    Some(next("prove it again", &cause.replay))
}

/// The exit status of a command that has checked one criterion.
pub(crate) fn outcome(status: Status) -> Outcome {
    match status {
        Status::Proved => Outcome::Success,
        Status::Inconclusive => Outcome::Error,
        Status::Failed | Status::Skipped => Outcome::NotYet,
    }
}

/// Runs the check, and shows each event as soon as the next step begins.
fn record(
    check: &LessonCheck<'_>,
    program: &ProgramUnderTest,
    args: &Args,
    screen: &mut Screen,
) -> Result<Recorded> {
    let criterion = check.ids().next().context("no criterion")?;
    let calls = if args.strace { Calls::All } else { Calls::Usual };
    let (mut list, mut pace) = (EventList::default(), Pace { args, step: 0, debugger: None });
    let (mut shown, mut fault) = (0, Ok(()));
    let mut on_step = |timeline: &Timeline, from: usize| {
        let lines = list.lines(timeline, from, calls, screen.width());
        shown = timeline.events.len();
        if fault.is_ok() {
            let result = screen.show_all(&lines).map_err(anyhow::Error::from);
            fault = result.and_then(|()| pace.before_step(timeline.process));
        }
    };
    // gdb cannot trace a program that is traced already.
    let traced = if args.gdb.is_some() { Traced::No } else { Traced::Yes };
    let mut run = || {
        proofs::record(check.proof, program, criterion, traced, &mut on_step)
            .map_err(|error| anyhow!("{}: {error}", check.lesson.id))
    };
    // Ctrl-C is for gdb, if there is one. Otherwise it ends this process at once.
    let recorded = if args.gdb.is_some() { interrupt::deferred(run) } else { run() }?;
    fault?;
    pace.debugger.map_or(Ok(()), Debugger::wait)?;
    screen.show_all(&list.lines(&recorded.timeline, shown, calls, screen.width()))?;
    Ok(recorded)
}

/// What makes the check wait before its steps.
struct Pace<'a> {
    args: &'a Args,
    /// The number of steps so far.
    step: u32,
    debugger: Option<Debugger>,
}

impl Pace<'_> {
    /// Waits before the next step, as the arguments say. `process` is the program's process.
    fn before_step(&mut self, process: i32) -> Result<()> {
        let args = self.args;
        self.step += 1;
        if args.gdb == Some(self.step) {
            self.debugger = Some(Debugger::start(process)?);
        } else if args.step {
            wait_for_enter()?;
        } else {
            let is_watched = io::stdout().is_terminal() && args.out.is_none() && !args.script;
            let usual = if is_watched { PAUSE } else { Duration::ZERO };
            thread::sleep(args.pause.map_or(usual, Duration::from_millis));
        }
        Ok(())
    }
}

/// Waits until the user presses Enter. At the end of standard input, nothing is waited for.
fn wait_for_enter() -> Result<()> {
    if io::stdin().is_terminal() {
        show::note(&Line::new().faint("Enter goes on"));
    }
    let mut stdin = unbuffered(io::stdin().as_fd()).context("cannot read from the terminal")?;
    let (mut byte, mut length) = ([0], 1);
    while length == 1 && byte != *b"\n" {
        length = stdin.read(&mut byte).context("cannot read from the terminal")?;
    }
    Ok(())
}

/// A descriptor whose bytes are read as they are asked for: the lines behind belong to later steps.
fn unbuffered(input: BorrowedFd<'_>) -> io::Result<File> {
    Ok(File::from(input.try_clone_to_owned()?))
}
