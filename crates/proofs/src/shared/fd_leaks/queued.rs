//! A client that leaves before the server has accepted it.

use crate::check_error::{CheckError, Failure};
use crate::named_client::client_name;
use crate::shared::descriptors::socket_inodes;
use crate::shared::diagnosis;
use crate::test_run::TestRun;
use witness::{Server, WaitError};

/// Connects one client, which resets its connection before the server accepts it. On Linux, accept
/// succeeds nevertheless, and the first call that asks for the connection fails: read with ECONNRESET,
/// getpeername with ENOTCONN. The server must run on, and must close the descriptor.
///
/// The kernel's tables do not have the connection any more, so a socket that was not there before is
/// the client's. No other client is connected.
pub(super) fn reset_in_queue(run: &mut TestRun) -> Result<(), CheckError> {
    let before = socket_inodes(&run.server)?;
    let name = client_name(run.clients.len());
    let came = run.while_paused(&format!("{name} connected and reset its connection"), |run| {
        run.add_client(Server::connect).map(|client| client.connection.reset())
    });
    came?;
    let released = run.check_alive().and_then(|()| {
        run.server.wait_for(|now| {
            let queued = now.listener()?.map_or(0, |listener| listener.unread);
            let is_released = queued == 0 && socket_inodes(now)?.is_subset(&before);
            Ok(is_released.then_some(()))
        })
    });
    let Err(wait_error) = released else { return Ok(()) };
    let queued = run.server.listener().ok().flatten().map_or(0, |listener| listener.unread);
    let how = format!("{name} connected and reset its connection before it was accepted");
    let keeps = format!("{how}, and the server never closed the descriptor that accept returned.");
    let is_kept = matches!(wait_error, WaitError::Idle { .. }) && queued == 0;
    let (mistake, summary) = match &wait_error {
        // A server that ends when a client resets after it was accepted has ended before.
        WaitError::Ended(_) => (
            None,
            format!("The server ended when it accepted {name}, which had reset its connection."),
        ),
        _ if queued > 0 => (
            diagnosis::of(run, &wait_error),
            format!("{how}, and the server leaves it in the queue of the listener."),
        ),
        WaitError::Idle { .. } => (None, keeps.clone()),
        _ => (
            diagnosis::of(run, &wait_error),
            format!("{how}, and the server has not closed its descriptor."),
        ),
    };
    let failure = Failure {
        id: "reset-in-queue",
        mistake,
        summary,
        expected: "the server closes this client's descriptor, and runs on".to_owned(),
        observed: match &wait_error {
            _ if is_kept => "a socket that stays open".to_owned(),
            _ => wait_error.to_string(),
        },
    };
    let error = run.fail(wait_error, failure);
    // The kernel does not show whose socket it is, so the row is named here.
    Err(if is_kept { error.with_row("forgot-close", keeps) } else { error })
}
