//! The criterion `fork-fails`: a fork that fails costs one client, and not the server.

use super::children::{
    ClientAndChild, connect_with_child, holders, no_child, stopped_serving, wait_child,
    wait_settled,
};
use super::exchange::expect_served;
use super::process_evidence;
use super::reaping::why_not_reaped;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::named_client::NamedClient;
use crate::shared::ends::expect_ends;
use crate::test_run::TestRun;
use witness::{Errno, FaultInjector, Signal, WaitError};

/// The number of times in a row that fork fails.
const FAILURES: usize = 5;

/// If fork fails with EAGAIN, the server closes this client, runs on, and serves the next client. This
/// is so each time, however often fork has failed before. When fork has failed once more, SIGTERM ends
/// the server as before.
pub(crate) fn fork_fails(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let (mut run, before) = after_failed_forks(context, FAILURES)?;
    let next = next_client(&mut run, &[&before])?;
    expect_served(&mut run, &mut context.random("fork-fails"), &[&before, &next])?;
    fails_once(&mut run, &next)?;
    expect_ends_as_before(&mut run)
}

/// As [`fork_fails`]. A child that ends afterwards is reaped as before, and no other client has to
/// come for this.
pub(crate) fn fork_fails_and_reaps(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let (mut run, before) = after_failed_forks(context, FAILURES)?;
    expect_reaped_as_before(&mut run, &before)?;
    wait_settled(&mut run).map_err(|wait_error| stopped_serving(&mut run, wait_error))?;
    let next = next_client(&mut run, &[])?;
    expect_served(&mut run, &mut context.random("fork-fails"), &[&next])?;
    fails_once(&mut run, &next)?;
    expect_ends_as_before(&mut run)
}

/// Starts a server, connects a client that gets its child, and makes fork fail for this many clients
/// after it.
pub(crate) fn after_failed_forks(
    context: &CheckContext<'_>,
    failures: usize,
) -> Result<(TestRun, ClientAndChild), CheckError> {
    let mut run = context.start_with(context.lesson.capacity, FaultInjector::fork())?;
    let before = connect_with_child(&mut run, &[])?;
    for _ in 0..failures {
        fails_once(&mut run, &before)?;
    }
    Ok((run, before))
}

/// The next client is served again.
fn next_client(
    run: &mut TestRun,
    others: &[&ClientAndChild],
) -> Result<ClientAndChild, CheckError> {
    let client = run.connect()?;
    match wait_child(run, &client, others) {
        Ok(child) => Ok(ClientAndChild { client, child }),
        Err(wait_error) => Err(no_child(run, &client, wait_error)),
    }
}

/// Checks that the parent reaps a child that ends after fork has failed for other clients.
fn expect_reaped_as_before(run: &mut TestRun, left: &ClientAndChild) -> Result<(), CheckError> {
    let name = &left.client.name;
    run.step(format!("{name} closed (FIN)"));
    left.client.connection.close();
    let Some(wait_error) = why_not_reaped(run, left)? else { return Ok(()) };
    let failure = Failure {
        id: "zombie",
        summary: format!("{name}'s child has ended, and the parent has not reaped it."),
        expected: format!("{name}'s child is reaped, although fork has failed for other clients"),
        observed: "the child was a zombie when the server was idle".to_owned(),
        ..Failure::default()
    };
    let error = process_evidence::fail(run, Some(wait_error), failure).depends_on("no-zombies");
    Err(since_fork_failed(run, error))
}

/// Checks that SIGTERM ends the server in time, although fork has failed.
fn expect_ends_as_before(run: &mut TestRun) -> Result<(), CheckError> {
    let error = expect_ends(run).map_err(|error| error.depends_on("ends"));
    error.map_err(|error| since_fork_failed(run, error))
}

/// Says in the summary of a failure that it is one of a server for which fork has failed. A handler
/// of SIGCHLD that cannot run is named, too.
pub(crate) fn since_fork_failed(run: &TestRun, mut error: CheckError) -> CheckError {
    let sigchld = run.server.process().disposition_of(Signal::SIGCHLD as i32).ok().flatten();
    let is_kept_out = sigchld.is_some_and(|it| it.caught && it.blocked);
    if let CheckError::Failed(cause) | CheckError::Blocked { cause, .. } = &mut error
        && cause.exit.is_none()
        && cause.id != "todo"
    {
        let summary = match cause.summary.strip_prefix("The ") {
            Some(rest) => format!("the {rest}"),
            None => cause.summary.clone(),
        };
        cause.summary = format!("After fork had failed, {summary}");
        if is_kept_out && cause.id.starts_with("zombie") {
            cause.summary += " It has a handler for SIGCHLD, and blocks the signal.";
        }
    }
    error
}

