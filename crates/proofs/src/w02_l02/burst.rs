//! The criterion `burst`: many children end before the server can handle the first SIGCHLD.

use super::ended_child::{Child, end_while_paused};
use super::expect_reaped::expect_reaped;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::fork_server::children::stopped_serving;
use crate::fork_server::process_evidence;
use crate::fork_server::reaping::connect_accepted;
use crate::test_run::TestRun;
use witness::{Client, Process, Target, Unobservable};

/// The number of children that end together.
const CHILDREN: usize = 50;

/// The number of children that run all the time. Together with the others, there are more children than a
/// table of 64 has rows.
const OTHERS: usize = 20;

/// 50 children end while the server is stopped. One SIGCHLD is pending then (signal(7), "Queueing
/// and delivery semantics for standard signals"), and each of the children must be reaped and
/// logged. Other children, which were forked before them, run on.
pub(super) fn burst(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    run.step(format!("{OTHERS} clients connected, and {CHILDREN} more"));
    for _ in 0..OTHERS {
        connect_accepted(&mut run)?;
    }
    let accepted = (0..CHILDREN).map(|_| connect_accepted(&mut run));
    let clients: Vec<Client> = accepted.collect::<Result<_, _>>()?;
    run.check_alive().map_err(|error| stopped_serving(&mut run, error))?;
    let children = children(&mut run, &clients)?;

    run.step(format!(
        "the last {CHILDREN} left, and their children ended, while the server was stopped (SIGSTOP)"
    ));
    let ended = end_while_paused(&mut run, children, |_| {
        for (index, client) in clients.iter().enumerate() {
            if index % 2 == 0 { client.close() } else { client.reset() }
        }
    })?;
    expect_reaped(&mut run, &ended)
}

/// The children of the server, each with the connection of a client.
fn children(run: &mut TestRun, clients: &[Client]) -> Result<Vec<Child>, CheckError> {
    for client in clients {
        run.server.connection(client)?; // stores the inode of the server's socket
    }
    let sockets: Vec<u64> = clients.iter().filter_map(Client::inode).collect();
    let serves = |process: Process| {
        let open = process.descriptors()?;
        let mut targets = open.into_iter().map(|descriptor| descriptor.target);
        Ok(targets.any(|it| matches!(it, Target::Socket(inode) if sockets.contains(&inode))))
    };
    let mut found = Vec::new();
    for process in run.server.process().children()? {
        if serves(process).map_err(|unseen: Unobservable| CheckError::from(unseen))? {
            found.push(Child::new(format!("Child {}", found.len() + 1), process)?);
        }
    }
    if found.len() == CHILDREN { Ok(found) } else { Err(not_own_children(run, found.len())) }
}

/// The failure of a server that has not as many children as clients.
fn not_own_children(run: &mut TestRun, count: usize) -> CheckError {
    let failure = Failure {
        id: "not-own-children",
        mistake: None,
        summary: format!(
            "{} clients are connected, and {count} children serve the last {CHILDREN} of them.",
            OTHERS + CHILDREN
        ),
        expected: format!("{CHILDREN} children of the server"),
        observed: format!("{count} children that have a client's connection"),
    };
    process_evidence::fail(run, None, failure).depends_on("handler")
}
