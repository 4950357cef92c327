//! Makes accept fail once with each of its temporary errors.

use super::blocking::expect_nonblocking;
use super::patience::{
    listens_edge_triggered, listens_nonblocking, wait_handled, wait_handled_later,
};
use super::phantom::expect_no_phantom;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::shared::diagnosis;
use crate::shared::service::{Clients, Service, after, leave};
use crate::test_run::TestRun;
use witness::{Errno, FaultInjector, WaitError};

/// The errors with which accept is made to fail (accept(2), ERRORS), and their names.
const ACCEPT_ERRORS: [(Errno, &str); 4] = [
    (Errno::EAGAIN, "EAGAIN"),
    (Errno::ECONNABORTED, "ECONNABORTED"),
    (Errno::EINTR, "EINTR"),
    (Errno::EMFILE, "EMFILE"),
];

/// The Common Mistakes row of a server that ends because accept has failed with `errno`.
///
/// The row `accept-eagain` is about the error that a lesson's server meets: EAGAIN, where it waits
/// for readiness first, and otherwise ECONNABORTED. Only the lesson about one client at a time has
/// EINTR in this row, too.
fn row_of(errno: Errno, clients: Clients) -> Option<&'static str> {
    match (errno, clients) {
        (Errno::EMFILE, _) => Some("accept-emfile"),
        (Errno::EAGAIN, _) | (_, Clients::OneAtATime) => Some("accept-eagain"),
        (Errno::ECONNABORTED, Clients::InChildren) => Some("accept-eagain"),
        (Errno::EINTR, Clients::InChildren) => Some("eintr-ends-server"),
        _ => None,
    }
}

/// If accept fails once with one of the errors, the server goes on.
pub(super) fn accept_fails(
    context: &CheckContext<'_>,
    service: &Service,
) -> Result<(), CheckError> {
    let mut run = context.start_with(context.lesson.capacity, FaultInjector::accept())?;
    let mut connected = vec![service.serve_first(&mut run)?];
    let is_nonblocking = listens_nonblocking(&run.server)?;
    for (errno, name) in ACCEPT_ERRORS {
        // accept returns EAGAIN only for a listener in non-blocking mode.
        if errno == Errno::EAGAIN && !is_nonblocking {
            continue;
        }
        free_slots(&mut run, &mut connected);
        // Wait until the server is asleep. A server that blocks in accept has then made this call,
        // so the call that fails is the next one.
        let _ = run.server.wait_asleep();
        run.step(format!("the next accept is made to fail with {name}"));
        run.server.fail_next(errno);
        let next = expect_goes_on(
            &mut run,
            service,
            (name, row_of(errno, service.clients)),
            &mut connected,
        )?;
        connected.push(next);
    }
    Ok(())
}