/// The next client gets no child. Therefore the server must close the client's connection.
fn fails_once(run: &mut TestRun, before: &ClientAndChild) -> Result<(), CheckError> {
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
    let closed = closed.and_then(|()| wait_settled(run));
    closed.map_err(|wait_error| not_closed(run, &childless, wait_error))?;
    expect_no_descriptor(run, &childless)?;
    expect_no_child_logged(run, &childless)
}

/// Checks that the parent has closed the descriptor of a client whose connection it has ended
/// (shutdown(2) closes no descriptor).
fn expect_no_descriptor(run: &mut TestRun, childless: &NamedClient) -> Result<(), CheckError> {
    let holding = holders(&run.server, &childless.connection)?;
    if childless.connection.ended().is_none() || !holding.contains(&run.server.process()) {
        return Ok(());
    }
    let name = &childless.name;
    let failure = Failure {
        id: "fork-failed",
        summary: format!(
            "fork failed for {name}, and the parent ended {name}'s connection and never closed its \
             descriptor."
        ),
        expected: format!("the parent closes {name}'s descriptor"),
        observed: format!("{name} reads an end of file, and the parent still has the socket"),
        ..Failure::default()
    };
    Err(process_evidence::fail(run, None, failure))
}

/// Checks that the log names no child with the number that a failed fork returns, -1.
fn expect_no_child_logged(run: &mut TestRun, childless: &NamedClient) -> Result<(), CheckError> {
    let mut events = run.server.log()[run.step_log_start()..].iter().filter_map(LogEvent::of);
    if !events.any(|event| matches!(event, LogEvent::Fork { pid: Some(-1) })) {
        return Ok(());
    }
    let name = &childless.name;
    Err(run.fail_now(Failure {
        id: "fork-failed",
        mistake: Some("fork-minus-one"),
        summary: format!("fork failed for {name}, and the log names a child with pid -1."),
        expected: format!("no [FORK] line for {name}, who has no child"),
        observed: run.logged_text(),
    }))
}

/// The failure of a server that does not close the client for which fork has failed.
fn not_closed(run: &mut TestRun, childless: &NamedClient, wait_error: WaitError) -> CheckError {
    let name = &childless.name;
    let holding = holders(&run.server, &childless.connection).unwrap_or_default();
    let is_alone = holding == [run.server.process()];
    if run.server.faults_left() > 0 {
        return match holding.as_slice() {
            [] => no_child(run, childless, wait_error),
            _ if is_alone => no_child(run, childless, wait_error),
            _ => never_forks(run, childless, wait_error),
        }
        .depends_on("own-child");
    }
    let (mistake, summary, observed) = match &wait_error {
        WaitError::Ended(_) => (
            Some("fork-ends-server"),
            "The server ended when fork failed with EAGAIN.".to_owned(),
            wait_error.to_string(),
        ),
        _ if is_alone && is_parent_reading(run) => (
            Some("fork-minus-one"),
            format!("fork failed, and the parent went on as a child: it serves {name} itself."),
            parent_text(run, name),
        ),
        _ if is_alone => (
            Some("fork-leaks-client"),
            format!("There is no child for {name}, and the server keeps its connection open."),
            format!("{name} is still connected, and no process reads from it"),
        ),
        _ => (
            None,
            format!("There is no child for {name}, and its connection stays open."),
            wait_error.to_string(),
        ),
    };
    let failure = Failure {
        id: "fork-failed",
        mistake,
        summary,
        expected: format!("{name} reads an end of file, and the server runs on"),
        observed,
    };
    process_evidence::fail(run, Some(wait_error), failure)
}

/// The failure of a server that has a child for the client, and has not forked after the client
/// had connected.
fn never_forks(run: &mut TestRun, client: &NamedClient, wait_error: WaitError) -> CheckError {
    let name = &client.name;
    let failure = Failure {
        id: "forked-before",
        mistake: Some("forks-first"),
        summary: format!("{name} is served by a child that was forked before {name} connected."),
        expected: format!("fork is called when {name} has connected, and fails"),
        observed: format!("no process has called fork since {name} connected"),
    };
    process_evidence::fail(run, Some(wait_error), failure)
}

/// Whether the parent waits for the bytes of a client, as only a child does.
fn is_parent_reading(run: &TestRun) -> bool {
    let threads = run.server.process().threads().unwrap_or_default();
    let mut calls = threads.iter().filter_map(|thread| thread.call);
    calls.any(|call| matches!(call.name(), "read" | "readv" | "recvfrom" | "recvmsg"))
}

/// What the parent does that has taken itself for a child.
fn parent_text(run: &TestRun, name: &str) -> String {
    let listens = matches!(run.server.listener(), Ok(Some(_)));
    let closed = if listens { "" } else { ", and it has closed the listener" };
    format!("the parent is asleep in a read, and has {name}'s connection{closed}")
}
