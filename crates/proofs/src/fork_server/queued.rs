//! Clients that connect and leave while they wait in the listener's queue.

use super::children::{stopped_serving, wait_settled};
use super::many_children::{child_runs_on, count_running};
use super::process_evidence;
use crate::check_error::{CheckError, Failure};
use crate::shared::departure::Departure;
use crate::shared::fd_leaks::connect_unnamed;
use crate::test_run::TestRun;
use witness::{Server, Target, Unobservable, WaitError};

/// The number of clients. A listener may have a short queue.
const CLIENTS: usize = 5;

/// Clients connect and leave while the parent is paused, and the parent finds them in the queue of its
/// listener. Waits until the queue is empty and their children have ended. Returns their number.
///
/// # Errors
/// The server has ended, leaves clients in the queue, or has a child that runs on.
pub(crate) fn leave_in_queue(run: &mut TestRun, departure: Departure) -> Result<usize, CheckError> {
    let running = count_running(&run.server)?;
    let count = run.batch_size()?.min(CLIENTS);
    let what = match departure {
        Departure::Reset => "reset their connections (RST)",
        _ => "left (FIN)",
    };
    run.step(format!(
        "{count} clients connected and {what}, while the parent was paused (SIGSTOP)"
    ));
    run.server.pause().map_err(|wait_error| not_accepted(run, count, wait_error))?;
    for _ in 0..count {
        departure.apply(&connect_unnamed(run)?);
    }
    run.server.resume().map_err(|wait_error| not_accepted(run, count, wait_error))?;
    let accepted = run.server.wait_for(|now| {
        let queued = now.listener()?.map_or(0, |listener| listener.unread);
        Ok((queued == 0).then_some(()))
    });
    let accepted = accepted.and_then(|()| wait_settled(run));
    accepted.map_err(|wait_error| not_accepted(run, count, wait_error))?;
    let ended = run.server.wait_for(|now| Ok((count_running(now)? <= running).then_some(())));
    ended.map_err(|wait_error| child_runs_on(run, wait_error))?;
    Ok(count)
}

/// The parent accepts clients that have reset their connections before. For such a client,
/// getpeername(2) fails with ENOTCONN. The parent must run on, and close the descriptor.
pub(super) fn reset_in_queue(run: &mut TestRun) -> Result<(), CheckError> {
    wait_settled(run).map_err(|wait_error| stopped_serving(run, wait_error))?;
    let before = count_sockets(&run.server)?;
    let count = leave_in_queue(run, Departure::Reset)?;
    let after = count_sockets(&run.server)?;
    if after < before + count {
        return Ok(());
    }
    let failure = Failure {
        id: "fd-leak",
        summary: format!(
            "{count} clients had reset their connections before the parent accepted them, and it \
             keeps their descriptors open."
        ),
        expected: "the parent has no descriptor of a client".to_owned(),
        observed: format!("the parent has {after} sockets, and had {before} before these clients"),
        ..Failure::default()
    };
    Err(process_evidence::fail(run, None, failure))
}

/// The number of the parent's descriptors that are sockets.
fn count_sockets(server: &Server) -> Result<usize, Unobservable> {
    let open = server.descriptors()?;
    Ok(open.iter().filter(|it| matches!(it.target, Target::Socket(_))).count())
}

/// The failure of a server that does not accept the clients that have left, or ends.
fn not_accepted(run: &mut TestRun, count: usize, wait_error: WaitError) -> CheckError {
    let has_ended = matches!(wait_error, WaitError::Ended(_));
    let failure = Failure {
        id: "queued-clients",
        summary: match has_ended {
            true => "The server ended when it accepted clients that had left before.".to_owned(),
            false => format!(
                "{count} clients connected and left while the parent was paused, and it does not \
                 accept them all."
            ),
        },
        expected: "the parent runs on, and closes these clients".to_owned(),
        observed: wait_error.to_string(),
        ..Failure::default()
    };
    let id = if has_ended { "interrupted" } else { "own-child" };
    process_evidence::fail(run, Some(wait_error), failure).depends_on(id)
}
