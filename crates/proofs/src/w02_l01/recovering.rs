//! What must not end the server: a signal, and a fork that fails.

use super::children::{
    ClientAndChild, arrive, child_of, holders, no_child, settle, wait_child_ended,
};
use super::exchange::{Exchange, send_and_expect};
use super::process_evidence;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use witness::{Gate, Stuck};

/// A system call cut short by a signal (EINTR on accept) does not end the server.
pub(super) fn interrupted(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start_with(context.lesson.capacity, Gate::accept())?;
    let stays = arrive(&mut run, &[])?;
    let leaves = arrive(&mut run, &[&stays])?;
    run.step(format!("{} closed (FIN): SIGCHLD, when its child ends", leaves.client.name));
    leaves.client.connection.close();
    // A child that does not end sends no signal; that is for another criterion to say.
    let _ = wait_child_ended(&mut run, leaves.child);
    settle(&mut run).map_err(|wait_error| cut_short(&mut run, "a child ended", wait_error))?;
    let next = arrive(&mut run, &[&stays, &leaves])?;

    run.step("the next accept is made to fail with EINTR");
    run.server.fail_next(libc::EINTR);
    let served = arrive(&mut run, &[&stays, &leaves, &next])?;
    // A server that never calls accept again has nothing to survive.
    let met = run.server.until(|now| Ok((now.faults_left() == 0).then_some(())));
    if let Err(wait_error @ Stuck::Ended(_)) = met {
        return Err(cut_short(&mut run, "accept failed with EINTR", wait_error));
    }
    settle(&mut run)
        .map_err(|wait_error| cut_short(&mut run, "accept failed with EINTR", wait_error))?;
    let last = arrive(&mut run, &[&stays, &leaves, &next, &served])?;
    still_served(&mut run, &[&stays, &last])
}

fn cut_short(run: &mut TestRun, when: &str, wait_error: Stuck) -> CheckError {
    let failure = Failure {
        id: "interrupted",
        mistake: matches!(wait_error, Stuck::Ended(_)).then_some("eintr-ends-server"),
        summary: format!("The server ended when {when}."),
        expected: "accept is called again, and the next client is served".to_owned(),
        observed: wait_error.to_string(),
    };
    process_evidence::fail(run, Some(wait_error), failure)
}

/// Fork failing with EAGAIN costs that one client, not the server.
pub(super) fn fork_fails(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start_with(context.lesson.capacity, Gate::fork())?;
    let before = arrive(&mut run, &[])?;
    run.step("the next fork is made to fail with EAGAIN");
    run.server.fail_next(libc::EAGAIN);
    let unlucky = run.connect()?;
    let connection = unlucky.connection.clone();
    let wait_closed = run.server.until(|now| {
        let parent = now.process();
        // One that tries again, and finds a child for it, has done more than was asked.
        let held = holders(now, &connection)?.iter().any(|it| *it != parent && *it != before.child);
        Ok((now.faults_left() == 0 && (held || connection.ended().is_some())).then_some(()))
    });
    let wait_closed = wait_closed.and_then(|()| settle(&mut run));
    wait_closed.map_err(|wait_error| not_let_go(&mut run, &unlucky, wait_error))?;
    let next = run.connect()?;
    match child_of(&mut run, &next, &[&before]) {
        Ok(child) => still_served(&mut run, &[&before, &ClientAndChild { client: next, child }]),
        Err(wait_error) => Err(no_child(&mut run, &next, wait_error)),
    }
}

fn not_let_go(run: &mut TestRun, unlucky: &NamedClient, wait_error: Stuck) -> CheckError {
    let name = &unlucky.name;
    if run.server.faults_left() > 0 && !matches!(wait_error, Stuck::Ended(_)) {
        return no_child(run, unlucky, wait_error).depends_on("own-child");
    }
    let (mistake, summary, observed) = match &wait_error {
        Stuck::Ended(_) => (
            "fork-ends-server",
            "The server ended when fork failed with EAGAIN.".to_owned(),
            wait_error.to_string(),
        ),
        _ => (
            "fork-leaks-client",
            format!("There is no child for {name}, and the server keeps its connection open."),
            format!("{name} is still connected, and nobody serves it"),
        ),
    };
    let failure = Failure {
        id: "fork-failed",
        mistake: Some(mistake),
        summary,
        expected: format!("{name} reads an end of file, and the server goes on"),
        observed,
    };
    process_evidence::fail(run, Some(wait_error), failure)
}

/// Those who are connected have their words answered.
fn still_served(run: &mut TestRun, pairs: &[&ClientAndChild]) -> Result<(), CheckError> {
    for pair in pairs {
        let words = Exchange::words(r#""Still Here""#, b"Still Here");
        send_and_expect(run, &pair.client, &words).map_err(|error| error.depends_on("flips"))?;
    }
    Ok(())
}
