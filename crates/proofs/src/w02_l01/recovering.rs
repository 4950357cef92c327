//! The criteria of events that must not end the server: a signal, and a fork that fails.

use super::children::{
    ClientAndChild, connect_with_child, holders, no_child, wait_child, wait_child_ended,
    wait_settled,
};
use super::exchange::{Exchange, expect_answer};
use super::process_evidence;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use witness::{Errno, FaultInjector, WaitError};

/// A system call that a signal interrupts (EINTR on accept) does not end the server.
pub(super) fn interrupted(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start_with(context.lesson.capacity, FaultInjector::accept())?;

    // A child ends, and its SIGCHLD interrupts the parent's accept.
    let stays = connect_with_child(&mut run, &[])?;
    let leaves = connect_with_child(&mut run, &[&stays])?;
    run.step(format!("{} closed (FIN): SIGCHLD, when its child ends", leaves.client.name));
    leaves.client.connection.close();
    // A child that does not end causes no SIGCHLD. The criterion `hangup` reports this failure.
    let _ = wait_child_ended(&mut run, leaves.child);
    wait_settled(&mut run)
        .map_err(|wait_error| ended_by_eintr(&mut run, "a child ended", wait_error))?;
    let next = connect_with_child(&mut run, &[&stays, &leaves])?;

    // accept fails with EINTR, although no signal arrives.
    run.step("the next accept is made to fail with EINTR");
    run.server.fail_next(Errno::EINTR);
    let served = connect_with_child(&mut run, &[&stays, &leaves, &next])?;
    // A server that does not call accept again gets no error, and passes this part.
    let has_failed = run.server.wait_for(|now| Ok((now.faults_left() == 0).then_some(())));
    if let Err(wait_error @ WaitError::Ended(_)) = has_failed {
        return Err(ended_by_eintr(&mut run, "accept failed with EINTR", wait_error));
    }
    wait_settled(&mut run)
        .map_err(|wait_error| ended_by_eintr(&mut run, "accept failed with EINTR", wait_error))?;

    // Both an earlier client and a new client must be served.
    let last = connect_with_child(&mut run, &[&stays, &leaves, &next, &served])?;
    expect_served(&mut run, &[&stays, &last])
}

fn ended_by_eintr(run: &mut TestRun, when: &str, wait_error: WaitError) -> CheckError {
    let failure = Failure {
        id: "interrupted",
        mistake: matches!(wait_error, WaitError::Ended(_)).then_some("eintr-ends-server"),
        summary: format!("The server ended when {when}."),
        expected: "accept is called again, and the next client is served".to_owned(),
        observed: wait_error.to_string(),
    };
    process_evidence::fail(run, Some(wait_error), failure)
}

/// If fork fails with EAGAIN, one client is not served, and the server does not end.
pub(super) fn fork_fails(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start_with(context.lesson.capacity, FaultInjector::fork())?;
    let before = connect_with_child(&mut run, &[])?;

    // The next client gets no child. Therefore the server must close the client's connection.
    run.step("the next fork is made to fail with EAGAIN");
    run.server.fail_next(Errno::EAGAIN);
    let childless = run.connect()?;
    let connection = childless.connection.clone();
    let closed = run.server.wait_for(|now| {
        let parent = now.process();
        // A server that calls fork again, and then has a child for the client, is also right.
        let has_child =
            holders(now, &connection)?.iter().any(|it| *it != parent && *it != before.child);
        let is_handled = has_child || connection.ended().is_some();
        Ok((now.faults_left() == 0 && is_handled).then_some(()))
    });
    let closed = closed.and_then(|()| wait_settled(&mut run));
    closed.map_err(|wait_error| not_closed(&mut run, &childless, wait_error))?;

    // The next client is served again.
    let next = run.connect()?;
    match wait_child(&mut run, &next, &[&before]) {
        Ok(child) => expect_served(&mut run, &[&before, &ClientAndChild { client: next, child }]),
        Err(wait_error) => Err(no_child(&mut run, &next, wait_error)),
    }
}

fn not_closed(run: &mut TestRun, childless: &NamedClient, wait_error: WaitError) -> CheckError {
    let name = &childless.name;
    if run.server.faults_left() > 0 && !matches!(wait_error, WaitError::Ended(_)) {
        return no_child(run, childless, wait_error).depends_on("own-child");
    }
    let (mistake, summary, observed) = match &wait_error {
        WaitError::Ended(_) => (
            "fork-ends-server",
            "The server ended when fork failed with EAGAIN.".to_owned(),
            wait_error.to_string(),
        ),
        _ => (
            "fork-leaks-client",
            format!("There is no child for {name}, and the server keeps its connection open."),
            format!("{name} is still connected, and no process serves it"),
        ),
    };
    let failure = Failure {
        id: "fork-failed",
        mistake: Some(mistake),
        summary,
        expected: format!("{name} reads an end of file, and the server runs on"),
        observed,
    };
    process_evidence::fail(run, Some(wait_error), failure)
}

/// Checks that clients that are connected receive their answers.
fn expect_served(run: &mut TestRun, pairs: &[&ClientAndChild]) -> Result<(), CheckError> {
    for pair in pairs {
        let exchange = Exchange::at_once(r#""Still Here""#, b"Still Here");
        expect_answer(run, &pair.client, &exchange).map_err(|error| error.depends_on("flips"))?;
    }
    Ok(())
}
