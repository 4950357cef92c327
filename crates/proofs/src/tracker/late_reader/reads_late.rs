//! A client that reads nothing for a while, and then everything.

use super::{Other, PIECE, connect_slow, expect_asleep};
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::shared::departure::Departure;
use crate::shared::diagnosis;
use crate::test_run::TestRun;
use fastrand::Rng;
use witness::{Socket, State, WaitError};

/// The maximum number of bytes that the client sends while it does not read. The kernel stores
/// fewer bytes of the server's answers.
const MAX_SENT: usize = 256 << 10;
/// The number of pieces that a server may read without writing more. Together with the rest of the
/// piece that the kernel has taken in part, this is less than the 64 KiB that a server has to keep.
const MAX_UNANSWERED: usize = 13;

/// What the client sends when it has read everything.
const AGAIN: &[u8] = b"again\n";

/// The client reads nothing until the kernel has no more room for the server's answers, and then
/// reads everything. Meanwhile a client leaves that came before. Returns the number of bytes that the
/// kernel has taken for the client before it read, if the server echoes.
pub(super) fn check(
    run: &mut TestRun,
    other: &mut Other,
    random: &mut Rng,
) -> Result<Option<usize>, CheckError> {
    // There must be slots for three clients.
    let earlier = if run.capacity < 3 { None } else { Some(connect_slow(run)?) };
    let late = connect_slow(run)?;
    let sent = fill(run, &late, random)?;
    if let Some(earlier) = earlier {
        leave(run, &earlier);
    }
    expect_asleep(run, &late.name)?;
    let socket = expect_connected(run, &late)?;
    other.expect_served(run)?;

    run.step(format!("{} read everything", late.name));
    let received = read_all(run, &late, &sent)?;
    if received.len() < sent.len() && socket.unread > 0 && sent.starts_with(&received) {
        return Err(bytes_missing(run, &late, &sent, &received));
    }
    expect_asleep_again(run, &late, &sent)?;
    expect_served_again(run, &late, &sent, &received)?;
    let is_echo = received == sent;
    Ok(is_echo.then_some(socket.written() as usize))
}

/// The client, which has read nothing yet, reads. It must get all that it has sent, from a server that
/// echoes.
pub(super) fn expect_got_all(
    run: &mut TestRun,
    late: &NamedClient,
    sent: &[u8],
) -> Result<(), CheckError> {
    let received = read_all(run, late, sent)?;
    match received == sent {
        true => expect_asleep_again(run, late, sent),
        false => Err(bytes_missing(run, late, sent, &received)),
    }
}

/// A client closes its connection, and the server removes it. A server that closes gaps in its array
/// moves the entry of the client that came last. (A server that does not remove the client fails in
/// another criterion.)
fn leave(run: &mut TestRun, earlier: &NamedClient) {
    let departure = Departure::Close;
    run.step(format!("{} {}", earlier.name, departure.text()));
    departure.apply(&earlier.connection);
    let connection = &earlier.connection;
    let _ = run.server.wait_for(|now| Ok(now.descriptor_of(connection)?.is_none().then_some(())));
}

/// The client sends lines and reads nothing, until the server stops reading or writes no more
/// bytes. Returns the bytes that were sent.
pub(super) fn fill(
    run: &mut TestRun,
    late: &NamedClient,
    random: &mut Rng,
) -> Result<Vec<u8>, CheckError> {
    run.step(format!("{} sent lines, and read nothing", late.name));
    let (mut sent, mut written, mut unanswered) = (Vec::new(), 0, 0);
    while sent.len() < MAX_SENT && unanswered < MAX_UNANSWERED {
        let piece = lines(random);
        let count = late.connection.send(&piece).unwrap_or(0);
        sent.extend_from_slice(&piece[..count]);
        expect_asleep(run, &late.name)?;
        let socket = expect_connected(run, late)?;
        if socket.unread > 0 || count < piece.len() {
            break;
        }
        // The bytes that the server has written and the client's kernel has not acknowledged.
        // Before the client's buffer is full, this number is 0.
        let grows = socket.unacknowledged > written || socket.unacknowledged == 0;
        unanswered = if grows { 0 } else { unanswered + 1 };
        written = socket.unacknowledged;
    }
    let text = format!("{} sent {} KiB of lines, and read nothing", late.name, sent.len() >> 10);
    run.rewrite_step(text);
    Ok(sent)
}

/// A piece of lines that differ from each other.
pub(super) fn lines(random: &mut Rng) -> Vec<u8> {
    let mut piece = Vec::with_capacity(PIECE);
    while piece.len() < PIECE {
        piece.extend_from_slice(format!("{:015x}\n", random.u64(..) >> 4).as_bytes());
    }
    piece
}

/// The server's socket for the client, which must be connected. Reads no bytes of the client.
pub(super) fn expect_connected(
    run: &mut TestRun,
    late: &NamedClient,
) -> Result<Socket, CheckError> {
    let socket = run.server.connection(&late.connection)?;
    let is_open = |it: &Socket| it.state == State::Established && it.inode != 0;
    match socket.filter(is_open) {
        Some(socket) => Ok(socket),
        None => Err(removed(run, late, "has not read yet")),
    }
}

