//! The criterion of a client that has sent everything, and still waits for answers.

use super::exchange::{self, Difference, READ_LIMIT, READ_SIZE};
use super::{diagnosis, echo};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use fastrand::Rng;
use witness::{ServerClose, WaitError};

/// The maximum number of bytes that the first client sends.
const FEW: usize = 1000;
/// The number of bytes that the second client sends.
const MANY: usize = 2 << 20;

/// A client sends bytes, shuts down its sending side (shutdown(2), SHUT_WR) and reads slowly. The
/// client receives every byte, and then an end of file: the server's FIN, and not a reset. The first
/// client sends few bytes, the second one 2 MiB.
pub(super) fn half_close(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let mut random = context.random("half-close");
    let few = random.usize(100..FEW);
    expect_all_then_fin(&mut run, &mut random, few)?;
    expect_all_then_fin(&mut run, &mut random, MANY)
}

fn expect_all_then_fin(
    run: &mut TestRun,
    random: &mut Rng,
    count: usize,
) -> Result<(), CheckError> {
    let client = echo::connect_served_over_ethernet(run)?;
    let before = client.connection.received().len();
    let sent = exchange::numbered_lines(random, count);
    let mut has_shut_down = false;
    let read = send_and_shut_down(run, &client, &sent, &mut has_shut_down);
    let received = client.connection.received().split_off(before);
    match client.connection.ended() {
        Some(ServerClose::Closed) if received == sent => Ok(()),
        None if received == sent => Err(never_closed(run, &client, read.err())),
        end => Err(cut_off(run, &client, (&sent, &received), (end, has_shut_down), read.err())),
    }
}

/// Sends all bytes, shuts down the sending side, and then reads until the server has ended the
/// connection.
fn send_and_shut_down(
    run: &mut TestRun,
    client: &NamedClient,
    sent: &[u8],
    has_shut_down: &mut bool,
) -> Result<(), WaitError> {
    let name = &client.name;

    // Read only when the server can take no more bytes. Then the server has as many bytes as
    // possible to write when the end of file arrives.
    run.step(format!("{name} sent {} bytes, and read as few as possible", sent.len()));
    let mut rest = sent;
    loop {
        exchange::send_until_blocked(run, client, &mut rest)?;
        if rest.is_empty() || exchange::read_some(client, READ_LIMIT) == 0 {
            break;
        }
    }
    if rest.is_empty() {
        run.step(format!("{name} shut down its sending side (half-close)"));
        client.connection.half_close();
        *has_shut_down = true;
    }
    run.step(format!("{name} read on, {READ_SIZE} bytes at a time"));
    exchange::read_slowly(run, client, &mut rest, |_| false)
}

/// The failure of a server that has sent every byte, and does not close the connection.
fn never_closed(
    run: &mut TestRun,
    client: &NamedClient,
    wait_error: Option<WaitError>,
) -> CheckError {
    let name = &client.name;
    let failure = Failure {
        id: "no-fin",
        mistake: None,
        summary: format!("{name} has every byte and waits for the end, which does not come."),
        expected: format!("{name} reads an end of file after the last byte"),
        observed: format!("{name}'s connection is open"),
    };
    // A server that forgets to close descriptors does so after every client.
    diagnosis::fail(run, wait_error, failure).depends_on("no-fd-leak")
}

/// The failure of a server that has lost bytes, or has reset the connection.
fn cut_off(
    run: &mut TestRun,
    client: &NamedClient,
    (sent, received): (&[u8], &[u8]),
    (end, has_shut_down): (Option<ServerClose>, bool),
    wait_error: Option<WaitError>,
) -> CheckError {
    let (name, all, count) = (&client.name, sent.len(), received.len());
    let has_all = received == sent;
    let difference = Difference::between(sent, received);
    let is_changed = matches!(difference, Difference::Other { .. });
    let failure = Failure {
        id: if has_all { "reset-by-server" } else { "cut-off" },
        mistake: match end {
            // The client had sent nothing that the server had not read. Therefore the server has
            // asked for the reset.
            Some(ServerClose::Reset) if has_all => Some("linger-reset"),
            Some(_) if has_shut_down && sent.starts_with(received) => Some("half-close-cut"),
            _ => None,
        },
        summary: match end {
            Some(_) if has_all => {
                format!("{name} received every byte, and then a reset (RST) in place of a FIN.")
            }
            Some(_) if is_changed => {
                format!("What came back to {name} is not what it sent.")
            }
            Some(end) => format!(
                "{} after {count} of the {all} bytes that {name} was to receive.",
                diagnosis::ended_text(end)
            ),
            None => {
                format!("{name} sent {all} bytes and shut down its side; {count} bytes came back.")
            }
        },
        expected: format!("{name} receives {all} bytes, and then an end of file (FIN)"),
        observed: if has_all {
            format!("{name} received {count} bytes, and then a reset (RST)")
        } else {
            format!("{name} received {count} bytes; {}", difference.text())
        },
    };
    difference.depends_on_echo(diagnosis::fail(run, wait_error, failure))
}
