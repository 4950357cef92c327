//! An echo server against another: what the loop around read and write costs.

use super::{Setting, say};
use crate::exchange::Exchange;
use crate::report::{Heading, Said};
use crate::server::{ROOM, Server};
use crate::statistics::row;
use crate::turns::{Side, by_turns};
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Bytes in a message.
const MESSAGE: usize = 64;

/// Connections, and messages in a run of them all.
const CASES: [(usize, u64); 3] = [(1, 20_000), (50, 60_000), (1_000, 60_000)];

/// The most CPU time that the course promises, the reference's being 1.
const LIMIT: f64 = 1.05;

/// What the echo bench is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The server's program
    #[arg(long, value_name = "PATH")]
    server: PathBuf,
    /// The program that it is compared with
    #[arg(long, value_name = "PATH")]
    reference: PathBuf,
}

/// Measures both at 1, 50 and 1,000 connections.
///
/// # Errors
/// A server that cannot be started or does not echo.
pub(crate) fn run(args: &Args, setting: &Setting) -> Result<()> {
    setting.begin(Heading {
        bench: "echo".into(),
        title: format!("{MESSAGE}-byte messages, Rust beside C, both on epoll"),
        server: "Rust".into(),
        reference: Some("C".into()),
        columns: ["messages a second".into(), "server CPU for each".into()],
        promises: true,
        runs: setting.runs,
    })?;
    let mut echo = Exchange::echo(MESSAGE);
    for (connections, messages) in CASES {
        let side = |program: &Path| -> Result<Side> {
            let server = Server::start(setting.cores, ROOM, |_| Command::new(program))?;
            let mut side = Side::new(server);
            side.join(connections, &mut echo.clone(), 1)?;
            Ok(side)
        };
        let (mut server, mut reference) = (side(&args.server)?, side(&args.reference)?);
        let work = setting.work(messages);
        let runs = by_turns(setting.runs, &mut server, Some(&mut reference), |side| {
            side.run(&mut echo, work)
        })?;
        let case = match connections {
            1 => "1 connection".to_owned(),
            many => format!("{many} connections"),
        };
        say(&Said::Row(row(case, &runs.server, &runs.reference, Some(LIMIT))))?;
    }
    Ok(())
}