/// Reads until everything has come back, or until the server is idle.
fn read_all(run: &mut TestRun, late: &NamedClient, sent: &[u8]) -> Result<Vec<u8>, CheckError> {
    let connection = late.connection.clone();
    let read = run.server.wait_for(|_| {
        let has_ended = connection.ended().is_some();
        let is_whole = connection.received_from(sent.len() - 1).len() == 1;
        Ok((has_ended || is_whole).then_some(()))
    });
    if late.connection.ended().is_some() {
        return Err(removed(run, late, "has read late"));
    }
    match read {
        Ok(()) | Err(WaitError::Idle { .. }) => Ok(late.connection.received()),
        Err(wait_error) => Err(not_sent(run, late, sent, wait_error)),
    }
}

/// The failure of a server that removes a client which has not left.
fn removed(run: &mut TestRun, late: &NamedClient, state: &str) -> CheckError {
    let name = &late.name;
    let _ = run.check_alive();
    let end = match late.connection.ended() {
        Some(witness::ServerClose::Reset) => "reset",
        _ => "closed",
    };
    let observed = format!("the connection was {end}, and {}", run.logged_text());
    let failure = Failure {
        id: "late-reader-removed",
        mistake: Some("late-reader-removed"),
        summary: format!("{name} {state}, and the server {end} its connection."),
        expected: format!("{name} stays connected, and gets every byte that was written for it"),
        observed,
    };
    match run.server.wait_idle() {
        Err(wait_error @ WaitError::Ended(_)) => run.fail(
            wait_error,
            Failure {
                mistake: None,
                summary: format!("{name} {state}, and the server ended."),
                ..failure
            },
        ),
        _ => run.fail_now(failure),
    }
}

/// The failure of a server that is busy while the client reads.
fn not_sent(
    run: &mut TestRun,
    late: &NamedClient,
    sent: &[u8],
    wait_error: WaitError,
) -> CheckError {
    let name = &late.name;
    let received = late.connection.received();
    let count = received.len();
    // The kernel has room for output, and the server does not send the rest.
    let row = diagnosis::of(run, &wait_error);
    let never_flushed = lacks_end(sent, &received) && row == Some("always-writable");
    let failure = Failure {
        id: "late-reader-costs",
        mistake: if never_flushed { Some("never-flushed") } else { row },
        summary: format!("{name} read late, and the server does not go to sleep again."),
        expected: format!("{name} gets its bytes, and then the server sleeps"),
        observed: format!("{name} got {count} bytes; {wait_error}"),
    };
    run.fail(wait_error, failure)
}

/// The failure of a server that has stopped reading, and does not send the rest of its answers.
fn bytes_missing(
    run: &mut TestRun,
    late: &NamedClient,
    sent: &[u8],
    received: &[u8],
) -> CheckError {
    let name = &late.name;
    let wait_error = run.at_rest();
    let failure = Failure {
        id: "late-bytes-missing",
        mistake: diagnosis::of(run, &wait_error)
            .or(lacks_end(sent, received).then_some("never-flushed")),
        summary: format!("{name} read late, and the server did not send the rest."),
        expected: format!("{} bytes, as many as {name} sent", sent.len()),
        observed: format!("{} bytes came back, and the server sleeps", received.len()),
    };
    run.fail(wait_error, failure)
}

/// Whether the end of what the client sent has not come back, and everything before it has. Bytes that
/// are missing in the middle were dropped.
fn lacks_end(sent: &[u8], received: &[u8]) -> bool {
    received.len() < sent.len() && sent.starts_with(received)
}

/// Waits until the server is asleep after the client has read everything.
fn expect_asleep_again(
    run: &mut TestRun,
    late: &NamedClient,
    sent: &[u8],
) -> Result<(), CheckError> {
    match run.server.wait_asleep() {
        Ok(_) => Ok(()),
        Err(wait_error) => Err(not_sent(run, late, sent, wait_error)),
    }
}

/// The client sends a last line. The server must write back as before, and not what it should have
/// sent earlier.
fn expect_served_again(
    run: &mut TestRun,
    late: &NamedClient,
    sent: &[u8],
    received: &[u8],
) -> Result<(), CheckError> {
    let (name, connection) = (&late.name, late.connection.clone());
    run.step(format!("{name} sent \"again\""));
    let _ = connection.send(AGAIN);
    let answered = run.server.wait_for(|_| {
        let is_answered = !connection.received_from(received.len()).is_empty();
        Ok((is_answered || connection.ended().is_some()).then_some(()))
    });
    if connection.ended().is_some() {
        return Err(removed(run, late, "has read late"));
    }
    let _ = run.check_alive();
    let answer = connection.received_from(received.len());
    // A server that echoes, and now sends what it should have sent when the client read.
    let rest = &sent[received.len().min(sent.len())..];
    let is_late = sent.starts_with(received)
        && !rest.is_empty()
        && rest.starts_with(&answer[..answer.len().min(16)]);
    let summary = match &answered {
        Ok(()) if answer.is_empty() || !is_late => return Ok(()),
        Ok(()) => format!("{name} read everything, and got the rest only after it had sent again."),
        Err(_) => {
            format!("{name} has read everything, and the server writes nothing back any more.")
        }
    };
    let failure = Failure {
        id: "late-bytes-missing",
        mistake: lacks_end(sent, received).then_some("never-flushed"),
        summary,
        expected: format!("{name} is served as before"),
        observed: format!("{} of {} bytes came back before", received.len(), sent.len()),
    };
    Err(run.fail_after(answered.err(), failure))
}
