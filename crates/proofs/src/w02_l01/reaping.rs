//! Children that have ended: each must be reaped, or it stays a zombie.

use super::children::{
    ClientAndChild, arrive, child_of, ended, no_child, settle, wait_child_ended, waits_for_a_child,
};
use super::process_evidence;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use witness::{Client, Server, Stuck, Unseen};

const CROWD: usize = 50;
/// At once, and so no more than another criterion has seen served at the same time.
const WAVE: usize = 5;

/// No child stays a zombie, after 50 clients too.
pub(super) fn no_zombies(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let first = arrive(&mut run, &[])?;
    let stays = arrive(&mut run, &[&first])?;
    run.step(format!("{} closed (FIN)", first.client.name));
    first.client.connection.close();
    buried(&mut run, &first)?;
    settle(&mut run).map_err(|wait_error| ended(&mut run, wait_error))?;
    let next = run.connect()?;
    let child = child_of(&mut run, &next, &[&first, &stays]);
    let next = match child {
        Ok(child) => ClientAndChild { client: next, child },
        Err(wait_error) => return Err(not_accepted(&mut run, &next, wait_error)),
    };
    for pair in [stays, next] {
        run.step(format!("{} closed (FIN)", pair.client.name));
        pair.client.connection.close();
        buried(&mut run, &pair)?;
    }
    come_and_go(&mut run)
}

/// After one child has ended, the next client finds nobody who accepts.
fn not_accepted(run: &mut TestRun, next: &NamedClient, wait_error: Stuck) -> CheckError {
    let is_reaping = waits_for_a_child(run);
    let error = no_child(run, next, wait_error);
    if is_reaping { error } else { error.depends_on("own-child") }
}

/// A child that ends is gone, with nobody connecting to bring that about.
fn buried(run: &mut TestRun, left: &ClientAndChild) -> Result<(), CheckError> {
    wait_child_ended(run, left.child).map_err(|wait_error| lives_on(run, wait_error))?;
    let gone = run.server.until(|now| Ok((!now.zombies()?.contains(&left.child)).then_some(())));
    let Err(wait_error) = gone else { return Ok(()) };
    if let Stuck::Ended(_) = wait_error {
        return Err(ended(run, wait_error));
    }
    let name = &left.client.name;
    let (mistake, summary) = if is_reaped_by_the_next(run, left) {
        ("reaps-late", format!("{name}'s child was a zombie until the next client connected."))
    } else {
        ("never-reaps", format!("{name}'s child has ended, and nobody has reaped it."))
    };
    let failure = Failure {
        id: "zombie",
        mistake: Some(mistake),
        summary,
        expected: format!("{name}'s child is gone, with nobody else coming"),
        observed: "it was a zombie when the server had come to rest".to_owned(),
    };
    Err(process_evidence::fail(run, Some(wait_error), failure))
}

/// Whether another client's coming is what the parent waits for to reap.
fn is_reaped_by_the_next(run: &mut TestRun, left: &ClientAndChild) -> bool {
    let came = run.connect().is_ok() && run.server.until_quiet().is_ok();
    came && run.server.zombies().is_ok_and(|zombies| !zombies.contains(&left.child))
}

/// 50 clients, some at a time, whose children end while the parent cannot look: one SIGCHLD tells it
/// of several, for a signal that is pending already is not queued again (signal(7)).
fn come_and_go(run: &mut TestRun) -> Result<(), CheckError> {
    let before = living(&run.server)?;
    run.step(format!(
        "{CROWD} clients came and left, {WAVE} at a time, the parent being stopped meanwhile (SIGSTOP)"
    ));
    for round in 0..CROWD / WAVE {
        let batch: Vec<Client> = (0..WAVE).map(|_| take_one(run)).collect::<Result<_, _>>()?;
        run.check_alive().map_err(|wait_error| ended(run, wait_error))?;
        run.server.stop().map_err(|wait_error| ended(run, wait_error))?;
        for (index, connection) in batch.iter().enumerate() {
            if (round + index) % 2 == 0 { connection.close() } else { connection.reset() }
        }
        let died = run.server.until(|now| Ok((living(now)? <= before).then_some(())));
        died.map_err(|wait_error| lives_on(run, wait_error))?;
        run.server.go_on().map_err(|wait_error| ended(run, wait_error))?;
    }
    let gone = run.server.until(|now| Ok(now.zombies()?.is_empty().then_some(())));
    let Err(wait_error) = gone else { return Ok(()) };
    if let Stuck::Ended(_) = wait_error {
        return Err(ended(run, wait_error));
    }
    let left = run.server.zombies()?.len();
    let failure = Failure {
        id: "zombies",
        mistake: Some("reaps-one"),
        summary: format!("Children ended {WAVE} at a time, and {left} of {CROWD} were not reaped."),
        expected: "no zombie".to_owned(),
        observed: format!("{left} zombies when the server had come to rest"),
    };
    Err(process_evidence::fail(run, Some(wait_error), failure))
}

/// A client whom the server has accepted.
fn take_one(run: &mut TestRun) -> Result<Client, CheckError> {
    let connection = run.server.connect();
    let connection = connection.map_err(|error| run.no_connection("one of them", &error))?;
    let accepted = run.server.until(|now| {
        let socket = now.connection(&connection)?;
        Ok(socket.is_some_and(|socket| socket.inode != 0).then_some(()))
    });
    accepted.map_err(|wait_error| ended(run, wait_error))?;
    Ok(connection)
}

fn living(server: &Server) -> Result<usize, Unseen> {
    let mut count = 0;
    for process in server.processes()? {
        count += usize::from(!process.is_zombie()?);
    }
    Ok(count)
}

fn lives_on(run: &mut TestRun, wait_error: Stuck) -> CheckError {
    let failure = Failure {
        id: "child-lives-on",
        summary: "A client has left, and its child does not end.".to_owned(),
        expected: "the child ends with its client".to_owned(),
        observed: wait_error.to_string(),
        ..Failure::default()
    };
    process_evidence::fail(run, Some(wait_error), failure).depends_on("hangup")
}
