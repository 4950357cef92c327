//! One active client among idle ones: poll looks at every descriptor in every call, epoll does not.

use super::{Setting, say};
use crate::curve::{self, Point};
use crate::exchange::Exchange;
use crate::report::{Heading, Row, Said};
use crate::server::{ROOM, Server};
use crate::statistics::row;
use crate::turns::{Side, by_turns};
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::Command;

/// Clients beside the active one.
const IDLE: [usize; 5] = [10, 100, 1_000, 5_000, 9_000];

/// Round trips in a run.
const ROUND_TRIPS: u64 = 2_000;

/// Clients that connect before one of them waits to be served: fewer than a backlog of 128.
const EVERY: usize = 64;

/// What the idle bench is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The tracker on poll
    #[arg(long, value_name = "PATH")]
    server: PathBuf,
    /// The tracker on epoll
    #[arg(long, value_name = "PATH")]
    reference: PathBuf,
    /// Draw the curve here
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// Measures both with 10 to 9,000 idle clients, and draws the curve.
///
/// # Errors
/// A server that cannot be started or does not echo; a file that cannot be written.
pub(crate) fn run(args: &Args, setting: &Setting) -> Result<()> {
    setting.begin(Heading {
        bench: "idle".into(),
        title: "one client sends 64 bytes, thousands are idle".into(),
        server: "poll".into(),
        reference: Some("epoll".into()),
        columns: ["round trip".into(), "server CPU for each".into()],
        promises: false,
        runs: setting.runs,
    })?;
    let mut echo = Exchange::echo(64);
    let side = |program: &PathBuf| -> Result<Side> {
        Ok(Side::new(Server::start(setting.cores, ROOM, |_| Command::new(program))?))
    };
    let (mut server, mut reference) = (side(&args.server)?, side(&args.reference)?);
    let mut points = Vec::new();
    // Each newcomer costs poll a look at all who are there: the last ones are the dearest.
    let levels = if setting.quick { &IDLE[..4] } else { &IDLE };
    for &idle in levels {
        if !setting.allows(2 * idle) {
            say(&Said::Note(format!("{idle} idle: more than `ulimit -Hn` allows here")))?;
            break;
        }
        server.join(1 + idle, &mut echo, EVERY)?;
        reference.join(1 + idle, &mut echo, EVERY)?;
        let work = setting.work(ROUND_TRIPS);
        let runs = by_turns(setting.runs, &mut server, Some(&mut reference), |side| {
            side.round_trips(&mut echo, work)
        })?;
        let row = row(format!("{idle} idle"), &runs.server, &runs.reference, None);
        points.extend(point(idle, &row));
        say(&Said::Row(row))?;
    }
    if let Some(file) = &args.svg {
        curve::draw(file, &points).with_context(|| format!("cannot draw {}", file.display()))?;
        say(&Said::Note(format!("drawn: {}", file.display())))?;
    }
    Ok(())
}

fn point(idle: usize, row: &Row) -> Option<Point> {
    let poll = row.server.round_trip_us?;
    let epoll = row.reference?.round_trip_us?;
    Some(Point { idle, poll, epoll })
}
