//! The criterion `errno-kept`: a SIGCHLD in the middle of a call does not change the call's errno.

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::fork_server::children::{connect_with_child, stopped_serving, wait_settled};
use crate::fork_server::exchange::expect_served;
use crate::fork_server::many_children::child_runs_on;
use crate::fork_server::process_evidence;
use crate::named_client::client_name;
use crate::test_run::TestRun;
use witness::{Errno, FaultInjector, Server, Signal, Unobservable, WaitError};

/// The error with which accept is made to fail. A server accepts the next client after it.
const FAILS_WITH: Errno = Errno::ECONNABORTED;

/// accept fails, and all children end before the server looks at errno. The server must see the
/// error of accept, and serve the next client.
///
/// The handler's last waitpid finds no child at all, and fails with ECHILD. While a child is left,
/// waitpid returns 0 and does not change errno. At last, a SIGCHLD comes although no child has ended: the
/// first waitpid of the handler fails.
pub(super) fn errno_kept(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start_with(context.lesson.capacity, FaultInjector::accept())?;
    connect_with_child(&mut run, &[])?;
    let disposition = run.server.process().disposition_of(Signal::SIGCHLD as i32)?;
    if !disposition.is_some_and(|it| it.caught) {
        return Ok(()); // no handler runs in the middle of a call
    }
    let _ = run.server.wait_asleep();

    if !fail_accept(&mut run)? {
        return Ok(());
    }
    let errno = signal_before_errno_is_read(&mut run)?;
    expect_errno_kept(&mut run, errno)?;
    expect_goes_on(&mut run, context)?;
    drop(run); // without isolation, the next server needs its port
    signal_without_child(context)
}

/// Makes accept fail for the next client. Returns false if the program keeps no errno, so that no handler
/// can change it.
fn fail_accept(run: &mut TestRun) -> Result<bool, CheckError> {
    let name = client_name(run.clients.len());
    run.step(format!("{name} connected, and accept was made to fail with {FAILS_WITH:?}"));
    run.server.trace_failure(FAILS_WITH)?;
    run.add_client(Server::connect)?;
    // The criterion `accept-again` reports a server that does not accept.
    run.server.wait_failure().map_err(|wait_error| no_failure(run, &name, wait_error))
}

/// All children have ended and were reaped, and a SIGCHLD that no child has caused comes between a failed
/// call and its errno. Any process of the same user may send this signal (kill(2)).
///
/// The server is started anew: its errno has not yet the value with which accept fails, so that the place of
/// errno can be found.
fn signal_without_child(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let run = &mut context.start_with(context.lesson.capacity, FaultInjector::accept())?;
    connect_with_child(run, &[])?;
    run.clients.iter().for_each(|client| client.connection.close());
    let parent = run.server.process();
    let reaped = run.server.wait_for(|_| Ok(parent.children()?.is_empty().then_some(())));
    // The criterion `no-zombies` reports a server that does not reap.
    if reaped.is_err() || run.server.wait_asleep().is_err() {
        return Ok(());
    }
    run.step("every client closed, and all children were reaped");
    if !fail_accept(run)? {
        return Ok(());
    }
    run.step(
        "a SIGCHLD was sent (kill(2)), and no child had ended, before the server had read errno",
    );
    run.server.signal_process(parent, Signal::SIGCHLD);
    let errno = errno_after_handler(run)?;
    expect_errno_kept(run, errno)
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
    errno_after_handler(run)
}

/// Returns the errno after the handler of the pending SIGCHLD has run; `None` if no handler has run.
fn errno_after_handler(run: &mut TestRun) -> Result<Option<Errno>, CheckError> {
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
fn no_failure(run: &mut TestRun, name: &str, wait_error: WaitError) -> CheckError {
    let failure = Failure {
        id: "no-accept",
        mistake: None,
        summary: format!("{name} connected, and the server did not call accept again."),
        expected: "accept is called for the next client".to_owned(),
        observed: wait_error.to_string(),
    };
    process_evidence::fail(run, Some(wait_error), failure).depends_on("accept-again")
}
