//! The client that comes after a client has left while output was pending for it.

use super::{free_slot, released};
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::shared::departure::Departure;
use crate::shared::diagnosis;
use crate::shared::fd_leaks::kept_socket;
use crate::test_run::TestRun;
use witness::WaitError;

/// What the next client sends.
const LINE: &[u8] = b"mine\n";
/// The number of bytes of an answer that are compared at a time with what another client has sent.
const PART: usize = 4 << 10;

/// A client that leaves, or that the server has closed.
pub(super) struct Leaving<'a> {
    pub(super) client: &'a NamedClient,
    /// What the client has sent.
    pub(super) sent: &'a [u8],
    /// Whether the client has already left, by a half-close.
    pub(super) has_shut_down: bool,
}

/// The client that leaves resets its connection, if the server has not closed the connection yet. It is
/// logged, and the next client gets its slot. If the server echoes, the next client must get its own
/// bytes back, and no bytes that were written for the client before.
pub(super) fn check(
    run: &mut TestRun,
    leaving: &Leaving<'_>,
    is_echo: bool,
) -> Result<(), CheckError> {
    let left = leaving.client;
    let is_connected = run.server.descriptor_of(&left.connection)?.is_some();
    if is_connected {
        run.step(format!("{} {}", left.name, Departure::Reset.text()));
    }
    Departure::Reset.apply(&left.connection);
    match run.wait_released(left) {
        Ok(()) => {}
        Err(wait_error @ WaitError::Ended(_)) => {
            let summary = format!("The server ended when {} left.", left.name);
            return Err(unexpected(run, wait_error, summary));
        }
        Err(wait_error @ WaitError::Idle { .. }) if is_connected => {
            return Err(not_closed(run, left, wait_error));
        }
        // Another criterion reports a server that keeps a client which has shut down its side.
        Err(_) => return Ok(()),
    }
    // A server may log in other words that it has closed a client which takes no output.
    let has_left = is_connected || leaving.has_shut_down;
    if has_left {
        released::expect_logged(run, left)?;
    }
    let next = run.connect_accepted()?.0;
    if has_left {
        released::expect_used_slot(run, left, &next)?;
    }
    if is_echo {
        expect_own_bytes(run, leaving, &next)?;
    }
    free_slot(run, &next);
    Ok(())
}

/// The failure of a server that keeps the descriptor of a client that has left. The criterion
/// `no-fd-leak` asks the same for clients without pending output.
fn not_closed(run: &mut TestRun, left: &NamedClient, wait_error: WaitError) -> CheckError {
    let failure = Failure {
        summary: format!(
            "{} left and had not read its answers, and the server never closed its socket.",
            left.name
        ),
        ..kept_socket(left, None, run.logged_text())
    };
    run.fail(wait_error, failure).depends_on("no-fd-leak")
}

/// The client `next`, which came after another one had left, sends a line, and must get this line back.
fn expect_own_bytes(
    run: &mut TestRun,
    leaving: &Leaving<'_>,
    next: &NamedClient,
) -> Result<(), CheckError> {
    let left = leaving.client;
    let (name, connection) = (&next.name, next.connection.clone());
    run.step(format!("{name} sent \"mine\""));
    let _ = connection.send(LINE);
    let answered = run.server.wait_for(|_| {
        let is_over = connection.received().len() >= LINE.len() || connection.ended().is_some();
        Ok(is_over.then_some(()))
    });
    // More bytes than the client's own may follow.
    let answered = answered.and_then(|()| run.check_alive());
    if let Err(wait_error) = answered
        && !matches!(wait_error, WaitError::Idle { .. })
    {
        let summary = format!("{} left, and {name}, which came next, is not served.", left.name);
        return Err(unexpected(run, wait_error, summary));
    }
    if connection.received() != LINE {
        return Err(wrong_bytes(run, left, next, leaving.sent));
    }
    Ok(())
}

/// The failure of a server that ends, or that becomes busy.
fn unexpected(run: &mut TestRun, wait_error: WaitError, summary: String) -> CheckError {
    let failure = Failure {
        id: "next-not-served",
        mistake: diagnosis::of(run, &wait_error),
        summary,
        expected: "the server serves the next client".to_owned(),
        observed: wait_error.to_string(),
    };
    run.fail(wait_error, failure)
}

/// The failure of a server that writes other bytes for a client than the client has sent.
fn wrong_bytes(
    run: &mut TestRun,
    left: &NamedClient,
    next: &NamedClient,
    sent: &[u8],
) -> CheckError {
    let received = next.connection.received();
    let (gone, name) = (&left.name, &next.name);
    let other = received.strip_prefix(LINE).or(received.strip_suffix(LINE)).unwrap_or(&received);
    let was_sent_before = |part: &[u8]| sent.windows(part.len()).any(|sent| sent == part);
    let summary = if !other.is_empty() && other.chunks(PART).all(was_sent_before) {
        let count = other.len();
        format!("{gone} left, and {name}, which came next, got {count} bytes that {gone} had sent.")
    } else if next.connection.ended().is_some() {
        format!("{gone} left, and the server closed the connection of {name}, which came next.")
    } else {
        format!("{gone} left, and {name}, which came next, did not get its own bytes back.")
    };
    let shown = String::from_utf8_lossy(&received[..received.len().min(32)]).into_owned();
    let dots = if received.len() > 32 { "…" } else { "" };
    run.fail_now(Failure {
        id: "output-of-another",
        mistake: None,
        summary,
        expected: format!("{name} gets \"mine\\n\", as it has sent, and nothing more"),
        observed: format!("{} bytes: {shown:?}{dots}", received.len()),
    })
}
