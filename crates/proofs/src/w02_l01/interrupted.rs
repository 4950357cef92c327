//! The criterion `interrupted`: a signal must not end the server.

use super::children::{connect_with_child, wait_child_ended, wait_settled};
use super::exchange::expect_served;
use super::process_evidence;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
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
    expect_served(&mut run, &mut context.random("interrupted"), &[&stays, &last])
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
