//! `cargo xtask bench`: measures the course's servers against other servers on this machine.
//!
//! The program in crates/bench measures. This file starts that program and shows its figures.
//! crates/bench is a workspace of its own, so that a learner's build does not compile its plot
//! library.

#[path = "../../crates/bench/src/report.rs"]
mod report;
mod table;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use course::catalogue::Course;
use programs::build::{self, Built};
use report::{Heading, Record, Row};
use serde::Serialize;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use terminal::outcome::Outcome;
use terminal::show::{Line, Screen};
use terminal::{interrupt, output, paths};

/// The arguments of `bench`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The benchmarks to run; without WHAT, run all of them
    #[arg(value_name = "WHAT", value_enum)]
    pub(crate) what: Vec<Benchmark>,
    /// Make fewer and shorter runs: half a minute for everything
    #[arg(long)]
    pub(crate) quick: bool,
    /// The number of runs of each case; the figures are medians
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=99))]
    pub(crate) repeat: Option<u32>,
    /// The Redis server to compare with, instead of redis-server in PATH
    #[arg(long, value_name = "PATH")]
    pub(crate) redis: Option<PathBuf>,
    /// The format of the figures
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

/// The format of the figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Text for a terminal
    Human,
    /// One JSON document, and nothing else
    Json,
}

/// A benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Benchmark {
    /// The key-value store of w09-l01 against Redis
    Store,
    /// The epoll tracker of w04-l01 against an epoll server in C
    Echo,
    /// poll against epoll, with thousands of idle clients
    Idle,
    /// The chat room of w04-l02 against a room in C, as a guide to sockets shows it
    Room,
    /// The chat rooms of w03-l03 and w04-l02: poll against epoll, with up to 1,000 readers
    RoomWaits,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask bench                    everything, in three or four minutes
  cargo xtask bench store --quick      only the store, with less precision

Exit status: 0 measured, whatever the figures; 2 misuse, or a fault of the machine.";

/// The runs of each case without --repeat and --quick.
const RUNS: u32 = 5;
/// The runs of each case with --quick.
const QUICK_RUNS: u32 = 3;

/// The epoll server that the epoll tracker is compared with.
const C_SERVER: &str = "tests/servers/epoll/level.c";
/// The chat room that the chat room on epoll is compared with. With -DMENDED it sends no NUL bytes.
const C_ROOM: &str = "tests/servers/chat/faulty/epoll_tutorial.c";

/// The figures of one benchmark.
#[derive(Debug, Serialize)]
struct BenchFigures {
    #[serde(flatten)]
    heading: Heading,
    rows: Vec<Row>,
    notes: Vec<String>,
}

/// The JSON document with all figures.
#[derive(Debug, Serialize)]
struct Document {
    schema: u32,
    benches: Vec<BenchFigures>,
}

/// Builds the servers and the measuring program, and shows each figure as soon as it is known.
///
/// # Errors
/// A build fails, or a server does not start or gives a wrong answer.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(paths::root())?;
    let bench = program(build::optimised(&paths::root().join("crates/bench"), &[], "bench")?)?;
    let mut screen = match args.format {
        Format::Human => Screen::stdout(),
        Format::Json => Screen::none(),
    };
    let all = Benchmark::value_variants().iter().copied();
    let chosen = all.filter(|each| args.what.is_empty() || args.what.contains(each));
    let mut benches = Vec::new();
    for benchmark in chosen {
        let arguments = arguments(benchmark, args, &course)?;
        if !benches.is_empty() {
            screen.show(&Line::new())?;
        }
        benches.push(measure(&bench, arguments, &mut screen)?);
    }
    if args.format == Format::Json {
        let text = serde_json::to_string_pretty(&Document { schema: 1, benches })? + "\n";
        output::Destination::Stdout.write(&text)?;
    }
    Ok(Outcome::Success)
}

