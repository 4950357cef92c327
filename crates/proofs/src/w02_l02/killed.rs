//! The criterion `killed`: a signal kills a child.

use super::ended_child::{Child, end_while_paused};
use super::expect_reaped::expect_reaped;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::fork_server::children::{ClientAndChild, connect_with_child, has_ended};
use crate::fork_server::exchange::expect_served;
use crate::fork_server::process_evidence;
use crate::test_run::TestRun;
use witness::{Signal, WaitError};

/// Signals that end a process without a handler, and that servers have no handlers for.
const RARE_SIGNALS: [Signal; 4] =
    [Signal::SIGALRM, Signal::SIGUSR2, Signal::SIGVTALRM, Signal::SIGPROF];

/// A child that SIGKILL has killed is logged with `signal=9`, its client's connection ends, and the
/// other clients are served as before. A second child is killed by a signal that the server cannot
/// know in advance, and a third one by SIGTERM, for which the server may have a handler.
pub(super) fn killed(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut rng = context.random("killed");
    let mut run = context.start()?;
    let stays = connect_with_child(&mut run, &[])?;
    expect_served(&mut run, &mut rng, &[&stays])?;
    let first = connect_with_child(&mut run, &[&stays])?;
    kill(&mut run, &first, Signal::SIGKILL)?;
    let second = connect_with_child(&mut run, &[&stays, &first])?;
    kill(&mut run, &second, RARE_SIGNALS[rng.usize(..RARE_SIGNALS.len())])?;
    let third = connect_with_child(&mut run, &[&stays, &first, &second])?;
    let killed = kill(&mut run, &third, Signal::SIGTERM);
    expect_runs_on(&mut run, &stays, &third)?;
    killed?;

    let next = connect_with_child(&mut run, &[&stays, &first, &second, &third])?;
    expect_served(&mut run, &mut rng, &[&stays, &next])
}

/// A signal kills the client's child. The server must log this, and the client's connection must
/// end.
fn kill(run: &mut TestRun, pair: &ClientAndChild, signal: Signal) -> Result<(), CheckError> {
    let (name, process) = (&pair.client.name, pair.child);
    let child = Child::new(format!("{name}'s child"), process)?;
    run.step(format!("{signal} was sent to {name}'s child, which has number {}", child.pid()));
    let ended = end_while_paused(run, vec![child], |run| {
        run.server.signal_process(process, signal);
        // A child that catches the signal may run on. Nothing can catch SIGKILL.
        let ended = run.server.wait_for(|now| Ok(has_ended(now, process)?.then_some(())));
        if ended.is_err() {
            run.server.signal_process(process, Signal::SIGKILL);
        }
    })?;
    // A server that ends with its child is the fault of this criterion.
    let reaped = expect_reaped(run, &ended);
    reaped.map_err(|error| if run.server.exit().is_some() { ended_too(error) } else { error })?;
    let connection = pair.client.connection.clone();
    let end = run.server.wait_for(|_| Ok(connection.ended().map(drop)));
    end.map_err(|wait_error| no_end(run, pair, wait_error))
}

/// SIGTERM was sent to the child of `killed` alone. Another child must not end with it, as it does if the
/// handler with which the parent ends all children runs in a child, too.
fn expect_runs_on(
    run: &mut TestRun,
    stays: &ClientAndChild,
    killed: &ClientAndChild,
) -> Result<(), CheckError> {
    if run.server.exit().is_some() || !has_ended(&run.server, stays.child)? {
        return Ok(());
    }
    let (name, other) = (&killed.client.name, &stays.client.name);
    let failure = Failure {
        id: "ended-together",
        summary: format!(
            "SIGTERM was sent to {name}'s child alone, and {other}'s child ended with it."
        ),
        expected: format!("{other}'s child runs on, and serves {other}"),
        observed: format!("{other}'s child has ended"),
        ..Failure::default()
    };
    Err(process_evidence::fail(run, None, failure))
}

/// The failure of a server that ends when a child was killed.
fn ended_too(error: CheckError) -> CheckError {
    let mut error = error.independent();
    if let CheckError::Failed(cause) = &mut error {
        cause.mistake = Some("ends-with-child".to_owned());
    }
    error
}

/// The failure of a server that keeps the connection of a child that was killed.
fn no_end(run: &mut TestRun, pair: &ClientAndChild, wait_error: WaitError) -> CheckError {
    let name = &pair.client.name;
    let failure = Failure {
        id: "no-end",
        mistake: None,
        summary: format!("{name}'s child was killed, and {name}'s connection stays open."),
        expected: format!("{name} reads an end of file, or an error"),
        observed: format!("{name} is still connected"),
    };
    process_evidence::fail(run, Some(wait_error), failure)
}
