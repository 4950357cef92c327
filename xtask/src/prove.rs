//! `cargo xtask prove`: checks the servers of lessons, and shows or writes the findings.

use crate::after_lesson;
use crate::after_part::after_part;
use crate::isolation;
use crate::next_steps;
use crate::program_args::{ProgramArgs, Server};
use crate::progress::{self, Progress};
use crate::remembered::{self, Remembered};
use crate::repeat;
use crate::short;
use anyhow::{Result, bail};
use course::catalogue::Course;
use course::lesson::Lesson;
use course::report::{CriterionReport, LessonReport, Report, Todo, Verdict};
use programs::lesson_check::LessonCheck;
use proofs::IsolationLevel;
use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};
use terminal::outcome::Outcome;
use terminal::output::Destination;
use terminal::show::{Heading, Line, Screen, last};
use terminal::{interrupt, lessons, paths};

/// The arguments of `prove`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
// <staff>
#[command(mut_arg("solution", |arg| arg.help("Prove the solution instead of your own crate; without \
                                              LESSON, prove every solution")))]
// </staff>
pub(crate) struct Args {
    /// Lessons to prove, e.g. w03-l02, or w03 for the week; in a lesson's folder, this lesson
    #[arg(value_name = "LESSON")]
    pub(crate) lessons: Vec<String>,
    // A doc comment on this field would become help text.
    #[command(flatten)]
    pub(crate) program: ProgramArgs,
    /// Check only these criteria (`cargo xtask list LESSON` lists them)
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Check only the criteria of task N, as the task's own Test does
    #[arg(long, value_name = "N", conflicts_with = "only")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) task: Option<u32>,
    /// Repeat the proof N times, to find a race
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) repeat: u32,
    /// Show every failure in full, not only the first
    #[arg(long)]
    pub(crate) all: bool,
    /// The format of the report
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
    /// Write the report to this file; after an error the file is unchanged
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// The format of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Text for a terminal
    Human,
    /// A line FILE:LINE: MESSAGE for each failure, for an editor's list of problems
    Short,
    /// One JSON document, and nothing else
    Json,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask prove w03-l02                        your own server
  cargo xtask prove w03-l02 --task 2               the criteria of its second task
  cargo xtask prove w03-l02 --only slots,reuse     two of its criteria
  cargo xtask prove w03-l02 --cmd ./server         a server in any language
  cargo xtask prove w03-l02 --cmd 'python3 s.py' --port 7000 --capacity 64
  cargo xtask prove w03-l02 --repeat 500           look for a race
  cargo xtask prove w03-l02 --format json --out report.json
  cargo xtask prove w03-l02 --format short         for an editor

A lesson's heading says whether its server ran in a sandbox. The level is --isolation;
the JSON report names it.

Exit status: 0 proved; 1 not yet; 2 misuse, or something could not be observed.";

/// Proves the lessons, and shows or writes the report.
///
/// # Errors
/// The command was misused, or the machine has a fault. Failures of a server are in the report
/// instead.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    // The probe for the isolation level takes as long as reading the course. Therefore do both at
    // the same time.
    thread::spawn(IsolationLevel::here);
    let course = Course::open(paths::root())?;
    let checks = checks(&course, args)?;
    args.program.check()?;
    let destination = Destination::new("--out", args.out.as_deref())?;
    let mut screen = match (args.format, &args.out) {
        (Format::Human, None) => Screen::stdout(),
        (Format::Human, Some(_)) => Screen::in_memory(80),
        (Format::Short | Format::Json, _) => Screen::none(),
    };
    let mut lessons = Vec::new();
    let mut short = String::new();
    for (index, check) in checks.iter().enumerate() {
        if index > 0 {
            screen.show(&Line::new())?;
        }
        let reports = lesson(&course, check, args, &mut screen)?;
        if args.format == Format::Short {
            short += &short::lines(check.lesson, &reports);
        }
        lessons.extend(reports);
        if interrupt::requested() {
            break;
        }
    }
    let outcome = Outcome::of(lessons.iter().map(|lesson| lesson.verdict));
    destination.write(&match args.format {
        Format::Human => screen.text().to_owned(),
        Format::Short => short,
        Format::Json => serde_json::to_string_pretty(&Report { schema: 1, lessons })? + "\n",
    })?;
    Ok(if interrupt::requested() { Outcome::Interrupted } else { outcome })
}

/// The checks of the lessons that the arguments name.
fn checks<'a>(course: &'a Course, args: &Args) -> Result<Vec<LessonCheck<'a>>> {
    let all = course.lessons().iter().filter(|lesson| proofs::of(&lesson.id).is_some());
    let here = lessons::here(course);
    let named: Vec<_> = match (args.lessons.as_slice(), here) {
        ([], Some(here)) => vec![here],
        // <staff>
        ([], None) if args.program.solution => all.collect(),
        // </staff>
        ([], None) => {
            let ids: Vec<_> =
                all.map(|lesson| format!("  {}  {}", lesson.id, lesson.title)).collect();
            bail!("name a lesson to prove:\n{}", ids.join("\n"));
        }
        (ids, _) => lessons::named(course, ids)?,
    };
    let mut flags = args.program.flags();
    if args.repeat > 1 {
        flags += &format!(" --repeat {}", args.repeat);
    }
    let check = |lesson| {
        args.program.check_role(lesson)?;
        let only = args.task.map_or_else(|| Ok(args.only.clone()), |task| of_task(lesson, task))?;
        Ok(LessonCheck { flags: flags.clone(), ..LessonCheck::new(lesson, &only)? })
    };
    named.into_iter().map(check).collect()
}

