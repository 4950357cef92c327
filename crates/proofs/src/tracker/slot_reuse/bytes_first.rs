//! A client whose last bytes and whose FIN arrive together.

use super::{TrackedClient, arrive, disconnect_line, expect_names, not_logged};
use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::shared::departure::Departure;
use crate::shared::diagnosis;
use crate::test_run::TestRun;
use witness::WaitError;

/// A client sends bytes and leaves while the server is paused. epoll reports both at once, and reports
/// an edge-triggered entry once only (epoll(7)): after the bytes, the server must read the end of file,
/// too. The client must be logged as for any other departure.
pub(super) fn expect_released(run: &mut TestRun) -> Result<(), CheckError> {
    for departure in [Departure::HalfClose, Departure::Close] {
        let tracked = arrive(run)?;
        leave(run, &tracked, departure)?;
    }
    Ok(())
}

fn leave(
    run: &mut TestRun,
    tracked: &TrackedClient,
    departure: Departure,
) -> Result<(), CheckError> {
    let _ = run.check_alive();
    let (name, connection) = (&tracked.client.name, &tracked.client.connection);
    let how = departure.text();
    run.while_paused(&format!("{name} sent \"hello\\n\" and {how}"), |_| {
        let _ = connection.send(b"hello\n");
        departure.apply(connection);
    });
    let logged = run.wait_logged(|event| match event {
        LogEvent::Disconnect { fd, slot } => Some((*fd, *slot)),
        _ => None,
    });
    match logged {
        Ok(names) => expect_names(run, tracked, names),
        Err(wait_error @ WaitError::Idle { .. }) if is_open(run, tracked) => {
            Err(kept(run, tracked, departure, wait_error))
        }
        Err(wait_error) => Err(not_logged(run, tracked, departure, wait_error)),
    }
}

fn is_open(run: &TestRun, tracked: &TrackedClient) -> bool {
    matches!(run.server.descriptor_of(&tracked.client.connection), Ok(Some(_)))
}

/// The failure of a server that is asleep and keeps the client. (Whether it has read the end of file
/// cannot be seen: a read of the last bytes takes the FIN off the kernel's count of unread bytes, too.)
fn kept(
    run: &mut TestRun,
    tracked: &TrackedClient,
    departure: Departure,
    wait_error: WaitError,
) -> CheckError {
    let (name, fd, how) = (&tracked.client.name, tracked.fd, departure.text());
    let summary = format!(
        "{name} sent bytes and {how} at once. The server sleeps, and still has descriptor {fd} for it."
    );
    let is_edge_triggered = is_edge_triggered(run, tracked);
    let failure = Failure {
        id: "departure-missed",
        mistake: diagnosis::of(run, &wait_error),
        summary: summary.clone(),
        expected: disconnect_line(tracked),
        observed: run.logged_text(),
    };
    let error = run.fail(wait_error, failure);
    if is_edge_triggered { error.with_row("edge-one-read", summary) } else { error }
}

/// Whether the server still has an edge-triggered entry for the client.
fn is_edge_triggered(run: &TestRun, tracked: &TrackedClient) -> bool {
    let inode = tracked.client.connection.inode();
    let entries = run.server.epoll_entries().ok().flatten().unwrap_or_default();
    entries.iter().any(|entry| Some(entry.inode) == inode && entry.has(libc::EPOLLET))
}