/// The measuring program's arguments for one benchmark.
fn arguments(benchmark: Benchmark, args: &Args, course: &Course) -> Result<Vec<OsString>> {
    let server = |id| solution(course, id);
    let mut call: Vec<OsString> = match benchmark {
        Benchmark::Store => {
            let mut call = vec!["store".into(), "--server".into(), server("w09-l01")?.into()];
            let redis = args.redis.iter().flat_map(|path| ["--redis".into(), path.into()]);
            call.extend(redis);
            call
        }
        Benchmark::Echo => {
            let (epoll, c) = (server("w04-l01")?, c_program(C_SERVER, &[])?);
            vec!["echo".into(), "--server".into(), epoll.into(), "--reference".into(), c.into()]
        }
        Benchmark::Idle => {
            let (poll, epoll) = (server("w03-l02")?, server("w04-l01")?);
            vec!["idle".into(), "--server".into(), poll.into(), "--reference".into(), epoll.into()]
        }
        Benchmark::Room => {
            let (room, c) = (server("w04-l02")?, c_program(C_ROOM, &["-DMENDED"])?);
            vec!["room".into(), "--server".into(), room.into(), "--reference".into(), c.into()]
        }
        Benchmark::RoomWaits => {
            let (poll, epoll) = (server("w03-l03")?, server("w04-l02")?);
            let programs = ["--server".into(), poll.into(), "--reference".into(), epoll.into()];
            ["room".into(), "--waits".into()].into_iter().chain(programs).collect()
        }
    };
    let drawn = match benchmark {
        Benchmark::Idle => Some(("w04-l01", "poll-against-epoll.svg")),
        Benchmark::RoomWaits => Some(("w04-l02", "line-to-all.svg")),
        _ => None,
    };
    if let Some((id, file)) = drawn.filter(|_| !args.quick) {
        let lesson = paths::root().join(course.lesson(id)?.folder());
        call.extend(["--svg".into(), lesson.join(file).into()]);
    }
    let runs = args.repeat.unwrap_or(if args.quick { QUICK_RUNS } else { RUNS });
    call.extend(["--runs".into(), runs.to_string().into()]);
    call.extend(args.quick.then(|| "--quick".into()));
    Ok(call)
}

/// Runs one benchmark, and shows each line of its output at once. The measuring program ends when
/// its output has no reader any more. Therefore it ends together with this process, and its servers
/// end with it.
fn measure(bench: &Path, arguments: Vec<OsString>, screen: &mut Screen) -> Result<BenchFigures> {
    let mut command = Command::new(bench);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot run {}", bench.display()))?;
    let output = child.stdout.take().context("the benchmark has no output")?;
    let mut figures: Option<BenchFigures> = None;
    for line in BufReader::new(output).lines() {
        let record = serde_json::from_str(&line?).context("cannot read the benchmark's output")?;
        screen.show_all(&table::lines(&record, screen.width()))?;
        match (record, &mut figures) {
            (Record::Heading(heading), _) => {
                figures = Some(BenchFigures { heading, rows: Vec::new(), notes: Vec::new() });
            }
            (Record::Row(row), Some(figures)) => figures.rows.push(row),
            (Record::Note(note), Some(figures)) => figures.notes.push(note),
            (Record::Row(_) | Record::Note(_), None) => {
                bail!("the benchmark printed no heading first")
            }
        }
    }
    let end = interrupt::wait(child).context("cannot wait for the benchmark")?;
    match figures {
        Some(figures) if end.status.success() => Ok(figures),
        _ => bail!("{}", String::from_utf8_lossy(&end.stderr).trim_end()),
    }
}

/// Builds a lesson's solution with optimisation. Returns the path of the program.
fn solution(course: &Course, id: &str) -> Result<PathBuf> {
    let folder = paths::root().join(course.lesson(id)?.folder());
    program(build::optimised(&folder, &["--features", "solution"], "bench-servers")?)
}

/// The only program of a build.
fn program(built: Built) -> Result<PathBuf> {
    match built.result {
        Ok(programs) => {
            let program = programs.into_iter().next().context("nothing was built")?;
            Ok(program.path)
        }
        Err(errors) => bail!("{errors}"),
    }
}

/// Builds a program in C with optimisation. Returns the path of the program.
fn c_program(source: &str, flags: &[&str]) -> Result<PathBuf> {
    let name = Path::new(source).file_stem().unwrap_or_default();
    let program = paths::target().join("bench-servers").join(name);
    let mut compiler = Command::new("cc");
    compiler.arg("-O2").args(flags).arg("-o").arg(&program).arg(paths::root().join(source));
    let output = compiler.output().context("cannot run cc; is a C compiler in PATH?")?;
    if !output.status.success() {
        bail!("cc cannot compile {source}:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(program)
}
