//! The criterion `errno-kept`: a SIGCHLD in the middle of a call does not change the call's errno.

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::fork_server::children::{connect_with_child, stopped_serving, wait_settled};
use crate::fork_server::exchange::expect_served;
use crate::fork_server::process_evidence;
use crate::fork_server::reaping::child_runs_on;
use crate::test_run::TestRun;
use witness::{Errno, FaultInjector, Server, Signal, Unobservable, WaitError};

/// The error with which accept is made to fail. A server accepts the next client after it.
const FAILS_WITH: Errno = Errno::ECONNABORTED;

/// accept fails, and all children end before the server looks at errno. The server must see the
/// error of accept, and serve the next client.
///
/// The handler's last waitpid finds no child at all, and fails with ECHILD. While a child is left,
/// waitpid returns 0 and does not change errno.
pub(super) fn errno_kept(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start_with(context.lesson.capacity, FaultInjector::accept())?;
    connect_with_child(&mut run, &[])?;
    let disposition = run.server.process().disposition_of(Signal::SIGCHLD as i32)?;
    if !disposition.is_some_and(|it| it.caught) {
        return Ok(()); // no handler runs in the middle of a call
    }
    let _ = run.server.wait_asleep();

    run.step(format!("B connected, and accept was made to fail with {FAILS_WITH:?}"));
    run.server.trace_failure(FAILS_WITH)?;
    run.add_client(Server::connect)?;
    match run.server.wait_failure() {
        Ok(true) => {}
        // The program keeps no errno, so no handler can change it.
        Ok(false) => return Ok(()),
        // The criterion `accept-again` reports a server that does not accept.
        Err(wait_error) => return Err(no_failure(&mut run, wait_error)),
    }
    let errno = signal_before_errno_is_read(&mut run)?;
    expect_errno_kept(&mut run, errno)?;
    expect_goes_on(&mut run, context)
}

/// All children end while the server is stopped between the failed call and its errno. Returns the
/// errno after the handler of SIGCHLD has run; `None` if no handler has run.
fn signal_before_errno_is_read(run: &mut TestRun) -> Result<Option<Errno>, CheckError> {
    run.step(
        "every client closed, and the children ended (SIGCHLD), before the server had read errno",
    );
    run.clients.iter().for_each(|client| client.connection.close());
    let parent = run.server.process();
    let ended = run.server.wait_for(|_| {
        let zombies = parent.children()?.into_iter().map(|child| child.is_zombie());
        let zombies: Vec<bool> = zombies.collect::<Result<_, Unobservable>>()?;
        Ok(zombies.into_iter().all(|it| it).then_some(()))
    });
    ended.map_err(|wait_error| child_runs_on(run, wait_error))?;
    match run.server.errno_after(Signal::SIGCHLD) {
        Ok(errno) => Ok(errno),
        Err(wait_error @ WaitError::Ended(_)) => Err(stopped_serving(run, wait_error)),
        Err(WaitError::Unobservable(unseen)) => Err(unseen.into()),
        // The criterion `no-zombies` reports a handler that does not return.
        Err(_) => Ok(None),
    }
}

fn expect_errno_kept(run: &mut TestRun, errno: Option<Errno>) -> Result<(), CheckError> {
    let Some(changed) = errno.filter(|errno| *errno != FAILS_WITH) else { return Ok(()) };
    let _ = wait_settled(run);
    let summary = match run.server.exit() {
        Some(_) => format!(
            "The server ended after its handler of SIGCHLD had changed the errno of accept from \
             {FAILS_WITH:?} to {changed:?}."
        ),
        None => format!(
            "accept failed with {FAILS_WITH:?}, and the handler of SIGCHLD changed errno to \
             {changed:?}."
        ),
    };
    let failure = Failure {
        id: "errno-changed",
        mistake: Some("errno-changed"),
        summary,
        expected: format!("errno is still {FAILS_WITH:?}, and the next client is served"),
        observed: format!("the server reads {changed:?} as the error of accept"),
    };
    Err(process_evidence::fail(run, None, failure))
}

/// The server serves the next client.
fn expect_goes_on(run: &mut TestRun, context: &CheckContext<'_>) -> Result<(), CheckError> {
    wait_settled(run).map_err(|error| stopped_serving(run, error).depends_on("accept-again"))?;
    let next = connect_with_child(run, &[])?;
    expect_served(run, &mut context.random("errno-kept"), &[&next])
}

/// The failure of a server that does not call accept again.
fn no_failure(run: &mut TestRun, wait_error: WaitError) -> CheckError {
    let failure = Failure {
        id: "no-accept",
        mistake: None,
        summary: "B connected, and the server did not call accept again.".to_owned(),
        expected: "accept is called for the next client".to_owned(),
        observed: wait_error.to_string(),
    };
    process_evidence::fail(run, Some(wait_error), failure).depends_on("accept-again")
}
