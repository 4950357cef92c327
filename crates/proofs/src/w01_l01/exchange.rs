//! Exchanging many bytes with a server: the bytes to send, a client that reads slowly, and the
//! first difference between what was sent and what came back.

use super::blocked::Blocked;
use super::received;
use crate::check_error::CheckError;
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use fastrand::Rng;
use witness::{Call, WaitError};

/// The length of a line. No segment, and no chunk whose size is a power of two, ends at the end of
/// a line.
const LINE: usize = 61;
/// The number of random letters that the lines are cut from. It is no multiple of [`LINE`].
const LETTERS: usize = 4096;
/// The number of bytes that the client reads with one call.
pub(super) const READ_SIZE: usize = 4000;
/// The number of bytes that the client reads before the check looks at the server again.
pub(super) const READ_LIMIT: usize = 64 << 10;

/// `total` bytes to send, in lines. Every line begins with its number, so that a gap can be found;
/// the rest of the line is random. The last line is longer, so that the total is `total`.
pub(super) fn numbered_lines(random: &mut Rng, total: usize) -> Vec<u8> {
    let letters: Vec<u8> = (0..LETTERS + LINE).map(|_| random.alphanumeric() as u8).collect();
    let mut bytes = Vec::with_capacity(total);
    let lines = total / LINE;
    for number in 0..lines {
        bytes.extend_from_slice(format!("{number} ").as_bytes());
        let end = if number + 1 == lines { total } else { (number + 1) * LINE };
        let at = (number * LINE) % LETTERS;
        let missing = end - 1 - bytes.len();
        bytes.extend(letters[at..].iter().chain(letters.iter().cycle()).take(missing));
        bytes.push(b'\n');
    }
    bytes
}

/// Sends as many bytes as the server accepts, until the server can do nothing more. Returns the
/// calls in which the server then waits.
pub(super) fn send_until_blocked(
    run: &mut TestRun,
    client: &NamedClient,
    rest: &mut &[u8],
) -> Result<Vec<Call>, WaitError> {
    let mut blocked = Blocked::default();
    let blocked = run.server.wait_for(|now| match send_some(client, rest) {
        0 => blocked.look(now, &client.connection),
        _ => Ok(None),
    });
    match blocked {
        Err(WaitError::Idle { calls }) => Ok(calls),
        other => other,
    }
}

/// Sends as many bytes as the kernel accepts now. Returns their number.
fn send_some(client: &NamedClient, rest: &mut &[u8]) -> usize {
    // A call of send would consume the error of a reset connection, and the client would read an
    // end of file in its place (sk_stream_error() in net/core/stream.c).
    if rest.is_empty() {
        return 0;
    }
    let taken = client.connection.send(rest).unwrap_or(0);
    *rest = &rest[taken..];
    taken
}

/// Reads until no more bytes have arrived, or until `limit` bytes are read. Returns the number of
/// bytes.
pub(super) fn read_some(client: &NamedClient, limit: usize) -> usize {
    let reads = (0..limit.div_ceil(READ_SIZE)).map(|_| client.connection.read_some(READ_SIZE));
    reads.take_while(|length| *length > 0).sum()
}

/// Reads slowly until `is_done` is true of the number of bytes that were read, or until the server
/// has ended the connection. Sends `rest` meanwhile.
///
/// Bytes that the server has written may still be in the kernel's buffers, also after the server has
/// closed the connection. They arrive while the server is idle. Therefore the wait goes on as long
/// as bytes arrive.
pub(super) fn read_slowly(
    run: &mut TestRun,
    client: &NamedClient,
    rest: &mut &[u8],
    is_done: impl Fn(usize) -> bool,
) -> Result<(), WaitError> {
    let mut read = 0;
    loop {
        let before = read;
        let done = run.server.wait_for(|_| {
            send_some(client, rest);
            let more = read_some(client, READ_LIMIT);
            read += more;
            let has_ended = more == 0 && client.connection.ended().is_some();
            Ok((is_done(read) || has_ended).then_some(()))
        });
        match done {
            Err(WaitError::Idle { .. }) if read > before || is_sending(run, client)? => {}
            other => return other,
        }
    }
}

/// Whether the kernel has bytes of the server's that have not arrived at the client yet.
fn is_sending(run: &TestRun, client: &NamedClient) -> Result<bool, WaitError> {
    let socket = run.server.connection(&client.connection)?;
    Ok(socket.is_some_and(|socket| socket.unacknowledged > 0))
}

/// Where the received bytes begin to differ from the sent bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Difference {
    /// Nothing comes after the first `at` bytes.
    Ends { at: usize },
    /// After the first `at` bytes, `lost` bytes are missing. The bytes that follow them have come.
    Gap { at: usize, lost: usize },
    /// After the first `at` bytes come other bytes, here the first of them.
    Other { at: usize, received: Vec<u8> },
}

impl Difference {
    /// The first difference. The received bytes are not the same as the sent bytes.
    pub(super) fn between(sent: &[u8], received: &[u8]) -> Self {
        let at = sent.iter().zip(received).take_while(|(sent, got)| sent == got).count();
        let next = &received[at..received.len().min(at + LINE)];
        if next.is_empty() {
            return Difference::Ends { at };
        }
        match sent[at..].windows(next.len()).position(|place| place == next) {
            Some(lost) => Difference::Gap { at, lost },
            None => Difference::Other { at, received: next.to_vec() },
        }
    }

    /// The failure of a server that sends other bytes. The criterion `echo` reports such a server.
    pub(super) fn depends_on_echo(&self, error: CheckError) -> CheckError {
        match self {
            Difference::Other { .. } => error.depends_on("echo"),
            Difference::Ends { .. } | Difference::Gap { .. } => error,
        }
    }

    /// The difference as text for a sentence.
    pub(super) fn text(&self) -> String {
        match self {
            Difference::Ends { at } => format!("nothing comes after byte {at}"),
            Difference::Gap { at, lost } => format!("after byte {at}, {lost} are missing"),
            Difference::Other { at, received } => {
                format!("after byte {at} comes {}", received::bytes_text(received))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOTAL: usize = 100_000;

    #[test]
    fn the_lines_have_the_wanted_length_and_differ_with_the_seed() {
        let lines = |seed| numbered_lines(&mut Rng::with_seed(seed), TOTAL);
        assert_eq!(lines(1).len(), TOTAL);
        assert!(lines(1).starts_with(b"0 ") && lines(1)[LINE..].starts_with(b"1 "));
        assert_eq!(lines(1), lines(1));
        assert_ne!(lines(1), lines(2));
    }

    #[test]
    fn a_gap_an_early_end_and_other_bytes_are_told_apart() {
        let sent = numbered_lines(&mut Rng::with_seed(1), TOTAL);
        let text = |received: &[u8]| Difference::between(&sent, received).text();
        let with_gap = [&sent[..2 * LINE], &sent[4 * LINE..]].concat();
        assert_eq!(text(&with_gap), "after byte 122, 122 are missing");
        assert_eq!(text(&sent[..100]), "nothing comes after byte 100");
        assert_eq!(text(&[&sent[..100], b"?"].concat()), "after byte 100 comes \"?\"");
    }
}
