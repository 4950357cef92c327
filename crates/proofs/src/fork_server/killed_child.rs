//! A child that a signal has ended is a zombie, too, until its parent reaps it.

use super::children::{connect_with_child, has_ended, stopped_serving};
use super::many_children::{child_runs_on, connect_accepted, count_running, wait_all_reaped};
use super::process_evidence;
use crate::check_error::{CheckError, Failure};
use crate::test_run::TestRun;
use witness::Signal;

/// Two children end while the parent is paused, and SIGKILL ends the one that was forked first.
/// waitpid(2) returns this one before the other, and both must be reaped.
pub(super) fn one_of_two_is_killed(run: &mut TestRun) -> Result<(), CheckError> {
    let running = count_running(&run.server)?;
    let killed = connect_with_child(run, &[])?;
    let leaves = connect_accepted(run)?;
    run.check_alive().map_err(|wait_error| stopped_serving(run, wait_error))?;
    run.server.pause().map_err(|wait_error| stopped_serving(run, wait_error))?;
    let name = &killed.client.name;
    run.step(format!(
        "while the parent was paused (SIGSTOP), SIGKILL ended {name}'s child, and a client that had \
         come after {name} left"
    ));
    run.server.signal_process(killed.child, Signal::SIGKILL);
    leaves.close();
    let ended = run.server.wait_for(|now| {
        Ok((has_ended(now, killed.child)? && count_running(now)? <= running).then_some(()))
    });
    ended.map_err(|wait_error| child_runs_on(run, wait_error))?;
    run.server.resume().map_err(|wait_error| stopped_serving(run, wait_error))?;
    let Some((left, wait_error)) = wait_all_reaped(run)? else { return Ok(()) };
    let what = if left == 1 { "one of them was not" } else { "they were not" };
    let failure = Failure {
        id: "zombies",
        summary: format!("Two children ended together, one by SIGKILL, and {what} reaped."),
        expected: "no zombie".to_owned(),
        observed: format!("{left} of 2 were zombies when the server was idle"),
        ..Failure::default()
    };
    Err(process_evidence::fail(run, Some(wait_error), failure))
}
