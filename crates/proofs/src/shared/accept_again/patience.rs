//! Waits for a server that goes on later after an accept that has failed.

use super::calm::has_pause;
use crate::check_error::CheckError;
use crate::named_client::NamedClient;
use crate::shared::refusal::is_nap;
use crate::test_run::TestRun;
use std::time::{Duration, Instant};
use witness::{Server, Target, Unobservable, WaitError};

/// The longest time after which a server has to try accept again by itself. Some servers pause for
/// a second when no descriptor is free (for instance asyncio, ACCEPT_RETRY_DELAY).
const RETRY_TIME: Duration = Duration::from_secs(2);

/// Waits until the server has accepted the client or has closed its connection, and each requested
/// fault has been used.
pub(super) fn wait_handled(run: &mut TestRun, client: &NamedClient) -> Result<(), WaitError> {
    let connection = client.connection.clone();
    run.server.wait_for(|now| {
        // A connection in the backlog has no inode yet.
        let accepted = now.connection(&connection)?.is_some_and(|socket| socket.inode != 0);
        let is_handled = accepted || connection.ended().is_some();
        Ok((is_handled && now.faults_left() == 0).then_some(()))
    })
}

/// The same as [`wait_handled`], for a server that may wait for something else before it calls
/// accept again: for its timer, or until one of the `earlier` clients leaves. Nobody else can free a
/// descriptor.
pub(super) fn wait_handled_later(
    run: &mut TestRun,
    client: &NamedClient,
    earlier: &mut Vec<NamedClient>,
) -> Result<(), WaitError> {
    let end = Instant::now() + RETRY_TIME;
    let mut handled = wait_handled(run, client);
    while Instant::now() < end && handled.as_ref().is_err_and(will_wake) {
        handled = wait_handled(run, client);
    }
    if matches!(handled, Err(WaitError::Idle { .. }))
        && let Some(leaves) = earlier.pop()
    {
        run.step(format!("{} closed", leaves.name));
        leaves.connection.close();
        handled = wait_handled(run, client);
    }
    handled
}

/// Whether a timer will wake the server.
fn will_wake(wait_error: &WaitError) -> bool {
    match wait_error {
        WaitError::Idle { calls } => is_nap(calls),
        WaitError::Spinning(sample) => has_pause(sample),
        _ => false,
    }
}

/// Whether the listener is on the interest list with EPOLLET. Such a server may hear of a client
/// only when the next client connects (epoll(7)).
pub(super) fn listens_edge_triggered(server: &Server) -> Result<bool, Unobservable> {
    let (Some(listener), Some(list)) = (server.listener()?, server.epoll_entries()?) else {
        return Ok(false);
    };
    Ok(list.iter().any(|entry| entry.inode == listener.inode && entry.has(libc::EPOLLET)))
}

/// Whether the listener is in non-blocking mode.
pub(super) fn listens_nonblocking(server: &Server) -> Result<bool, CheckError> {
    let Some(listener) = server.listener()? else { return Ok(false) };
    let descriptors = server.descriptors()?;
    let own = descriptors.iter().find(|it| it.target == Target::Socket(listener.inode));
    let flags = own.map_or(Ok(None), |it| server.process().flags(it.fd))?;
    Ok(flags.unwrap_or(0) & libc::O_NONBLOCK != 0)
}
