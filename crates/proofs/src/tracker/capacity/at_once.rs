//! Several clients that come at once, while the table is full.

use crate::check_error::{CheckError, Failure};
use crate::named_client::{NamedClient, client_name};
use crate::shared::diagnosis;
use crate::test_run::TestRun;
use witness::{Server, WaitError};

/// The number of clients. A small backlog has room for them.
const COUNT: usize = 2;

/// Clients connect while the server is paused. An edge-triggered entry of the listener is reported once for
/// all of them. The server must reject all of them.
pub(super) fn expect_rejected(run: &mut TestRun) -> Result<(), CheckError> {
    if run.batch_size()? < COUNT {
        return Ok(());
    }
    let _ = run.check_alive();
    let next = run.clients.len();
    let names = format!("{} and {}", client_name(next), client_name(next + 1));
    let came = run.while_paused(&format!("{names} connected"), |run| {
        (0..COUNT).map(|_| run.add_client(Server::connect)).collect::<Result<Vec<_>, _>>()
    })?;
    let is_open = |client: &&NamedClient| client.connection.ended().is_none();
    let closed = run.server.wait_for(|_| Ok((!came.iter().any(|it| is_open(&it))).then_some(())));
    match closed.and_then(|()| run.check_alive()) {
        Ok(()) => Ok(()),
        Err(wait_error) => {
            let open = came.iter().find(is_open).map(|it| it.name.as_str());
            Err(not_all_rejected(run, &names, open, wait_error))
        }
    }
}

/// The failure of a server that does not reject all clients that have come at once. `open` is the first
/// of them that is connected still.
fn not_all_rejected(
    run: &mut TestRun,
    names: &str,
    open: Option<&str>,
    wait_error: WaitError,
) -> CheckError {
    let full = format!("{0} of {0} slots are in use, {names} connected at once", run.capacity);
    let queued = run.server.listener().ok().flatten().map_or(0, |listener| listener.unread);
    let has_ended = matches!(wait_error, WaitError::Ended(_));
    let logged = run.logged_text();
    let failure = Failure {
        id: if has_ended { "ended-when-full" } else { "not-all-rejected" },
        mistake: diagnosis::of(run, &wait_error),
        summary: match open {
            _ if has_ended => format!("{full}, and the server ended."),
            _ if queued > 0 => format!("{full}, and the listener's queue is not empty."),
            Some(name) => format!("{full}, and {name} was not closed."),
            None => format!("{full}, and the server is busy after it has closed them."),
        },
        expected: format!("{names} read an end of file"),
        observed: match open {
            Some(name) => format!("{name} is still connected, and {logged}"),
            None => logged,
        },
    };
    let error = run.fail(wait_error, failure);
    // In a server that was paused, epoll_wait fails with EINTR (signal(7)).
    if has_ended { error.depends_on("interrupted") } else { error }
}
