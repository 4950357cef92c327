//! The criterion `interrupted`: a signal that interrupts a system call changes nothing.

use super::children::{ClientAndChild, connect_with_child, wait_child_ended, wait_settled};
use super::exchange::expect_served;
use super::process_evidence;
use super::service::{SERVICE, expect_two_served};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::shared;
use crate::test_run::TestRun;
use witness::{Errno, FaultInjector, WaitError};

/// The server goes on after SIGSTOP and SIGCONT, after EINTR from each call in which it sleeps, and
/// after the SIGCHLD of a child that has ended.
pub(crate) fn interrupted(context: &CheckContext<'_>) -> Result<(), CheckError> {
    expect_two_served(context)?;
    let injected = shared::interrupted(context, &SERVICE);
    match &injected {
        Ok(()) => {
            read_fails(context)?;
            child_ends(context)?;
        }
        // A machine without fault injection can still show what a real signal does.
        Err(CheckError::Inconclusive(_)) => child_ends(context)?,
        // No row explains the failure yet. Look whether a child is at fault.
        Err(CheckError::Failed(cause) | CheckError::Blocked { cause, .. })
            if cause.mistake.is_none() =>
        {
            read_fails(context)?;
        }
        Err(_) => {}
    }
    injected
}

/// A child's read fails with EINTR. The child must read again.
fn read_fails(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut rng = context.random("read fails");
    let faults = FaultInjector::on(&["read", "readv", "recvfrom", "recvmsg"]);
    let mut run = context.start_with(context.lesson.capacity, faults)?;
    let pair = connect_with_child(&mut run, &[])?;
    // The read in which the child is asleep now will succeed. The read after it fails.
    let _ = run.server.wait_asleep();
    run.step(format!("the next read of {}'s child is made to fail with EINTR", pair.client.name));
    run.server.fail_next(Errno::EINTR);
    for _ in 0..2 {
        let served = expect_served(&mut run, &mut rng, &[&pair]);
        let has_failed = run.server.faults_left() == 0;
        let has_ended = pair.client.connection.ended().is_some();
        match served {
            Err(error) if has_failed && has_ended && run.server.exit().is_none() => {
                return Err(ended_conversation(&pair, error));
            }
            served => served?,
        }
    }
    Ok(())
}

/// The failure of a child that ends when its read fails with EINTR.
fn ended_conversation(pair: &ClientAndChild, error: CheckError) -> CheckError {
    let mut error = error.independent();
    if let CheckError::Failed(cause) = &mut error {
        cause.id = "interrupted".to_owned();
        cause.mistake = Some("eintr-ends-child".to_owned());
        cause.summary = format!(
            "{}'s child ended its conversation when read failed with EINTR.",
            pair.client.name
        );
    }
    error
}

/// A child ends, and its SIGCHLD interrupts the parent's accept.
fn child_ends(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let stays = connect_with_child(&mut run, &[])?;
    let leaves = connect_with_child(&mut run, &[&stays])?;
    run.step(format!("{} closed (FIN): SIGCHLD, when its child ends", leaves.client.name));
    leaves.client.connection.close();
    // A child that does not end causes no SIGCHLD. The criterion `hangup` reports this failure.
    let _ = wait_child_ended(&mut run, leaves.child);
    wait_settled(&mut run).map_err(|wait_error| ended_by_sigchld(&mut run, wait_error))?;

    // Both an earlier client and a new client must be served.
    let next = connect_with_child(&mut run, &[&stays, &leaves])?;
    expect_served(&mut run, &mut context.random("interrupted"), &[&stays, &next])
}

/// The failure of a server that has ended after one of its children.
fn ended_by_sigchld(run: &mut TestRun, wait_error: WaitError) -> CheckError {
    let failure = Failure {
        id: "interrupted",
        mistake: None,
        summary: "The server ended when a child ended (SIGCHLD).".to_owned(),
        expected: "accept is called again, and the next client is served".to_owned(),
        observed: wait_error.to_string(),
    };
    process_evidence::fail(run, Some(wait_error), failure)
}
