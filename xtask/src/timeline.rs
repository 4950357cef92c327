//! `cargo xtask timeline`: checks one criterion, and draws what has happened.

use crate::named_failure::Names;
use crate::program_args::ProgramArgs;
use crate::replay::{heading, next_command, outcome, prepare, report};
use anyhow::{Context, Result, anyhow};
use course::catalogue::Course;
use course::report::Status;
use course::timeline::Chart;
use proofs::Traced;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use terminal::chart_svg::chart_svg;
use terminal::outcome::Outcome;
use terminal::output::Destination;
use terminal::paths;
use terminal::show::{self, Line, Screen, chart, hanging, mark};

/// The arguments of `timeline`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    // A doc comment on these fields would become help text.
    #[command(flatten)]
    names: Names,
    #[command(flatten)]
    program: ProgramArgs,
    /// Draw only these steps, e.g. 2-5 or 4-; `replay` shows their numbers
    #[arg(long, value_name = "STEPS", value_parser = steps)]
    steps: Option<RangeInclusive<usize>>,
    /// Write the drawing as an SVG image, which a browser shows
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

const EXAMPLES: &str = "\
A column for each process, thread and client; time goes down. ┃ works, ┆ sleeps in a
system call, ▶ and ◀ are bytes or connections on their way. The program is traced
(ptrace(2)), so it is slower than in a proof. Without --seed, the clients send the same
values as in the last proof, if this criterion has failed there.

Examples:
  cargo xtask timeline w03-l02 reuse
  cargo xtask timeline w03-l02 reuse --steps 2-5
  cargo xtask timeline w03-l02 reuse --cmd ./server --svg reuse.svg
  cargo xtask timeline                     of the last failure

Exit status: 0 proved; 1 not yet; 2 misuse, or something could not be observed, such as
a failure of the last proof.";

/// Checks a criterion, and draws what has happened.
///
/// # Errors
/// The command was misused, or the machine has a fault.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(paths::root())?;
    let Some((check, program)) = prepare(&course, &args.names, &args.program, "draw")? else {
        return Ok(Outcome::NotYet);
    };
    let destination = Destination::new("--svg", args.svg.as_deref())?;
    let criterion = check.ids().next().unwrap_or_default();
    let recorded = proofs::record(check.proof, &program, criterion, Traced::Yes, &mut |_, _| {})
        .map_err(|error| anyhow!("{}: {error}", check.lesson.id))?;
    let report = report(&check, recorded.finding)?;
    let drawing = match &args.steps {
        None => Chart::of(&recorded.timeline),
        Some(steps) => Chart::of_steps(&recorded.timeline, steps).with_context(|| {
            let count = recorded.timeline.steps();
            format!("--steps: {criterion} has no step {}; it has {count}", steps.start())
        })?,
    };
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
            let failed = failure.filter(|_| report.status == Status::Failed);
            screen.show_all(&chart(&drawing, failed, width))?;
            if failed.is_none() {
                let text = match failure {
                    Some(why) => format!("inconclusive: {why}"),
                    None => report.text.clone(),
                };
                let start = mark(report.status).plain(" ");
                screen.show_all(&hanging(start, 2, &text, width - 2, Line::plain))?;
            }
            next_command(&report).map_or(Ok(()), |line| screen.show(&line))?;
        }
    }
    Ok(outcome(report.status))
}

/// The steps that an argument names: `3`, `2-5` or `4-`.
fn steps(text: &str) -> Result<RangeInclusive<usize>, &'static str> {
    let number = |text: &str| text.parse::<usize>().ok().filter(|number| *number > 0);
    let range = match text.split_once('-') {
        None => number(text).map(|only| only..=only),
        Some((from, "")) => number(from).map(|from| from..=usize::MAX),
        Some((from, to)) => number(from).zip(number(to)).map(|(from, to)| from..=to),
    };
    range.filter(|range| !range.is_empty()).ok_or("write a number, FROM-TO or FROM-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_a_number_or_a_range() {
        assert_eq!(steps("3"), Ok(3..=3));
        assert_eq!(steps("2-5"), Ok(2..=5));
        assert_eq!(steps("4-"), Ok(4..=usize::MAX));
        for wrong in ["", "0", "5-2", "-3", "a", "1-b"] {
            assert!(steps(wrong).is_err(), "{wrong}");
        }
    }
}
