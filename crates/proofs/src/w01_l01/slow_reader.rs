//! The criterion of a client that reads slowly.

use super::exchange::{self, Difference, READ_SIZE};
use super::{diagnosis, echo};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::shared::short_writes::{READ_BETWEEN, cut_writes, is_in_write};
use crate::test_run::TestRun;
use witness::WaitError;

/// The number of bytes that the client sends.
const SENT: usize = 4 << 20;

/// A slow reader receives 4 MiB without loss: the server sends the rest after each short write.
pub(super) fn every_byte(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let client = echo::connect_served_with_small_buffer(&mut run)?;
    let before = client.connection.received().len();
    let sent = exchange::numbered_lines(&mut context.random("every-byte"), SENT);
    let mut was_interrupted = false;
    let read = exchange_slowly(&mut run, &client, &sent, &mut was_interrupted);
    let received = client.connection.received().split_off(before);
    if received == sent {
        return Ok(());
    }
    Err(bytes_lost(&mut run, &client, (&sent, &received), was_interrupted, read.err()))
}

/// Blocks and interrupts the server's writes several times, and then reads until all bytes have
/// been received. Sets `was_interrupted` when a write is interrupted.
fn exchange_slowly(
    run: &mut TestRun,
    client: &NamedClient,
    sent: &[u8],
    was_interrupted: &mut bool,
) -> Result<(), WaitError> {
    let mut rest = sent;
    let mut read = 0;

    // Send until the server is blocked in a write, because the client does not read.
    run.step(format!("{} sent 4 MiB, and read nothing", client.name));
    let calls = exchange::send_until_blocked(run, client, &mut rest)?;
    if is_in_write(&calls) {
        run.step(
            "the server was paused and resumed, which cuts its write short, as Ctrl-Z and fg do",
        );
    }

    // Interrupt this write until the server sends the rest after a short write.
    cut_writes(calls, |reads| {
        if reads {
            read += exchange::read_some(client, READ_BETWEEN);
        }
        *was_interrupted = true;
        run.server.pause()?;
        run.server.resume()?;
        exchange::send_until_blocked(run, client, &mut rest)
    })?;

    run.step(format!("{} read on, {READ_SIZE} bytes at a time", client.name));
    client.connection.enlarge_buffer();
    exchange::read_slowly(run, client, &mut rest, |more| read + more >= sent.len())
}

fn bytes_lost(
    run: &mut TestRun,
    client: &NamedClient,
    (sent, received): (&[u8], &[u8]),
    was_interrupted: bool,
    wait_error: Option<WaitError>,
) -> CheckError {
    let name = &client.name;
    let difference = Difference::between(sent, received);
    let has_ended = client.connection.ended();
    // After a short write, the rest of the server's buffer is missing, and then the next bytes
    // follow.
    let is_gap = matches!(difference, Difference::Gap { .. } | Difference::Ends { .. });
    let is_short_write = is_gap && was_interrupted && has_ended.is_none();
    let failure = Failure {
        id: "bytes-lost",
        mistake: is_short_write.then_some("short-write"),
        summary: match has_ended {
            Some(end) => format!(
                "{} of {name}, which had not left, after {} of 4 MiB.",
                diagnosis::ended_text(end),
                received.len()
            ),
            None if matches!(difference, Difference::Other { .. }) => {
                format!("What came back to {name} is not what it sent.")
            }
            None => format!("Of 4 MiB that {name} sent, not every byte came back."),
        },
        expected: format!("{SENT} bytes, in their order"),
        observed: format!("{} bytes; {}", received.len(), difference.text()),
    };
    difference.depends_on_echo(diagnosis::fail(run, wait_error, failure))
}