/// A client connects, and accept fails. The server must serve this client, or reject it and serve
/// the next client, if it has no descriptor. Returns the client that is served.
fn expect_goes_on(
    run: &mut TestRun,
    service: &Service,
    (errno, mistake): (&str, Option<&'static str>),
    connected: &mut Vec<NamedClient>,
) -> Result<NamedClient, CheckError> {
    let what = format!("accept failed with {errno}");
    let client = run.connect()?;
    if service.clients == Clients::OneAtATime {
        connected.drain(..).for_each(|served| leave(run, &served));
    }
    let mut handled = match errno {
        "EMFILE" => wait_handled_later(run, &client, connected),
        _ => wait_handled(run, &client),
    };
    // The server may take the error for the end of the queue.
    if !must_accept_next(run, errno)
        && matches!(handled, Err(WaitError::Idle { .. }))
        && run.server.faults_left() == 0
        && listens_edge_triggered(&run.server)?
    {
        connected.push(run.connect()?);
        handled = wait_handled(run, &client);
    }
    // The server may accept the client first, and end when the next accept fails.
    let alive = handled.and_then(|()| run.check_alive());
    expect_no_phantom(run, &what)?;
    alive.map_err(|wait_error| gave_up(run, (errno, mistake), wait_error))?;

    let is_rejected = client.connection.ended().is_some();
    let served = match is_rejected {
        true => (service.serve)(run),
        false => (service.expect_served)(run, &client).map(|()| client),
    };
    let served = served.map_err(|error| after(&what, error.independent()))?;
    expect_nonblocking(run, service, &served, &what)?;
    Ok(served)
}

/// If the table has no room for two more clients, all clients leave. Otherwise no client leaves,
/// because the release of slots is a later task of the lesson.
fn free_slots(run: &mut TestRun, connected: &mut Vec<NamedClient>) {
    if run.logs_clients() && connected.len() + 2 > run.capacity {
        for client in connected.drain(..) {
            leave(run, &client);
            let _ = run.wait_released(&client);
        }
    }
}

/// The failure of a server that does not serve the client after accept has failed.
fn gave_up(
    run: &mut TestRun,
    (errno, mistake): (&str, Option<&'static str>),
    wait_error: WaitError,
) -> CheckError {
    let is_in_queue = must_accept_next(run, errno)
        && matches!(wait_error, WaitError::Idle { .. })
        && run.server.faults_left() == 0
        && waits_in_edge_triggered_queue(run);
    let is_about_wait =
        errno == "EINTR" && mistake.is_none() && matches!(wait_error, WaitError::Ended(_));
    let (mistake, summary) = match &wait_error {
        WaitError::Ended(_) if run.server.faults_left() == 0 => {
            (mistake, format!("The server ended when accept failed with {errno}."))
        }
        WaitError::Ended(_) => {
            (None, "The server ended when the next client connected.".to_owned())
        }
        other if run.server.faults_left() > 0 => (
            diagnosis::of(run, other),
            "The next client connected, and the server did not call accept.".to_owned(),
        ),
        _ if is_in_queue => (
            None,
            format!(
                "After accept failed with {errno}, the server sleeps, and the client waits in the \
                 queue of its listener, whose entry is edge-triggered."
            ),
        ),
        other => (
            diagnosis::of(run, other),
            format!("After accept failed with {errno}, the client was never accepted."),
        ),
    };
    let failure = Failure {
        id: "accept-gave-up",
        mistake,
        summary,
        expected: "the server calls accept again later, and serves the client".to_owned(),
        observed: wait_error.to_string(),
    };
    let error = run.fail(wait_error, failure);
    // Whether the server gives up at this error, or accepts one client for each event, is not known. The row
    // about EINTR is about the call in which such a server waits, and not about accept.
    if is_in_queue || is_about_wait { error.without_row() } else { error }
}

/// Whether a server must call accept again after the error, also if its listener is edge-triggered and no
/// other client connects. ECONNABORTED and EINTR say nothing about the other clients in the queue
/// (accept(2)). Only the lesson about epoll says that an edge-triggered server accepts until EAGAIN.
fn must_accept_next(run: &TestRun, errno: &str) -> bool {
    run.lesson_id() == "w04-l01" && matches!(errno, "ECONNABORTED" | "EINTR")
}

/// Whether a client waits in the queue of a listener that epoll reports only when another client
/// connects.
fn waits_in_edge_triggered_queue(run: &TestRun) -> bool {
    let listener = run.server.listener().ok().flatten();
    let has_client = listener.is_some_and(|listener| listener.unread > 0);
    has_client && listens_edge_triggered(&run.server).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_names_the_error_that_was_seen() {
        let row = row_of(Errno::EINTR, Clients::InChildren);
        assert_eq!(row, Some("eintr-ends-server"));
        assert_eq!(row_of(Errno::EINTR, Clients::OneAtATime), Some("accept-eagain"));
        assert_eq!(row_of(Errno::EINTR, Clients::Together), None);
        assert_eq!(row_of(Errno::ECONNABORTED, Clients::Together), None);
        assert_eq!(row_of(Errno::EAGAIN, Clients::Together), Some("accept-eagain"));
    }
}