/// The ids of the criteria that belong to a task.
fn of_task(lesson: &Lesson, task: u32) -> Result<Vec<String>> {
    if !lesson.tasks.iter().any(|each| each.number == task) {
        bail!("{} has no task {task}; its tasks are 1 to {}", lesson.id, lesson.tasks.len());
    }
    let ids = lesson.criteria.iter().filter(|each| each.task == task).map(|each| each.id.clone());
    let ids: Vec<_> = ids.collect();
    if ids.is_empty() {
        bail!(
            "no criterion of {} belongs to task {task}; `cargo xtask list {}` lists them",
            lesson.id,
            lesson.id
        );
    }
    Ok(ids)
}

/// Proves one lesson as often as the arguments say. Returns one report for each run.
fn lesson(
    course: &Course,
    check: &LessonCheck<'_>,
    args: &Args,
    screen: &mut Screen,
) -> Result<Vec<LessonReport>> {
    heading(check, args, screen)?;
    let server = args.program.server(check.lesson)?;
    let reports = match (&server.program, args.repeat) {
        (Err(errors), _) => vec![does_not_compile(check, &server, errors, screen)?],
        (Ok(program), 1) => vec![once(check, &server, program, args.all, screen)?],
        (Ok(program), times) => {
            let start = Instant::now();
            let runs = interrupt::deferred(|| repeat(check, &server, program, times))?;
            let width = screen.width();
            screen.show_all(&repeat::lines(check, &runs, times, start.elapsed(), width))?;
            runs
        }
    };
    if args.format != Format::Json {
        let is_first = remembered::record(check, &reports);
        if let [report] = reports.as_slice() {
            let remembered = Remembered::of_program(check, report);
            let next = after_part(check, report, remembered.as_ref());
            next.map_or(Ok(()), |line| screen.show(&line))?;
        }
        screen.show_all(&after_lesson::lines(course, check, &reports, is_first, screen.width()))?;
        next_steps::hint(check.lesson, &reports).map_or(Ok(()), |line| screen.show(&line))?;
    }
    Ok(reports)
}

/// Proves a lesson once, and shows each criterion as soon as it is known.
pub(crate) fn once(
    check: &LessonCheck<'_>,
    server: &Server,
    program: &proofs::ProgramUnderTest,
    all: bool,
    screen: &mut Screen,
) -> Result<LessonReport> {
    let start = Instant::now();
    let mut progress = Progress::new(check, all, screen);
    let mut shown = Ok(());
    let criteria = check.run(program, &mut |report| {
        if shown.is_ok() {
            shown = progress.criterion(report);
        }
    })?;
    shown?;
    let report = report(check, server, criteria, start.elapsed());
    screen.show(&progress::end(check.lesson, &report, start.elapsed()))?;
    screen.show_all(&next_steps::tasks_left(&report.todos, all, screen.width()))?;
    screen.show_all(&next_steps::on_busy_machine(&report, screen.width()))?;
    Ok(report)
}

/// Proves a lesson `times` times, or until Ctrl-C.
fn repeat(
    check: &LessonCheck<'_>,
    server: &Server,
    program: &proofs::ProgramUnderTest,
    times: u32,
) -> Result<Vec<LessonReport>> {
    let mut runs = Vec::new();
    while runs.len() < times as usize && !interrupt::requested() {
        let start = Instant::now();
        let criteria = check.run(program, &mut |_| {})?;
        runs.push(report(check, server, criteria, start.elapsed()));
    }
    Ok(runs)
}

fn heading(check: &LessonCheck<'_>, args: &Args, screen: &mut Screen) -> io::Result<()> {
    let runs = format!("{} runs", args.repeat);
    let isolation = isolation::note(args.program.isolation());
    let notes = [args.program.note(), Some(isolation), (args.repeat > 1).then_some(&runs)];
    let note = notes.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let lesson = check.lesson;
    let heading = Heading { id: &lesson.id, title: &lesson.title, note: &note };
    screen.show_all(&heading.lines(screen.width()))
}

/// Shows the compiler's errors on standard error, and returns the report of a server that does not
/// compile.
fn does_not_compile(
    check: &LessonCheck<'_>,
    server: &Server,
    errors: &str,
    screen: &mut Screen,
) -> Result<LessonReport> {
    anstream::eprintln!("{errors}");
    let report = report(check, server, check.not_run(), Duration::ZERO);
    let parts = ["it does not compile".to_owned(), "next: the first error above".to_owned()];
    screen.show(&last(Verdict::NotYet, &parts))?;
    Ok(report)
}

fn report(
    check: &LessonCheck<'_>,
    server: &Server,
    criteria: Vec<CriterionReport>,
    elapsed: Duration,
) -> LessonReport {
    let isolation = server.program.as_ref().ok().and_then(|program| program.isolation);
    let verdict = verdict(&criteria, &server.todos);
    LessonReport {
        lesson: check.lesson.id.clone(),
        title: check.lesson.title.clone(),
        subject: server.subject.clone(),
        isolation: isolation.map(|level| level.to_string()),
        verdict,
        build: server.build.clone(),
        millis: elapsed.as_secs_f64() * 1e3,
        criteria,
        todos: server.todos.clone(),
    }
}

/// The verdict of a lesson. A lesson is not proved while one of its tasks is still to do.
pub(crate) fn verdict(criteria: &[CriterionReport], todos: &[Todo]) -> Verdict {
    let verdict = Verdict::of(criteria.iter().map(|criterion| criterion.status));
    match verdict {
        Verdict::Proved if !next_steps::blocking(todos, criteria).is_empty() => Verdict::NotYet,
        verdict => verdict,
    }
}
