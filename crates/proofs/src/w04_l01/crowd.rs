//! A thousand clients.

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::shared::descriptors::socket_inodes;
use crate::shared::diagnosis;
use crate::test_run::{MAX_BATCH, TestRun};
use std::collections::BTreeSet;
use witness::{Client, Line, Server, Stuck, Target, Unseen};

const CROWD: usize = 1000;

/// 1,000 clients are tracked at the same time, and released.
pub(super) fn crowd(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let before = socket_inodes(&run.server)?.len();
    let crowd = gather(&mut run)?;
    all_tracked(&mut run, &crowd, before)?;
    run.step(format!("all {} closed", crowd.len()));
    crowd.iter().for_each(Client::close);
    all_released(&mut run, crowd.len(), before)
}

/// Connects the crowd, as fast as the server takes them.
fn gather(run: &mut TestRun) -> Result<Vec<Client>, CheckError> {
    let size = run.capacity.min(CROWD);
    run.step(format!("{size} clients connected, and stayed"));
    let mut crowd = Vec::with_capacity(size);
    while crowd.len() < size {
        for _ in 0..run.batch_size()?.min(size - crowd.len()) {
            crowd.push(run.add_client(Server::connect)?.connection);
        }
        let taken = run.server.until(|now| {
            let waiting = now.listener()?.map_or(0, |listener| listener.unread);
            Ok((waiting == 0).then_some(()))
        });
        taken.map_err(|wait_error| lost(run, wait_error, &crowd))?;
    }
    Ok(crowd)
}

/// Waits until every client has a slot of its own in the log, and a descriptor in the kernel.
fn all_tracked(run: &mut TestRun, crowd: &[Client], before: usize) -> Result<(), CheckError> {
    let from = run.step_log_start();
    let entered = run.server.until(|now| {
        Ok(if crowd.iter().rev().take(MAX_BATCH).any(|connection| connection.ended().is_some()) {
            Some(false) // it was turned away, and will not come back
        } else {
            let tracked = slots(&now.log()[from..]).len() == crowd.len();
            (tracked && socket_inodes(now)?.len() == before + crowd.len()).then_some(true)
        })
    });
    match entered {
        Ok(true) => {}
        Ok(false) => return Err(lost(run, Stuck::Quiet { calls: Vec::new() }, crowd)),
        Err(wait_error) => return Err(lost(run, wait_error, crowd)),
    }
    let wait_logged: BTreeSet<i32> =
        accepted(&run.server.log()[from..]).map(|(fd, _)| fd).collect();
    if wait_logged.len() == crowd.len()
        && wait_logged.is_subset(&descriptors_of(&run.server, crowd)?)
    {
        return Ok(());
    }
    let observed = "[ACCEPT] lines that name other descriptors".to_owned();
    let summary = "The log does not name the descriptors of the crowd.".to_owned();
    let expected = "the descriptors that the kernel connects to the clients".to_owned();
    let error =
        run.fail_now(Failure { id: "crowd-misnamed", mistake: None, summary, expected, observed });
    Err(error.depends_on("slots"))
}

/// The slots that were given, each once.
fn slots(lines: &[Line]) -> BTreeSet<usize> {
    accepted(lines).map(|(_, slot)| slot).collect()
}

/// The descriptor and the slot of each `[ACCEPT]`.
fn accepted(lines: &[Line]) -> impl Iterator<Item = (i32, usize)> {
    lines.iter().filter_map(|line| match LogEvent::of(line)? {
        LogEvent::Accept { fd, slot } => Some((fd?, slot?)),
        _ => None,
    })
}

/// The descriptors that the kernel connects to these clients.
fn descriptors_of(server: &Server, crowd: &[Client]) -> Result<BTreeSet<i32>, Unseen> {
    let mut inodes = BTreeSet::new();
    for connection in crowd {
        server.connection(connection)?;
        inodes.extend(connection.inode());
    }
    let open = server.descriptors()?.into_iter();
    let is_theirs = |target: &Target| matches!(target, Target::Socket(it) if inodes.contains(it));
    Ok(open.filter(|it| is_theirs(&it.target)).map(|it| it.fd).collect())
}

fn lost(run: &mut TestRun, wait_error: Stuck, crowd: &[Client]) -> CheckError {
    let tracked = slots(&run.server.log()[run.step_log_start()..]).len();
    let away = crowd.iter().filter(|connection| connection.ended().is_some()).count();
    let turned_away = if away > 0 { format!(", {away} turned away") } else { String::new() };
    let failure = Failure {
        id: "crowd-lost",
        mistake: diagnosis::of(run, &wait_error).or((away > 0).then_some("capped")),
        summary: format!("{} clients came, and {tracked} are tracked.", crowd.len()),
        expected: format!("a slot and a descriptor for each of {}", run.capacity.min(CROWD)),
        observed: format!("{tracked} slots in the log{turned_away}"),
    };
    run.fail(wait_error, failure)
}

/// Waits until no client has a descriptor any more, and the log has seen each of them off.
fn all_released(run: &mut TestRun, count: usize, before: usize) -> Result<(), CheckError> {
    let from = run.step_log_start();
    let goodbyes = |server: &Server| {
        let is_one = |line: &&Line| line.tag() == Some("DISCONNECT");
        server.log()[from..].iter().filter(is_one).count()
    };
    let wait_released = run.server.until(|now| {
        let gone = goodbyes(now) == count && socket_inodes(now)?.len() == before;
        Ok(gone.then_some(()))
    });
    let Err(wait_error) = wait_released else { return Ok(()) };
    let wait_logged = goodbyes(&run.server);
    let left = socket_inodes(&run.server)?.len().saturating_sub(before);
    let failure = Failure {
        id: "crowd-stays",
        mistake: diagnosis::of(run, &wait_error).or((left > 0).then_some("forgot-close")),
        summary: format!("{count} clients left; descriptors that stayed open: {left}."),
        expected: format!("{count} [DISCONNECT] lines, and the descriptors of before"),
        observed: format!("{wait_logged} [DISCONNECT] lines, {left} descriptors more than before"),
    };
    Err(run.fail(wait_error, failure))
}
