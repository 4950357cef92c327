//! Clients that are not named, and the children that serve them, which are counted.

use super::children::stopped_serving;
use super::process_evidence;
use crate::check_error::{CheckError, Failure};
use crate::shared::fd_leaks::connect_unnamed;
use crate::test_run::TestRun;
use witness::{Client, Server, Unobservable, WaitError};

/// Connects one of many clients, and waits until the server has accepted the client.
pub(crate) fn connect_accepted(run: &mut TestRun) -> Result<Client, CheckError> {
    let connection = connect_unnamed(run)?;
    let accepted = run.server.wait_for(|now| {
        let socket = now.connection(&connection)?;
        Ok(socket.is_some_and(|socket| socket.inode != 0).then_some(()))
    });
    match accepted {
        Ok(()) => Ok(connection),
        Err(wait_error @ WaitError::Ended(_)) => Err(stopped_serving(run, wait_error)),
        Err(wait_error) => Err(not_accepted(run, wait_error)),
    }
}

fn not_accepted(run: &mut TestRun, wait_error: WaitError) -> CheckError {
    let failure = Failure {
        id: "not-accepted",
        summary: "Of clients that are connected at the same time, one is not accepted.".to_owned(),
        expected: "each client is accepted".to_owned(),
        observed: wait_error.to_string(),
        ..Failure::default()
    };
    process_evidence::fail(run, Some(wait_error), failure).depends_on("own-child")
}

/// How many children may exist at the same time, at most `wanted`. A sandboxed program may have a
/// limited number of threads, and some languages start several of them for each process.
pub(crate) fn possible_children(run: &mut TestRun, wanted: usize) -> Result<usize, CheckError> {
    let running = count_running(&run.server)?;
    let (first, threads) = connect_and_count_threads(run)?;
    first.close();
    let ended = run.server.wait_for(|now| Ok((count_running(now)? <= running).then_some(())));
    ended.map_err(|wait_error| child_runs_on(run, wait_error))?;
    Ok(if threads <= 1 { wanted } else { 0 })
}

/// Connects a client. Returns it, and the number of threads that the server has started for it.
pub(super) fn connect_and_count_threads(run: &mut TestRun) -> Result<(Client, usize), CheckError> {
    let count = |now: &Server| -> Result<usize, CheckError> {
        let processes = now.processes()?;
        let threads = processes.iter().map(|it| it.threads().map_or(1, |all| all.len()));
        Ok(threads.sum())
    };
    let before = count(&run.server)?;
    let client = connect_accepted(run)?;
    run.check_alive().map_err(|wait_error| stopped_serving(run, wait_error))?;
    Ok((client, count(&run.server)?.saturating_sub(before)))
}

/// The number of processes that are not zombies.
pub(crate) fn count_running(server: &Server) -> Result<usize, Unobservable> {
    let mut count = 0;
    for process in server.processes()? {
        count += usize::from(!process.is_zombie()?);
    }
    Ok(count)
}

/// The failure of a server whose child does not end when its client leaves.
pub(crate) fn child_runs_on(run: &mut TestRun, wait_error: WaitError) -> CheckError {
    let failure = Failure {
        id: "child-lives-on",
        summary: "A client has left, and its child does not end.".to_owned(),
        expected: "the child ends when its client leaves".to_owned(),
        observed: wait_error.to_string(),
        ..Failure::default()
    };
    process_evidence::fail(run, Some(wait_error), failure).depends_on("hangup")
}

/// Waits until the parent has reaped every child that has ended. Returns the number of children that stay
/// zombies, and the reason, if there are any.
pub(super) fn wait_all_reaped(run: &mut TestRun) -> Result<Option<(usize, WaitError)>, CheckError> {
    let reaped = run.server.wait_for(|now| Ok(now.zombies()?.is_empty().then_some(())));
    match reaped {
        Ok(()) => Ok(None),
        Err(wait_error @ WaitError::Ended(_)) => Err(stopped_serving(run, wait_error)),
        Err(wait_error) => Ok(Some((run.server.zombies()?.len(), wait_error))),
    }
}
