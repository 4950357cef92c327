//! The criterion `burst`: many children end before the server can handle the first SIGCHLD.

use super::ended_child::{Child, end_while_paused};
use super::reap_lines::expect_reaped;
use crate::check_context::CheckContext;
use crate::check_error::CheckError;
use crate::fork_server::children::stopped_serving;
use crate::fork_server::reaping::connect_accepted;
use crate::test_run::TestRun;
use witness::{Client, Process};

/// The number of children that end together.
const CHILDREN: usize = 50;

/// 50 children end while the server is stopped. One SIGCHLD is pending then (signal(7), "Queueing
/// and delivery semantics for standard signals"), and each of the children must be reaped and
/// logged.
pub(super) fn burst(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    run.step(format!("{CHILDREN} clients connected"));
    let accepted = (0..CHILDREN).map(|_| connect_accepted(&mut run));
    let clients: Vec<Client> = accepted.collect::<Result<_, _>>()?;
    run.check_alive().map_err(|error| stopped_serving(&mut run, error))?;
    let children = children(&run)?;

    run.step(format!(
        "all {CHILDREN} left, and their children ended, while the server was stopped (SIGSTOP)"
    ));
    let ended = end_while_paused(&mut run, children, |_| {
        for (index, client) in clients.iter().enumerate() {
            if index % 2 == 0 { client.close() } else { client.reset() }
        }
    })?;
    expect_reaped(&mut run, &ended)
}

/// The children of the server that have a client's connection.
fn children(run: &TestRun) -> Result<Vec<Child>, CheckError> {
    let mut found: Vec<Process> = run.server.process().children()?;
    found.retain(|child| !matches!(child.is_zombie(), Ok(true)));
    let named = found.into_iter().enumerate();
    named.map(|(index, it)| Child::new(format!("Child {}", index + 1), it)).collect()
}
