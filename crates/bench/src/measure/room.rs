//! Compares two chat rooms by what a delivered line costs.

use super::{Programs, Settings, print};
use crate::alternate::alternate;
use crate::curve::{self, Labels, Point};
use crate::report::{Heading, Record, Row};
use crate::room::Room;
use crate::server::{MAX_CLIENTS, Server};
use crate::statistics::row;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The number of members that listen, in the comparison with a room in C.
const LISTENERS: [usize; 1] = [100];

/// The numbers of members that listen, in the comparison of poll with epoll.
const CURVE: [usize; 5] = [10, 100, 300, 600, 1_000];

/// The number of lines that all members together receive in a run.
const DELIVERED: u64 = 200_000;

/// The maximum CPU time that the course promises, as a multiple of the reference's CPU time.
const LIMIT: f64 = 1.05;

/// The arguments of the room bench.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    programs: Programs,
    /// Compare poll with epoll, for 10 to 1,000 listeners
    #[arg(long)]
    waits: bool,
    /// Draw the curves into this SVG file
    #[arg(long, value_name = "FILE", requires = "waits")]
    svg: Option<PathBuf>,
}

/// Measures both rooms.
///
/// # Errors
/// A room cannot be started, or does not deliver a line; or the file cannot be written.
pub(crate) fn run(args: &Args, settings: &Settings) -> Result<()> {
    settings.begin(heading(args, settings))?;
    let start = |program: &Path| -> Result<Room> {
        // The room in C takes the port as its argument.
        let command = |port: u16| {
            let mut command = Command::new(program);
            command.arg(port.to_string());
            command
        };
        Ok(Room::new(Server::start(settings.cores, MAX_CLIENTS, command)?))
    };
    let (mut server, mut reference) =
        (start(&args.programs.server)?, start(&args.programs.reference)?);
    let mut points = Vec::new();
    let cases = if args.waits { &CURVE[..] } else { &LISTENERS };
    for &listeners in cases {
        if !settings.allows(2 * listeners) {
            let why = "more clients than `ulimit -Hn` permits on this machine";
            print(&Record::Note(format!("{listeners} listeners: {why}")))?;
            break;
        }
        server.fill_up_to(1 + listeners)?;
        reference.fill_up_to(1 + listeners)?;
        let length = settings.run_length(DELIVERED);
        let runs =
            alternate(settings.runs, &mut server, Some(&mut reference), |room| room.speak(length))?;
        let limit = (!args.waits).then_some(LIMIT);
        let row = row(format!("{listeners} listen"), &runs.server, &runs.reference, limit);
        points.extend(point(listeners, &row));
        print(&Record::Row(row))?;
    }
    if let Some(file) = &args.svg {
        let labels =
            Labels { x: "members that listen", y: "server CPU for a delivered line, ns (median)" };
        curve::draw(file, labels, &points)
            .with_context(|| format!("cannot draw {}", file.display()))?;
        print(&Record::Note(format!("the curves are in {}", file.display())))?;
    }
    Ok(())
}

fn heading(args: &Args, settings: &Settings) -> Heading {
    let (bench, title, names) = match args.waits {
        true => ("room-waits", "a 64-byte line to all others, the same room", ["poll", "epoll"]),
        false => ("room", "a 64-byte line to all others, both rooms on epoll", ["Rust", "C"]),
    };
    Heading {
        bench: bench.into(),
        title: title.into(),
        server: names[0].into(),
        reference: Some(names[1].into()),
        columns: ["lines a second".into(), "server CPU for each".into()],
        promises: !args.waits,
        runs: settings.runs,
    }
}

fn point(clients: usize, row: &Row) -> Option<Point> {
    let poll = row.server.cpu_ns?;
    let epoll = row.reference?.cpu_ns?;
    Some(Point { clients, poll, epoll })
}
