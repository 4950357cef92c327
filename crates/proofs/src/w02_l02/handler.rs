//! The criterion `handler`: the server catches SIGCHLD before its first child can end, and the
//! children are its own.

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::fork_server::children::{
    ClientAndChild, connect_with_child, wait_settled, waits_for_a_child,
};
use crate::fork_server::process_evidence;
use crate::test_run::TestRun;
use witness::{Errno, FaultInjector, Process, Server, Signal, SignalDisposition, Unobservable};

const SIGCHLD: i32 = Signal::SIGCHLD as i32;

/// Once the first client has come, the server catches SIGCHLD, or accepts it with signalfd(2) or
/// sigwait(3). The children are the server's own.
pub(super) fn handler(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let first = connect_with_child(&mut run, &[])?;
    expect_own_child(&mut run, &first)?;
    let awaited = run.server.wait_for(|now| Ok(awaits_sigchld(now)?.then_some(())));
    if awaited.is_err() {
        return Err(not_caught(&mut run));
    }
    let second = connect_with_child(&mut run, &[&first])?;
    expect_own_child(&mut run, &second)?;
    drop(run);
    expect_caught_before_fork(context)
}

/// Whether SIGCHLD has a handler, or a thread or a signalfd accepts it.
fn awaits_sigchld(server: &Server) -> Result<bool, Unobservable> {
    let process = server.process();
    let is_caught = disposition(server)?.caught;
    Ok(is_caught || has_signalfd(process)? || is_in_sigwait(process)?)
}

fn disposition(server: &Server) -> Result<SignalDisposition, Unobservable> {
    Ok(server.process().disposition_of(SIGCHLD)?.unwrap_or_default())
}

fn has_signalfd(process: Process) -> Result<bool, Unobservable> {
    let mut descriptors = process.descriptors()?.into_iter();
    Ok(descriptors.any(|descriptor| process.reads_signal(descriptor.fd, SIGCHLD)))
}

/// Whether a thread sleeps until SIGCHLD is pending (sigwaitinfo(2)).
fn is_in_sigwait(process: Process) -> Result<bool, Unobservable> {
    let calls = process.threads()?.into_iter().filter_map(|thread| thread.call);
    for call in calls.filter(|call| call.name() == "rt_sigtimedwait") {
        let mut set = [0; 8];
        process.read_memory(call.arguments[0], &mut set)?;
        if u64::from_ne_bytes(set) & 1 << (SIGCHLD - 1) != 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

fn not_caught(run: &mut TestRun) -> CheckError {
    let disposition = match disposition(&run.server) {
        Ok(disposition) => disposition,
        Err(unseen) => return unseen.into(),
    };
    let (mistake, what) = match disposition {
        it if it.ignored => (Some("stays-ignored"), "it is ignored (SIG_IGN)"),
        it if it.blocked => (None, "it is blocked, and neither signalfd nor sigwait accepts it"),
        // The children of such a server are no zombies.
        _ if waits_for_a_child(run) => (None, "it has its default action, and a thread waits"),
        _ => (Some("no-handler"), "it has its default action, which does nothing"),
    };
    let failure = Failure {
        id: "sigchld-not-caught",
        mistake,
        summary: format!("A has its child, and the server does not catch SIGCHLD: {what}."),
        expected: "a handler for SIGCHLD, or a signalfd or sigwait that accepts it".to_owned(),
        observed: what.to_owned(),
    };
    process_evidence::fail(run, None, failure)
}

/// Checks that the server itself is the parent of a client's child.
fn expect_own_child(run: &mut TestRun, pair: &ClientAndChild) -> Result<(), CheckError> {
    let is_own = |now: &Server| Ok(now.process().children()?.contains(&pair.child));
    if is_own(&run.server).map_err(|unseen: Unobservable| CheckError::from(unseen))? {
        return Ok(());
    }
    let name = &pair.client.name;
    Err(process_evidence::fail(
        run,
        None,
        Failure {
            id: "not-own-child",
            mistake: Some("forks-twice"),
            summary: format!("{name}'s child is no child of the server, which cannot reap it."),
            expected: format!("the server is the parent of the process that serves {name}"),
            observed: "its parent is another process".to_owned(),
        },
    ))
}

/// The first fork fails, and the server must catch or block SIGCHLD already. A server that begins
/// later misses the signal of a child that ends at once.
fn expect_caught_before_fork(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start_with(context.lesson.capacity, FaultInjector::fork())?;
    let _ = run.server.wait_asleep();
    run.step("the first fork is made to fail with EAGAIN");
    run.server.fail_next(Errno::EAGAIN);
    run.connect()?;
    let failed = run.server.wait_for(|now| Ok((now.faults_left() == 0).then_some(())));
    // The criteria `own-child` and `fork-fails` report a server that does not fork, or that ends.
    if failed.is_err() || wait_settled(&mut run).is_err() {
        return Ok(());
    }
    let SignalDisposition { blocked, caught, .. } = disposition(&run.server)?;
    if caught || blocked || awaits_sigchld(&run.server)? {
        return Ok(());
    }
    Err(process_evidence::fail(
        &mut run,
        None,
        Failure {
            id: "sigchld-caught-late",
            mistake: Some("handler-late"),
            summary: "The server called fork, and did not catch SIGCHLD yet.".to_owned(),
            expected: "SIGCHLD is caught before the first fork".to_owned(),
            observed: "the first fork has failed, and SIGCHLD has no handler".to_owned(),
        },
    ))
}
