//! The criterion `burst`: many children end before the server can handle the first SIGCHLD.

use super::ended_child::{Child, end_while_paused};
use super::expect_reaped::expect_reaped;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::fork_server::children::stopped_serving;
use crate::fork_server::many_children::connect_accepted;
use crate::fork_server::process_evidence;
use crate::test_run::TestRun;
use witness::{Client, Process, Signal, Target, Unobservable};

/// The number of children that end together.
const CHILDREN: usize = 50;

/// The number of children that run meanwhile. Together with the others, there are more children than a
/// table of 64 has rows.
const OTHERS: usize = 20;

/// 50 children end while the server is stopped. One SIGCHLD is pending then (signal(7), "Queueing
/// and delivery semantics for standard signals"), and each of the children must be reaped and
/// logged. Other children, which were forked before them, run on. Then these end together as well, the
/// first of them by SIGKILL.
pub(super) fn burst(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    run.step(format!("{OTHERS} clients connected, and {CHILDREN} more"));
    let others = connect_all(&mut run, OTHERS)?;
    let clients = connect_all(&mut run, CHILDREN)?;
    run.check_alive().map_err(|error| stopped_serving(&mut run, error))?;
    let ending = children(&mut run, &clients)?;

    run.step(format!(
        "the last {CHILDREN} left, and their children ended, while the server was stopped (SIGSTOP)"
    ));
    let ended = end_while_paused(&mut run, ending, |_| leave(&clients))?;
    expect_reaped(&mut run, &ended)?;
    first_is_killed(&mut run, &others)
}

fn connect_all(run: &mut TestRun, count: usize) -> Result<Vec<Client>, CheckError> {
    (0..count).map(|_| connect_accepted(run)).collect()
}

fn leave(clients: &[Client]) {
    for (index, client) in clients.iter().enumerate() {
        if index % 2 == 0 { client.close() } else { client.reset() }
    }
}

/// The other children end together, too, and SIGKILL ends the one that was forked first. waitpid(2)
/// returns this one before the others, which must be reaped as well.
fn first_is_killed(run: &mut TestRun, clients: &[Client]) -> Result<(), CheckError> {
    let ending = children(run, clients)?;
    let first = ending[0].process;
    run.step(format!(
        "the server was stopped; SIGKILL ended the first of the other {OTHERS} children, and the \
         clients of the rest left"
    ));
    let ended = end_while_paused(run, ending, |run| {
        run.server.signal_process(first, Signal::SIGKILL);
        leave(&clients[1..]);
    })?;
    expect_reaped(run, &ended).map_err(|error| match error {
        CheckError::Failed(mut cause) if cause.id == "zombies" => {
            // The children that ended without a signal were reaped before, all together.
            cause.mistake = None;
            cause.summary = format!("{} SIGKILL had ended one of them.", cause.summary);
            CheckError::Failed(cause)
        }
        other => other.depends_on("killed"),
    })
}

/// The children of the server, each with the connection of a client, in the order of the forks.
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
    match found.len() == clients.len() {
        true => Ok(found),
        false => Err(not_own_children(run, clients.len(), found.len())),
    }
}

/// The failure of a server that has not as many children as clients.
fn not_own_children(run: &mut TestRun, wanted: usize, count: usize) -> CheckError {
    let failure = Failure {
        id: "not-own-children",
        mistake: None,
        summary: format!("{wanted} clients were served one by one, and have {count} children."),
        expected: format!("{wanted} children of the server"),
        observed: format!("{count} children that have a client's connection"),
    };
    process_evidence::fail(run, None, failure).depends_on("handler")
}
