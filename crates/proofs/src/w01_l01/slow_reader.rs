//! The criterion of a client that reads slowly.

use super::{diagnosis, echo};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use witness::{Call, WaitError};

/// The number of bytes that the client sends.
const SENT: usize = 4 << 20;
/// The length of a line. No segment, and no chunk whose size is a power of two, ends at the end of
/// a line.
const LINE: usize = 61;
/// The number of bytes that the client reads with one call.
const READ_SIZE: usize = 4000;
/// The number of bytes that the client reads before the check looks at the server again.
const READ_LIMIT: usize = 64 << 10;
/// The maximum number of interruptions of a write. The kernel restarts a write that has not sent
/// any bytes yet, so the first interruption may have no effect (signal(7)).
const MAX_INTERRUPTS: usize = 16;

/// A slow reader receives 4 MiB without loss: the server sends the rest after each short write.
pub(super) fn every_byte(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let client = echo::connect_served_over_ethernet(&mut run)?;
    let before = client.connection.received().len();
    let sent = numbered_lines();
    let read = exchange_slowly(&mut run, &client, &sent, before + SENT);
    let received = client.connection.received().split_off(before);
    if received == sent {
        return Ok(());
    }
    Err(bytes_lost(&mut run, &client, &sent, &received, read.err()))
}

/// Blocks and interrupts the server's writes several times, and then reads until `total` bytes have
/// been received.
fn exchange_slowly(
    run: &mut TestRun,
    client: &NamedClient,
    sent: &[u8],
    total: usize,
) -> Result<(), WaitError> {
    let mut rest = sent;

    // Send until the server is blocked in a write, because the client does not read.
    run.step(format!("{} sent 4 MiB, and read nothing", client.name));
    let mut calls = send_until_blocked(run, client, &mut rest)?;
    if diagnosis::is_in_write(&calls) {
        run.step("its write was cut short: the server was paused and resumed, as by Ctrl-Z, fg");
    }

    // Interrupt this write (signal(7)) until the server sends the rest after a short write.
    for _ in 0..MAX_INTERRUPTS {
        let before = calls;
        if !diagnosis::is_in_write(&before) {
            break;
        }
        run.server.pause()?;
        run.server.resume()?;
        calls = send_until_blocked(run, client, &mut rest)?;
        if sends_the_rest(&before, &calls) {
            break;
        }
        read_some(client, READ_LIMIT);
    }

    run.step(format!("{} read on, {READ_SIZE} bytes at a time", client.name));
    read_to_the_end(run, client, &mut rest, total)
}

/// The bytes to send. Every line has its number, so that a gap can be found. The last line is
/// longer, so that the total is [`SENT`].
fn numbered_lines() -> Vec<u8> {
    let mut bytes = Vec::with_capacity(SENT);
    let lines = SENT / LINE;
    for number in 0..lines {
        bytes.extend_from_slice(number.to_string().as_bytes());
        let end = if number + 1 == lines { SENT } else { number * LINE + LINE };
        bytes.resize(end - 1, b'.');
        bytes.push(b'\n');
    }
    bytes
}

/// Sends as many bytes as the server accepts, until the server can do nothing more. Returns the
/// calls in which the server then waits.
fn send_until_blocked(
    run: &mut TestRun,
    client: &NamedClient,
    rest: &mut &[u8],
) -> Result<Vec<Call>, WaitError> {
    let never = run.server.wait_for(|_| {
        send_some(client, rest);
        Ok(None::<Vec<Call>>)
    });
    match never {
        Err(WaitError::Idle { calls }) => Ok(calls),
        other => other,
    }
}

/// Whether a thread was in a write, and is now in a write of the rest of the same bytes.
fn sends_the_rest(before: &[Call], after: &[Call]) -> bool {
    let range =
        |call: &Call| (call.arguments[1], call.arguments[1].wrapping_add(call.arguments[2]));
    before.iter().zip(after).any(|(before, after)| {
        let ((start, end), (rest_start, rest_end)) = (range(before), range(after));
        diagnosis::is_in_write(&[*after]) && start < rest_start && rest_end == end
    })
}

fn read_to_the_end(
    run: &mut TestRun,
    client: &NamedClient,
    rest: &mut &[u8],
    total: usize,
) -> Result<(), WaitError> {
    let mut received = client.connection.received().len();
    run.server.wait_for(|_| {
        send_some(client, rest);
        let more = read_some(client, READ_LIMIT);
        received += more;
        let has_ended = more == 0 && client.connection.ended().is_some();
        Ok((received >= total || has_ended).then_some(()))
    })
}

fn send_some(client: &NamedClient, rest: &mut &[u8]) {
    let taken = client.connection.send(rest).unwrap_or(0);
    *rest = &rest[taken..];
}

/// Reads until no more bytes have arrived, or until `limit` bytes are read. Returns the number of
/// bytes.
fn read_some(client: &NamedClient, limit: usize) -> usize {
    let reads = (0..limit.div_ceil(READ_SIZE)).map(|_| client.connection.read_some(READ_SIZE));
    reads.take_while(|length| *length > 0).sum()
}

fn bytes_lost(
    run: &mut TestRun,
    client: &NamedClient,
    sent: &[u8],
    received: &[u8],
    wait_error: Option<WaitError>,
) -> CheckError {
    let has_ended = client.connection.ended().is_some();
    let failure = Failure {
        id: "bytes-lost",
        mistake: Some(if has_ended { "one-read" } else { "short-write" }),
        summary: format!("Of 4 MiB that {} sent, not every byte came back.", client.name),
        expected: format!("{SENT} bytes, in their order"),
        observed: format!("{} bytes; {}", received.len(), difference(sent, received)),
    };
    let error = diagnosis::fail(run, wait_error, failure);
    if has_ended { error.depends_on("echo") } else { error }
}

/// The first difference between the received bytes and the sent bytes, as text for a sentence.
fn difference(sent: &[u8], received: &[u8]) -> String {
    let same = sent.iter().zip(received).take_while(|(sent, got)| sent == got).count();
    let next = &received[same..received.len().min(same + LINE)];
    if next.is_empty() {
        return format!("nothing comes after byte {same}");
    }
    match sent[same..].windows(next.len()).position(|place| place == next) {
        Some(lost) => format!("after byte {same}, {lost} are missing"),
        None => format!("after byte {same} comes {}", echo::bytes_text(next)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_an_early_end_and_foreign_bytes_are_told_apart() {
        let sent = numbered_lines();
        let received = [&sent[..2 * LINE], &sent[4 * LINE..]].concat();
        assert_eq!(difference(&sent, &received), "after byte 122, 122 are missing");
        assert_eq!(difference(&sent, &sent[..100]), "nothing comes after byte 100");
        let received = [&sent[..100], b"?"].concat();
        assert_eq!(difference(&sent, &received), "after byte 100 comes \"?\"");
    }
}
