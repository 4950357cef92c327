//! The criterion `no-zombies`: the parent must reap each child that has ended. A child that is not
//! reaped stays a zombie.

use super::children::{
    ClientAndChild, connect_with_child, no_child, stopped_serving, wait_child, wait_child_ended,
    wait_settled, waits_for_a_child,
};
use super::killed_child::one_of_two_is_killed;
use super::many_children::{
    child_runs_on, connect_accepted, count_running, possible_children, wait_all_reaped,
};
use super::process_evidence;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use witness::{Client, WaitError};

/// The numbers of clients that connect and then leave at the same time. The criterion `own-child` has
/// five clients, too.
const BATCHES: [usize; 7] = [5, 5, 5, 5, 5, 5, 20];
/// The number of clients that connect and leave.
const CLIENTS: usize = 50;

/// No child stays a zombie, not even after 50 clients.
pub(crate) fn no_zombies(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;

    // One child ends while another client stays connected.
    let first = connect_with_child(&mut run, &[])?;
    let stays = connect_with_child(&mut run, &[&first])?;
    run.step(format!("{} closed (FIN)", first.client.name));
    first.client.connection.close();
    expect_reaped(&mut run, &first)?;
    wait_settled(&mut run).map_err(|wait_error| stopped_serving(&mut run, wait_error))?;

    // After a child has ended, the parent must accept the next client.
    let next = run.connect()?;
    let child = wait_child(&mut run, &next, &[&first, &stays]);
    let next = match child {
        Ok(child) => ClientAndChild { client: next, child },
        Err(wait_error) => return Err(next_not_accepted(&mut run, &next, wait_error)),
    };
    for pair in [stays, next] {
        run.step(format!("{} closed (FIN)", pair.client.name));
        pair.client.connection.close();
        expect_reaped(&mut run, &pair)?;
    }
    connect_and_leave(&mut run)?;
    one_of_two_is_killed(&mut run)
}

/// The failure of a server that does not accept the next client after a child has ended.
fn next_not_accepted(run: &mut TestRun, next: &NamedClient, wait_error: WaitError) -> CheckError {
    let is_reaping = waits_for_a_child(run);
    let error = no_child(run, next, wait_error);
    if is_reaping { error } else { error.depends_on("own-child") }
}

/// Waits until the child of a client that has left has ended, and the parent has reaped it. Returns the
/// reason if the child stays a zombie.
///
/// # Errors
/// The child runs on, or the server has ended.
pub(super) fn why_not_reaped(
    run: &mut TestRun,
    left: &ClientAndChild,
) -> Result<Option<WaitError>, CheckError> {
    wait_child_ended(run, left.child).map_err(|wait_error| child_runs_on(run, wait_error))?;
    let reaped =
        run.server.wait_for(|now| Ok((!now.zombies()?.contains(&left.child)).then_some(())));
    match reaped {
        Err(ended @ WaitError::Ended(_)) => Err(stopped_serving(run, ended)),
        reaped => Ok(reaped.err()),
    }
}

/// Checks that the parent reaps a child that ends, although no other client connects.
fn expect_reaped(run: &mut TestRun, left: &ClientAndChild) -> Result<(), CheckError> {
    let Some(wait_error) = why_not_reaped(run, left)? else { return Ok(()) };
    let name = &left.client.name;
    let (mistake, summary) = if is_reaped_by_next_client(run, left) {
        ("reaps-late", format!("{name}'s child was a zombie until the next client connected."))
    } else {
        ("never-reaps", format!("{name}'s child has ended, and the parent has not reaped it."))
    };
    let failure = Failure {
        id: "zombie",
        mistake: Some(mistake),
        summary,
        expected: format!("{name}'s child is reaped, and no other client has to connect"),
        observed: "the child was a zombie when the server was idle".to_owned(),
    };
    Err(process_evidence::fail(run, Some(wait_error), failure))
}

/// Whether the parent reaps the child when the next client connects.
fn is_reaped_by_next_client(run: &mut TestRun, left: &ClientAndChild) -> bool {
    let connected = run.connect().is_ok() && run.server.wait_idle().is_ok();
    connected && run.server.zombies().is_ok_and(|zombies| !zombies.contains(&left.child))
}

/// Connects and disconnects 50 clients, several at a time. Their children end while the parent is
/// paused. A signal that is already pending is not queued again (signal(7)). Therefore the parent
/// gets one SIGCHLD for several children.
fn connect_and_leave(run: &mut TestRun) -> Result<(), CheckError> {
    let before = count_running(&run.server)?;
    let batches = match possible_children(run, 20)? {
        20.. => BATCHES.to_vec(),
        _ => vec![BATCHES[0]; CLIENTS / BATCHES[0]],
    };
    let most = batches.iter().copied().max().unwrap_or(0);
    run.step(format!(
        "{CLIENTS} clients connected and left, up to {most} at a time, while the parent was paused \
         (SIGSTOP)"
    ));
    for (round, count) in batches.into_iter().enumerate() {
        let accepted = (0..count).map(|_| connect_accepted(run));
        let connections: Vec<Client> = accepted.collect::<Result<_, _>>()?;
        run.check_alive().map_err(|wait_error| stopped_serving(run, wait_error))?;
        run.server.pause().map_err(|wait_error| stopped_serving(run, wait_error))?;
        for (index, client) in connections.iter().enumerate() {
            if (round + index) % 2 == 0 { client.close() } else { client.reset() }
        }
        let ended = run.server.wait_for(|now| Ok((count_running(now)? <= before).then_some(())));
        ended.map_err(|wait_error| child_runs_on(run, wait_error))?;
        run.server.resume().map_err(|wait_error| stopped_serving(run, wait_error))?;
    }
    let Some((left, wait_error)) = wait_all_reaped(run)? else { return Ok(()) };
    let failure = Failure {
        id: "zombies",
        // A parent that reaps one child for each signal leaves children of every batch.
        mistake: (left > most).then_some("reaps-one"),
        summary: format!(
            "Children ended up to {most} at a time, and {left} of {CLIENTS} were not reaped."
        ),
        expected: "no zombie".to_owned(),
        observed: format!("{left} zombies when the server was idle"),
    };
    Err(process_evidence::fail(run, Some(wait_error), failure))
}
