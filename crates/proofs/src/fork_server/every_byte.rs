//! The criterion `every-byte`: a client that reads late and slowly receives its whole answer.

use super::children::{
    ClientAndChild, connect_with_child_and_small_buffer, has_ended, stopped_serving,
    wait_child_ended,
};
use super::exchange::expect_answer;
use super::message::{Exchange, every_byte_value, flipped, phrase};
use super::process_evidence;
use super::slow_client::SlowClient;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::shared::short_writes::{READ_BETWEEN, cut_writes, is_in_write};
use crate::test_run::TestRun;
use fastrand::Rng;
use witness::{Call, WaitError};

/// The number of bytes that the client sends.
const SENT: usize = 4 << 20;

/// 4 MiB come back whole to a client that reads nothing at first and then slowly, also if the child
/// is stopped and continued while it sends.
pub(crate) fn every_byte(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut rng = context.random("every-byte");
    let mut run = context.start()?;
    let pair = connect_with_child_and_small_buffer(&mut run, &[])?;
    expect_short_answers(&mut run, &pair, &mut rng)?;
    let before = pair.client.connection.received().len();
    let sent: Vec<u8> = std::iter::repeat_with(|| rng.u8(..)).take(SENT).collect();
    let mut client = SlowClient::new(&pair.client, &sent);

    // Send until the child is blocked in a write, because the client does not read.
    run.step(format!("{} sent 4 MiB, and read nothing", pair.client.name));
    let calls = client.send_until_idle(&mut run);
    expect_still_served(&mut run, &pair, &client)?;

    // Interrupt this write, and then read on.
    let read = calls.and_then(|calls| {
        interrupt_write(&mut run, &mut client, calls)?;
        run.step(format!("{} read on, slowly", pair.client.name));
        pair.client.connection.enlarge_buffer();
        client.read_to_the_end(&mut run, before + SENT)
    });
    let received = pair.client.connection.received_from(before);
    match read {
        _ if received == flipped(&sent) => Ok(()),
        Err(wait_error @ WaitError::Ended(_)) => Err(stopped_serving(&mut run, wait_error)),
        _ => Err(bytes_lost(&mut run, &pair, &sent, &received, read.err())),
    }
}

/// Checks two short answers. The criterion `flips` reports a server that does not give them.
fn expect_short_answers(
    run: &mut TestRun,
    pair: &ClientAndChild,
    rng: &mut Rng,
) -> Result<(), CheckError> {
    let every = Exchange { text: "every byte".into(), bytes: every_byte_value(rng), chunk: 256 };
    for exchange in [Exchange::at_once(phrase(rng)), every] {
        expect_answer(run, &pair.client, &exchange).map_err(|error| error.depends_on("flips"))?;
    }
    Ok(())
}

/// Stops and continues the server, as Ctrl-Z and `fg` do, until the child sends the rest of its
/// bytes after a write that was cut short (signal(7), "Interruption of system calls").
fn interrupt_write(
    run: &mut TestRun,
    client: &mut SlowClient<'_>,
    calls: Vec<Call>,
) -> Result<(), WaitError> {
    if is_in_write(&calls) {
        run.step("the child was stopped and continued (SIGSTOP, SIGCONT) in the middle of a write");
    }
    cut_writes(calls, |reads| {
        if reads {
            client.read_some(READ_BETWEEN);
        }
        run.server.interrupt()?;
        client.send_until_idle(run)
    })
}

/// Checks that the child has not ended because its client does not read.
fn expect_still_served(
    run: &mut TestRun,
    pair: &ClientAndChild,
    client: &SlowClient<'_>,
) -> Result<(), CheckError> {
    let name = &pair.client.name;
    if !has_ended(&run.server, pair.child)? {
        return Ok(());
    }
    let taken = client.taken();
    let failure = Failure {
        id: "cut-off",
        mistake: Some("slow-reader-cut"),
        summary: format!("{name} had not read its answer yet, and its child ended."),
        expected: format!("the child waits until {name} reads"),
        observed: format!("the child ended after {name} had sent {taken} of {SENT} bytes"),
    };
    let wait_error = wait_child_ended(run, pair.child).err();
    Err(process_evidence::fail(run, wait_error, failure))
}

fn bytes_lost(
    run: &mut TestRun,
    pair: &ClientAndChild,
    sent: &[u8],
    received: &[u8],
    wait_error: Option<WaitError>,
) -> CheckError {
    let wanted = flipped(sent);
    let same = wanted.iter().zip(received).take_while(|(wanted, got)| wanted == got).count();
    let lost = lost_after(&wanted, received, same);
    let name = &pair.client.name;
    let has_ended = pair.client.connection.ended().is_some();
    let (mistake, summary) = match lost {
        Some(lost) => (
            Some("short-write"),
            format!("After byte {same} of what {name} was to receive, {lost} bytes are missing."),
        ),
        None if has_ended => {
            (None, format!("{name}'s connection was closed before it had received everything."))
        }
        None => (None, format!("Of 4 MiB that {name} sent, not every byte came back.")),
    };
    let failure = Failure {
        id: "bytes-lost",
        mistake,
        summary,
        expected: format!("{SENT} bytes, in their order"),
        observed: format!("{} bytes, of which the first {same} are right", received.len()),
    };
    process_evidence::fail(run, wait_error, failure)
}

/// The number of bytes of `wanted` that are missing in `received` after the first `same` bytes.
/// `None` if the bytes that follow are not a later part of `wanted`.
fn lost_after(wanted: &[u8], received: &[u8], same: usize) -> Option<usize> {
    /// So many random bytes are found only in one place.
    const SAMPLE: usize = 16;
    let next = received.get(same..same + SAMPLE)?;
    wanted[same..].windows(SAMPLE).position(|place| place == next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_an_early_end_and_foreign_bytes_are_told_apart() {
        let wanted: Vec<u8> = (0..=255).collect();
        let received = [&wanted[..50], &wanted[70..]].concat();
        assert_eq!(lost_after(&wanted, &received, 50), Some(20));
        assert_eq!(lost_after(&wanted, &wanted[..50], 50), None);
        let received = [&wanted[..50], &[0; 32]].concat();
        assert_eq!(lost_after(&wanted, &received, 50), None);
    }
}
