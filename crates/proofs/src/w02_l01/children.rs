//! A client and the child that was forked for it.

use super::process_evidence;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use witness::{Client, Process, Server, Stuck, Unseen};

/// A client, and the process that holds its connection.
pub(super) struct ClientAndChild {
    pub(super) client: NamedClient,
    pub(super) child: Process,
}

/// A client connects, and is given a child of its own.
pub(super) fn arrive(
    run: &mut TestRun,
    others: &[&ClientAndChild],
) -> Result<ClientAndChild, CheckError> {
    let client = run.connect()?;
    match child_of(run, &client, others) {
        Ok(child) => Ok(ClientAndChild { client, child }),
        Err(wait_error) => Err(no_child(run, &client, wait_error).depends_on("own-child")),
    }
}

/// Waits for a process that holds the client's connection, and is neither the one that listens nor
/// another client's child.
pub(super) fn child_of(
    run: &mut TestRun,
    client: &NamedClient,
    others: &[&ClientAndChild],
) -> Result<Process, Stuck> {
    let parents: Vec<Process> = others.iter().map(|pair| pair.child).collect();
    let own = |now: &mut Server| {
        let holders = holders(now, &client.connection)?;
        let mut own = holders.into_iter().filter(|it| *it != now.process());
        Ok(own.find(|it| !parents.contains(it)))
    };
    run.server.until(own)?;
    // The first to hold it may only be passing it on.
    run.check_alive()?;
    run.server.until(own)
}

/// The processes that hold a client's connection, the one that listens included.
pub(super) fn holders(server: &Server, connection: &Client) -> Result<Vec<Process>, Unseen> {
    server.connection(connection)?;
    connection.inode().map_or(Ok(Vec::new()), |inode| server.holders(inode))
}

/// The failure of a server that gives a client no child.
pub(super) fn no_child(run: &mut TestRun, client: &NamedClient, wait_error: Stuck) -> CheckError {
    let name = &client.name;
    let waits = waits_for_a_child(run);
    let queued = run.server.listener().ok().flatten().is_some_and(|it| it.unread > 0);
    let holders = holders(&run.server, &client.connection).unwrap_or_default();
    let (mistake, why, observed) = match &wait_error {
        Stuck::Ended(_) => (None, "the server ended".to_owned(), wait_error.to_string()),
        _ if client.connection.ended().is_some() => {
            (None, "its connection was closed".into(), format!("{name} reads an end of file"))
        }
        _ if queued => (
            waits.then_some(if somebody_left(run) { "blocking-reaper" } else { "waits-for-child" }),
            match waits {
                true => "the parent sleeps until another client's child ends".to_owned(),
                false => "the parent never accepted it".to_owned(),
            },
            format!("{name} is still in the listener's queue"),
        ),
        _ if holders == [run.server.process()] => (
            Some("serves-in-parent"),
            "the parent keeps it to itself".to_owned(),
            format!("the parent alone holds {name}'s connection"),
        ),
        _ if holders.is_empty() => {
            (None, "nobody holds its connection".into(), format!("no process has {name}'s socket"))
        }
        _ => (None, "another client's child holds it".into(), format!("{name} shares a child")),
    };
    let failure = Failure {
        id: "no-child",
        mistake,
        summary: format!("{name} connected and has no child of its own: {why}."),
        expected: format!("a child that holds {name}'s connection"),
        observed,
    };
    process_evidence::fail(run, Some(wait_error), failure)
}

/// Whether the process that listens sleeps until a child ends.
pub(super) fn waits_for_a_child(run: &TestRun) -> bool {
    let threads = run.server.process().threads().unwrap_or_default();
    let mut calls = threads.iter().filter_map(|thread| thread.call);
    calls.any(|call| matches!(call.name(), "wait4" | "waitid"))
}

/// Whether a client that was here has been let go.
fn somebody_left(run: &TestRun) -> bool {
    let gone = |client: &NamedClient| matches!(run.server.connection(&client.connection), Ok(None));
    run.clients.iter().any(gone)
}

/// Waits until a child has ended, whether it was reaped or not.
pub(super) fn wait_child_ended(run: &mut TestRun, child: Process) -> Result<(), Stuck> {
    run.server.until(|now| Ok(has_ended(now, child)?.then_some(())))
}

fn has_ended(server: &Server, child: Process) -> Result<bool, Unseen> {
    Ok(child.is_zombie()? || !server.processes()?.contains(&child))
}

/// The failure of a server that does not go on, for a check that has asked for something else.
pub(super) fn ended(run: &mut TestRun, wait_error: Stuck) -> CheckError {
    let failure = Failure {
        id: "stopped-serving",
        mistake: None,
        summary: "The server does not go on after a child has ended.".to_owned(),
        expected: "children end, and the parent serves the next client".to_owned(),
        observed: wait_error.to_string(),
    };
    process_evidence::fail(run, Some(wait_error), failure).depends_on("interrupted")
}

/// Waits until the server will do nothing more by itself. Only its end is a failure.
pub(super) fn settle(run: &mut TestRun) -> Result<(), Stuck> {
    match run.server.until_quiet() {
        Err(wait_error @ (Stuck::Ended(_) | Stuck::Unseen(_))) => Err(wait_error),
        _ => Ok(()),
    }
}
