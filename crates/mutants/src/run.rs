//! The command: makes the mutants, proves those without a result, and shows what the proof misses.

use crate::accepted::Accepted;
use crate::mutant::Mutant;
use crate::progress::Progress;
use crate::prove::{self, Prover};
use crate::report::Report;
use crate::results::{self, Finding, Results};
use crate::{selection, show};
use anyhow::Result;
use course::catalogue::Course;
use course::lesson::Lesson;
use programs::lesson_check::LessonCheck;
use programs::variants::{self, Sources};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};
use terminal::outcome::Outcome;
use terminal::output::Destination;
use terminal::show::{Heading, Line, Screen, amount};
use terminal::{interrupt, paths};

/// The arguments of `mutants`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The lesson whose solution is changed, e.g. w03-l02
    #[arg(value_name = "LESSON")]
    lesson: String,
    /// Prove only N mutants, drawn at random
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// The seed of --sample; the same seed draws the same mutants
    #[arg(long, value_name = "N", default_value_t = 1, requires = "sample")]
    seed: u64,
    /// Prove only these mutants, again
    #[arg(long, value_name = "ID", value_delimiter = ',', conflicts_with = "sample")]
    only: Vec<String>,
    /// Show this mutant's change, and the report that a student with it gets
    #[arg(long, value_name = "ID", conflicts_with_all = ["sample", "only", "format", "out"])]
    show: Option<String>,
    /// List the mutants and their ids, and prove none of them
    #[arg(long, conflicts_with_all = ["show", "format", "out"])]
    list: bool,
    /// List the mutants whose proof takes longer [default: 2500; w09: 5000]
    #[arg(long, value_name = "N")]
    limit_millis: Option<u64>,
    /// The number of mutants that are proved at the same time [default: one for each processor]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// The format of the report
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Write the report to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The format of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Text for a terminal
    Human,
    /// One JSON document, and nothing else
    Json,
}

const EXAMPLES: &str = "\
For authors of lessons. Each mutant is the solution with one small change in a student's
region: a condition, a number, a statement, an arm of a match. A mutant that the proof
proves survives. It shows a hole in the proof, unless the change makes no difference, or
the text does not ask for the difference. Such mutants stand in mutants.toml in the
lesson's folder, each with its reason.

Results are kept in target/mutants/ until the solution or the proof changes. A run that
was stopped goes on where it ended.

Examples:
  cargo xtask mutants w03-l02 --sample 40      40 mutants, a few minutes
  cargo xtask mutants w03-l02                  all mutants, up to an hour
  cargo xtask mutants w03-l02 --list           the mutants and their ids
  cargo xtask mutants w03-l02 --show 3fa29c01  one of them

Exit status: 0 no mutant survives without a reason; 1 some do, or a reason is obsolete;
2 misuse, or a fault of the machine; 130 stopped.";

/// Proves the mutants, and shows or writes the report.
///
/// # Errors
/// The command was misused, the solution is not proved, or the machine has a fault.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let start = Instant::now();
    let course = Course::open(paths::root())?;
    let lesson = course.lesson(&args.lesson)?;
    let destination = Destination::new("--out", args.out.as_deref())?;
    let folder = prove::folder(lesson);
    let solution = variants::sources(&folder)?;
    let mutants = Mutant::all(&solution)?;
    let accepted = Accepted::read(course.root(), &lesson.folder().join("mutants.toml"))?;
    let kept = paths::target().join("mutants").join(&lesson.id);
    let key = results::key(course.root(), lesson.folder(), &solution)?;
    let mut results = Results::open(&kept, &key)?;
    let prover = prover(lesson, &solution, kept, args)?;
    if let Some(id) = &args.show {
        let named = selection::named(&mutants, &lesson.id, std::slice::from_ref(id))?;
        return named.first().map_or(Ok(Outcome::Error), |mutant| show::run(&prover, mutant));
    }
    let chosen = chosen(&mutants, &lesson.id, args)?;
    if args.list {
        return list(lesson, &chosen);
    }
    let mut screen = match (args.format, &args.out) {
        (Format::Human, None) => Screen::stdout(),
        (Format::Human, Some(_)) => Screen::in_memory(80),
        (Format::Json, _) => Screen::none(),
    };
    let note = amount(chosen.len(), "mutant");
    let heading = Heading { id: &lesson.id, title: &lesson.title, note: &note };
    screen.show_all(&heading.lines(screen.width()))?;
    prove_pending(&prover, &chosen, args, &mut results)?;
    let proved: Vec<_> = chosen
        .iter()
        .filter_map(|mutant| Some((*mutant, results.get(&mutant.id)?.clone())))
        .collect();
    let is_caught = |id: &str| {
        results.get(id).is_some_and(|result| matches!(result.finding, Finding::Caught { .. }))
    };
    let obsolete = accepted.obsolete(&mutants, is_caught);
    let of = (args.sample.map(|_| args.seed), mutants.len());
    let report = Report::new(lesson, of, &proved, &accepted, obsolete, prover.limit);
    screen.show_all(&report.lines(start.elapsed()))?;
    destination.write(&match args.format {
        Format::Human => screen.text().to_owned(),
        Format::Json => serde_json::to_string_pretty(&report)? + "\n",
    })?;
    if interrupt::requested() {
        return Ok(Outcome::Interrupted);
    }
    Ok(Outcome::of_differences(report.has_findings()))
}

/// Shows a line for each mutant: file, line, what was changed, and the id.
fn list(lesson: &Lesson, mutants: &[&Mutant]) -> Result<Outcome> {
    let mut screen = Screen::stdout();
    for Mutant { id, file, line, change, .. } in mutants {
        let place = lesson.folder().join(file);
        let text = format!("{}:{line}: {}  ", place.display(), change.what);
        screen.show(&Line::new().plain(&text).faint(id))?;
    }
    Ok(Outcome::Success)
}

/// Proves the chosen mutants that have no result yet. Mutants that `--only` names are proved again.
fn prove_pending(
    prover: &Prover<'_>,
    chosen: &[&Mutant],
    args: &Args,
    results: &mut Results,
) -> Result<()> {
    let mut pending = chosen.to_vec();
    pending.retain(|mutant| !args.only.is_empty() || results.get(&mutant.id).is_none());
    if pending.is_empty() {
        return Ok(());
    }
    prover.check_solution()?;
    let progress = Progress::new(pending.len());
    let proved = interrupt::deferred(|| prover.prove_all(&pending, results, &progress));
    progress.end();
    proved
}

fn prover<'a>(
    lesson: &'a Lesson,
    solution: &'a Sources,
    workspace: PathBuf,
    args: &Args,
) -> Result<Prover<'a>> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    // The proof of the key-value store waits for keys to expire.
    let limit = if lesson.id.starts_with("w09") { 5_000 } else { 2_500 };
    Ok(Prover {
        check: LessonCheck::new(lesson, &[])?,
        solution,
        workspace,
        jobs: args.jobs.map_or(processors, usize::from),
        limit: Duration::from_millis(args.limit_millis.unwrap_or(limit)),
    })
}

/// The mutants that the arguments name: some ids, a sample, or all.
fn chosen<'a>(mutants: &'a [Mutant], lesson: &str, args: &Args) -> Result<Vec<&'a Mutant>> {
    match args.sample {
        _ if !args.only.is_empty() => selection::named(mutants, lesson, &args.only),
        Some(size) => Ok(selection::sample(mutants, size, args.seed)),
        None => Ok(mutants.iter().collect()),
    }
}
