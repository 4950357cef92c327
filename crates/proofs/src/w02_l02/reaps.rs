//! The criterion `reaps`: each child that ends is reaped and logged once, with its own process id
//! and the status that the kernel has for it.

use super::ended_child::{Child, end_while_paused};
use super::expect_reaped::expect_reaped;
use super::quick_children::end_at_once;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::fork_server::children::{
    ClientAndChild, connect_with_child, connect_with_child_over_ethernet, has_ended,
    signal_and_settle,
};
use crate::fork_server::fork_fails::{after_failed_forks, since_fork_failed};
use crate::fork_server::process_evidence;
use crate::fork_server::slow_client::SlowClient;
use crate::log_event::LogEvent;
use crate::shared::departure::Departure;
use crate::test_run::TestRun;
use witness::{Line, Signal};

/// The number of bytes that a client sends without reading an answer. The kernel's buffers for a
/// connection over Ethernet hold fewer bytes.
const UNREAD: usize = 4 << 20;

/// Children end in several ways, one after the other. Each time, the child that was forked last stays
/// with its client. The log names each child that has ended once, and no other. A child that is stopped
/// and goes on has not ended. Then children end as soon as they are forked. At last, a child ends after
/// fork has failed for another client.
pub(super) fn reaps(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let mut pairs = Vec::new();
    let first = connect(&mut run, &mut pairs, connect_with_child)?;
    let second = connect(&mut run, &mut pairs, connect_with_child)?;
    is_stopped_and_goes_on(&mut run, &pairs[first], &pairs[second])?;
    for departure in [Departure::Close, Departure::Reset] {
        let pair = connect(&mut run, &mut pairs, connect_with_child)?;
        connect(&mut run, &mut pairs, connect_with_child)?;
        let text = departure.text();
        leaves(&mut run, &pairs[pair], text, |pair| departure.apply(&pair.client.connection))?;
    }
    resets_in_the_middle_of_an_answer(&mut run, &mut pairs)?;
    end_at_once(&mut run)?;
    drop(run);
    ends_after_a_failed_fork(context)
}

/// No client comes between the failed fork and the end of the child.
fn ends_after_a_failed_fork(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let failed = after_failed_forks(context, 1).map_err(|error| error.depends_on("fork-fails"));
    let (mut run, before) = failed?;
    let how = Departure::Close;
    let left = leaves(&mut run, &before, how.text(), |it| how.apply(&it.client.connection));
    left.map_err(|error| since_fork_failed(&run, error))
}

/// The child is stopped, another child ends meanwhile, and the first one goes on. The kernel sends a
/// SIGCHLD for a stop, too, unless the server has asked for none (sigaction(2), SA_NOCLDSTOP). The log
/// may not name the child that was stopped.
fn is_stopped_and_goes_on(
    run: &mut TestRun,
    stopped: &ClientAndChild,
    other: &ClientAndChild,
) -> Result<(), CheckError> {
    let name = &stopped.client.name;
    run.step(format!("{name}'s child was stopped (SIGSTOP)"));
    let from = run.step_log_start();
    signal_and_settle(run, stopped, Signal::SIGSTOP);
    expect_not_logged(run, stopped, from)?;
    let how = Departure::Close;
    let left = leaves(run, other, how.text(), |pair| how.apply(&pair.client.connection));
    expect_not_logged(run, stopped, from)?;
    left?;
    run.step(format!("{name}'s child went on (SIGCONT)"));
    signal_and_settle(run, stopped, Signal::SIGCONT);
    expect_not_logged(run, stopped, from)
}

/// Checks that no `[REAP]` line since `from` names a child that has not ended.
fn expect_not_logged(
    run: &mut TestRun,
    pair: &ClientAndChild,
    from: usize,
) -> Result<(), CheckError> {
    let pid = pair.child.ids()?.last().copied();
    let log = &run.server.log()[from..];
    let names = |line: &&Line| match LogEvent::of(line) {
        Some(LogEvent::Reap { pid: named, .. }) => named == pid,
        _ => false,
    };
    let Some(line) = log.iter().find(names).map(|line| line.text.clone()) else { return Ok(()) };
    if has_ended(&run.server, pair.child)? {
        return Ok(());
    }
    let failure = Failure {
        id: "stopped-logged",
        summary: format!(
            "{}'s child was stopped and has not ended, and the server logged it as reaped.",
            pair.client.name
        ),
        expected: "no [REAP] line for this child".to_owned(),
        observed: line,
        ..Failure::default()
    };
    Err(process_evidence::fail(run, None, failure))
}

type Connect = fn(&mut TestRun, &[&ClientAndChild]) -> Result<ClientAndChild, CheckError>;

/// Connects the next client, and adds it to `pairs`. Returns its place there.
fn connect(
    run: &mut TestRun,
    pairs: &mut Vec<ClientAndChild>,
    connect: Connect,
) -> Result<usize, CheckError> {
    let others: Vec<&ClientAndChild> = pairs.iter().collect();
    let pair = connect(run, &others)?;
    pairs.push(pair);
    Ok(pairs.len() - 1)
}

/// The child of this client may end with another status than 0, or by SIGPIPE.
fn resets_in_the_middle_of_an_answer(
    run: &mut TestRun,
    pairs: &mut Vec<ClientAndChild>,
) -> Result<(), CheckError> {
    let index = connect(run, pairs, connect_with_child_over_ethernet)?;
    connect(run, pairs, connect_with_child)?;
    let pair = &pairs[index];
    run.step(format!("{} sent as much as its connection took, and read nothing", pair.client.name));
    let bytes: Vec<u8> = b"One line of many\n".iter().copied().cycle().take(UNREAD).collect();
    // The criterion `every-byte` reports a child that does not wait for its client.
    let _ = SlowClient::new(&pair.client, &bytes).send_until_idle(run);
    let how = "reset its connection (RST), in the middle of its answer";
    leaves(run, pair, how, |pair| pair.client.connection.reset())
}

/// The client leaves, and its child's line must follow. `how` is a part of the step's sentence.
fn leaves(
    run: &mut TestRun,
    pair: &ClientAndChild,
    how: &str,
    leave: impl FnOnce(&ClientAndChild),
) -> Result<(), CheckError> {
    let name = &pair.client.name;
    let child = Child::new(format!("{name}'s child"), pair.child)?;
    run.step(format!("{name} {how}"));
    let ended = end_while_paused(run, vec![child], |_| leave(pair))?;
    expect_reaped(run, &ended)
}
