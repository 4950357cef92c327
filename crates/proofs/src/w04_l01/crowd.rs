//! The criterion of a thousand clients at the same time.

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::shared::diagnosis;
use crate::shared::fd_leaks::count_open;
use crate::shared::few_slots::expect_slots;
use crate::test_run::{MAX_BATCH, TestRun};
use std::collections::BTreeSet;
use witness::{Client, FaultInjector, Line, Server, Target, Unobservable, WaitError};

const CLIENTS: usize = 1000;

/// 1,000 clients are tracked at the same time. Then all clients leave and are released. The table has
/// exactly as many slots: a server whose descriptors suffice for its clients, and not for itself, does
/// not track the last clients.
pub(super) fn crowd(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start_with(CLIENTS, FaultInjector::default())?;
    let connections = connect_all(&mut run)?;
    expect_all_tracked(&mut run, &connections)?;
    run.step(format!("all {} closed", connections.len()));
    connections.iter().for_each(Client::close);
    expect_all_released(&mut run, &connections)?;
    expect_slots(&run, CLIENTS, "1,000 clients at the same time")
}

/// Connects the clients as fast as the server accepts them.
fn connect_all(run: &mut TestRun) -> Result<Vec<Client>, CheckError> {
    let count = run.capacity.min(CLIENTS);
    run.step("clients connected, and stayed");
    let mut connections = Vec::with_capacity(count);
    while connections.len() < count {
        for _ in 0..run.batch_size()?.min(count - connections.len()) {
            connections.push(run.add_client(Server::connect)?.connection);
        }
        run.rewrite_step(format!("{} clients connected, and stayed", connections.len()));
        let accepted = run.server.wait_for(|now| {
            let queued = now.listener()?.map_or(0, |listener| listener.unread);
            Ok((queued == 0).then_some(()))
        });
        accepted.map_err(|wait_error| not_tracked(run, wait_error, &connections))?;
    }
    Ok(connections)
}

/// Waits until every client has a slot of its own in the log, and a descriptor in the kernel.
fn expect_all_tracked(run: &mut TestRun, connections: &[Client]) -> Result<(), CheckError> {
    let from = run.step_log_start();
    let tracked = run.server.wait_for(|now| {
        // A client that the server has rejected does not connect again. Therefore stop waiting.
        if connections.iter().rev().take(MAX_BATCH).any(|client| client.ended().is_some()) {
            return Ok(Some(false));
        }
        let has_slots = slots(&now.log()[from..]).len() == connections.len();
        let is_tracked = has_slots && count_open(now, connections)? == connections.len();
        Ok(is_tracked.then_some(true))
    });
    match tracked {
        Ok(true) => {}
        Ok(false) => {
            let at_rest = run.at_rest();
            return Err(not_tracked(run, at_rest, connections));
        }
        Err(wait_error) => return Err(not_tracked(run, wait_error, connections)),
    }

    // The log must name the descriptors that the kernel connects to these clients.
    let logged: BTreeSet<i32> = accepted(&run.server.log()[from..]).map(|(fd, _)| fd).collect();
    let connected = descriptors_of(&run.server, connections)?;
    if logged.len() == connections.len() && logged.is_subset(&connected) {
        return Ok(());
    }
    let failure = Failure {
        id: "crowd-misnamed",
        mistake: None,
        summary: "The log does not name the descriptors of the clients.".to_owned(),
        expected: "the descriptors that the kernel connects to the clients".to_owned(),
        observed: "[ACCEPT] lines that name other descriptors".to_owned(),
    };
    Err(run.fail_now(failure).depends_on("slots"))
}

/// The slots that the log names. Each slot is listed once.
fn slots(lines: &[Line]) -> BTreeSet<usize> {
    accepted(lines).map(|(_, slot)| slot).collect()
}

/// The descriptor and the slot of each `[ACCEPT]` line.
fn accepted(lines: &[Line]) -> impl Iterator<Item = (i32, usize)> {
    lines.iter().filter_map(|line| match LogEvent::of(line)? {
        LogEvent::Accept { fd, slot } => Some((fd?, slot?)),
        _ => None,
    })
}

/// The descriptors that the kernel connects to these clients.
fn descriptors_of(server: &Server, connections: &[Client]) -> Result<BTreeSet<i32>, Unobservable> {
    let inodes: BTreeSet<u64> = connections.iter().filter_map(Client::inode).collect();
    let open = server.descriptors()?.into_iter();
    let is_theirs = |target: &Target| matches!(target, Target::Socket(it) if inodes.contains(it));
    Ok(open.filter(|it| is_theirs(&it.target)).map(|it| it.fd).collect())
}

fn not_tracked(run: &mut TestRun, wait_error: WaitError, connections: &[Client]) -> CheckError {
    let tracked = slots(&run.server.log()[run.step_log_start()..]).len();
    let count = connections.iter().filter(|connection| connection.ended().is_some()).count();
    let rejected = if count > 0 { format!(", {count} rejected") } else { String::new() };
    // A server that tracks all clients but one is off by one.
    let is_capped = count > 0 && tracked + 1 < connections.len();
    let failure = Failure {
        id: "crowd-lost",
        mistake: diagnosis::of(run, &wait_error).or(is_capped.then_some("capped")),
        summary: format!("{} clients connected, and {tracked} are tracked.", connections.len()),
        expected: format!("a slot and a descriptor for each of {}", run.capacity.min(CLIENTS)),
        observed: format!("{tracked} slots in the log{rejected}"),
    };
    run.fail(wait_error, failure)
}

/// Waits until no client has a descriptor, and the log has a `[DISCONNECT]` line for each client.
fn expect_all_released(run: &mut TestRun, connections: &[Client]) -> Result<(), CheckError> {
    let count = connections.len();
    let from = run.step_log_start();
    let count_disconnects = |server: &Server| {
        let is_disconnect = |line: &&Line| line.tag() == Some("DISCONNECT");
        server.log()[from..].iter().filter(is_disconnect).count()
    };
    let released = run.server.wait_for(|now| {
        let is_done = count_disconnects(now) == count && count_open(now, connections)? == 0;
        Ok(is_done.then_some(()))
    });
    let Err(wait_error) = released else { return Ok(()) };
    let logged = count_disconnects(&run.server);
    let left = count_open(&run.server, connections)?;
    // The server has noticed each departure, and has not closed each descriptor.
    let forgot = left > 0 && logged == count;
    let failure = Failure {
        id: "crowd-stays",
        mistake: diagnosis::of(run, &wait_error).or(forgot.then_some("forgot-close")),
        summary: format!("{count} clients left; descriptors that stayed open: {left}."),
        expected: format!("{count} [DISCONNECT] lines, and no descriptor of these clients"),
        observed: format!("{logged} [DISCONNECT] lines, {left} descriptors of these clients"),
    };
    Err(run.fail(wait_error, failure))
}
