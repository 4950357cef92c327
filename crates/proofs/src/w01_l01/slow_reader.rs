//! A client that reads slowly.

use super::{diagnosis, echo};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use witness::{Call, Stuck};

/// How much the slow reader sends.
const MUCH: usize = 4 << 20;
/// The length of a line: no piece of a power of two, or of a segment, ends where one does.
const LINE: usize = 61;
/// How much it reads at a time.
const BITE: usize = 4000;
/// How much it reads before it looks whether the server can go on.
const GULP: usize = 64 << 10;
/// How often a write is interrupted, at the most: one that has sent nothing yet starts again.
const CUTS: usize = 16;

/// 4 MiB through a slow reader come back whole: short writes are finished.
pub(super) fn every_byte(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let client = echo::greeted_over_ethernet(&mut run)?;
    let before = client.connection.received().len();
    let sent = numbered_lines();
    let read = slowly(&mut run, &client, &sent, before + MUCH);
    let heard = client.connection.received().split_off(before);
    if heard == sent {
        return Ok(());
    }
    Err(bytes_lost(&mut run, &client, &sent, &heard, read.err()))
}

/// Holds the server up again and again, and then reads until `total` bytes have come in all.
fn slowly(run: &mut TestRun, client: &NamedClient, sent: &[u8], total: usize) -> Result<(), Stuck> {
    let mut rest = sent;
    run.step(format!("{} sent 4 MiB, and read nothing", client.name));
    let mut waits = held_up(run, client, &mut rest)?;
    if diagnosis::writes(&waits) {
        run.step("its write was cut short: the server was stopped and went on, as by Ctrl-Z, fg");
    }
    for _ in 0..CUTS {
        let before = waits;
        if !diagnosis::writes(&before) {
            break;
        }
        run.server.stop()?;
        run.server.go_on()?;
        waits = held_up(run, client, &mut rest)?;
        if sends_the_rest(&before, &waits) {
            break;
        }
        sip(client, GULP);
    }
    run.step(format!("{} read on, {BITE} bytes at a time", client.name));
    read_to_the_end(run, client, &mut rest, total)
}

/// No two places in it look alike; the last line is as long as is left.
fn numbered_lines() -> Vec<u8> {
    let mut bytes = Vec::with_capacity(MUCH);
    let lines = MUCH / LINE;
    for number in 0..lines {
        bytes.extend_from_slice(number.to_string().as_bytes());
        let end = if number + 1 == lines { MUCH } else { number * LINE + LINE };
        bytes.resize(end - 1, b'.');
        bytes.push(b'\n');
    }
    bytes
}

/// Waits until the server can go no further, sending what it takes meanwhile: where it is then.
fn held_up(run: &mut TestRun, client: &NamedClient, rest: &mut &[u8]) -> Result<Vec<Call>, Stuck> {
    let never = run.server.until(|_| {
        send_some(client, rest);
        Ok(None::<Vec<Call>>)
    });
    match never {
        Err(Stuck::Quiet { calls }) => Ok(calls),
        other => other,
    }
}

/// Whether a thread was in a write, and now is in one that goes on in the middle of the same bytes.
fn sends_the_rest(before: &[Call], after: &[Call]) -> bool {
    let bytes =
        |call: &Call| (call.arguments[1], call.arguments[1].wrapping_add(call.arguments[2]));
    before.iter().zip(after).any(|(before, after)| {
        let ((from, to), (next, end)) = (bytes(before), bytes(after));
        diagnosis::writes(&[*after]) && from < next && end == to
    })
}

fn read_to_the_end(
    run: &mut TestRun,
    client: &NamedClient,
    rest: &mut &[u8],
    total: usize,
) -> Result<(), Stuck> {
    let mut heard = client.connection.received().len();
    run.server.until(|_| {
        send_some(client, rest);
        let more = sip(client, GULP);
        heard += more;
        let over = heard >= total || (more == 0 && client.connection.ended().is_some());
        Ok(over.then_some(()))
    })
}

fn send_some(client: &NamedClient, rest: &mut &[u8]) {
    let taken = client.connection.send(rest).unwrap_or(0);
    *rest = &rest[taken..];
}

/// Reads in bites, as long as there is something, up to `limit` bytes: how many it were.
fn sip(client: &NamedClient, limit: usize) -> usize {
    let bites = (0..limit.div_ceil(BITE)).map(|_| client.connection.read_some(BITE));
    bites.take_while(|length| *length > 0).sum()
}

fn bytes_lost(
    run: &mut TestRun,
    client: &NamedClient,
    sent: &[u8],
    heard: &[u8],
    wait_error: Option<Stuck>,
) -> CheckError {
    let hung_up = client.connection.ended().is_some();
    let failure = Failure {
        id: "bytes-lost",
        mistake: Some(if hung_up { "one-read" } else { "short-write" }),
        summary: format!("Of 4 MiB that {} sent, not every byte came back.", client.name),
        expected: format!("{MUCH} bytes, in their order"),
        observed: format!("{} bytes; {}", heard.len(), difference(sent, heard)),
    };
    let error = diagnosis::fail(run, wait_error, failure);
    if hung_up { error.depends_on("echo") } else { error }
}

/// Where the two part, for a sentence.
fn difference(sent: &[u8], heard: &[u8]) -> String {
    let same = sent.iter().zip(heard).take_while(|(sent, heard)| sent == heard).count();
    let next = &heard[same..heard.len().min(same + LINE)];
    if next.is_empty() {
        return format!("nothing comes after byte {same}");
    }
    match sent[same..].windows(next.len()).position(|place| place == next) {
        Some(lost) => format!("after byte {same}, {lost} are missing"),
        None => format!("after byte {same} comes {}", echo::shown(next)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_an_end_and_a_stranger_are_told_apart() {
        let sent = numbered_lines();
        let heard = [&sent[..2 * LINE], &sent[4 * LINE..]].concat();
        assert_eq!(difference(&sent, &heard), "after byte 122, 122 are missing");
        assert_eq!(difference(&sent, &sent[..100]), "nothing comes after byte 100");
        let heard = [&sent[..100], b"?"].concat();
        assert_eq!(difference(&sent, &heard), "after byte 100 comes \"?\"");
    }
}
