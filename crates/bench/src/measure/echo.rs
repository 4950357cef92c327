//! Compares two echo servers by the cost of their event loops.

use super::{Programs, Settings, print};
use crate::alternate::{Contender, alternate};
use crate::exchange::Exchange;
use crate::report::{Heading, Record};
use crate::server::{MAX_CLIENTS, Server};
use crate::statistics::row;
use anyhow::Result;
use std::path::Path;
use std::process::Command;

/// The number of bytes in a message.
const MESSAGE: usize = 64;

/// The number of connections, and the number of messages that all of them together send in a run.
const CASES: [(usize, u64); 3] = [(1, 20_000), (50, 60_000), (1_000, 60_000)];

/// The maximum CPU time that the course promises, as a multiple of the reference's CPU time.
const LIMIT: f64 = 1.05;

/// Measures both servers with 1, 50 and 1,000 connections.
///
/// # Errors
/// A server cannot be started, or does not echo.
pub(crate) fn run(programs: &Programs, settings: &Settings) -> Result<()> {
    settings.begin(Heading {
        bench: "echo".into(),
        title: format!("{MESSAGE}-byte messages, a Rust server and a C server, both with epoll"),
        server: "Rust".into(),
        reference: Some("C".into()),
        columns: ["messages a second".into(), "server CPU for each".into()],
        promises: true,
        runs: settings.runs,
    })?;
    let mut echo = Exchange::echo(MESSAGE);
    for (connections, messages) in CASES {
        let start = |program: &Path| -> Result<Contender> {
            let server = Server::start(settings.cores, MAX_CLIENTS, |_| Command::new(program))?;
            let mut contender = Contender::new(server);
            contender.connect_up_to(connections, &mut echo.clone(), 1)?;
            Ok(contender)
        };
        let (mut server, mut reference) = (start(&programs.server)?, start(&programs.reference)?);
        let length = settings.run_length(messages);
        let runs = alternate(settings.runs, &mut server, Some(&mut reference), |contender| {
            contender.run(&mut echo, length)
        })?;
        let case = match connections {
            1 => "1 connection".to_owned(),
            many => format!("{many} connections"),
        };
        print(&Record::Row(row(case, &runs.server, &runs.reference, Some(LIMIT))))?;
    }
    Ok(())
}
