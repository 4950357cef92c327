//! Measures the round-trip time of one active client while many other clients are idle. poll(2)
//! checks every descriptor in each call; epoll(7) does not.

use super::{Programs, Settings, print};
use crate::alternate::{Contender, alternate};
use crate::curve::{self, Labels, Point};
use crate::exchange::Exchange;
use crate::report::{Heading, Record, Row};
use crate::server::{MAX_CLIENTS, Server};
use crate::statistics::row;
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::Command;

/// The numbers of idle clients.
const IDLE: [usize; 5] = [10, 100, 1_000, 5_000, 9_000];

/// The number of round trips in a run.
const ROUND_TRIPS: u64 = 2_000;

/// After this number of connections, one client waits for a reply. The number is less than a
/// backlog of 128.
const HELLO_INTERVAL: usize = 64;

/// The arguments of the idle bench.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    programs: Programs,
    /// Draw the curves into this SVG file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// Measures both servers with 10 to 9,000 idle clients, and draws the curves.
///
/// # Errors
/// A server cannot be started, or does not echo; or the file cannot be written.
pub(crate) fn run(args: &Args, settings: &Settings) -> Result<()> {
    settings.begin(Heading {
        bench: "idle".into(),
        title: "one client sends 64 bytes, thousands are idle".into(),
        server: "poll".into(),
        reference: Some("epoll".into()),
        columns: ["round trip".into(), "server CPU for each".into()],
        promises: false,
        runs: settings.runs,
    })?;
    let mut echo = Exchange::echo(64);
    let start = |program: &PathBuf| -> Result<Contender> {
        Ok(Contender::new(Server::start(settings.cores, MAX_CLIENTS, |_| Command::new(program))?))
    };
    let (mut server, mut reference) =
        (start(&args.programs.server)?, start(&args.programs.reference)?);
    let mut points = Vec::new();
    // A server with poll checks all other clients each time that it accepts a client. Connecting
    // the last clients therefore takes longest, so a quick bench omits them.
    let levels = if settings.quick { &IDLE[..4] } else { &IDLE };
    for &idle in levels {
        if !settings.allows(2 * idle) {
            print(&Record::Note(format!(
                "{idle} idle: more clients than `ulimit -Hn` permits on this machine"
            )))?;
            break;
        }
        server.connect_up_to(1 + idle, &mut echo, HELLO_INTERVAL)?;
        reference.connect_up_to(1 + idle, &mut echo, HELLO_INTERVAL)?;
        let length = settings.run_length(ROUND_TRIPS);
        let runs = alternate(settings.runs, &mut server, Some(&mut reference), |contender| {
            contender.round_trips(&mut echo, length)
        })?;
        let row = row(format!("{idle} idle"), &runs.server, &runs.reference, None);
        points.extend(point(idle, &row));
        print(&Record::Row(row))?;
    }
    if let Some(file) = &args.svg {
        let labels =
            Labels { x: "idle clients beside the active one", y: "round trip, µs (median)" };
        curve::draw(file, labels, &points)
            .with_context(|| format!("cannot draw {}", file.display()))?;
        print(&Record::Note(format!("the curves are in {}", file.display())))?;
    }
    Ok(())
}

fn point(clients: usize, row: &Row) -> Option<Point> {
    let poll = row.server.round_trip_us?;
    let epoll = row.reference?.round_trip_us?;
    Some(Point { clients, poll, epoll })
}
