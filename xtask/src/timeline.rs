//! `cargo xtask timeline`: checks one criterion, and draws what has happened.

use crate::named_failure::Names;
use crate::program_args::ProgramArgs;
use crate::replay::{heading, outcome, prepare, report};
use anyhow::{Result, anyhow};
use course::catalogue::Course;
use course::report::Status;
use course::timeline::Chart;
use proofs::Traced;
use std::path::PathBuf;
use terminal::chart_svg::chart_svg;
use terminal::outcome::Outcome;
use terminal::output::Destination;
use terminal::show::{self, Line, Screen, chart};
use terminal::{interrupt, paths};

/// The arguments of `timeline`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    // A doc comment on these fields would become help text.
    #[command(flatten)]
    names: Names,
    #[command(flatten)]
    program: ProgramArgs,
    /// Write the drawing as an SVG image, which a browser shows
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

const EXAMPLES: &str = "\
A column for each process, thread and client; time goes down. ┃ works, ┆ sleeps in a
system call, ▶ and ◀ are bytes or connections on their way. The program is traced
(ptrace(2)), so it is slower than in a proof.

Examples:
  cargo xtask timeline w03-l02 reuse
  cargo xtask timeline w03-l02 reuse --cmd ./server --svg reuse.svg
  cargo xtask timeline                     of the last failure

Exit status: 0 proved; 1 not yet; 2 misuse, or something could not be observed.";

/// Checks a criterion, and draws what has happened.
///
/// # Errors
/// The command was misused, or the machine has a fault.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(paths::root())?;
    let Some((check, program)) = prepare(&course, &args.names, &args.program, "draw")? else {
        return Ok(Outcome::NotYet);
    };
    let destination = Destination::new(args.svg.as_deref())?;
    let criterion = check.ids().next().unwrap_or_default();
    let recorded = interrupt::deferred(|| {
        proofs::record(check.proof, &program, criterion, Traced::Yes, &mut |_, _| {})
            .map_err(|error| anyhow!("{}: {error}", check.lesson.id))
    })?;
    let report = report(&check, recorded.finding)?;
    let drawing = Chart::of(&recorded.timeline);
    let cause = report.cause.as_ref().filter(|_| report.status != Status::Proved);
    let failure = cause.map(|cause| cause.summary.as_str());
    match &args.svg {
        Some(file) => {
            let title = format!("{} {}: {}", check.lesson.id, report.id, report.text);
            destination.write(&chart_svg(&drawing, &title, failure))?;
            show::note(&Line::new().faint(&format!("written to {}", file.display())));
        }
        None => {
            let mut screen = Screen::wide();
            heading(&check, "timeline", &mut screen)?;
            let width = screen.width();
            screen.show_all(&chart(&drawing, failure, width))?;
            if failure.is_none() {
                screen.show(&Line::new().good("✓").plain(&format!(" {}", report.text)))?;
            }
        }
    }
    Ok(outcome(report.status))
}
