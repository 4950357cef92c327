//! The criterion that a server goes on after a system call that a signal has interrupted.

use super::service::{Service, after};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::{TestRun, diagnosis};
use witness::{Call, Errno, FaultInjector, WaitError};

/// The calls that a server sleeps in, and that fail with EINTR if a signal handler has interrupted
/// them, or at times without a handler (signal(7)).
const INTERRUPTIBLE: [&str; 13] = [
    "accept",
    "accept4",
    "read",
    "readv",
    "recvfrom",
    "recvmsg",
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
];

/// What a server does that a signal interrupts.
const EXPECTED: &str =
    "the server makes the interrupted call again, and serves its clients as before";

/// The number of times that each call is made to fail.
const ROUNDS: usize = 2;

/// A server that is stopped and continued (SIGSTOP, SIGCONT), and a server whose call fails with
/// EINTR where it sleeps, serves its clients and the next client as before.
pub(crate) fn interrupted(context: &CheckContext<'_>, service: &Service) -> Result<(), CheckError> {
    interrupted_with(context, service, &[], |_, _| Ok(()))
}

/// As [`interrupted`]. Then `check` is made with the server and its last client. In `check`, the
/// calls `others` can be made to fail, too.
pub(crate) fn interrupted_with(
    context: &CheckContext<'_>,
    service: &Service,
    others: &[&'static str],
    check: fn(&mut TestRun, &NamedClient) -> Result<(), CheckError>,
) -> Result<(), CheckError> {
    for call in stop_and_continue(context, service)? {
        let faults = FaultInjector::on(&[&[call], others].concat());
        let mut run = context.start_with(context.lesson.capacity, faults)?;
        let client = fail_with_eintr(&mut run, service, call)?;
        check(&mut run, &client)?;
    }
    Ok(())
}

/// Stops and continues a server without clients and with clients. Returns the names of the calls
/// that the server sleeps in.
///
/// In epoll_wait, this alone causes EINTR, without a signal handler. Most other calls continue.
fn stop_and_continue(
    context: &CheckContext<'_>,
    service: &Service,
) -> Result<Vec<&'static str>, CheckError> {
    const WHAT: &str = "the server was stopped and continued (SIGSTOP, SIGCONT)";
    let mut run = context.start()?;
    let mut calls = run.server.wait_asleep().unwrap_or_default();
    interrupt(&mut run)?;
    // A server that serves no client at all is the fault of another criterion.
    let client = service.serve_first(&mut run).map_err(|error| after(WHAT, error))?;

    calls.extend(run.server.wait_asleep().unwrap_or_default());
    interrupt(&mut run)?;
    let served = (service.expect_served)(&mut run, &client);
    let served = served.and_then(|()| service.serve_next(&mut run, &client));
    served.map_err(|error| after(WHAT, error.independent()))?;
    Ok(interruptible(&calls))
}

/// Stops and continues the server, and checks that the server has not ended.
fn interrupt(run: &mut TestRun) -> Result<(), CheckError> {
    let what = "it was stopped and continued (SIGSTOP, SIGCONT)";
    run.step("the server was stopped and continued (SIGSTOP, SIGCONT)");
    let interrupted = run.server.interrupt().and_then(|()| run.check_alive());
    interrupted.map_err(|wait_error| ended_after(run, what, wait_error))
}

/// Makes the call with this name fail with EINTR, again and again, in a server with clients. Returns
/// the last client, which is served.
fn fail_with_eintr(
    run: &mut TestRun,
    service: &Service,
    call: &'static str,
) -> Result<NamedClient, CheckError> {
    let what = format!("{call} failed with EINTR");
    let mut client = service.serve_first(run)?;
    for _ in 0..ROUNDS {
        // The call that the server sleeps in now will succeed. The call after it fails.
        let _ = run.server.wait_asleep();
        run.step(format!("the next {call} is made to fail with EINTR"));
        run.server.fail_next_named(call, Errno::EINTR);
        let served = (service.expect_served)(run, &client);
        let next = served.and_then(|()| service.serve_next(run, &client));
        client = next.map_err(|error| explain(run, &what, error))?;
        let alive = run.check_alive();
        alive.map_err(|wait_error| ended_after(run, &what, wait_error))?;
    }
    let served = (service.expect_served)(run, &client);
    let served = served.and_then(|()| service.serve_next(run, &client));
    served.map_err(|error| explain(run, &what, error))
}

/// The names of the calls in which a signal can interrupt the server. If the server waits for
/// several descriptors at once, its other calls do not sleep for long.
fn interruptible(calls: &[Call]) -> Vec<&'static str> {
    let waits = calls.iter().any(Call::waits_for_readiness);
    let calls = calls.iter().filter(|call| !waits || call.waits_for_readiness());
    let mut names: Vec<_> = calls.map(Call::name).filter(|it| INTERRUPTIBLE.contains(it)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The failure of a server that does not serve its clients after a call was made to fail.
fn explain(run: &TestRun, what: &str, error: CheckError) -> CheckError {
    let mut error = error.independent();
    let exit = run.server.exit().filter(|_| run.server.faults_left() == 0);
    match (&mut error, exit) {
        (CheckError::Failed(cause), Some(exit)) if cause.id != "todo" => {
            let ended = WaitError::Ended(exit.clone());
            let row = diagnosis::supported(run, &ended, Some("eintr-ends-server"));
            cause.mistake = row.map(str::to_owned);
            cause.expected = EXPECTED.to_owned();
            cause.summary = format!("The server ended when {what}.");
            run.explain_end(cause, exit);
            error
        }
        _ => after(what, error),
    }
}

/// The failure of a server that has ended after `what`.
fn ended_after(run: &mut TestRun, what: &str, wait_error: WaitError) -> CheckError {
    let ended = matches!(wait_error, WaitError::Ended(_));
    let failure = Failure {
        id: "interrupted",
        mistake: ended.then_some("eintr-ends-server"),
        summary: format!("The server ended when {what}."),
        expected: EXPECTED.to_owned(),
        observed: wait_error.to_string(),
    };
    run.fail(wait_error, failure)
}
