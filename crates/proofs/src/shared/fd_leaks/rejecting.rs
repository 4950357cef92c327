//! Clients that a server rejects.

use super::{connect_unnamed, count_open, more_descriptors};
use crate::check_error::{CheckError, Failure};
use crate::shared::diagnosis;
use crate::test_run::TestRun;
use witness::{Client, WaitError};

/// Fills the table and connects one more client. Then all clients leave. The server must close the
/// descriptors of all of them.
///
/// How many clients the server accepts, and that the server does not end, is checked by the
/// criterion `capacity` if the lesson has it. Here, a server of such a lesson may end: it has no open
/// descriptors any more.
pub(super) fn fill_and_reject(run: &mut TestRun) -> Result<(), CheckError> {
    let count = run.capacity + 1;
    run.step(format!("{count} clients connected"));
    let mut clients = Vec::with_capacity(count);
    while clients.len() < count {
        for _ in 0..run.batch_size()?.min(count - clients.len()) {
            // If the server does not listen any more, the reason cannot be seen.
            let connected = connect_unnamed(run);
            clients.push(connected.map_err(|error| error.independent().without_row())?);
        }
        wait_handled(run, &clients);
    }
    run.step(format!("{count} clients closed"));
    clients.iter().for_each(Client::close);
    let closed = run.server.wait_for(|now| Ok((count_open(now, &clients)? == 0).then_some(())));
    match closed.and_then(|()| run.check_alive()) {
        Ok(()) => Ok(()),
        Err(WaitError::Ended(_)) if run.logs_clients() => Ok(()),
        Err(wait_error) => Err(kept(run, &clients, wait_error)),
    }
}

/// Waits until the server has accepted or closed each of the clients, or will not do so.
fn wait_handled(run: &mut TestRun, clients: &[Client]) {
    let _ = run.server.wait_for(|now| {
        let ended = clients.iter().filter(|client| client.ended().is_some()).count();
        Ok((ended + count_open(now, clients)? >= clients.len()).then_some(()))
    });
}

fn kept(run: &mut TestRun, clients: &[Client], wait_error: WaitError) -> CheckError {
    if matches!(wait_error, WaitError::Ended(_)) {
        let failure = Failure {
            id: "ended-when-full",
            mistake: None,
            summary: "The server ended after more clients had connected than it has slots."
                .to_owned(),
            expected: "the server goes on".to_owned(),
            observed: wait_error.to_string(),
        };
        return run.fail(wait_error, failure);
    }
    let is_open = |clients: &[Client]| count_open(&run.server, clients).unwrap_or(0);
    let (total, served) = (is_open(clients), is_open(&clients[..run.capacity]));
    // Only the client that was rejected has a descriptor.
    let rejected = (served == 0).then_some("reject-not-closed");
    let mistake = diagnosis::of(run, &wait_error).or(rejected);
    let failure = more_descriptors(total, mistake, &wait_error);
    run.fail(wait_error, failure)
}
