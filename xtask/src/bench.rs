//! `cargo xtask bench`: measures the course's servers beside others on this machine.
//!
//! The measuring is done by crates/bench, a package apart, so that no learner's build looks at what
//! it draws with; here its figures are shown.

#[path = "../../crates/bench/src/report.rs"]
mod report;
mod table;

use crate::prove::Format;
use anyhow::{Context, Result, bail};
use course::catalogue::Course;
use programs::build::{self, Built};
use report::{Heading, Row, Said};
use serde::Serialize;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use terminal::outcome::Outcome;
use terminal::show::{Line, Screen};
use terminal::{interrupt, output, paths};

/// What `bench` is told.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What to measure; without a name, everything
    #[arg(value_name = "WHAT", value_enum)]
    pub(crate) what: Vec<What>,
    /// Fewer and shorter runs: half a minute for everything
    #[arg(long)]
    pub(crate) quick: bool,
    /// How often to run each case; the figures are medians
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=99))]
    pub(crate) repeat: Option<u32>,
    /// The Redis to compare with, in place of the redis-server in PATH
    #[arg(long, value_name = "PATH")]
    pub(crate) redis: Option<PathBuf>,
    /// How to report
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

/// A bench.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum What {
    /// The key-value store of w09-l01 beside Redis
    Store,
    /// The epoll tracker of w04-l01 beside an epoll server in C
    Echo,
    /// poll beside epoll, with thousands of idle clients
    Idle,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask bench                    everything, in two or three minutes
  cargo xtask bench store --quick      the store alone, roughly

Exit status: 0 measured, whatever the figures; 2 misuse, or a fault of the machine.";

/// Runs without --repeat and --quick.
const RUNS: u32 = 5;
/// Runs with --quick.
const QUICK_RUNS: u32 = 3;

/// The epoll server that the epoll tracker is compared with.
const C_SERVER: &str = "tests/servers/epoll/level.c";

/// What one bench found.
#[derive(Debug, Serialize)]
struct Found {
    #[serde(flatten)]
    heading: Heading,
    rows: Vec<Row>,
    notes: Vec<String>,
}

/// Everything that was found, as one document.
#[derive(Debug, Serialize)]
struct Document {
    schema: u32,
    benches: Vec<Found>,
}

/// Builds what is measured and what measures, and shows each figure as soon as it is known.
///
/// # Errors
/// A build that fails, a server that does not start or answers wrongly.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(paths::root())?;
    let bench = one(build::optimised(&paths::root().join("crates/bench"), &[], "bench")?)?;
    let mut screen = match args.format {
        Format::Human => Screen::stdout(),
        Format::Json => Screen::none(),
    };
    let all = [What::Store, What::Echo, What::Idle];
    let chosen = all.into_iter().filter(|what| args.what.is_empty() || args.what.contains(what));
    let mut benches = Vec::new();
    for what in chosen {
        let arguments = arguments(what, args, &course)?;
        if !benches.is_empty() {
            screen.show(&Line::new())?;
        }
        benches.push(measure(&bench, arguments, &mut screen)?);
    }
    if args.format == Format::Json {
        let text = serde_json::to_string_pretty(&Document { schema: 1, benches })? + "\n";
        output::Destination::Stdout.write(&text)?;
    }
    Ok(Outcome::Right)
}

/// How one bench is called: its servers, and how thorough to be.
fn arguments(what: What, args: &Args, course: &Course) -> Result<Vec<OsString>> {
    let server = |id| solution(course, id);
    let mut call: Vec<OsString> = match what {
        What::Store => {
            let mut call = vec!["store".into(), "--server".into(), server("w09-l01")?.into()];
            let redis = args.redis.iter().flat_map(|path| ["--redis".into(), path.into()]);
            call.extend(redis);
            call
        }
        What::Echo => {
            let (epoll, c) = (server("w04-l01")?, c_server()?);
            vec!["echo".into(), "--server".into(), epoll.into(), "--reference".into(), c.into()]
        }
        What::Idle => {
            let (poll, epoll) = (server("w03-l02")?, server("w04-l01")?);
            vec!["idle".into(), "--server".into(), poll.into(), "--reference".into(), epoll.into()]
        }
    };
    if what == What::Idle && !args.quick {
        let lesson = paths::root().join(course.lesson("w04-l01")?.folder());
        call.extend(["--svg".into(), lesson.join("poll-against-epoll.svg").into()]);
    }
    let runs = args.repeat.unwrap_or(if args.quick { QUICK_RUNS } else { RUNS });
    call.extend(["--runs".into(), runs.to_string().into()]);
    call.extend(args.quick.then(|| "--quick".into()));
    Ok(call)
}

/// Runs one bench and shows what it says, line by line. It ends with us, and its servers with it.
fn measure(bench: &Path, arguments: Vec<OsString>, screen: &mut Screen) -> Result<Found> {
    let mut command = Command::new(bench);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot run {}", bench.display()))?;
    let output = child.stdout.take().context("the bench has no output")?;
    let mut found: Option<Found> = None;
    for line in BufReader::new(output).lines() {
        let said = serde_json::from_str(&line?).context("cannot read what the bench says")?;
        screen.show_all(&table::lines(&said, screen.width()))?;
        match (said, &mut found) {
            (Said::Heading(heading), _) => {
                found = Some(Found { heading, rows: Vec::new(), notes: Vec::new() });
            }
            (Said::Row(row), Some(found)) => found.rows.push(row),
            (Said::Note(note), Some(found)) => found.notes.push(note),
            (Said::Row(_) | Said::Note(_), None) => bail!("the bench began without a heading"),
        }
    }
    let end = interrupt::wait(child).context("cannot wait for the bench")?;
    match found {
        Some(found) if end.status.success() => Ok(found),
        _ => bail!("{}", String::from_utf8_lossy(&end.stderr).trim_end()),
    }
}

/// A lesson's solution, optimised.
fn solution(course: &Course, id: &str) -> Result<PathBuf> {
    let folder = paths::root().join(course.lesson(id)?.folder());
    one(build::optimised(&folder, &["--features", "solution"], "bench-servers")?)
}

/// The only program of a build.
fn one(built: Built) -> Result<PathBuf> {
    match built.result {
        Ok(programs) => {
            let program = programs.into_iter().next().context("nothing was built")?;
            Ok(program.path)
        }
        Err(words) => bail!("{words}"),
    }
}

/// The epoll server in C, optimised.
fn c_server() -> Result<PathBuf> {
    let program = paths::target().join("bench-servers").join("level");
    let mut compiler = Command::new("cc");
    compiler.arg("-O2").arg("-o").arg(&program).arg(paths::root().join(C_SERVER));
    let output = compiler.output().context("cannot run cc; is a C compiler in PATH?")?;
    if !output.status.success() {
        bail!("cc cannot compile {C_SERVER}:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(program)
}
